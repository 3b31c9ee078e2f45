"""Owns: `nbmerge mergetool`, what `git mergetool` calls for one notebook in conflict.

Must not know: how notebooks are merged, how git is told.  Invariant: exit 0 only if no conflict is
left; what somebody has settled by hand in the notebook already is kept.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from nbmerge.browser.visit import Visit
from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.in_browser import SeenConflicts, settle_in_browser
from nbmerge.cli.streams import printable, write_text
from nbmerge.conflicts.finding import find
from nbmerge.conflicts.known import KnownMerge, Traced, trace
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, NotebookError
from nbmerge.files import digest, read_file, replace_file
from nbmerge.git.sides import GitSides, Source, find_sides
from nbmerge.merge.files import merge_bytes
from nbmerge.merge.markers import Labels, MarkerStyle
from nbmerge.merge.values import Terms
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from nbmerge.repair.rebuild import Hopeless, Rebuilt, Sides, Sound, rebuild
from nbmerge.service.resolve import known_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from nbmerge.conflicts.choosing import Resolution
    from nbmerge.conflicts.values import Chosen
    from nbmerge.notebook.model import Notebook

_WHAT = """
What `git mergetool` calls, after `git install --mergetool`: what is left in conflict is shown in the
browser, and what is chosen there is written to MERGED. NBMERGE_BROWSER names the browser; with `none` only
the address is printed.
"""
_EXITS = {
    EXIT_CLEAN: "no conflict is left",
    EXIT_CONFLICTS: "conflicts are left",
}
_FILES = {
    "BASE": "the last common version",
    "LOCAL": "one side",
    "REMOTE": "the other side",
    "MERGED": "the notebook in conflict, which is written",
    "BACKUP": "git's copy of it",
}


class MergetoolParser(CommandParser):
    """An older git has no name for the backup, and gives an empty one."""

    def parse(self, words: list[str]) -> Arguments:
        """What git asks for.  Raises UsageError."""
        return super().parse(list(filter(None, words)))


def mergetool_parser() -> CommandParser:
    """The parser of `mergetool`."""
    parser = command("mergetool", _WHAT, _EXITS, MergetoolParser)
    for name, what in _FILES.items():
        parser.add_argument(name.lower(), metavar=name, nargs="?" if name == "BACKUP" else None, help=what)
    return parser


def entry() -> NoReturn:
    """The command as git starts it.  Called without arguments it only shows that it can be loaded."""
    from nbmerge.cli.main import run as run_command
    from nbmerge.git.driver import MergeStatus

    if not sys.argv[1:]:
        sys.exit(MergeStatus.CLEAN.for_entry)
    sys.exit(run_command(["mergetool", *sys.argv[1:]]))


def run_mergetool(files: Arguments) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    path, backup = files.merged, files.backup
    if not path.lower().endswith(".ipynb"):
        other = "git mergetool --tool TOOL opens it with another one (--tool-help lists them)"
        raise NotebookError(f"{path}: is not a notebook: {other}")
    sides = Terms(read_file(files.base), read_file(files.local), read_file(files.remote))
    found = _found(path, sides)
    if not found.conflicts:
        replace_file(path, found.data)
        write_text(f"{printable(path)}: no conflict is left\n")
        return EXIT_CLEAN
    with Visit() as visit:
        shown = _Shown(path, sides, found)
        settle_in_browser(visit, shown, shown.seen(), None)
    left = len(shown.found.conflicts)
    some = f"{left} conflict{'s are' if left > 1 else ' is'} left"
    said = "no conflict is left" if not left else some if shown.is_saved else "closed without saving"
    write_text(f"{printable(path)}: {said}\n")
    if not left:
        return EXIT_CLEAN
    if shown.is_saved and backup is not None and os.path.exists(backup):
        replace_file(backup, read_file(path))  # which git puts in place where a tool has not got to the end
    return EXIT_CONFLICTS


@dataclass(eq=False)
class _Shown:
    """The notebook at a path while the page shows it; `found` is what was there last."""

    path: str
    sides: Terms[bytes]
    found: _Found
    is_saved: bool = False
    left: str = "no conflict is left"

    def seen(self) -> SeenConflicts:
        return SeenConflicts(self.found.notebook, self.found.conflicts, self.found.held)

    def look(self) -> SeenConflicts | None:
        if self.found.held != _held(self.path):
            self.found = _found(self.path, self.sides)
            if not self.found.conflicts:
                replace_file(self.path, self.found.data)
        return self.seen() if self.found.conflicts else None

    def save(self, settled: Resolution, _: Mapping[Traced, Chosen]) -> None:
        if _held(self.path) != self.found.held:
            raise NotebookError(f"{self.path}: others have saved it meanwhile: look again")
        after = write(settled.notebook)
        replace_file(self.path, after)
        self.is_saved, self.found = True, _found_in(self.path, after, self.found.known, digest(after))


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is to settle: the notebook, its bytes, its conflicts and what was merged into it."""

    data: bytes
    notebook: Notebook
    known: KnownMerge | None
    conflicts: tuple[Traced, ...]
    held: str | None  # what the file held: the digest, None if it could not be read


def _found(path: str, sides: Terms[bytes]) -> _Found:
    """The conflicts that stand in the notebook; those of merging its versions, if it is none of its own."""
    git, held = find_sides(path), _held(path)
    labels = Labels() if git is None else git.labels
    data = _settled_by_hand(path, sides, labels)
    if data is None:
        markers = MarkerStyle(labels=labels)
        data = merge_bytes(sides.base, sides.local, sides.remote, markers=markers).data
    told = GitSides(path, Source.INDEX, sides.base, sides.local, sides.remote, labels, unmerged=True)
    return _found_in(path, data, known_of(path, data, None, told), held)


def _found_in(path: str, data: bytes, known: KnownMerge | None, held: str | None) -> _Found:
    notebook = read(data, path)
    found = find(notebook, lambda: known, merging=known is not None)
    return _Found(data, notebook, known, trace(found, notebook, known), held)


def _held(path: str) -> str | None:
    try:
        return digest(read_file(path))
    except NotebookError:
        return None


def _settled_by_hand(path: str, sides: Terms[bytes], labels: Labels) -> bytes | None:
    """What stands at the path, if it is a notebook that is neither side's, or one that git has broken:
    somebody may have edited it since."""
    try:
        data = read_file(path)
    except NotebookError:
        return None  # gone
    match rebuild(data, lambda: Sides(sides.base, sides.local, sides.remote, labels)):
        case Sound():
            return None if data in sides else data
        case Rebuilt(data=rebuilt):
            return rebuilt
        case Hopeless():
            return None
