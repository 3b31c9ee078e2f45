"""What was saved once and is gone: the list is complete, and what is put back is there again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.lineage.changes import PastCells
from nbmerge.lineage.lost import Lost, LostKind, NotPutBackError, lost, put_back
from nbmerge.notebook import model
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from tests.helpers.build import Cell, Notebook, code, markdown, notebook, shown
from tests.helpers.spelling import JUPYTER


def parsed(content: Notebook) -> model.Notebook:
    return read(JUPYTER.spell(content))


def lost_of(now: Notebook, *before: Notebook) -> list[Lost]:
    """What is lost after these versions, oldest first."""
    past = [
        PastCells(number, found.cells, range(len(found.cells)))
        for number, found in enumerate(map(parsed, before), 1)
    ]
    return list(lost(reversed(past), parsed(now)))


def after(found: Lost, now: Notebook) -> list[dict[str, object]]:
    """The cells once this is put back."""
    cells: list[dict[str, object]] = json.loads(write(put_back(found, parsed(now))))["cells"]
    return cells


def sources(cells: list[dict[str, object]]) -> list[str]:
    return ["".join(cell["source"]) for cell in cells]  # type: ignore[arg-type]


LOAD, PLOT, SAVE = code("load()", id="load"), code("plot(a)\nplot(b)", id="plot"), code("save()", id="save")


def test_a_cell_comes_back_behind_the_one_that_it_stood_behind() -> None:
    now = notebook(LOAD, SAVE)
    [found] = lost_of(now, notebook(LOAD, PLOT, SAVE))
    assert (found.kind, found.last, found.text) == (LostKind.CELL, 1, "plot(a)\nplot(b)")
    assert sources(after(found, now)) == ["load()", "plot(a)\nplot(b)", "save()"]


def test_a_line_comes_back_behind_the_line_that_it_stood_behind() -> None:
    now = notebook(code("plot(a)\nshow()", id="plot"))
    [found] = lost_of(now, notebook(PLOT))
    assert (found.kind, found.text) == (LostKind.LINES, "plot(b)")
    assert sources(after(found, now)) == ["plot(a)\nplot(b)\nshow()"]


def test_lines_of_a_cell_that_is_gone_come_back_as_a_cell_that_was_never_run() -> None:
    now = notebook(LOAD, code("plot(a)", id="other"))
    [found, _] = lost_of(now, notebook(LOAD, code("plot(a)\nplot(b)", id="plot", count=3, out="x")))
    made = after(found, now)
    assert sources(made) == ["load()", "plot(b)", "plot(a)"]
    assert (made[1]["outputs"], made[1]["execution_count"]) == ([], None)


def test_a_result_comes_back_to_its_code() -> None:
    now = notebook(code("fit()", id="fit"))
    [found] = lost_of(now, notebook(code("fit()", id="fit", count=7, out="0.93\n")))
    assert (found.kind, found.text) == (LostKind.RESULT, "0.93")
    [cell] = after(found, now)
    assert (cell["execution_count"], cell["outputs"][0]["text"]) == (7, ["0.93\n"])  # type: ignore[index]


def test_a_result_of_other_code_is_not_put_under_this_one() -> None:
    now = notebook(code("fit(2)", id="fit"))
    line, result = lost_of(now, notebook(code("fit()", id="fit", out="0.93\n")))
    assert line.kind is LostKind.CELL
    with pytest.raises(NotPutBackError, match="version 1 has both"):
        put_back(result, parsed(now))


def test_pictures_are_named_by_their_kind() -> None:
    picture = shown({"image/png": "aGVsbG8=", "text/plain": "<Figure>"})
    [found] = lost_of(notebook(code("x", id="x")), notebook(code("x", id="x", outputs=[picture])))
    assert found.text == "<Figure>\n(image/png)"


def test_what_was_moved_is_not_lost() -> None:
    assert (
        lost_of(notebook(SAVE, code("load()\nplot(a)\nplot(b)", id="one")), notebook(LOAD, PLOT, SAVE)) == []
    )


def test_each_thing_is_listed_once_and_what_went_last_comes_first() -> None:
    versions = [notebook(LOAD, PLOT, SAVE), notebook(LOAD, SAVE), notebook(LOAD, SAVE), notebook(LOAD)]
    assert [(found.last, found.text) for found in lost_of(notebook(LOAD), *versions)] == [
        (3, "save()"),
        (1, "plot(a)\nplot(b)"),
    ]


def test_an_id_that_is_in_use_is_not_given_twice() -> None:
    now = notebook(code("other()", id="plot"))
    [found] = lost_of(now, notebook(PLOT))
    ids = [cell["id"] for cell in after(found, now)]
    assert len(set(ids)) == len(ids)


LINES = st.lists(st.sampled_from("abcdefg "), max_size=4).map("\n".join)
CELLS = st.builds(
    lambda source, out, kind: markdown(source) if kind else code(source, out=out or None),
    LINES,
    st.sampled_from(["", "1\n", "2\n"]),
    st.booleans(),
)
NOTEBOOKS = st.lists(CELLS, max_size=4).map(lambda cells: notebook(*cells))


def filled(cell: Cell) -> set[str]:
    return {line.rstrip() for line in "".join(cell["source"]).split("\n") if line.strip()}


def results(cell: Cell) -> set[str]:
    return {json.dumps(cell["outputs"])} if cell.get("outputs") else set()


@given(st.lists(NOTEBOOKS, max_size=5), NOTEBOOKS)
def test_every_line_and_result_of_each_version_is_there_or_in_the_list(
    before: list[Notebook], now: Notebook
) -> None:
    found = lost_of(now, *before)
    lines = {line for one in found if one.kind is not LostKind.RESULT for line in one.text.split("\n")}
    shown_once = {json.dumps(one.cell.value.get("outputs"), default=str) for one in found}
    there = set().union(*map(filled, now["cells"])) if now["cells"] else set()
    for version in before:
        for cell in version["cells"]:
            assert filled(cell) <= there | {line.rstrip() for line in lines}
            kept = set().union(*map(results, now["cells"])) if now["cells"] else set()
            assert results(cell) <= kept | shown_once


@given(st.lists(NOTEBOOKS, min_size=1, max_size=3), NOTEBOOKS)
def test_what_is_put_back_is_no_longer_lost_and_nothing_else_went(
    before: list[Notebook], now: Notebook
) -> None:
    for one in lost_of(now, *before):
        try:
            made = put_back(one, parsed(now))
        except NotPutBackError:
            continue
        again = json.loads(write(made))
        texts = [found.text for found in lost_of(again, *before) if found.kind is one.kind]
        if one.kind is not LostKind.RESULT:
            assert one.text not in texts
            assert lost_of(again, now) == []
