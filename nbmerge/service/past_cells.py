"""Owns: the cells of all versions of one notebook, newest first, each version read by what it changed.

Must not know: why they are wanted.  Invariant: what comes out is what reading each version whole would give;
where that is not plain, it is read whole.  Cells that did not change between two versions are one object.

A version shares most of its pieces with the next one.  What lies between those that both begin and those that
both end with is read alone, from the end of the last whole cell before it to the beginning of the first one
behind: a thousand versions cost what a thousand saves changed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from nbmerge.errors import NotebookError
from nbmerge.history.store import Store
from nbmerge.lineage.changes import PastCells
from nbmerge.lineage.versions import Origin
from nbmerge.notebook.model import Cell, Notebook
from nbmerge.notebook.reader import read

_BEFORE, _AFTER = b'{"cells": [', b'], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


def cells_of_versions(
    store: Store, notebook_id: int, wanted: Collection[int] | None = None
) -> Iterator[PastCells]:
    """The cells of each version that is kept (of them those that are `wanted`) and is a notebook."""
    read_before: _Read | None = None
    for version, pieces in store.contents(notebook_id, wanted):
        if version.origin is Origin.UNREADABLE:
            continue
        now = None if read_before is None else _from(read_before, pieces)
        if now is None:
            now = _whole(pieces, () if read_before is None else read_before.cells)
        if now is not None:
            yield PastCells(version.number, now.cells, now.changed)
            read_before = now


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A version: its pieces, its cells, and where in the bytes they and their list begin and end.

    There are no places where the bytes are no plain UTF-8, or hold no list of cells such as nbformat 4 has.
    """

    pieces: Sequence[bytes]
    cells: tuple[Cell, ...]
    changed: range
    starts: Sequence[int] = ()
    ends: Sequence[int] = ()
    array: tuple[int, int] | None = None


def _whole(pieces: Sequence[bytes], known: tuple[Cell, ...]) -> _Read | None:
    data = b"".join(pieces)
    try:
        notebook = read(data, known=known)
    except NotebookError:
        return None
    every = range(len(notebook.cells))
    places = _places(data, notebook) if notebook.major == 4 and notebook.cells and b"\r" not in data else None
    if places is None:
        return _Read(pieces, notebook.cells, every)
    starts = [start for start, _ in places]
    ends = [end for _, end in places]
    array = data.rfind(b"[", 0, starts[0]) + 1, data.find(b"]", ends[-1])
    return _Read(pieces, notebook.cells, every, starts, ends, array)


def _places(data: bytes, notebook: Notebook) -> list[tuple[int, int]] | None:
    """Where the cells stand in the bytes; None if they are not found there as they were read."""
    found = []
    at = gap = 0
    for cell in notebook.cells:
        text = (cell.text or "").encode("utf-8", "surrogatepass")
        behind = at
        at += (
            gap  # mostly they stand equally far apart; searching for a long text costs more than comparing it
        )
        if not data.startswith(text, at) or data.find(b"{", behind, at) >= 0:
            at = data.find(text, behind)
        if at < 0 or not text:
            return None
        gap = at - behind
        found.append((at, at + len(text)))
        at += len(text)
    return found


def _from(later: _Read, pieces: Sequence[bytes]) -> _Read | None:
    """A version, by the next one; None if it has to be read whole."""
    if later.array is None:
        return None
    size = sum(map(len, later.pieces))
    head, tail, count = _shared(later.pieces, pieces)
    grown = sum(map(len, pieces)) - size
    if size - tail < later.array[0] or head > later.array[1]:  # what changed is not in the list of cells
        by = grown if head < later.array[0] else 0
        return _moved(later, pieces, by)
    if head < later.array[0] or size - tail > later.array[1]:
        return None
    first, last = bisect_right(later.ends, head), bisect_left(later.starts, size - tail)
    start = later.ends[first - 1] if first else later.array[0]
    end = later.starts[last] if last < len(later.starts) else later.array[1]
    changed = _cells_in(_part(pieces, (start, end + grown), head, count))
    if changed is None:
        return None
    cells, places = changed
    return _Read(
        pieces,
        (*later.cells[:first], *cells, *later.cells[last:]),
        range(first, first + len(cells)),
        [
            *later.starts[:first],
            *(start + one for one, _ in places),
            *(at + grown for at in later.starts[last:]),
        ],
        [*later.ends[:first], *(start + one for _, one in places), *(at + grown for at in later.ends[last:])],
        (later.array[0], later.array[1] + grown),
    )


def _moved(later: _Read, pieces: Sequence[bytes], by: int) -> _Read | None:
    if later.array is None:
        return None
    starts, ends = [at + by for at in later.starts], [at + by for at in later.ends]
    return _Read(pieces, later.cells, range(0), starts, ends, (later.array[0] + by, later.array[1] + by))


def _shared(one: Sequence[bytes], other: Sequence[bytes]) -> tuple[int, int, int]:
    """How many bytes at the beginning and at the end are the same pieces, and how many pieces at the
    beginning."""
    shorter = min(len(one), len(other))
    head = next((n for n in range(shorter) if one[n] is not other[n]), shorter)
    tail = next((n for n in range(shorter - head) if one[-1 - n] is not other[-1 - n]), shorter - head)
    return sum(map(len, one[:head])), sum(map(len, one[len(one) - tail :])), head


def _part(pieces: Sequence[bytes], part: tuple[int, int], head: int, count: int) -> bytes:
    """A part of the bytes, which begins in the first `count` pieces, that is in `head` bytes."""
    start, end = part
    while head > start:
        count -= 1
        head -= len(pieces[count])
    found, size = [], head
    while size < end:
        found.append(pieces[count])
        size += len(pieces[count])
        count += 1
    return b"".join(found)[start - head : end - head]


def _cells_in(window: bytes) -> tuple[tuple[Cell, ...], list[tuple[int, int]]] | None:
    """The cells in a part of a list of cells, and where they stand in it."""
    inner = window.strip(b" \t\n,")
    if not inner:
        return (), []
    try:
        notebook = read(_BEFORE + inner + _AFTER)
    except NotebookError:
        return None
    places = _places(window, notebook)
    return None if places is None else (notebook.cells, places)
