"""Conflicts nested in conflicts, far deeper than people's: no line is lost, and the work has an end."""

from __future__ import annotations

import json
from random import Random

import pytest

from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.finding import find, find_left
from nbmerge.conflicts.known import trace
from nbmerge.conflicts.values import Choice
from nbmerge.merge.engine import merge
from nbmerge.merge.values import Policy, Result
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from tests.helpers.build import code, markdown, notebook
from tests.helpers.spelling import JUPYTER
from tests.repair.broken import fixed

LEVELS = 60


def nested(place: str) -> list[str]:
    """Lines of a source, in conflicts that stand in one another."""
    levels = range(LEVELS)
    if place == "local":
        begun = [line for n in levels for line in ("<<<<<<< HEAD", f"a{n} = 1")]
        return begun + [line for n in levels for line in ("=======", f"b{n} = 1", ">>>>>>> topic")]
    begun = [line for n in levels for line in ("<<<<<<< HEAD", f"a{n} = 1", "=======", f"b{n} = 1")]
    return begun + [">>>>>>> topic"] * LEVELS


def broken(lines: list[str], cells: int = 0) -> str:
    """A notebook with these lines in a source, and so many cells more."""
    more = [markdown(f"cell {n}") for n in range(cells)]
    whole = JUPYTER.spell(notebook(code("HERE\nend = 1"), *more)).decode()
    spelled = (line if line[0] in "<=>" else f"    {json.dumps(line + chr(10))}," for line in lines)
    return whole.replace('    "HERE\\n",', "\n".join(spelled))


@pytest.fixture
def merges(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many cells each merge had."""
    counted: list[int] = []

    def counting(base: Notebook, local: Notebook, remote: Notebook, policy: Policy) -> Result:
        counted.append(len(local.cells))
        return merge(base, local, remote, policy)

    monkeypatch.setattr("nbmerge.repair.making.merge", counting)
    return counted


@pytest.mark.parametrize("place", ["local", "remote"])
def test_every_line_is_there_though_not_every_level_is_merged(place: str, merges: list[int]) -> None:
    lines = nested(place)
    found = fixed(broken(lines))
    said = {line for source in found.sources for line in source.split("\n")}
    assert {line for line in lines if line[0] in "ab"} <= said
    assert found.made.stray
    assert len(merges) == 30


def test_a_long_notebook_is_not_read_for_every_level(
    merges: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbmerge.repair.making._READ", 1_000)
    found = fixed(broken(nested("remote"), cells=100))
    assert len(found.cells) == 101
    assert 3 <= len(merges) < 10


def within(chance: Random, depth: int) -> list[str]:
    """Lines with conflicts in conflicts, some of which have lines in common."""
    lines: list[str] = []
    for _ in range(chance.randint(1, 3)):
        if depth and chance.random() < 0.5:
            sides = within(chance, depth - 1), within(chance, depth - 1) if chance.random() < 0.8 else []
            lines += ["<<<<<<< one", *sides[0], "=======", *sides[1], ">>>>>>> other"]
        else:
            lines += [f"a{chance.randrange(9)} = 1" for _ in range(chance.randint(1, 3))]
    return lines


@pytest.mark.parametrize("seed", range(40))
def test_no_marker_is_left_when_all_conflicts_are_settled(seed: int) -> None:
    """In any order, for any side: none of them ended between the markers of another one."""
    chance = Random(seed)
    one, other = within(chance, 2), within(chance, 2)
    now = read(fixed(broken(["<<<<<<< a", *one, "=======", *other, ">>>>>>> b"])).made.data)
    while found := find(now):
        some = found if chance.random() < 0.5 else [chance.choice(found)]
        sides = (Choice.LOCAL, Choice.REMOTE, Choice.BOTH)
        now = choose(now, {one: chance.choice(sides) for one in trace(some, now, None)}).notebook
    assert find_left(now) == ()
    assert "===" not in "".join(cell.source for cell in now.cells)
