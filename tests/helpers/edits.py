"""Owns: what a person does to a notebook between two saves, as random edit scripts.

Must not know: merging.  Invariant: an edit gives a new notebook that is as valid as the one it was made
from, and of the same kind of ids.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from tests.helpers.build import Cell, Notebook, Trio, lines, source_of
from tests.helpers.strategies import (
    PIXEL,
    Ids,
    cells,
    code_lines,
    identified,
    metadata,
    notebook_metadata,
    notebooks,
    outputs,
    prose_lines,
    with_id,
)

WORDS = ("alpha", "beta", "7", "(x)", "total", "# why")
Edit = Callable[[st.DrawFn, Notebook, str], Notebook]


@st.composite
def trios(draw: st.DrawFn, *kinds: Ids, max_cells: int = 5, max_edits: int = 4) -> Trio:
    """A base and what two people made of it."""
    ids = draw(st.sampled_from(kinds or tuple(Ids)))
    base = draw(notebooks(ids, max_cells))
    local, remote = (draw(versions(base, ids, side, max_edits)) for side in ("aaaa", "bbbb"))
    return Trio(base, local, remote)


@st.composite
def versions(draw: st.DrawFn, base: Notebook, ids: Ids, side: str, max_edits: int = 4) -> Notebook:
    """What one person made of a notebook; `side` keeps the ids of two people apart."""
    made = base
    for number in range(draw(st.integers(0, max_edits))):
        edit = draw(st.sampled_from(EDITS))
        made = edit(draw, made, f"{side}{number:04d}")
    if ids is Ids.POSITIONAL:
        return identified(made, ids)
    return made if ids in (Ids.OWN, Ids.TWICE) else _without_ids(made)


def _without_ids(notebook: Notebook) -> Notebook:
    return notebook | {"cells": [with_id(cell, None) for cell in notebook["cells"]]}


def _pick(draw: st.DrawFn, notebook: Notebook) -> int | None:
    size = len(notebook["cells"])
    return draw(st.integers(0, size - 1)) if size else None


def _changed(notebook: Notebook, place: int, cell: Cell) -> Notebook:
    found = list(notebook["cells"])
    found[place] = cell
    return notebook | {"cells": found}


def _on_a_cell(change: Callable[[st.DrawFn, Cell], Cell]) -> Edit:
    def edit(draw: st.DrawFn, notebook: Notebook, fresh: str) -> Notebook:
        place = _pick(draw, notebook)
        if place is None:
            return notebook
        return _changed(notebook, place, change(draw, notebook["cells"][place]))

    return edit


def edit_line(draw: st.DrawFn, cell: Cell) -> Cell:
    """Change, add or remove one line, or one word of it."""
    found = source_of(cell).split("\n")
    place = draw(st.integers(0, len(found) - 1))
    line = draw(code_lines() if cell["cell_type"] == "code" else prose_lines())
    match draw(st.sampled_from(["word", "word", "replace", "insert", "delete"])):
        case "word":
            words = found[place].split(" ")
            words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(WORDS))
            found[place] = " ".join(words)
        case "replace":
            found[place] = line
        case "insert":
            found.insert(place, line)
        case "delete":
            del found[place]
    return cell | {"source": lines("\n".join(found))}


def run_again(draw: st.DrawFn, cell: Cell) -> Cell:
    if cell["cell_type"] != "code":
        return cell
    return cell | {"execution_count": draw(st.integers(31, 60)), "outputs": draw(outputs())}


def edit_and_run(draw: st.DrawFn, cell: Cell) -> Cell:
    return run_again(draw, edit_line(draw, cell))


def clear_outputs(draw: st.DrawFn, cell: Cell) -> Cell:
    return cell | {"execution_count": None, "outputs": []} if cell["cell_type"] == "code" else cell


def change_metadata(draw: st.DrawFn, cell: Cell) -> Cell:
    return cell | {"metadata": draw(metadata())}


def change_type(draw: st.DrawFn, cell: Cell) -> Cell:
    """To markdown and back, as editors do it: what the other type lacks is dropped."""
    lost = ("outputs", "execution_count", "attachments")
    kept = {key: item for key, item in cell.items() if key not in lost}
    if cell["cell_type"] == "code":
        return kept | {"cell_type": "markdown"}
    return kept | {"cell_type": "code", "execution_count": None, "outputs": []}


def attach(draw: st.DrawFn, cell: Cell) -> Cell:
    if cell["cell_type"] == "code":
        return cell
    name = draw(st.sampled_from(["image.png", "photo.png"]))
    pixels = draw(st.sampled_from([PIXEL, "R0lGODdh", "/9j/4AAQ"]))
    return cell | {"attachments": cell.get("attachments", {}) | {name: {"image/png": pixels}}}


def insert_cell(draw: st.DrawFn, notebook: Notebook, fresh: str) -> Notebook:
    found = list(notebook["cells"])
    cell = draw(cells())
    if notebook["nbformat_minor"] >= 5:
        cell = with_id(cell, fresh)
    found.insert(draw(st.integers(0, len(found))), cell)
    return notebook | {"cells": found}


def delete_cell(draw: st.DrawFn, notebook: Notebook, fresh: str) -> Notebook:
    place = _pick(draw, notebook)
    return notebook | {"cells": [cell for i, cell in enumerate(notebook["cells"]) if i != place]}


def move_cell(draw: st.DrawFn, notebook: Notebook, fresh: str) -> Notebook:
    place = _pick(draw, notebook)
    if place is None:
        return notebook
    found = list(notebook["cells"])
    cell = found.pop(place)
    found.insert(draw(st.integers(0, len(found))), cell)
    return notebook | {"cells": found}


def duplicate_cell(draw: st.DrawFn, notebook: Notebook, fresh: str) -> Notebook:
    place = _pick(draw, notebook)
    if place is None:
        return notebook
    found = list(notebook["cells"])
    copy = found[place]
    found.insert(place + 1, with_id(copy, fresh) if "id" in copy else copy)
    return notebook | {"cells": found}


def change_notebook_metadata(draw: st.DrawFn, notebook: Notebook, fresh: str) -> Notebook:
    return notebook | {"metadata": draw(notebook_metadata())}


ON_A_CELL: tuple[Callable[[st.DrawFn, Cell], Cell], ...] = (
    edit_line,
    edit_line,
    run_again,
    edit_and_run,
    clear_outputs,
    change_metadata,
    change_type,
    attach,
)
EDITS: tuple[Edit, ...] = (
    *map(_on_a_cell, ON_A_CELL),
    insert_cell,
    insert_cell,
    delete_cell,
    move_cell,
    duplicate_cell,
    change_notebook_metadata,
)
