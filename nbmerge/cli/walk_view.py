"""Owns: what one conflict looks like to somebody who has to decide it.

Must not know: what was chosen, the terminal.  Invariant: what is shown of a notebook holds no control
characters; what is left out is said; sides that differ never look alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from nbmerge.browser.sources import Author, Line, changed_lines
from nbmerge.cli.report import cell_of, place, sides
from nbmerge.cli.streams import printable
from nbmerge.cli.terminal import Piece, Styled
from nbmerge.conflicts.values import Absent, InSource, Term
from nbmerge.merge.markers import conflicts_in
from nbmerge.merge.values import Terms, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.conflicts.known import Traced
    from nbmerge.conflicts.values import OpenConflict
    from nbmerge.notebook.model import Notebook

_AROUND = 2  # lines of the cell before and behind the conflict
_KEPT = (2, 0)  # lines at both ends of a longer run that is the same elsewhere; where these are too many
_LEAST = 8  # rows of a text, however small the screen
_WIDEST = 100  # columns of a heading
_LONG, _LONG_AND_SAME = 2000, 160  # characters of a part of a line
_ENDS = 60  # characters that are kept at both ends of a longer one
_BASE = "base (the original, before both changes)"
_COLOURS = {"local": "green", "remote": "cyan"}
_EMPTY: dict[Term, str] = {
    Absent.DELETED: " the cell is deleted",
    Absent.UNKNOWN: " not known",
    "": " nothing",
}
_SIGN = {"same": "  | ", "new": "  + ", "gone": "  - "}


@dataclass(frozen=True, slots=True)
class View:
    """Lays out for a screen of so many columns and rows; `whole` leaves nothing out."""

    paint: Callable[..., str]
    columns: int
    rows: int
    whole: bool = False

    def of(self, notebook: Notebook, traced: Traced, position: str) -> tuple[list[str], bool]:
        """The rows, and whether something was left out.  `position` says which conflict it is."""
        heading = f"--- {position}: {_where(notebook, traced)} "
        before, after = ([self._dim("    ", line) for line in part] for part in _around(notebook, traced))
        blocks = [line for block in self._blocks(traced.conflict) for line in block]
        shown = [_said(heading.ljust(min(self.columns, _WIDEST) - 1, "-"), "bold"), *before, *blocks, *after]
        rows = [row for line in shown for row in line.rows(self.columns - 1)]
        painted = ["".join(self.paint(piece.text, *piece.styles) for piece in row) for row in rows]
        return [row.rstrip() for row in painted], not all(line.whole for line in shown)

    def _blocks(self, conflict: OpenConflict) -> Iterator[list[Styled]]:
        """Base, local and remote."""
        terms = conflict.terms
        ours, theirs = sides(conflict)
        against_base = Absent.DELETED in (terms.local, terms.remote) and bool(_lines(terms.base))
        if terms.base is not Absent.UNKNOWN and not against_base:
            yield self._base(terms.base)
        left, right = _against_base(terms) if against_base else _compared(terms.local, terms.remote)
        for (name, term), lines, side in ((ours, left, "local"), (theirs, right, "remote")):
            yield self._side(name, term, lines, _COLOURS[side])

    def _base(self, term: Term) -> list[Styled]:
        if not _lines(term):
            return [_said(f"  {_BASE}: nothing; both added what follows", "dim")]
        return [_said(f"  {_BASE}:", "dim"), *self._cut([self._dim("  | ", line) for line in _lines(term)])]

    def _side(self, name: str, term: Term, lines: Sequence[Line], colour: str) -> list[Styled]:
        against = ", against the base" if any(line.author is Author.REMOTE for line in lines) else ""
        title = Piece(f"  {name}{against}:", ("bold", colour))
        if not _lines(term):
            return [Styled(Piece(""), (title, Piece(_EMPTY[term])))]
        for kept in _KEPT:
            folded = list(self._folded(lines, colour, kept))
            shown = self._cut(folded)
            if len(shown) == len(folded):
                break
        return [Styled(Piece(""), (title,)), *shown]

    def _folded(self, lines: Sequence[Line], colour: str, kept: int) -> Iterator[Styled]:
        """The lines; long runs of what stands elsewhere too are left out."""
        for same, group in groupby(lines, key=lambda line: line.author is Author.BASE):
            run = [self._line(line, colour) for line in group]
            if self.whole or not same or len(run) <= 2 * kept + 1:
                yield from run
            else:
                yield from run[:kept]
                yield _left_out(f"... {len(run) - 2 * kept} lines that are the same")
                yield from run[len(run) - kept :]

    def _cut(self, lines: list[Styled]) -> list[Styled]:
        """As many lines as have their place on the screen beside the other side's."""
        room = max(_LEAST, (self.rows - 12) // 2)
        for at, line in enumerate(lines):
            room -= len(line.rows(self.columns - 1))
            left = len(lines) - at
            if room < 0 and not self.whole and left > 1:
                return [*lines[:at], _left_out(f"... {left} more lines")]
        return lines

    def _line(self, line: Line, colour: str) -> Styled:
        """A line in the colour of its side; in reverse the words by which it differs from another one."""
        same = line.author is Author.BASE
        plain: tuple[str, ...] = () if same else (colour,)
        pieces, whole = [], True
        for word in line.words:
            differs = word.author is not Author.BASE
            in_common = same or (len(line.words) > 1 and not differs)
            text = printable(word.text.expandtabs())
            kept = self._shortened(text, _LONG_AND_SAME if in_common else _LONG)
            whole &= kept == text
            pieces.append(Piece(kept, (*plain, "reverse") if differs and len(line.words) > 1 else plain))
        sign = _SIGN["gone" if line.gone else "new" if line.author is Author.REMOTE else "same"]
        return Styled(Piece(sign), tuple(pieces), whole)

    def _dim(self, lead: str, line: str) -> Styled:
        text = printable(line.expandtabs())
        kept = self._shortened(text, _LONG)
        return Styled(Piece(lead), (Piece(kept, ("dim",)),), kept == text)

    def _shortened(self, text: str, most: int) -> str:
        """The text; the middle of a very long one is left out."""
        if self.whole or len(text) <= most:
            return text
        return f"{text[:_ENDS]} ...({len(text) - 2 * _ENDS} characters)... {text[-_ENDS:]}"


def _where(notebook: Notebook, traced: Traced) -> str:
    cell = traced.conflict.cell
    if cell is None or not isinstance(traced.conflict.place, InSource):
        return place(traced.conflict)
    return f"{cell_of(traced.conflict)}, {printable(notebook.cells[cell].type)}"


def _compared(local: Term, remote: Term) -> tuple[list[Line], list[Line]]:
    """The lines of both sides; what only one of them has is not Author.BASE."""
    both = changed_lines(_lines(local), _lines(remote), Author.BOTH)
    return (
        [_not_gone(line) for line in both if line.gone or line.author is Author.BASE],
        [line for line in both if not line.gone],
    )


def _against_base(terms: Terms[Term]) -> tuple[list[Line], list[Line]]:
    """What a side did with the cell that the other one deleted; it is Author.REMOTE, whose ever it is."""
    base, local, remote = map(_lines, terms)
    return (
        changed_lines(base, local, Author.REMOTE) if local else [],
        changed_lines(base, remote, Author.REMOTE) if remote else [],
    )


def _lines(term: Term) -> list[str]:
    return term.split("\n") if isinstance(term, str) and term else []


def _not_gone(line: Line) -> Line:
    return Line(line.words, line.author)


def _said(text: str, *styles: str) -> Styled:
    return Styled(Piece(""), (Piece(text, styles),))


def _left_out(said: str) -> Styled:
    return Styled(Piece(_SIGN["same"]), (Piece(said, ("yellow",)),), whole=False)


def _around(notebook: Notebook, traced: Traced) -> tuple[Sequence[str], Sequence[str]]:
    """The lines of the cell just before and behind the markers, as far as no other conflict."""
    where = traced.conflict.place
    if not isinstance(where, InSource):
        return (), ()
    lines = split(notebook.cells[where.cell].source)[0]
    others = conflicts_in(lines)
    start = max([0, where.marked.start - _AROUND, *(o.end for o in others if o.end <= where.marked.start)])
    end = min([where.marked.end + _AROUND, *(o.start for o in others if o.start >= where.marked.end)])
    return lines[start : where.marked.start], lines[where.marked.end : end]
