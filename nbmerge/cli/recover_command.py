"""Owns: `nbmerge recover NOTEBOOK`.

Must not know: how a merge is made.  Invariant: says what was merged, which version the file
holds now, and which cells show conflicts.
"""

from __future__ import annotations

from nbmerge.cli.arguments import command, the_one, understand
from nbmerge.cli.histories import Named, add_state, book_of, tell_set_aside
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser

_CALL = "recover NOTEBOOK [--state DIR]"
_WHAT = """
Merge what a later save may have overwritten (open tips, see `log`) into the notebook. What the file holds
now is recorded first.
"""


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    from nbmerge.service.notebook_service import taking_part
    from nbmerge.watch.runner import merged

    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    options, words = heard
    notebook = Named(the_one(words, "notebook", _CALL), None)
    with taking_part(options.state) as service:
        tell_set_aside(service.set_aside)
        notebook_id = book_of(service.store, notebook)
        done = service.reopen(notebook.path)
        versions = service.store.versions(notebook_id)
    if done is None:
        said = "nothing in its history is open; it was left alone"
    else:
        said = merged(notebook.path, done.version, done.merge, versions).message
    write_text(printable(f"{notebook.path}: {said}") + "\n")
    return EXIT_CONFLICTS if done and done.merge.conflicts else EXIT_CLEAN


def parser() -> Parser:
    """What `recover` understands."""
    options = command(_CALL, _WHAT, {EXIT_CONFLICTS: "done; conflicts are shown in the notebook"})
    add_state(options)
    return options
