"""Several people change one cell, and what two of them made is merged with what the next one made: no
conflict comes apart, whatever is chosen afterwards and in whichever order."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.finding import find, find_left
from nbmerge.conflicts.known import trace
from nbmerge.conflicts.values import Choice
from nbmerge.merge.files import merge_bytes
from nbmerge.merge.markers import is_marker
from nbmerge.merge.values import Policy, Whole
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER

CHOICES = (Choice.LOCAL, Choice.REMOTE, Choice.BOTH)


def spelled(lines: Sequence[str]) -> bytes:
    return JUPYTER.spell(notebook(code("\n".join(lines), id="cell")))


def changed(chance: Random, lines: Sequence[str], who: str) -> list[str]:
    """Somebody rewrites, deletes and inserts lines, close together."""
    found = []
    for number, line in enumerate(lines):
        what = chance.random()
        if what < 0.35:
            found.append(f"{who}{number} = {chance.randrange(9)}")
        elif what < 0.6:
            found += [line, f"{who}_after_{number} = 1"] if what > 0.45 else []
        else:
            found.append(line)
    return found


def joined(base: Sequence[str], sides: Sequence[Sequence[str]]) -> Notebook:
    """What all of them made together, one after the other."""
    merged = spelled(sides[0])
    for side in sides[1:]:
        merged = merge_bytes(spelled(base), merged, spelled(side), Policy(whole=Whole.CUT)).data
    return read(merged)


def settled(merged: Notebook, chance: Random) -> Notebook:
    """After somebody chose, for one conflict or for all that stand there, until there is none."""
    while found := find(merged):
        some = found if chance.random() < 0.5 else [chance.choice(found)]
        merged = choose(merged, {one: chance.choice(CHOICES) for one in trace(some, merged, None)}).notebook
    return merged


@pytest.mark.parametrize("people", [3, 4])
@pytest.mark.parametrize("seed", range(20))
def test_no_marker_is_left_when_all_conflicts_are_settled(seed: int, people: int) -> None:
    chance = Random(f"{seed} {people}")
    base = [f"line_{number} = {number}" for number in range(chance.randint(2, 6))]
    sides = [changed(chance, base, who) for who in "abcd"[:people]]
    merged = joined(base, sides)
    shown = merged.cells[0].source.split("\n")
    written = [line for side in sides for line in side if line not in base]
    assert all(shown.count(line) == 1 for line in written)
    after = settled(merged, chance)
    assert find_left(after) == ()
    assert not any(map(is_marker, after.cells[0].source.split("\n")))


def test_three_people_who_changed_the_same_lines() -> None:
    """The third one's conflict began between the markers of the others', and ended behind them."""
    merged = joined(["first = 1", "second = 2"], [["a = 1"], ["b = 1", "second = 2"], ["second = 2"]])
    for seed in range(8):
        assert not any(map(is_marker, settled(merged, Random(seed)).cells[0].source.split("\n")))
