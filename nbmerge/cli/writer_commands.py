"""Owns: `nbmerge open` and `nbmerge save`, for programs that edit notebooks and take part in merging.

Must not know: how versions are kept, how a save is merged.  Invariant: `open` prints the content byte for
byte, unless JSON is asked for, and nothing but the token where the token is expected; `save` prints one JSON
object, or nothing where the save failed.
"""

from __future__ import annotations

import sys

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.histories import service
from nbmerge.cli.program import program_name
from nbmerge.cli.streams import write_content, write_error, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, UsageError
from nbmerge.files import read_file, replace_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OPEN = """
Get a notebook to edit, and a version token: what `save` takes as --base, so that whatever others
save in between is merged.

The content goes to standard output, byte for byte, and the token, a line of its own, to standard error. With
--output the content goes to FILE and the token to standard output. With --json standard output is one object
{"version": TOKEN, "content": NOTEBOOK}. A terminal is sent no control characters: they are escaped there.
"""
_SAVE = """
Save what FILE or standard input holds into NOTEBOOK. TOKEN is the version that it was made from, as
`open` or the last save printed it. What others have saved since is merged; nothing of theirs is
overwritten.

Prints one object {"version", "merged", "conflicts", "operations"}: the token of what the notebook holds now;
whether that differs from what was sent; the conflicts shown in it; and the operations that turn what was
sent into it.
"""
_WRITER: Any = {"metavar": "NAME", "default": "", "help": "your name in the history and in conflict markers"}


def open_parser() -> CommandParser:
    """The parser of `open`."""
    parser = command("open", _OPEN).with_notebook().with_state()
    parser.with_json("content and token as one JSON object").add_argument("--writer", **_WRITER)
    parser.add_argument("--output", "-o", metavar="FILE", help="write the content to this file")
    return parser


def run_open(found: Arguments) -> int:
    """Run `open`; its exit code.  Raises NbmergeError."""
    from nbmerge.sync.api import Participation

    with service(found.state) as taking_part:
        opened = Participation(taking_part).open_notebook(found.notebook, found.writer)
    if found.output is not None:
        replace_file(found.output, opened.content)
    if found.json:
        write_text(f"{opened.text()}\n")
    elif found.output is not None:
        write_text(f"{opened.version}\n")
    else:
        write_content(opened.content)
        write_error(f"{opened.version}\n")
    return EXIT_CLEAN


def save_parser() -> CommandParser:
    """The parser of `save`."""
    exits = {EXIT_CONFLICTS: "saved; conflicts are shown in the notebook"}
    parser = command("save", _SAVE, exits).with_notebook().with_state()
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="what to save (default: -)")
    parser.add_argument("--base", metavar="TOKEN", help="the version that it was made from; required")
    parser.with_json("errors are one JSON object, too").add_argument("--writer", **_WRITER)
    return parser


def run_save(found: Arguments) -> int:
    """Run `save`; its exit code.  Raises NbmergeError."""
    if not found.base:
        raise UsageError(f"--base is missing: the version token that `{program_name()} open` printed")
    from nbmerge.sync.api import Participation

    if found.file != "-":
        content = read_file(found.file)
    else:
        content = b"" if sys.stdin is None else sys.stdin.buffer.read()
    with service(found.state) as taking_part:
        answer = Participation(taking_part).save(found.notebook, content, found.base, found.writer)
    write_text(f"{answer.text()}\n")
    return EXIT_CONFLICTS if answer.conflicts else EXIT_CLEAN
