"""Owns: notebooks in a few words, and what a test asks of a merged one.

Must not know: how merging works inside.  Invariant: every merge made through `merge` is checked on the
way out: it reads back as JSON and is valid nbformat where all three inputs were.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nbmerge.merge.files import merge_bytes
from nbmerge.merge.markers import MarkerStyle, Rendered
from nbmerge.merge.values import Policy
from tests.helpers.spelling import JUPYTER, Spelling
from tests.helpers.validity import fault

Cell = dict[str, Any]
Notebook = dict[str, Any]
DEFAULT = Policy()
MARKERS = MarkerStyle()


def lines(text: str) -> list[str]:
    """A text as nbformat keeps it: lines with their ends."""
    return text.splitlines(keepends=True)


def code(
    source: str, *, id: str | None = None, count: int | None = None, out: str | None = None, **fields: Any
) -> Cell:
    """A code cell; `out` is what it printed."""
    outputs = [] if out is None else [printed(out)]
    cell: Cell = {"cell_type": "code", "execution_count": count, "metadata": {}, "outputs": outputs}
    return _with_id(cell | {"source": lines(source)} | fields, id)


def markdown(source: str, *, id: str | None = None, **fields: Any) -> Cell:
    return _with_id({"cell_type": "markdown", "metadata": {}, "source": lines(source)} | fields, id)


def raw(source: str, *, id: str | None = None, **fields: Any) -> Cell:
    return _with_id({"cell_type": "raw", "metadata": {}, "source": lines(source)} | fields, id)


def printed(text: str) -> dict[str, Any]:
    return {"name": "stdout", "output_type": "stream", "text": lines(text)}


def shown(data: dict[str, Any], count: int | None = None, **metadata: Any) -> dict[str, Any]:
    """A value that the kernel displayed (with `count`: returned)."""
    if count is None:
        return {"data": data, "metadata": metadata, "output_type": "display_data"}
    return {"data": data, "execution_count": count, "metadata": metadata, "output_type": "execute_result"}


def _with_id(cell: Cell, id: str | None) -> Cell:
    return cell if id is None else {"cell_type": cell["cell_type"], "id": id} | cell


def notebook(*cells: Cell, minor: int | None = None, metadata: dict[str, Any] | None = None) -> Notebook:
    """A notebook; it is 4.5 if the cells have ids, else 4.4."""
    if minor is None:
        minor = 5 if any("id" in cell for cell in cells) else 4
    return {"cells": list(cells), "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": minor}


def notebook3(*cells: Cell, metadata: dict[str, Any] | None = None) -> Notebook:
    """The same in nbformat 3: cells in a worksheet, `input`, `prompt_number`."""
    sheet = {"cells": [_cell3(cell) for cell in cells], "metadata": {}}
    return {"metadata": metadata or {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [sheet]}


def _cell3(cell: Cell) -> Cell:
    if cell["cell_type"] != "code":
        return {key: cell[key] for key in ("cell_type", "metadata", "source")}
    outputs = [
        {"output_type": "stream", "stream": "stdout", "text": output["text"]}
        for output in cell["outputs"]
        if output["output_type"] == "stream"
    ]
    return {
        "cell_type": "code",
        "collapsed": False,
        "input": cell["source"],
        "language": "python",
        "metadata": cell["metadata"],
        "outputs": outputs,
        "prompt_number": cell["execution_count"],
    }


@dataclass(frozen=True)
class Merged:
    """A merge as its user sees it."""

    data: bytes
    result: Rendered

    @cached_property
    def notebook(self) -> Notebook:
        found: Notebook = json.loads(self.data)
        return found

    @property
    def cells(self) -> list[Cell]:
        return cells_of(self.notebook)

    @property
    def clean(self) -> bool:
        return self.result.clean

    @property
    def sources(self) -> list[str]:
        return [source_of(cell) for cell in self.cells]

    @property
    def outs(self) -> list[str]:
        """What each cell printed."""
        return ["".join("".join(o["text"]) for o in cell.get("outputs", ())) for cell in self.cells]

    def noted(self, path: str, took: str | None = None) -> bool:
        """True if the report says something about this path (and that this was taken)."""
        return any(d.path == path and took in (None, d.took) for d in self.result.decisions)


def cells_of(notebook: Notebook) -> list[Cell]:
    if "cells" in notebook:
        found: list[Cell] = notebook["cells"]
        return found
    return [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]


def source_of(cell: Cell) -> str:
    return "".join(cell["input"] if "input" in cell else cell["source"])


def merge(
    base: Notebook,
    local: Notebook,
    remote: Notebook,
    policy: Policy = DEFAULT,
    spelling: Spelling = JUPYTER,
    markers: MarkerStyle = MARKERS,
) -> Merged:
    """Merge three notebooks as files; what comes out is valid if they were."""
    before, ours, theirs = (spelling.spell(each) for each in (base, local, remote))
    whole = merge_bytes(before, ours, theirs, policy, markers)
    merged = Merged(whole.data, whole.rendered)
    if not any(fault(item) for item in (base, local, remote)):
        assert fault(merged.notebook) is None
    return merged


def merge_cells(
    base: Cell, local: Cell, remote: Cell, policy: Policy = DEFAULT, markers: MarkerStyle = MARKERS
) -> Merged:
    """Merge three notebooks of this one cell."""
    before, ours, theirs = (notebook({"id": "one", **cell}) for cell in (base, local, remote))
    return merge(before, ours, theirs, policy, markers=markers)


def merge_each(cells: Sequence[Cell], policy: Policy = DEFAULT, markers: MarkerStyle = MARKERS) -> Merged:
    """Merge cells given as a list: base, local, remote."""
    base, local, remote = cells
    return merge_cells(base, local, remote, policy, markers)


def merge_code(
    base: str, local: str, remote: str, policy: Policy = DEFAULT, markers: MarkerStyle = MARKERS
) -> Merged:
    """Merge three sources of one code cell."""
    return merge_cells(code(base), code(local), code(remote), policy, markers)


def merge_prose(
    base: str, local: str, remote: str, policy: Policy = DEFAULT, markers: MarkerStyle = MARKERS
) -> Merged:
    """Merge three sources of one markdown cell."""
    return merge_cells(markdown(base), markdown(local), markdown(remote), policy, markers)


@dataclass(frozen=True)
class Trio:
    """What a merge is given."""

    base: Notebook
    local: Notebook
    remote: Notebook

    def merged(self) -> Merged:
        return merge(self.base, self.local, self.remote)

    def swapped(self) -> Trio:
        return Trio(self.base, self.remote, self.local)

    def files(self) -> tuple[Notebook, Notebook, Notebook]:
        return self.base, self.local, self.remote


def conflict(local: Iterable[str], remote: Iterable[str], left: str = "local", right: str = "remote") -> str:
    """The text of a conflict in git's merge style."""
    return "\n".join([f"<<<<<<< {left}", *local, "=======", *remote, f">>>>>>> {right}"])
