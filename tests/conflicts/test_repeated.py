"""Conflicts that come again: the same whatever side is called local, and settled as they were."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.conflicts.repeated import SettledBefore, settle_again, settled_in, terms_of
from nbmerge.conflicts.values import Absent
from nbmerge.merge.engine import merge
from nbmerge.merge.values import Favor, Policy, Terms
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from tests.helpers.build import Notebook as Draft
from tests.helpers.build import Trio, code, notebook
from tests.helpers.examples import tried
from tests.helpers.spelling import JUPYTER
from tests.helpers.validity import fault


@st.composite
def clashing(draw: st.DrawFn) -> Trio:
    """Cells behind a first one that each side edits or deletes, with or without ids; most are in conflict."""
    with_ids, number = draw(st.booleans()), draw(st.integers(1, 4))
    text = st.sampled_from(["x = 1", "x = 2\ny = 2", "x = 3", "y = 2\n\nx = 4", None])

    def side(name: str) -> Draft:
        sources = [draw(text) if name != "base" else f"x = 0\ny = {place}" for place in range(number)]
        kept = [(place, source) for place, source in enumerate(sources) if source is not None]
        cells = (code(source, id=f"cell{place}" if with_ids else None) for place, source in kept)
        first = code("import numpy", id="first" if with_ids else None)
        return notebook(first, *cells, minor=5 if with_ids else 4)

    return Trio(side("base"), side("local"), side("remote"))


def sides_of(trio: Trio) -> Terms[Notebook]:
    return Terms(*(read(JUPYTER.spell(each)) for each in trio.files()))


@tried(150)
@given(
    clashing(),
    st.sampled_from([Favor.LOCAL, Favor.REMOTE, Favor.UNION]),
)
def test_what_settled_a_merge_settles_it_again(trio: Trio, favor: Favor) -> None:
    sides = sides_of(trio)
    result = merge(sides.base, sides.local, sides.remote)
    if result.clean:
        return
    settled = merge(sides.base, sides.local, sides.remote, Policy(favor=favor)).notebook
    before = {}
    for place in result.contested:
        term = settled_in(settled, result, place)
        if term is not Absent.UNKNOWN:
            before[place] = SettledBefore(None if isinstance(term, Absent) else term, "once")
    again = settle_again(result, sides, before)
    assert len(again.contested) == len(result.contested) - len(before)
    assert [each.took for each in again.decisions].count("recorded") == len(before)
    assert fault(json.loads(write(again.notebook))) is None
    if again.clean:
        assert [cell.source for cell in again.notebook.cells] == [cell.source for cell in settled.cells]
    assert again.clean or sides.base.minor < 5  # with ids every cell is known


@tried(150)
@given(clashing())
def test_swapped_sides_have_the_same_conflicts(trio: Trio) -> None:
    base, local, remote = sides_of(trio)
    ours, theirs = merge(base, local, remote), merge(base, remote, local)
    assert {terms_of(cell) for cell in ours.contested.values()} == {
        terms_of(cell) for cell in theirs.contested.values()
    }


CHANGES = {
    "base": ("x = 0", "x = 10", "x = 77"),
    "local": ("x = 1", "x = 11", "x = 77"),
    "remote": ("x = 1", "x = 10", "x = 78"),
    "a line that both have": ("x = 1\n\ny = 2", "x = 10\n\ny = 2", "x = 77\n\ny = 2"),
    "white space": ("x = 1 ", "x = 10", "x = 77"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_else_the_cell_says_it_is_another_conflict(change: str) -> None:
    def terms(*sources: str) -> bytes:
        trio = Trio(*(notebook(code(source, id="x")) for source in sources))
        [cell] = merge(*sides_of(trio)).contested.values()
        return terms_of(cell)

    assert terms(*CHANGES[change]) != terms("x = 1", "x = 10", "x = 77")
