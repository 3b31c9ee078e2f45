"""Owns: `nbmerge save`, for a writer that takes part.

Must not know: how a save is merged.  Invariant: standard output is one JSON object, or empty
where the save came to nothing.
"""

from __future__ import annotations

import sys

from nbmerge.cli.arguments import command, understand
from nbmerge.cli.histories import add_state, tell_set_aside
from nbmerge.cli.program import program_name
from nbmerge.cli.streams import write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, UsageError
from nbmerge.files import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser

_CALL = "save NOTEBOOK --base TOKEN [--writer NAME] [FILE]"
_WHAT = """
Save what FILE or standard input holds into NOTEBOOK. TOKEN is the version that it was made from, as
`nbmerge open` or the last save told it. What others have saved since is merged; nothing of theirs is
overwritten.

Prints one object {"version", "merged", "conflicts", "operations"}: the token of what the notebook holds now;
whether that is something else than what was sent; the conflicts shown in it; and the operations that turn
what was sent into it.
"""


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    options, words = heard
    if not 1 <= len(words) <= 2:
        raise UsageError(f"name the notebook and at most one file: {program_name()} {_CALL}")
    if not options.base:
        raise UsageError(f"say by --base what it was made from, as `{program_name()} open` told it")
    content = _content(words[1] if len(words) > 1 else "-")
    from nbmerge.sync.api import save

    answer = save(words[0], content, options.base, options.writer, options.state)
    tell_set_aside(answer.set_aside)
    write_text(f"{answer.text()}\n")
    return EXIT_CONFLICTS if answer.conflicts else EXIT_CLEAN


def _content(name: str) -> bytes:
    if name != "-":
        return read_file(name)
    return b"" if sys.stdin is None else sys.stdin.buffer.read()


def parser() -> Parser:
    """What `save` understands."""
    options = command(_CALL, _WHAT, {EXIT_CONFLICTS: "saved; conflicts are shown in the notebook"})
    options.add_argument("--base", metavar="TOKEN", help="the version that it was made from")
    options.add_argument(
        "--writer", metavar="NAME", default="", help="what the history and conflicts call the writer"
    )
    options.add_argument("--json", action="store_true", help="errors are one JSON object, too")
    add_state(options)
    return options
