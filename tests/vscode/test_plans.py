"""What is done to cells so that a notebook becomes what operations make of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nbmerge.notebook.reader import read
from nbmerge.sync import apply, operations
from tests.helpers.build import Notebook, code, notebook, source_of
from tests.helpers.examples import tried
from tests.helpers.node_process import NodeProcess, needs_node
from tests.helpers.spelling import JUPYTER
from tests.vscode.windows import host

pytestmark = needs_node


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    with host(tmp_path_factory.mktemp("extension")) as found:
        yield found


SOURCES = ["a = 1\n", "a = 1\nb = 2\n", "c\n\nd\n", "", "x", "x\ny\nz\n"]
NOTEBOOKS = st.lists(
    st.tuples(st.integers(0, 7), st.sampled_from(SOURCES), st.booleans()),
    max_size=7,
    unique_by=lambda one: one[0],
).map(
    lambda cells: notebook(
        *(code(text, id=f"c{number}", out="1" if ran else None) for number, text, ran in cells), minor=5
    )
)


def between(old: Notebook, new: Notebook) -> list[dict[str, Any]]:
    found = operations(read(JUPYTER.spell(old)), read(JUPYTER.spell(new)))
    return [one.as_json() for one in found]


def done(old: Notebook, plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The cells after a plan: all places count before anything is done."""
    cells: list[list[dict[str, Any]]] = [[dict(cell)] for cell in old["cells"]]
    for one in plan["texts"]:
        cell = cells[one["place"]][0]
        text = source_of(cell)
        for splice in reversed(one["splices"]):
            text = text[: splice["from"]] + splice["text"] + text[splice["to"] :]
        cell["source"] = text
    for one in plan["metadata"]:
        cells[one["place"]] = [{**one["cell"], "source": cells[one["place"]][0]["source"]}]
    for one in plan["replaced"]:
        cells[one["place"]] = [one["cell"]]
    for place in plan["deleted"]:
        cells[place] = []
    before: list[list[dict[str, Any]]] = [[] for _ in range(len(cells) + 1)]
    for one in plan["inserted"]:
        before[one["place"]].append(one["cell"])
    return [one for new, old_one in zip(before, [*cells, []], strict=True) for one in (*new, *old_one)]


@given(NOTEBOOKS, NOTEBOOKS)
@tried(200)
def test_a_plan_gives_what_the_operations_give(process: NodeProcess, old: Notebook, new: Notebook) -> None:
    steps = between(old, new)
    plan = process.do("plan", notebook=old, operations=steps)
    wanted = apply(old, steps)["cells"]
    assert [_compared(one) for one in done(old, plan)] == [_compared(one) for one in wanted]


@given(NOTEBOOKS, NOTEBOOKS, st.sets(st.integers(0, 6)))
@tried(200)
def test_a_cell_that_runs_is_given_its_text_and_goes_on_running(
    process: NodeProcess, old: Notebook, new: Notebook, running: set[int]
) -> None:
    places = [place for place in sorted(running) if place < len(old["cells"])]
    plan = process.do("plan", notebook=old, operations=between(old, new), running=places)
    gone = {*plan["deleted"], *(one["place"] for one in plan["replaced"])}
    assert gone.isdisjoint(places)
    assume(not any(one.get("field") == "id" for one in between(old, new)))
    wanted = apply(old, between(old, new))["cells"]
    made = {cell["id"]: cell for cell in done(old, plan)}
    for cell in (old["cells"][place] for place in places):
        now = made[cell["id"]]
        assert now["outputs"] == cell["outputs"]
        for one in wanted:
            if one["id"] == cell["id"]:
                assert source_of(now) == source_of(one)


def test_a_cell_of_which_only_the_text_changed_keeps_its_editor(process: NodeProcess) -> None:
    old = notebook(code("a = 1\nb = 2\n", id="a"), code("x", id="b"))
    new = notebook(code("# one\na = 1\nb = 3\n", id="a"), code("x", id="b"))
    plan = process.do("plan", notebook=old, operations=between(old, new))
    assert not plan["replaced"]
    assert not plan["inserted"]
    assert not plan["deleted"]
    assert plan["texts"] == [
        {
            "place": 0,
            "splices": [{"from": 0, "to": 0, "text": "# one\n"}, {"from": 10, "to": 11, "text": "3"}],
        }
    ]


def test_the_cell_with_the_cursor_stays_and_the_other_moves(process: NodeProcess) -> None:
    old = notebook(code("one", id="a"), code("two", id="b"))
    new = notebook(code("two", id="b"), code("one", id="a"))
    for kept in (0, 1):
        plan = process.do("plan", notebook=old, operations=between(old, new), running=[], kept=[kept])
        assert plan["deleted"] == [1 - kept]


def _compared(cell: dict[str, Any]) -> dict[str, Any]:
    return {**cell, "source": source_of(cell)}
