"""Owns: `nbmerge show NOTEBOOK@N`.

Must not know: where versions are kept.  Invariant: what is printed is what was saved, byte
for byte.
"""

from __future__ import annotations

from nbmerge.cli.arguments import command, the_one, understand
from nbmerge.cli.histories import add_state, book_of, history, named_version, version_of
from nbmerge.cli.streams import write_bytes
from nbmerge.errors import EXIT_CLEAN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser

_CALL = "show NOTEBOOK@N [--state DIR]"
_WHAT = """
Print a version of a notebook exactly as it was saved; `log` lists the versions. The notebook need not
be there any more.
"""


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    heard = understand(parser(), arguments)
    if heard is not None:
        options, words = heard
        notebook, number = named_version(the_one(words, "version", _CALL))
        with history(options.state) as store:
            notebook_id = book_of(store, notebook)
            data = store.data(notebook_id, version_of(store, notebook_id, notebook, number).number)
        write_bytes(data)
    return EXIT_CLEAN


def parser() -> Parser:
    """What `show` understands."""
    options = command(_CALL, _WHAT)
    add_state(options)
    return options
