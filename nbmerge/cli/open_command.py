"""Owns: `nbmerge open`, for a writer that takes part.

Must not know: how versions are kept.  Invariant: the content comes out byte for byte, unless
JSON is asked for, and nothing but the token where the token is expected.
"""

from __future__ import annotations

from nbmerge.cli.arguments import command, the_one, understand
from nbmerge.cli.histories import add_state, tell_set_aside
from nbmerge.cli.streams import write_bytes, write_error, write_text
from nbmerge.errors import EXIT_CLEAN
from nbmerge.files import replace_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser

_CALL = "open NOTEBOOK [--writer NAME] [--json] [--output FILE]"
_WHAT = """
Get a notebook to edit, and a version token: what `nbmerge save` is told by --base, so that whatever others
save in between is merged.

The content goes to standard output, byte for byte, and the token, a line of its own, to standard error. With
--output the content goes to FILE and the token to standard output. With --json standard output is one object
{"version": TOKEN, "content": NOTEBOOK}.
"""


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    options, words = heard
    path = the_one(words, "notebook", _CALL)
    from nbmerge.sync.api import open_notebook

    opened = open_notebook(path, options.writer, options.state)
    tell_set_aside(opened.set_aside)
    if options.output is not None:
        replace_file(options.output, opened.content)
    if options.json:
        write_text(f"{opened.text()}\n")
    elif options.output is not None:
        write_text(f"{opened.version}\n")
    else:
        write_bytes(opened.content)
        write_error(f"{opened.version}\n")
    return EXIT_CLEAN


def parser() -> Parser:
    """What `open` understands."""
    options = command(_CALL, _WHAT)
    options.add_argument(
        "--writer", metavar="NAME", default="", help="what the history and conflicts call the writer"
    )
    options.add_argument("--json", action="store_true", help="content and token as one JSON object")
    options.add_argument("--output", "-o", metavar="FILE", help="write the content to this file")
    add_state(options)
    return options
