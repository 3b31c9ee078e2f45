"""What changed from one version to the next, in a few words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.lineage.changes import Changes, VersionStep
from nbmerge.notebook.reader import read
from tests.helpers.build import Cell, code, markdown, notebook
from tests.helpers.spelling import JUPYTER

LOAD, PLOT, SAVE = code("load()", id="load"), code("plot(a)\nplot(b)", id="plot"), code("save()", id="save")
TITLE = markdown("# Levels", id="title")
BEFORE = [TITLE, LOAD, PLOT, SAVE]


def step(old: list[Cell], new: list[Cell]) -> VersionStep:
    one, other = (read(JUPYTER.spell(notebook(*cells, minor=5))) for cells in (old, new))
    return VersionStep(one.cells, other.cells)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (BEFORE, ""),
        ([*BEFORE, code("more()", id="more")], "+1 cell after 4"),
        ([code("x()", id="x"), code("y()", id="y"), *BEFORE], "+2 cells at the top"),
        ([code("x()", id="x"), *BEFORE, code("y()", id="y")], "+2 cells"),
        ([TITLE, PLOT, SAVE], "-1 cell"),
        ([TITLE, LOAD, code("plot(a)\nplot(c)\nplot(d)", id="plot"), SAVE], "2 lines in cell 3"),
        ([TITLE, code("quite other", id="load"), PLOT, SAVE], "1 line in cell 2"),
        ([TITLE, code("load()", id="load", out="7", count=1), PLOT, SAVE], "ran cell 2"),
        ([TITLE, LOAD, SAVE, PLOT], "moved cell 4"),
        (
            [code(f"{number}()", id=name) for number, name in enumerate(("load", "plot", "save"))],
            "-1 cell, 4 lines in 3 cells",
        ),
        ([TITLE, {**LOAD, "metadata": {"tags": ["a"]}}, PLOT, SAVE], "metadata of cell 2"),
        (
            [TITLE, code("load(1)", id="load", out="7"), PLOT, code("new()", id="new"), SAVE],
            "+1 cell after 3, 1 line in cell 2, ran cell 2",
        ),
    ],
)
def test_changes_in_words(after: list[Cell], words: str) -> None:
    assert step(BEFORE, after).changes.words == words


def test_what_was_cleared_was_not_run() -> None:
    run = [code(f"f({number})", id=f"c{number}", count=number, out="1") for number in range(1, 5)]
    clear = [code(f"f({number})", id=f"c{number}") for number in range(1, 5)]
    assert step(run, clear).changes.words == "cleared 4 cells"
    assert step(clear, run).changes.words == "ran 4 cells"


def test_spelling_is_no_change() -> None:
    content = notebook(*BEFORE, minor=5)
    one, other = read(json.dumps(content, indent=4).encode()), read(JUPYTER.spell(content))
    assert VersionStep(one.cells, other.cells).changes == Changes()


def test_without_ids_a_cell_alone_in_its_place_is_the_same() -> None:
    assert step([code("a = 1"), code("b")], [code("from x import y"), code("b")]).changes.words == (
        "1 line in cell 1"
    )


def test_numbers_can_be_those_of_a_merge() -> None:
    found = step(BEFORE, [TITLE, code("load(1)", id="load"), PLOT, code("n()", id="n"), SAVE]).changes
    assert found.words == "+1 cell after 3, 1 line in cell 2"
    assert found.numbered({place: place + 2 for place in range(5)}).words == (
        "+1 cell after 5, 1 line in cell 4"
    )


def test_as_json() -> None:
    found = step(BEFORE, [TITLE, code("load(1)", id="load"), PLOT]).changes
    assert found.as_json() == {
        **{"added": [], "removed": [4], "lines": [{"cell": 2, "lines": 1}], "ran": [], "cleared": []},
        **{"moved": [], "other": [], "text": "-1 cell, 1 line in cell 2"},
    }


_CELLS = st.lists(
    st.sampled_from([code(f"f{n}()", id=f"i{n}", out=out) for n in range(6) for out in (None, "1")]),
    max_size=6,
    unique_by=lambda cell: cell["id"],
)


@given(_CELLS, _CELLS)
def test_every_cell_that_is_not_as_before_is_told(old: list[Cell], new: list[Cell]) -> None:
    found = step(old, new)
    changes = found.changes
    assert len(old) - len(changes.removed) == len(new) - len(changes.added)
    for place, cell in enumerate(new):
        before = found.before(place)
        same = before is not None and old[before] == cell
        assert same or place + 1 in changes.touched
        assert not same or place + 1 in changes.moved or place + 1 not in changes.touched
        if before is not None:
            assert found.then(before) == place
