"""Owns: `nbmerge conflicts [PATH...]`.

Must not know: how conflicts are found in a notebook or settled.  Invariant: writes nothing; every
notebook that was named or stands in a folder that was named is looked at, or said to be unreadable.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from nbmerge.cli.arguments import Parser, command, understand
from nbmerge.cli.conflict_lines import as_json, told
from nbmerge.cli.histories import add_state
from nbmerge.cli.program import to_type
from nbmerge.cli.streams import printable, write_error, write_text
from nbmerge.conflicts.finding import find, find_in_text, may_hold_conflicts
from nbmerge.conflicts.values import OpenConflict, Writer
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, EXIT_UNREADABLE, NotebookError
from nbmerge.files import is_special, read_ordinary_file
from nbmerge.observe.names import is_left_out, is_notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.conflicts.known import Known

_CALL = "conflicts [PATH...] [--json] [--state DIR]"
_WHAT = """
List the conflicts that wait in notebooks: those that nbmerge shows in cells, those of nbdime in cells,
outputs and metadata, and the markers with which git breaks a notebook. A folder is searched with all
below it; without a PATH, the current folder. Markers that a notebook shows as an example are no conflict.
"""
_EXITS = {
    EXIT_CLEAN: "there are none",
    EXIT_CONFLICTS: "there are some",
    EXIT_UNREADABLE: "a notebook cannot be read (the others were looked at all the same)",
}


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in one file, or why it cannot be read."""

    path: str
    conflicts: tuple[OpenConflict, ...] = ()
    error: str = ""


def parser() -> Parser:
    """What `conflicts` understands."""
    made = command(_CALL, _WHAT, _EXITS)
    made.add_argument("--json", action="store_true", help="print one JSON object; it counts cells from 0")
    add_state(made)
    return made


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    options, words = heard
    looking = _Looking(options.state)
    found: list[Looked] = []
    unreadable: list[Looked] = []
    number = 0
    for path in _notebooks(words or ["."]):
        number += 1
        looked = looking.at(path)
        if looked.error:
            unreadable.append(looked)
        elif looked.conflicts:
            found.append(looked)
            if not options.json:
                write_text(_told(looked))
    if options.json:
        write_text(_all_as_json(number, found, unreadable))
    else:
        write_error("".join(f"nbmerge: {printable(looked.error)}\n" for looked in unreadable))
        write_text(_summary(number, found))
    if unreadable:
        return EXIT_UNREADABLE
    return EXIT_CONFLICTS if found else EXIT_CLEAN


@dataclass(slots=True)
class _Looking:
    """Looks at files; asks git and the history only about those in which they may tell something."""

    state: str | None
    unmerged: dict[str, frozenset[str]] = field(default_factory=dict)  # by work tree

    def at(self, path: str) -> Looked:
        """The conflicts in one file."""
        try:
            data = read_ordinary_file(path)
            if not may_hold_conflicts(data):
                return Looked(path)
            return Looked(path, self._found(path, data))
        except NotebookError as error:
            return Looked(path, error=str(error))

    def _found(self, path: str, data: bytes) -> tuple[OpenConflict, ...]:
        from nbmerge.notebook.reader import read

        try:
            notebook = read(data, path)
        except NotebookError:
            broken = find_in_text(data)
            if broken:
                return broken
            raise
        return find(notebook, lambda: self._known(path, data), self._is_unmerged(path))

    def _known(self, path: str, data: bytes) -> Known | None:
        from nbmerge.cli.merged_versions import known_of
        from nbmerge.git.sides import find_sides

        return known_of(path, data, self.state, find_sides(path))

    def _is_unmerged(self, path: str) -> bool:
        """git is asked once for each repository that has notebooks with markers."""
        from nbmerge.git.sides import unmerged
        from nbmerge.signs.git import repository

        found = repository(path)
        if found is None:
            return False
        if found.tree not in self.unmerged:
            self.unmerged[found.tree] = frozenset(unmerged(found.tree))
        return os.path.realpath(path) in self.unmerged[found.tree]


def _notebooks(words: list[str]) -> Iterator[str]:
    """Files as they were named, and all notebooks in folders, in order of their names."""
    for word in words:
        if os.path.isdir(word):
            yield from _below(word)
        else:
            yield word


def _below(folder: str) -> Iterator[str]:
    """The notebooks in a folder and all folders in it, but for those in which nobody edits any;
    a pipe of such a name is none."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_left_out(name))
        for name in sorted(names):
            path = os.path.normpath(os.path.join(where, name))
            if is_notebook(name) and not (os.path.exists(path) and is_special(path)):
                yield path


def _told(looked: Looked) -> str:
    lines = [line for conflict in looked.conflicts for line in told(looked.path, conflict)]
    return "".join(f"{line}\n" for line in lines)


def _summary(number: int, found: list[Looked]) -> str:
    looked_at = f"{number} notebook{'s' * (number != 1)}"
    conflicts = [conflict for looked in found for conflict in looked.conflicts]
    if not conflicts:
        return f"no conflicts in {looked_at}\n"
    broken = [looked.path for looked in found if looked.conflicts[0].writer is Writer.GIT]
    whole = [looked.path for looked in found if looked.conflicts[0].writer is not Writer.GIT]
    calls = [to_type("fix", path) for path in broken[:1]] + [to_type("resolve", path) for path in whole[:1]]
    count = f"{len(conflicts)} conflict{'s' * (len(conflicts) != 1)}"
    return f"{count} in {len(found)} of {looked_at}; next: {printable(', '.join(calls))}\n"


def _all_as_json(number: int, found: list[Looked], unreadable: list[Looked]) -> str:
    import json

    conflicts = [as_json(looked.path, conflict) for looked in found for conflict in looked.conflicts]
    errors = [{"path": looked.path, "message": looked.error} for looked in unreadable]
    return json.dumps({"notebooks": number, "conflicts": conflicts, "errors": errors}) + "\n"
