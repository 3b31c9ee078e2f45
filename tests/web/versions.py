"""Owns: notebooks with conflicts, as base, local and remote, and their merge.

Must not know: how conflicts are settled.  Invariant: cells that nobody changed hold what is easily lost:
pictures, odd numbers, tags.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.merge.files import merge_bytes
from nbmerge.notebook.reader import read
from tests.helpers.build import Cell, code, markdown, notebook, printed, shown
from tests.helpers.spelling import JUPYTER, Spelling

PICTURE = shown({"image/png": "iVBORw0KGgo=", "text/plain": ["<Figure>"]})
UNTOUCHED = code("plot(a)", id="plot", count=7, outputs=[printed("1e5\n"), PICTURE], metadata={"tags": ["x"]})


SHARED = "What follows is the same in all versions.\nThere is more of it.\nthe end"


@dataclass(frozen=True)
class Sides:
    """Three notebooks, as files."""

    base: bytes
    local: bytes
    remote: bytes

    def files(self) -> tuple[bytes, bytes, bytes]:
        return self.base, self.local, self.remote

    def merged(self) -> bytes:
        return merge_bytes(self.base, self.local, self.remote).data


def sides(
    *cells: tuple[Cell | None, Cell | None, Cell | None], ids: bool = True, spelling: Spelling = JUPYTER
) -> Sides:
    """Notebooks of which each cell is given for base, local and remote."""
    kept = [
        [cell if ids or cell is None else {k: v for k, v in cell.items() if k != "id"} for cell in row]
        for row in cells
    ]
    columns = ([cell for row in kept if (cell := row[which]) is not None] for which in range(3))
    made = (notebook(*column, minor=5 if ids else 4) for column in columns)
    return Sides(*map(spelling.spell, made))


def same(cell: Cell) -> tuple[Cell, Cell, Cell]:
    return cell, cell, cell


def work(ids: bool = True, spelling: Spelling = JUPYTER) -> Sides:
    """Two conflicts in one cell, one in another, and cells around them that nobody changed."""
    source = "import a\nfirst = {}\nprint(first)\n\nsecond = {}\nprint(second)"
    return sides(
        same(markdown("# Title\n\nSome *text*.", id="title")),
        (
            code(source.format(1, 2), id="both", count=3, out="1"),
            code(source.format(10, 20), id="both", count=4, out="10"),
            code(source.format(100, 200), id="both", count=5, out="100"),
        ),
        same(UNTOUCHED),
        (
            markdown(f"one sentence about it\n{SHARED}", id="words"),
            markdown(f"a sentence by local\n{SHARED}", id="words"),
            markdown(f"something that remote says\n{SHARED}", id="words"),
        ),
        same(code("last = 1", id="last")),
        ids=ids,
        spelling=spelling,
    )


def deleted(by_local: bool = True, lines: int = 2) -> Sides:
    """A cell that one side deleted and the other edited, between two that nobody changed."""
    source = "".join(f"line {number}\n" for number in range(lines))
    gone = (
        code(f"{source}the end", id="gone"),
        None,
        code(f"first\n{source}the end is here", id="gone", count=2, out="kept"),
    )
    row = gone if by_local else (gone[0], gone[2], gone[1])
    return sides(same(UNTOUCHED), row, same(code("last = 1", id="last")))


def unlike(before: bytes, after: bytes) -> list[int]:
    """The cells that are written differently; there are as many as before."""
    one, other = read(before), read(after)
    assert len(one.cells) == len(other.cells)
    assert one.frame_text == other.frame_text
    pairs = enumerate(zip(one.cells, other.cells, strict=True))
    return [at for at, (a, b) in pairs if (a.text, a.lead) != (b.text, b.lead)]
