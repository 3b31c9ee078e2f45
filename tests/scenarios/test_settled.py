"""Conflicts that somebody settles in a page, by taking the markers out: accepted at once, and for good."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import product

import pytest

from tests.helpers.build import lines, source_of
from tests.helpers.judged import judged_by
from tests.scenarios import cells
from tests.scenarios.editor import Editor
from tests.scenarios.notation import Play

SHAPES = {
    "one": ("a2", "a3"),
    "in two cells": ("a2 c2", "a3 c3"),
    "two in one cell": ("a212", "a313"),
    "in a text": ("T2", "T3"),
}
OTHERS = {"nothing else": ("", ""), "one side more": ("", "e2"), "both sides more": ("b2", "e2")}
ANSWERS: dict[str, Callable[[Sequence[str], Sequence[str]], Sequence[str]]] = {
    "the one": lambda local, remote: local,
    "the other": lambda local, remote: remote,
    "both": lambda local, remote: [*local, *remote],
    "neither": lambda local, remote: [],
    "something new": lambda local, remote: ["settled = something(new)"],
}


def conflict(shape: str, others: str, start: str = "") -> Play:
    """A (in Jupyter) and B did this at the same time, and neither has reloaded."""
    stage = Play()
    one, other = SHAPES[shape]
    more, more_of_other = OTHERS[others]
    tell(
        stage,
        f"""
        {start}
        file T1 | a1[1] | b1[2] | c1[3] | d1[4] | e1[5] | f1[6]
        A opens
        B opens
        A edits {one} {more}
        A saves
        wait 30
        B edits {other} {more_of_other}
        the judge says stale 1
        B saves
        quiet
        wait 20
        """,
    )
    assert shows_conflict(stage)
    return stage


def tell(stage: Play, text: str) -> None:
    with judged_by(stage.judge, lambda: stage.said is not None):
        for line in filter(None, map(str.strip, text.splitlines())):
            stage.line(line)


def shows_conflict(stage: Play) -> bool:
    return b"<<<<<<<" in held(stage)


def held(stage: Play) -> bytes:
    return stage.world.disk.files[stage.path]


def settle(editor: Editor, answer: str) -> bytes:
    """Take out the markers in an editor's buffer; what it would save then."""
    for cell in editor.cells:
        if "<<<<<<<" in source_of(cell):
            cell["source"] = lines("\n".join(settled(source_of(cell).split("\n"), answer)))
    return editor.saved()


def settled(source: Sequence[str], answer: str) -> list[str]:
    found: list[str] = []
    sides: list[list[str]] = []
    for line in source:
        if line.startswith("<<<<<<<"):
            sides = [[]]
        elif line == "=======":
            sides.append([])
        elif line.startswith(">>>>>>>"):
            found += ANSWERS[answer](*sides)
            sides = []
        else:
            (sides[-1] if sides else found).append(line)
    return found


def texts(data: bytes) -> dict[str, str]:
    return {cell["id"]: source_of(cell) for cell in json.loads(data)["cells"]}


def taken(stage: Play, who: str, answer: str) -> tuple[int, bytes]:
    """How often somebody has to settle it before it is, and what they saved."""
    for number in range(1, 4):
        tell(stage, f"{who} opens\nwait 10")
        mine = settle(stage.editors[who], answer)
        tell(stage, f"{who} saves\nquiet\nwait 20")
        if not shows_conflict(stage):
            return number, mine
    return 4, b""


ROUNDS = [("nothing else", "C", ""), ("one side more", "A", "busy"), ("both sides more", "B", "")]
CASES = [(shape, answer, *ROUNDS[n % 3]) for n, (shape, answer) in enumerate(product(SHAPES, ANSWERS))]


@pytest.mark.parametrize(("shape", "answer", "others", "who", "start"), CASES)
def test_a_settled_conflict_is_settled(shape: str, answer: str, others: str, who: str, start: str) -> None:
    """Also when those who never reloaded go on saving."""
    stage = conflict(shape, others, start)
    tries, mine = taken(stage, who, answer)
    is_side = answer in ("the one", "the other") and others != "both sides more"
    assert tries <= (2 if is_side else 1)
    assert cells.told(held(stage)) == cells.told(mine)
    assert not stage.world.heads(stage.path).open
    for other, letter in (("A", "d"), ("B", "f")):
        if other != who:
            tell(stage, f"{other} edits {letter}12\n{other} saves\nquiet\nwait 30")
    assert not shows_conflict(stage)
    contested = [f"cell-of-{word[0]}" for word in SHAPES[shape][0].split()]
    assert [texts(held(stage))[id] for id in contested] == [texts(mine)[id] for id in contested]


@pytest.mark.parametrize(
    ("updates", "answer"), [("A", "the one"), ("BA", "neither"), ("ABAB", "something new")]
)
def test_it_is_settled_after_the_sides_went_on(updates: str, answer: str) -> None:
    stage = conflict("one", "both sides more")
    for number, who in enumerate(updates):
        word = f"{'d' if who == 'A' else 'f'}{number + 2}" if number % 2 else f"a{number + 4}"
        tell(stage, f"{who} edits {word}\n{who} saves\nquiet\nwait 30")
        assert shows_conflict(stage)
    tries, mine = taken(stage, "C", answer)
    assert tries == 1
    assert cells.told(held(stage)) == cells.told(mine)


def test_what_a_side_saved_meanwhile_is_not_lost() -> None:
    """C settles the conflict that it has seen; A, who has not, adds a cell before C saves."""
    stage = conflict("one", "both sides more")
    tell(stage, "C opens\nA inserts g1 last\nA saves\nquiet")
    settle(stage.editors["C"], "something new")
    tell(stage, "C saves\nquiet")
    found = texts(held(stage))
    assert found["cell-of-g"] == cells.source("g1")
    assert "settled = something(new)" in found["cell-of-a"]
    assert not shows_conflict(stage)


def test_of_two_conflicts_one_may_be_settled_first() -> None:
    stage = conflict("in two cells", "nothing else")
    tell(stage, "C opens\nC edits a5\nC saves\nquiet\nexpect T1 | a5 | b1 | c2~c3 | d1 | e1 | f1")
    tell(stage, "C edits c5\nC saves\nquiet\nexpect T1 | a5 | b1 | c5 | d1 | e1 | f1\nexpect open nothing")


def test_a_side_taken_twice_is_told() -> None:
    stage = conflict("in a text", "nothing else")
    assert taken(stage, "C", "the one")[0] == 2
    assert [notice.kind for notice in stage.world.notices].count("settled") == 1
