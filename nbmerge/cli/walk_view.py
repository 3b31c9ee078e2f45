"""Owns: what one conflict looks like to somebody who has to decide it.

Must not know: what was chosen, the terminal.  Invariant: what is shown of a notebook holds no control
characters; what is left out is said; sides that differ never look alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from nbmerge.cli.conflict_lines import cell_of, place, sides
from nbmerge.cli.streams import printable
from nbmerge.conflicts.markers import conflicts_in
from nbmerge.conflicts.values import Absent, InSource, Term
from nbmerge.merge.text import split
from nbmerge.page.lines import By, Line, Word, changed_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.conflicts.known import Traced
    from nbmerge.notebook.model import Notebook

_AROUND = 2  # lines of the cell before and behind the conflict
_KEPT = 2  # lines at both ends of a longer run that both sides have
_LEAST = 8  # lines of a text, however small the screen
_LONG = 400  # characters of a part of a line
_ENDS = 60  # characters that are kept at both ends of one that is left out
_BAR = "  | "


@dataclass(frozen=True, slots=True)
class View:
    """Lays out for a screen of so many columns and rows; `whole` leaves nothing out."""

    paint: Callable[..., str]
    columns: int
    rows: int
    whole: bool = False

    def of(self, notebook: Notebook, traced: Traced, position: str) -> tuple[list[str], bool]:
        """The lines, and whether some were left out.  `position` says which conflict it is."""
        found = list(self._lines(notebook, traced, position))
        return [line for line, _ in found], any(cut for _, cut in found)

    def _lines(self, notebook: Notebook, traced: Traced, position: str) -> Iterator[tuple[str, bool]]:
        conflict = traced.conflict
        heading = f"--- {position}: {_where(notebook, traced)} "
        yield self.paint(heading.ljust(min(self.columns, 100) - 1, "-"), "bold"), False
        before, after = _around(notebook, traced)
        yield from ((f"    {self.paint(line, 'dim')}", False) for line in before)
        yield from self._base(conflict.terms.base)
        (ours, local), (theirs, remote) = sides(conflict)
        left, right = _compared(local, remote)
        yield from self._side(ours, local, left, "green")
        yield from self._side(theirs, remote, right, "cyan")
        yield from ((f"    {self.paint(line, 'dim')}", False) for line in after)

    def _base(self, term: Term) -> Iterator[tuple[str, bool]]:
        if term is Absent.UNKNOWN:
            return
        added = "nothing: both added what follows" if not term or term is Absent.DELETED else ""
        yield self.paint(f"  base, before both changes: {added}".rstrip(": "), "dim"), False
        if isinstance(term, str) and term:
            lines = [Line((Word(line),), By.BASE) for line in term.split("\n")]
            yield from self._cut([(self._words(line, "dim"), False) for line in lines])

    def _side(self, name: str, term: Term, lines: Sequence[Line], colour: str) -> Iterator[tuple[str, bool]]:
        said = {Absent.DELETED: "the cell is deleted", Absent.UNKNOWN: "not known", "": "nothing"}.get(term)
        yield self.paint(f"  {name}:", "bold", colour) + (f" {said}" if said else ""), False
        if said is None:
            yield from self._cut(list(self._folded(lines, colour)))

    def _folded(self, lines: Sequence[Line], colour: str) -> Iterator[tuple[str, bool]]:
        """The lines; long runs of what both sides have are left out."""
        for same, group in groupby(lines, key=lambda line: line.by is By.BASE):
            run = list(group)
            painted = [(self._words(line, colour), False) for line in run]
            if self.whole or not same or len(run) <= 2 * _KEPT + 1:
                yield from painted
                continue
            yield from painted[:_KEPT]
            yield self._left_out(f"... {len(run) - 2 * _KEPT} lines that both have"), True
            yield from painted[-_KEPT:]

    def _cut(self, lines: list[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
        most = max(_LEAST, (self.rows - 12) // 2)
        if self.whole or len(lines) <= most + 1:
            yield from lines
            return
        yield from lines[:most]
        yield self._left_out(f"... {len(lines) - most} more lines"), True

    def _left_out(self, said: str) -> str:
        return f"{_BAR}{self.paint(said, 'yellow')}"

    def _words(self, line: Line, colour: str) -> str:
        """A line in the colour of its side, the words in reverse that the other side has not."""
        parts = []
        for word in line.words:
            text = _shortened(word, self.whole)
            same = word.by is By.BASE
            if colour == "dim" or (same and len(line.words) == 1):
                styles = [colour] if colour == "dim" else []
            else:
                styles = [colour] if same or len(line.words) == 1 else [colour, "reverse"]
            parts.append(self.paint(text, *styles))
        return _BAR + "".join(parts)


def _where(notebook: Notebook, traced: Traced) -> str:
    cell = traced.conflict.cell
    if cell is None or not isinstance(traced.conflict.place, InSource):
        return place(traced.conflict)
    return f"{cell_of(traced.conflict)}, {printable(notebook.cells[cell].type)}"


def _compared(local: Term, remote: Term) -> tuple[list[Line], list[Line]]:
    """The lines of both sides; what only one of them has is not By.BASE."""
    ours, theirs = (term.split("\n") if isinstance(term, str) else [] for term in (local, remote))
    if not isinstance(local, str) or not isinstance(remote, str):
        return [_only(line) for line in ours], [_only(line) for line in theirs]
    both = changed_lines(ours, theirs, By.BOTH)
    return (
        [line for line in both if line.gone or line.by is By.BASE],
        [line for line in both if not line.gone],
    )


def _only(text: str) -> Line:
    return Line((Word(text, By.BOTH),), By.BOTH)


def _shortened(word: Word, whole: bool) -> str:
    """A part of a line, printable; the middle of a very long one is left out."""
    text = printable(word.text.expandtabs())
    if whole or len(text) <= _LONG:
        return text
    return f"{text[:_ENDS]} ...({len(text) - 2 * _ENDS} characters)... {text[-_ENDS:]}"


def _around(notebook: Notebook, traced: Traced) -> tuple[list[str], list[str]]:
    """The lines of the cell just before and behind the markers, as far as no other conflict."""
    where = traced.conflict.place
    if not isinstance(where, InSource):
        return [], []
    lines = split(notebook.cells[where.cell].source)[0]
    others = conflicts_in(lines)
    start = max([where.marked.start - _AROUND, *(o.end for o in others if o.end <= where.marked.start)])
    end = min([where.marked.end + _AROUND, *(o.start for o in others if o.start >= where.marked.end)])
    near = lines[max(start, 0) : where.marked.start], lines[where.marked.end : end]
    before, after = ([_shortened(Word(line), False) for line in part] for part in near)
    return before, after
