"""Owns: `nbmerge resolve NOTEBOOK`.

Must not know: how conflicts are found, settled or shown.  Invariant: the notebook is written once,
at the end and the safe way, as a save of what it held when it was read; what others save meanwhile
is merged; nothing but what was chosen changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nbmerge.cli.arguments import Parser, command, the_one, understand
from nbmerge.cli.conflict_lines import place
from nbmerge.cli.histories import add_state, tell_set_aside
from nbmerge.cli.program import to_type
from nbmerge.cli.report import decided
from nbmerge.cli.streams import printable, write_text
from nbmerge.conflicts.choosing import Settled, choose
from nbmerge.conflicts.finding import find, find_in_text, may_hold_conflicts
from nbmerge.conflicts.known import Traced, trace
from nbmerge.conflicts.values import Choice, Chosen, NotKnown
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, NotebookError, UsageError
from nbmerge.files import read_file
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from nbmerge.git.sides import GitSides
    from nbmerge.notebook.model import Notebook
    from nbmerge.sync.answers import Opened

_CALL = "resolve NOTEBOOK [--local|--remote|--both|--base] [--cell N|ID] [--state DIR]"
_WHAT = """
Settle the conflicts in a notebook: all of them, or those of one cell, for one side; without such an
option, one by one, as you answer. A cell that ends up as one side had it gets that side's outputs, count
and metadata back, where git or the history knows them. What the notebook held before stays in its history.
"""
_EXITS = {
    EXIT_CLEAN: "no conflict is left",
    EXIT_CONFLICTS: "conflicts are left, because they were skipped or others than --cell",
}
_SIDES = {
    Choice.LOCAL: "take local's side (git's ours)",
    Choice.REMOTE: "take remote's side (git's theirs)",
    Choice.BOTH: "take both, local's lines first",
    Choice.BASE: "take what was there before both changes",
}


def parser() -> Parser:
    """What `resolve` understands."""
    made = command(_CALL, _WHAT, _EXITS)
    one = made.add_mutually_exclusive_group()
    for choice, what in _SIDES.items():
        one.add_argument(f"--{choice.value}", dest="choice", action="store_const", const=choice, help=what)
    made.add_argument(
        "--cell", metavar="N|ID", help="only the conflicts of this cell, by its number from 1 or by its id"
    )
    add_state(made)
    return made


@dataclass(frozen=True, slots=True)
class _Open:
    """A notebook with conflicts; `meant` are those of them that the call is about."""

    path: str
    notebook: Notebook
    conflicts: tuple[Traced, ...]
    meant: tuple[Traced, ...]
    git: GitSides | None


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    options, words = heard
    path = the_one(words, "notebook", _CALL)
    opened = _opened(path, options.state)
    found = None if opened is None else _found(path, opened.content, options)
    if opened is None or found is None or not found.conflicts:
        write_text(f"{printable(path)}: no conflicts are in it\n")
        return EXIT_CLEAN
    chosen = _chosen(found, options)
    if not chosen:
        write_text(f"{printable(path)}: nothing was chosen, nothing was written\n")
        return EXIT_CONFLICTS
    from nbmerge.sync.api import save

    settled = _settled(found, chosen)
    answer = save(path, write(settled.notebook), opened.version, state=options.state)
    left = len(find(read(answer.content))) if answer.merged else len(found.conflicts) - len(chosen)
    write_text("".join(f"{line}\n" for line in _said(found, chosen, settled, left)))
    return EXIT_CONFLICTS if left else EXIT_CLEAN


def _opened(path: str, state: str | None) -> Opened | None:
    """What the notebook holds, and the token to save with; None if no conflict can be in it."""
    data = read_file(path)
    if not may_hold_conflicts(data):
        read(data, path)  # says so if it is no notebook
        return None
    from nbmerge.sync.api import open_notebook

    try:
        opened = open_notebook(path, state=state)
    except NotebookError:
        if find_in_text(data):
            why = f"git's conflict markers stand between its lines: rebuild it with {to_type('fix', path)}"
            raise NotebookError(f"{path}: is no notebook any more: {why}") from None
        raise
    tell_set_aside(opened.set_aside)
    return opened


def _found(path: str, data: bytes, options: Namespace) -> _Open:
    """The conflicts, with all that is known about them.  Raises UsageError if `--cell` has none."""
    from nbmerge.cli.merged_versions import known_of
    from nbmerge.git.sides import find_sides

    notebook = read(data, path)
    git = find_sides(path)
    known = known_of(path, data, options.state, git)
    conflicts = trace(find(notebook, lambda: known, merging=known is not None), notebook, known)
    meant = conflicts if options.cell is None else _in_cell(path, notebook, conflicts, options.cell)
    return _Open(path, notebook, conflicts, meant, git)


def _in_cell(path: str, notebook: Notebook, conflicts: tuple[Traced, ...], named: str) -> tuple[Traced, ...]:
    """Those of one cell.  A number that no cell has may be an id."""
    is_number = named.isascii() and named.isdigit() and 0 < int(named) <= len(notebook.cells)
    meant = tuple(
        traced
        for traced in conflicts
        if (traced.conflict.cell == int(named) - 1 if is_number else traced.conflict.id == named)
    )
    if conflicts and not meant:
        cells = ", ".join(dict.fromkeys(place(traced.conflict) for traced in conflicts))
        raise UsageError(f"{path}: no conflict is in cell {named}; there are some in {cells}")
    return meant


def _chosen(found: _Open, options: Namespace) -> Mapping[Traced, Chosen]:
    """What is to become of the conflicts: as the call says, else as somebody answers."""
    if options.choice is not None:
        return dict.fromkeys(found.meant, options.choice)
    from nbmerge.cli.terminal import edit, is_interactive, paint
    from nbmerge.cli.walk import Screen, Walk

    if not is_interactive():
        call = to_type("resolve", found.path)
        raise UsageError(f"there is no terminal to ask on: say {call} --local, --remote, --both or --base")
    screen = Screen(write_text, _ask, edit, paint)
    return Walk(found.notebook, found.meant, screen).run()


def _ask(question: str) -> str:
    try:
        return input(question)
    except EOFError:
        raise KeyboardInterrupt from None  # nobody is there any more: nothing is written


def _settled(found: _Open, chosen: Mapping[Traced, Chosen]) -> Settled:
    try:
        return choose(found.notebook, chosen)
    except NotKnown as error:
        raise UsageError(f"{found.path}: {error}; nothing was written") from error


def _said(found: _Open, chosen: Mapping[Traced, Chosen], settled: Settled, left: int) -> Iterator[str]:
    """What was done, and what is next."""
    path = printable(found.path)
    number = len(chosen)
    rest = f"{left} left" if left else "none left"
    yield f"{path}: {number} conflict{'s' * (number != 1)} settled, {rest}"
    for decision in settled.decisions:
        yield f"  {decided(decision)}"
    if not left and found.git is not None and found.git.unmerged:
        yield f"git still waits for: {_git_add(found.path)}"


def _git_add(path: str) -> str:
    from shlex import quote

    return f"git add {quote(path)}"
