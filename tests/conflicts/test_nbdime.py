"""Conflicts as nbdime writes them, in notebooks that nbdime itself merged: found and settled."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbmerge.conflicts.finding import find
from nbmerge.conflicts.nbdime import find_nbdime, settle_nbdime
from nbmerge.conflicts.signs import may_hold_conflicts
from nbmerge.conflicts.values import (
    Absent,
    CellRuns,
    Choice,
    Chosen,
    DeletedCell,
    Edited,
    InId,
    InMetadata,
    InOutputs,
    NotKnown,
    OpenConflict,
)
from nbmerge.notebook import Notebook as Read
from nbmerge.notebook import read, write
from tests.conflicts.by_nbdime import merged
from tests.helpers.build import Cell, Notebook, Trio, code, lines, markdown, notebook, shown
from tests.helpers.validity import fault

INTRO = markdown("# Measurements\nof the year", id="intro")
LOAD = code("import pandas as pd\ndata = pd.read_csv('a.csv')\ndata.head()", id="load")
FIT = code("model = fit(data)\nprint(model.score)", id="fit")
PYTHON = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def with_version(number: str, **more: Any) -> dict[str, Any]:
    return {"language_info": {"name": "python", "version": number}, **PYTHON, **more}


def each(cell: Cell, **fields: list[Any]) -> Trio:
    """One cell between two others, with a field that base, local and remote have differently."""
    [(name, values)] = fields.items()
    return Trio(*(notebook(INTRO, cell | {name: value}, FIT) for value in values))


CASES: dict[str, tuple[Trio, list[Any]]] = {
    "both inserted cells that are not alike": (
        Trio(
            notebook(INTRO, LOAD),
            notebook(
                INTRO,
                code("total = data.weight.sum()", id="l1", out="7\n"),
                markdown("As it is.", id="l2"),
                LOAD,
            ),
            notebook(INTRO, code("plt.plot(data.x, data.y, color='red')", id="r1"), LOAD),
        ),
        [CellRuns(1, 4, 6)],
    ),
    "in two places": (
        Trio(
            notebook(INTRO, LOAD),
            notebook(INTRO, markdown("The local view", id="l1"), LOAD, code("a.sum()", id="l2")),
            notebook(
                INTRO, code("plt.plot(data.x)", id="r1"), LOAD, markdown("And here is the end", id="r2")
            ),
        ),
        [CellRuns(1, 3, 5), CellRuns(7, 9, 11)],
    ),
    "both inserted cells that are alike, with metadata of their own": (
        Trio(
            notebook(INTRO),
            notebook(INTRO, code("x = compute(a, b)", id="new", metadata={"tags": ["a", "b"], "k": 1})),
            notebook(INTRO, code("x = compute(a, b)", id="new", metadata={"tags": ["c", "b"], "k": 1})),
        ),
        [InMetadata(1)],
    ),
    "both inserted cells that are alike, with ids of their own": (
        Trio(
            notebook(INTRO),
            notebook(INTRO, code("x = compute(a, b)", id="mine")),
            notebook(INTRO, code("x = compute(a, b)", id="theirs")),
        ),
        [InId(1)],
    ),
    "local deleted what remote edited": (
        Trio(
            notebook(INTRO, LOAD, FIT),
            notebook(INTRO, FIT),
            notebook(INTRO, LOAD | {"source": lines("data = 7\ndata.head()"), "metadata": {"k": 1}}, FIT),
        ),
        [DeletedCell(1)],
    ),
    "remote deleted what local edited": (
        Trio(
            notebook(INTRO, LOAD, FIT),
            notebook(INTRO | {"source": lines("# Measurements\nof the year\nand of the next\n")}, LOAD, FIT),
            notebook(LOAD, FIT),
        ),
        [DeletedCell(0)],
    ),
    "both ran it again": (
        each(code("x", id="x"), outputs=[[shown({"text/plain": [text]})] for text in "123"]),
        [InOutputs(1, 0, 2, 4)],
    ),
    "both ran it first": (
        Trio(
            notebook(code("x", id="x"), FIT),
            notebook(code("x", id="x", out="one\ntwo\n"), FIT),
            notebook(code("x", id="x", outputs=[shown({"image/png": "iVBORw0KGgo="})]), FIT),
        ),
        [InOutputs(0, 0, 2, 4)],
    ),
    "one output was removed by one and is another for the other": (
        each(
            code("x", id="x"),
            outputs=[
                [shown({"text/plain": ["same"]}), shown({"text/plain": ["1"], "text/html": ["<b>"]})],
                [shown({"text/plain": ["same"]})],
                [shown({"text/plain": ["same"]}), shown({"text/plain": ["2"], "text/html": ["<b>"]})],
            ],
        ),
        [InOutputs(1, 1, 2, 4)],
    ),
    "the metadata of an output": (
        each(code("x", id="x"), outputs=[[shown({"text/plain": ["1"]}, width=n)] for n in (1, 2, 3)]),
        [InOutputs(1, 0, 2, 4)],
    ),
    "the version of the language": (
        Trio(*(notebook(LOAD, metadata=with_version(number)) for number in ("3.10.1", "3.11", "3.12.13"))),
        [InMetadata(None)],
    ),
    "the metadata of a cell": (
        each(
            LOAD,
            metadata=[
                {"a": 1, "gone": "x", "deep": {"one": 1.50, "two": [1, 2]}, "tags": ["old"]},
                {"a": 2, "deep": {"one": 1e3, "two": [1, 2]}, "tags": ["old", "l"], "new": None},
                {"gone": "y", "deep": {"one": 0.1, "two": [1, 2]}, "tags": ["old", "r"], "new": False},
            ],
        ),
        [InMetadata(1)],
    ),
    "a title of one line": (
        Trio(
            *(notebook(LOAD, metadata={"title": f"A study of {what}"}) for what in ("x", "the x", "x and y"))
        ),
        [InMetadata(None)],
    ),
    "several at once": (
        Trio(
            notebook(INTRO, LOAD, code("x", id="x"), metadata=with_version("3.10")),
            notebook(INTRO, code("x", id="x", out="1\n"), metadata=with_version("3.11")),
            notebook(
                INTRO,
                LOAD | {"source": lines("data = 1\ndata.head()")},
                code("x", id="x", out="2\n"),
                metadata=with_version("3.12"),
            ),
        ),
        [InMetadata(None), DeletedCell(1), InOutputs(2, 0, 2, 4)],
    ),
}
NAMES = sorted(CASES)
SIDES = [Choice.LOCAL, Choice.REMOTE]


def open_in(name: str) -> tuple[Read, tuple[OpenConflict, ...]]:
    found = read(merged(CASES[name][0]).data)
    return found, find_nbdime(found)


def settled(name: str, choice: Chosen) -> Notebook:
    before, conflicts = open_in(name)
    found: Notebook = json.loads(write(settle_nbdime(before, dict.fromkeys(conflicts, choice))))
    return found


def the_side(name: str, choice: Choice) -> Notebook:
    found: Notebook = getattr(CASES[name][0], choice.value)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_conflict_is_found_where_it_stands(name: str) -> None:
    before, conflicts = open_in(name)
    assert [conflict.place for conflict in conflicts] == CASES[name][1]
    assert find(before) == conflicts  # nothing of it is markers in a source
    assert len(merged(CASES[name][0]).conflicts) == len(conflicts)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", NAMES)
def test_a_side_that_is_chosen_throughout_is_that_side_s_notebook(name: str, side: Choice) -> None:
    assert settled(name, side) == the_side(name, side)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_not_in_conflict_keeps_its_bytes(name: str) -> None:
    before, conflicts = open_in(name)
    assert write(settle_nbdime(before, {})) == write(before)
    for choice in SIDES:
        after = settle_nbdime(before, dict.fromkeys(conflicts, choice))
        kept = [cell for cell in after.cells if cell.span is not None]
        assert kept == [cell for cell in before.cells if cell in kept]
        assert write(after) == (json.dumps(the_side(name, choice), indent=1, sort_keys=True) + "\n").encode()


@pytest.mark.parametrize("name", NAMES)
def test_the_search_of_the_bytes_never_misses(name: str) -> None:
    data = merged(CASES[name][0]).data
    assert may_hold_conflicts(data)
    assert may_hold_conflicts(data.replace(b"<", b"\\u003c"))
    assert may_hold_conflicts(data.replace(b"<<", b"<\\u003C"))
    assert may_hold_conflicts(data.replace(b"remote_", b"r\\u0065mote_").replace(b"<", b"\\u003c"))
    assert not may_hold_conflicts(json.dumps(CASES[name][0].local).encode())


def test_both_sides_of_runs_of_cells_stay_local_s_first() -> None:
    ids = [cell["id"] for cell in settled("both inserted cells that are not alike", Choice.BOTH)["cells"]]
    assert ids == ["intro", "l1", "l2", "r1", "load"]


def test_both_sides_outputs_stay_local_s_first() -> None:
    cell = settled("both ran it again", Choice.BOTH)["cells"][1]
    assert [output["data"]["text/plain"] for output in cell["outputs"]] == [["2"], ["3"]]


def test_both_of_a_deletion_and_an_edit_is_the_edit() -> None:
    for name, choice in (
        ("local deleted what remote edited", Choice.REMOTE),
        ("remote deleted what local edited", Choice.LOCAL),
    ):
        assert settled(name, Choice.BOTH) == the_side(name, choice)


def test_both_of_lists_and_objects_is_what_either_has() -> None:
    name = "both inserted cells that are alike, with metadata of their own"
    assert settled(name, Choice.BOTH)["cells"][1]["metadata"] == {"k": 1, "tags": ["a", "b", "c"]}


def test_of_two_ids_both_is_local_s() -> None:
    name = "both inserted cells that are alike, with ids of their own"
    assert settled(name, Choice.BOTH) == the_side(name, Choice.LOCAL)
    assert settled(name, Edited("written"))["cells"][1]["id"] == "written"
    assert fault(settled(name, Choice.BOTH)) is None


@pytest.mark.parametrize(
    ("name", "path"),
    [("the version of the language", "language_info.version"), ("a title of one line", "title")],
)
def test_both_of_one_value_cannot_be_had(name: str, path: str) -> None:
    with pytest.raises(NotKnown, match=f"^the notebook's metadata: both changed {path} differently: choose"):
        settled(name, Choice.BOTH)


@pytest.mark.parametrize("name", NAMES)
def test_base_is_the_notebook_s_where_nbdime_kept_it_and_else_said_to_be_unknown(name: str) -> None:
    _, conflicts = open_in(name)
    if all(conflict.terms.base is not Absent.UNKNOWN for conflict in conflicts):
        assert settled(name, Choice.BASE) == CASES[name][0].base
    else:
        with pytest.raises(NotKnown, match=r"^cells? \d.* not known: choose [^\n]*$"):
            settled(name, Choice.BASE)


def test_one_conflict_of_several_is_settled_and_the_others_stay_open() -> None:
    before, conflicts = open_in("several at once")
    for conflict in conflicts:
        after = settle_nbdime(before, {conflict: Choice.LOCAL})
        left = {(type(one.place), one.terms) for one in find_nbdime(after)}
        assert left == {(type(one.place), one.terms) for one in conflicts if one != conflict}
