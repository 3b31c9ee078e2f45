"""Owns: parts with conflicts as nbdime's page for merges takes them: a small notebook and decisions.

Must not know: the page's server, what is chosen.  Invariant: every decision is one of the parts'
conflicts, and none is about an id, a count, outputs, or a cell that the small notebook lacks.

The page is given decisions instead of three notebooks to compare: nbdime's own comparison would
decide once more what the merge has decided, and stumbles over ids, cells without a base and counts.
Where the base of a conflict is known, the text to be merged starts as the conflict with its markers
(action `custom`); where it is not, the base itself is the text with its markers.  So whatever
somebody leaves undecided is still a conflict when it comes back.

The form: nbdime's documentation, "Diff format" and "Merge details"; a line is a text with its end,
and the last line of a text is given one too.
"""

from __future__ import annotations

from collections.abc import Sequence

from nbmerge.conflicts.reduced import Around, Deleted, Part, Runs, Texts
from nbmerge.conflicts.regions import Substitute, substitute_for
from nbmerge.merge.text import split
from nbmerge.notebook.model import CODE, Notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Plain: TypeAlias = dict[str, object]  # what JSON has
    Diff: TypeAlias = list[Plain]

MARK = "nbmerge"  # the key of a cell's metadata: its part's number, and its place in the notebook
_LONGEST = 200  # lines of a cell that is shown only to tell where a conflict is


class Decisions:
    """The small notebook and what is to be decided about it, part by part.

    `shows_base` tells whether there is a base to show.
    """

    def __init__(self, notebook: Notebook, parts: Sequence[Part]) -> None:
        self._notebook = notebook
        self._cells: list[Plain] = []
        self._between_lines: list[Plain] = []
        self._about_cells: list[Plain] = []
        self.shows_base = False
        for number, part in enumerate(parts):
            self._add(number, part)

    def _add(self, number: int, part: Part) -> None:
        match part:
            case Texts():
                self._texts(number, part)
            case Deleted():
                self._deleted(number, part)
            case Runs():
                self._runs(number, part)
            case Around():
                self._cells.append(self._whole(number, part.cell, _LONGEST))

    def answer(self) -> Plain:
        """What nbdime's page asks its server for."""
        metadata = {"language_info": _language(self._notebook)}
        base = {"cells": self._cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
        # those about whole cells come last: they move the cells behind them
        return {"base": base, "merge_decisions": [*self._between_lines, *self._about_cells]}

    def _texts(self, number: int, part: Texts) -> None:
        path: list[str | int] = ["cells", len(self._cells), "source"]
        shown = part.substitute.shown
        lines: list[str] = []
        for piece in part.pieces:
            if isinstance(piece, str):
                lines.append(shown(piece))
                continue
            sides = (_shown(part.substitute, side) for side in (piece.shown, piece.local, piece.remote))
            markers, local, remote = sides
            start = markers if piece.base is None else _shown(part.substitute, piece.base)
            at = len(lines)
            decision = _decision(path, _change(at, start, local), _change(at, start, remote))
            if piece.base is not None:
                self.shows_base = True
                decision |= {"action": "custom", "custom_diff": _change(at, start, markers)}
            self._between_lines.append(decision)
            lines += start
        self._cells.append(self._cell(number, part.cell, lines))

    def _deleted(self, number: int, part: Deleted) -> None:
        at = len(self._cells)
        markers = split(self._notebook.cells[part.cell].source)[0]
        base = _shown(part.substitute, markers if part.base is None else part.base)
        self.shows_base |= part.base is not None
        changed = _change(0, base, _shown(part.substitute, part.lines))
        gone: Diff = [{"op": "removerange", "key": at, "length": 1}]
        inside = [{"op": "patch", "key": "source", "diff": changed}]
        edited: Diff = [{"op": "patch", "key": at, "diff": inside}]
        sides = (gone, edited) if part.by_local else (edited, gone)
        self._about_cells.append(_decision(["cells"], *sides))
        self._cells.append(self._cell(number, part.cell, base))

    def _runs(self, number: int, part: Runs) -> None:
        at = len(self._cells)
        sides = ([self._whole(number, place) for place in run] for run in (part.local, part.remote))
        local, remote = ([{"op": "addrange", "key": at, "valuelist": run}] if run else None for run in sides)
        self._about_cells.append(_decision(["cells"], local, remote))

    def _whole(self, number: int, place: int, longest: int | None = None) -> Plain:
        lines = split(self._notebook.cells[place].source)[0][:longest]
        return self._cell(number, place, _shown(substitute_for(lines), lines))

    def _cell(self, number: int, place: int, lines: Sequence[str]) -> Plain:
        cell = self._notebook.cells[place]
        text = "".join(f"{line}\n" for line in lines)
        made: Plain = {"cell_type": cell.type, "metadata": {MARK: [number, place]}, "source": text}
        return made | ({"execution_count": None, "outputs": []} if cell.type == CODE else {})


def _shown(substitute: Substitute, lines: Sequence[str]) -> list[str]:
    return [substitute.shown(line) for line in lines]


def _change(at: int, before: Sequence[str], after: Sequence[str]) -> Diff | None:
    """The diff that puts other lines in place of those `before`, which begin at a line."""
    if before == after:
        return None
    added: Plain = {"op": "addrange", "key": at, "valuelist": [f"{line}\n" for line in after]}
    gone: Plain = {"op": "removerange", "key": at, "length": len(before)}
    return ([added] if after else []) + ([gone] if before else [])


def _decision(path: Sequence[str | int], local: Diff | None, remote: Diff | None) -> Plain:
    about: Plain = {"common_path": list(path), "action": "base", "conflict": True}
    return about | {"local_diff": local, "remote_diff": remote}


def _language(notebook: Notebook) -> Plain:
    """What the page colours code by."""
    metadata = notebook.frame.get("metadata")
    language = metadata.get("language_info") if isinstance(metadata, dict) else None
    told = language if isinstance(language, dict) else {}
    return {key: value for key in ("name", "mimetype") if isinstance(value := told.get(key), str)}
