"""Owns: `nbmerge serve`, for editors in other languages.

Must not know: the protocol, what the calls do.  Invariant: standard output holds nothing but lines of the
protocol.
"""

from __future__ import annotations

from contextlib import suppress

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.report import failure_of
from nbmerge.cli.streams import cleaned, write_bytes, write_error
from nbmerge.errors import EXIT_CLEAN, SystemFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.serve.conversation import Conversation

_SERVE = """
Answer an editor for as long as it lives: one JSON object a line on standard input, one answer a line on
standard output. For editors that are not written in Python; docs/taking-part.md has the calls. The first line
is {"event": "ready", "version", "protocol"}. It ends when standard input does, and with SIGTERM, as soon as
what is begun is finished.
"""


def serve_parser() -> CommandParser:
    """The parser of `serve`."""
    return command("serve", _SERVE).with_state()


def run_serve(found: Arguments) -> int:
    """Run `serve`; its exit code.  Raises SystemFailure if the state directory cannot be trusted."""
    import gc

    import nbmerge
    from nbmerge.history.opening import place_of, refuse_what_others_can_write
    from nbmerge.serve.loop import from_standard_input, serve
    from nbmerge.serve.protocol import ready_line

    gc.enable()  # this call is not over soon
    refuse_what_others_can_write(place_of(found.state))
    trace = (lambda text: write_error(cleaned(text))) if found.debug else None
    with suppress(SystemFailure):  # an editor that has died may have sent a save before
        write_bytes(ready_line(nbmerge.__version__))

    def begin() -> Conversation:
        from nbmerge.serve.conversation import Conversation, ServeOptions  # while the editor goes on

        version, words = nbmerge.__version__, lambda error: failure_of(error).message
        return Conversation(ServeOptions(version, found.state, words, trace), write_bytes)

    serve(begin, from_standard_input)
    return EXIT_CLEAN
