"""What is done about a save, given what is thought of the ones before."""

from __future__ import annotations

import json

import pytest

from nbmerge.lineage.choice import Action, Choosing
from nbmerge.lineage.contents import ComparedVersions
from nbmerge.lineage.lines import said
from nbmerge.lineage.versions import Writer
from nbmerge.lineage.writers import Buffer, Explanation
from nbmerge.notebook.reader import read
from tests.helpers.build import code, notebook

LINES = [f"step_{number} = refine(model, {number})" for number in range(12)]


def explanation(likelihood_cost: float, bases: dict[int, tuple[int, ...]]) -> Explanation:
    """That these versions were made from those."""
    below = dict[int, int]()
    for number, parents in bases.items():
        below[number] = 1 << number
        for parent in parents:
            below[number] |= below[parent]
    last = max(bases)
    buffers = (Buffer(last, Writer()),)
    return Explanation(likelihood_cost, buffers, (0,) * len(bases), bases, below, bases[last][0])


def chosen(bases: dict[int, tuple[int, ...]], named: tuple[int, ...] = ()) -> tuple[Action, tuple[int, ...]]:
    """What is done about version 4 and what is named, if this is nearly certain."""
    contents = ComparedVersions()
    sources = {
        1: LINES[:2],
        2: LINES[:6],
        3: [*LINES[:2], LINES[6]],
        4: [*LINES[:2], *LINES[6:8]],
        5: LINES[:8],
    }
    for number, lines in sources.items():
        contents.add(number, read(json.dumps(notebook(code("\n".join(lines), id="a"))).encode()))
    both = contents[5]
    contents.keep_only((1, 2, 3, 4))
    found = Choosing(contents, [explanation(0.0, bases)], 4, 3, lambda *_: both, named).choose()
    return found.action, found.named


def test_what_an_earlier_save_dropped_is_named_and_not_fought_for() -> None:
    """Whether version 3 saw version 2 was decided when it came, and version 4 only goes on from it."""
    bases: dict[int, tuple[int, ...]] = {1: (), 2: (1,), 3: (1,), 4: (3,)}
    assert chosen(bases) == (Action.NAME, (2,))
    assert chosen(bases, named=(2,)) == (Action.ACCEPT, ())


def test_what_the_save_itself_drops_is_merged() -> None:
    assert chosen({1: (), 2: (1,), 3: (2,), 4: (1,)})[0] is Action.MERGE


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [("f('a', b)", 'f(\n  "a",\n  b,\n)'), ("x = (1)", "x = 1"), ("a = b [0]", "a = b[0]")],
)
def test_a_formatter_says_the_same(typed: str, spelled: str) -> None:
    assert said([typed]) == said(spelled.split("\n"))


@pytest.mark.parametrize(
    ("typed", "another"), [("L(a)", "L[a]"), ("x = {a, b}", "x = [a, b]"), ("a(b)", "a[b]")]
)
def test_other_brackets_say_something_else(typed: str, another: str) -> None:
    assert said([typed]) != said([another])
