"""Owns: `nbmerge restore NOTEBOOK@N`.

Must not know: how a file is replaced.  Invariant: says which version holds what was brought
back, so that it can be undone in the same way.
"""

from __future__ import annotations

from nbmerge.cli.arguments import command, the_one, understand
from nbmerge.cli.histories import add_state, book_of, named_version, tell_set_aside, version_of
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser

_CALL = "restore NOTEBOOK@N [--state DIR]"
_WHAT = """
Make the file hold version N again; `log` lists the versions. What the file holds now is recorded first,
and what is restored is a version of its own, so that this can be undone too. Open tips are closed by it.
The file need not be there any more.
"""


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    from nbmerge.service.notebook_service import taking_part

    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    options, words = heard
    notebook, number = named_version(the_one(words, "version", _CALL))
    with taking_part(options.state) as service:
        tell_set_aside(service.set_aside)
        version_of(service.store, book_of(service.store, notebook), notebook, number)
        done = service.restore(notebook.path, number)
    if done is None:
        said = f"holds version {number} already"
    else:
        said = f"version {number} is restored, as version {done.version.number}"
        if done.merged is not None:
            said += f"; a save that came just then was merged with it: version {done.merged.version.number}"
    write_text(f"{printable(notebook.path)}: {said}\n")
    return EXIT_CONFLICTS if done and done.merged and done.merged.merge.conflicts else EXIT_CLEAN


def parser() -> Parser:
    """What `restore` understands."""
    options = command(
        _CALL, _WHAT, {EXIT_CONFLICTS: "done, but a save that came just then conflicts with it"}
    )
    add_state(options)
    return options
