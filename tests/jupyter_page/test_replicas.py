"""Pages that type, save and pull in any order, and whose answers get lost: nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.sync import Timing, participating
from tests.helpers.build import Notebook, code, notebook
from tests.helpers.examples import tried
from tests.helpers.node_process import NodeProcess, needs_node
from tests.helpers.spelling import JUPYTER
from tests.jupyter_page.node_pages import Desk

pytestmark = needs_node
CELLS = 3
MOST = 4  # pages


def lines_of_their_own() -> Notebook:
    """Cells in which each page has a line that no other page touches."""
    own = [[f"line_{who}_{cell} = [0]\n\npass\n\n" for who in range(MOST)] for cell in range(CELLS)]
    return notebook(*(code("".join(lines) + "end", id=f"c{cell}") for cell, lines in enumerate(own)))


@pytest.fixture(scope="module")
def desk(double: NodeProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with participating(str(folder / "state"), Timing(settle=0)) as participation:
        yield Desk(double, participation, folder / "0.ipynb")


def renewed(desk: Desk, count: int, start: Notebook) -> None:
    """Another notebook: one keeps its history."""
    desk.path = desk.path.with_name(f"{int(desk.path.stem) + 1}.ipynb")
    desk.start(count, start)


KINDS = [*["type", "answer"] * 3, "insert", "save", "pull", "lost", "unsent"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(0, MOST - 1),
        st.integers(0, CELLS - 1),
    ),
    min_size=4,
    max_size=24,
)


@given(st.integers(2, MOST), STEPS)
@tried(40)
def test_all_end_with_all_that_was_typed(desk: Desk, count: int, steps: list[tuple[str, int, int]]) -> None:
    renewed(desk, count, lines_of_their_own())
    typed: list[str] = []
    for number, (what, somebody, cell) in enumerate(steps):
        who = somebody % count
        match what:
            case "type":
                typed.append(f"«{number}»")
                _type(desk, who, f"line_{who}_{cell} = [", typed[-1])
            case "insert":
                typed.append(f"«{number}»")
                new = {"cell_type": "markdown", "id": f"new-{number}", "metadata": {}, "source": typed[-1]}
                desk.node.do("insert", who=who, place=cell, cell=new)
            case "save" | "pull":
                desk.node.do(what, who=who)
            case _ if desk.node.requests:
                request = desk.node.requests[who % len(desk.node.requests)]
                desk.answer(request, "arrives" if what == "answer" else what)
    desk.settle(count)
    held = desk.held()
    for who in range(count):
        assert desk.sources(who) == held
    for word in typed:
        assert sum(source.count(word) for source in held) == 1, word
    assert not any("<<<<<<<" in source for source in held)


def _type(desk: Desk, who: int, line: str, text: str) -> None:
    for place, source in enumerate(desk.sources(who)):
        if line in source:
            desk.node.do("type", who=who, cell=place, at=source.index(line) + len(line), text=text)


def edit(desk: Desk, who: int, text: str, at: int = 0, cell: int = 0) -> None:
    desk.node.do("type", who=who, cell=cell, at=at, text=text)


def pair(desk: Desk) -> None:
    renewed(desk, 2, notebook(code("one = 1", id="a"), code("two = 2", id="b")))


def test_the_answer_that_was_lost_and_more_typing_are_no_conflict(desk: Desk) -> None:
    pair(desk)
    edit(desk, 0, "x")
    desk.node.do("save", who=0)
    desk.answer(desk.node.requests[0], "lost")
    assert desk.node.errors == ["Error: failed"]
    edit(desk, 0, "y")
    desk.settle(2)
    assert desk.held() == ["yxone = 1", "two = 2"]


def test_content_and_token_are_taken_when_the_turn_comes(desk: Desk) -> None:
    pair(desk)
    edit(desk, 1, "# ", cell=1)
    desk.node.do("save", who=1)
    desk.answer_all()
    desk.node.do("pull", who=0)
    desk.node.do("save", who=0)  # waits for the pull
    edit(desk, 0, "late ")
    desk.answer(desk.node.requests[0])
    [request] = desk.node.requests
    assert [cell["source"] for cell in request.body["content"]["cells"]] == ["late one = 1", "# two = 2"]
    desk.settle(2)
    assert desk.held() == desk.sources(1) == ["late one = 1", "# two = 2"]


def test_an_answer_for_the_line_that_is_typed_in_moves_the_base_to_what_was_sent(desk: Desk) -> None:
    renewed(desk, 2, notebook(code("one = 1\n\n\ntwo = 2", id="a")))
    edit(desk, 1, "1", at=len("one = 1"))
    desk.node.do("save", who=1)
    desk.answer_all()
    edit(desk, 0, "2", at=len("one = 1\n\n\ntwo = 2"))
    desk.node.do("save", who=0)
    edit(desk, 0, "9", at=len("one = 1"))  # where the answer will bring something
    desk.answer(desk.node.requests[0])
    assert desk.sources(0) == ["one = 19\n\n\ntwo = 22"]
    desk.answer_all()
    assert desk.sources(0) == ["one = 19\n\n\ntwo = 22"]  # held until it is saved
    desk.node.do("save", who=0)
    desk.answer_all()
    assert desk.held()[0].count("<<<<<<<") == 1
    assert desk.held() == desk.sources(0)


def test_places_are_those_of_what_was_sent(desk: Desk) -> None:
    """Without ids (nbformat 4.4) a cell's name is its place: others may stand there when the answer comes."""
    renewed(desk, 2, notebook(*(code(f"{name} = 'all about {name}'") for name in ("rain", "snow", "wind"))))
    edit(desk, 1, "# ", cell=2)
    desk.node.do("insert", who=1, place=1, cell={"cell_type": "markdown", "metadata": {}, "source": "hail"})
    desk.node.do("save", who=1)
    desk.answer_all()
    edit(desk, 0, "# ", cell=0)
    desk.node.do("save", who=0)
    desk.node.do("insert", who=0, place=0, cell={"cell_type": "markdown", "metadata": {}, "source": "late"})
    desk.answer_all()
    rain, snow, wind = (f"{name} = 'all about {name}'" for name in ("rain", "snow", "wind"))
    assert desk.sources(0) == ["late", f"# {rain}", "hail", snow, f"# {wind}"]
    desk.settle(2)
    assert desk.held() == desk.sources(1) == desk.sources(0)


