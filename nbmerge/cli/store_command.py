"""Owns: `nbmerge store copy FROM TO`.

Must not know: how a history is copied, what engine a store has.  Invariant: exit 0 means that all of it was
read back from where it was copied to; FROM stays as it is.
"""

from __future__ import annotations

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.histories import history
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, UsageError

_STORE = """
Copy the history of all notebooks from one store to another: FROM and TO are state directories, or databases
(postgresql://USER@HOST/DATABASE). FROM stays as it is. Each notebook is copied whole, and then read back and
compared; if it is interrupted, type it again. A notebook of which TO has another history stops it before
anything is changed. Stop the watchers of both first: what is saved meanwhile may not be copied.
"""


def store_parser() -> CommandParser:
    """The parser of `store`."""
    parser = command("store", _STORE, {EXIT_CLEAN: "all of it is in TO, and was compared"})
    parser.add_argument("action", metavar="copy", choices=("copy",), help="the only thing there is to do")
    parser.add_argument("source", metavar="FROM", help="the state directory or database to copy from")
    parser.add_argument("target", metavar="TO", help="the state directory or database to copy to")
    return parser


def run_store(found: Arguments) -> int:
    """Run `store`; its exit code.  Raises NbmergeError."""
    from nbmerge.history.address import is_database
    from nbmerge.history.copying import copy_history
    from nbmerge.history.opening import has_store, place_of

    if not is_database(found.source) and not has_store(place_of(found.source)):
        raise UsageError(f"{found.source}: there is no store in it; name a state directory or a database")
    if found.source == found.target or place_of(found.source) == place_of(found.target):
        raise UsageError("FROM and TO are the same store")
    with history(found.source) as source, history(found.target) as target:
        done = copy_history(source, target, lambda path: write_text(f"{printable(path)}\n"))
    copied = done.notebooks - done.before
    there = f"; {done.before} were there before" if done.before else ""
    noun = "notebook" if copied == 1 else "notebooks"
    write_text(f"{copied} {noun} copied{there}; all {done.versions} versions were compared\n")
    return EXIT_CLEAN
