"""Where a place is in another text, and what is said over a connection: laws of the modules under node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.examples import tried
from tests.helpers.node_process import NodeProcess, needs_node, node_process
from tests.jupyter_page.node_pages import PAGE
from tests.jupyter_page.test_texts import TEXTS

pytestmark = needs_node
AT = {"cell": "one"}


@pytest.fixture(scope="module")
def node() -> Iterator[NodeProcess]:
    with node_process(Path(__file__).with_name("presence.mjs"), str(PAGE)) as found:
        yield found


@given(TEXTS, TEXTS, st.integers(-5, 2**31))
@tried(150)
def test_every_place_leads_into_the_other_text(node: NodeProcess, old: str, now: str, offset: int) -> None:
    found = node.do("carry", old=old, now=now, offset=offset)
    assert 0 <= found <= len(now.encode("utf-16-le")) // 2


@given(TEXTS, st.integers(0, 40), st.integers(0, 40))
@tried(100)
def test_a_place_moves_with_the_text_around_it(node: NodeProcess, text: str, at: int, offset: int) -> None:
    at, offset = min(at, len(text)), min(offset, len(text))
    typed = f"{text[:at]}ÄÖÜ{text[at:]}"
    units = len(text[:offset].encode("utf-16-le")) // 2
    wanted = units if offset < at else units + 3
    assert node.do("carry", old=text, now=typed, offset=units) == wanted
    before = len(text[:at].encode("utf-16-le")) // 2
    for inside in range(4):  # what only one side has is left at where it begins
        assert node.do("carry", old=typed, now=text, offset=before + inside) == before


def test_texts_that_are_too_long_to_compare_are_still_places(node: NodeProcess) -> None:
    assert node.do("carry", old="a\n" * 60_000, now="b", offset=99_999) == 1


def test_cells_without_ids_are_known_by_their_place_in_a_version(node: NodeProcess) -> None:
    versions = [[f"{number}", [f"a{number}", "b"]] for number in range(9)]
    known = node.do("places", versions=versions, ask=["7", 0], cell="b")
    assert known == {"cell": "a7", "of": {"version": "8", "place": 1}}
    assert node.do("places", versions=versions, ask=["0", 0], cell="a0") == {"cell": None, "of": None}
    assert node.do("places", versions=versions, ask=["8", 99], cell="c") == {"cell": None, "of": None}


FOLDED = [{}, {"heading": True}, {"under": True}, {"under": True, "input": True}, {"input": True}]


@pytest.mark.parametrize(
    ("place", "seen", "has_view"),
    [(0, 0, True), (1, 1, True), (2, 1, False), (3, 1, False), (4, 4, False)],
)
def test_going_to_somebody_writes_nothing_to_the_notebook(
    node: NodeProcess, place: int, seen: int, has_view: bool
) -> None:
    view = "its view" if has_view else None
    found = node.do("go", cells=FOLDED, place=place, unfolds=False)
    assert found == {"at": seen, "view": view, "written": 0}


@pytest.mark.parametrize(("place", "written"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 1)])
def test_going_to_a_conflict_unfolds_it(node: NodeProcess, place: int, written: int) -> None:
    found = node.do("go", cells=FOLDED, place=place, unfolds=True)
    assert found == {"at": place, "view": "its view", "written": written}


class Line:
    """A page's connection."""

    def __init__(self, node: NodeProcess) -> None:
        self.node = node
        node.do("start")

    def open(self, others: bool = True) -> Line:
        self.node.do("open")
        self.node.do("with", others=others)
        self.log()
        return self

    def hear(self, message: object) -> None:
        self.node.do("hear", text=json.dumps(message))

    def move(self, place: int) -> None:
        self.node.do("move", at=AT | {"place": place})

    def pass_(self, seconds: float) -> None:
        self.node.do("pass", milliseconds=seconds * 1000)

    def log(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.node.do("log")
        return found

    def said(self) -> list[Any]:
        return [one["said"] for one in self.log() if "said" in one]


@pytest.fixture
def line(node: NodeProcess) -> Line:
    return Line(node)


def test_a_page_that_is_alone_says_nothing(line: Line) -> None:
    line.open(others=False)
    for place in range(100):
        line.move(place)
        line.pass_(0.1)
    assert line.log() == []


def test_five_things_a_second_are_said_and_the_last_one_always(line: Line) -> None:
    line.open()
    for place in range(100):
        line.move(place)
        line.hear({"type": "ask"})
        line.pass_(0.02)
    line.pass_(1)
    log = [one for one in line.log() if "said" in one]
    assert 9 <= len(log) <= 11
    assert (log[0]["now"], log[0]["said"]["at"]["place"]) == (0, 0)
    assert log[-1]["said"] == {"type": "at", "at": AT | {"place": 99}}
    assert all(later["now"] - one["now"] <= 250 for one, later in pairwise(log))  # nobody waits for long


def test_a_question_is_answered_once(line: Line) -> None:
    line.open()
    line.hear({"type": "ask"})
    line.pass_(5)
    assert line.said() == [{"type": "here"}]


def test_who_stays_in_one_place_says_so_now_and_then(line: Line) -> None:
    line.open()
    for _ in range(250):
        line.move(1)
        line.pass_(0.1)
    assert line.said() == [{"type": "at", "at": AT | {"place": 1}}] * 3


def test_a_connection_that_ended_is_made_anew_ever_less_often(line: Line) -> None:
    line.open()
    for _ in range(8):
        line.node.do("end", code=1006)
        line.pass_(70)
    moments = [one["connected"] for one in line.log() if "connected" in one]
    assert len(moments) == 8
    assert (moments[0], moments[1] - 70_000) == (1000, 2000)
    assert moments[-1] - 7 * 70_000 == 60_000
    line.node.do("end", code=1006)
    line.pass_(100)
    line.hear({"type": "people"})  # it works again
    line.node.do("end", code=1006)
    line.log()
    line.pass_(1)
    assert [list(one) for one in line.log()] == [["connected"]]


def test_who_was_sent_away_waits_for_long(line: Line) -> None:
    line.open()
    line.node.do("end", code=1008)
    line.pass_(59)
    assert [list(one) for one in line.log()] == [["lost"]]


def test_a_connection_that_is_silent_for_long_is_given_up(line: Line) -> None:
    line.open()
    line.pass_(29)
    line.node.do("call", name="check")
    assert line.log() == []
    line.pass_(2)
    line.node.do("call", name="check")
    assert [list(one) for one in line.log()] == [["closed"], ["lost"], ["connected"]]


def test_a_page_that_is_closed_connects_no_more(line: Line) -> None:
    line.open()
    line.node.do("call", name="close")
    line.node.do("end", code=1000)
    line.pass_(100)
    assert [list(one) for one in line.log()] == [["closed"], ["lost"]]


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"type": 5}'])
def test_nonsense_from_the_server_is_no_error(line: Line, text: str) -> None:
    line.open()
    line.node.do("hear", text=text)
    assert "heard" in line.log()[0]