def test_pulls_that_wait_are_one(desk: Desk) -> None:
    pair(desk)
    for _ in range(5):
        desk.node.do("pull", who=0)
    assert len(desk.node.requests) == 1
    desk.answer_all()


@pytest.mark.parametrize("changed", [False, True])
def test_a_token_that_is_not_known_any_more(desk: Desk, changed: bool, tmp_path: Path) -> None:
    start = notebook(code("one = 1", id="a"), code("two = 2", id="b"))
    renewed(desk, 1, start)
    edit(desk, 0, "x")
    if changed:
        start["cells"][1] = code("two = 22", id="b")
        desk.path.write_bytes(JUPYTER.spell(start))
    with participating(str(tmp_path / "other"), Timing(settle=0)) as other:
        there = Desk(desk.node, other, desk.path)
        desk.node.do("save", who=0)
        there.answer_all()
        assert desk.node.errors == []
        assert there.held() == desk.sources(0) == ["xone = 1", "two = 22" if changed else "two = 2"]


def test_a_program_writes_the_file(desk: Desk) -> None:
    pair(desk)
    edit(desk, 0, "x")
    new: Any = notebook(code("one = 1", id="a"), code("two = 3", id="b"), code("three = 3", id="c"))
    desk.path.write_bytes(JUPYTER.spell(new))
    for who in (0, 1):
        desk.node.do("pull", who=who)
    desk.answer_all()
    assert desk.sources(0) == ["xone = 1", "two = 3", "three = 3"]
    assert desk.sources(1) == desk.held() == ["one = 1", "two = 3", "three = 3"]
