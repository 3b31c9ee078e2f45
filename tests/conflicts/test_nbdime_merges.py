"""Whatever nbdime leaves in conflict is settled to a clean notebook, the one that it makes for that side."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.finding import find
from nbmerge.conflicts.known import Traced
from nbmerge.conflicts.nbdime import find_nbdime, settle_nbdime
from nbmerge.conflicts.signs import may_hold_conflicts
from nbmerge.conflicts.values import Choice, InId, NotKnown
from nbmerge.notebook import read, write
from tests.conflicts.by_nbdime import around_sources, merged_or_none
from tests.helpers.build import Cell, Notebook, Trio
from tests.helpers.edits import change_metadata, edit_and_run, run_again
from tests.helpers.examples import tried
from tests.helpers.strategies import Ids, cells, notebook_metadata, notebooks, with_id
from tests.helpers.validity import fault

LEFT = re.compile(r'<<<<<<<|>>>>>>>|nbdime-conflicts|"local_metadata|"local_id')
SIDES = st.sampled_from([Choice.LOCAL, Choice.REMOTE])


def settled(data: bytes, side: Choice) -> Notebook | None:
    """The notebook with one side for all that is in conflict; None where the side is not known."""
    whole = read(data)
    chosen = dict.fromkeys(map(Traced, find(whole)), side)
    try:
        after: Notebook = json.loads(write(choose(whole, chosen).notebook))
    except NotKnown:
        return None
    return after


@st.composite
def clashes(draw: st.DrawFn) -> Trio:
    """A base whose one place both people worked at."""
    base = draw(notebooks(draw(st.sampled_from([Ids.OWN, Ids.NONE])), 3).filter(lambda made: made["cells"]))
    place = draw(st.integers(0, len(base["cells"]) - 1))
    return Trio(base, *(draw(at_one_place(base, place, fresh)) for fresh in ("mine", "theirs")))


@st.composite
def at_one_place(draw: st.DrawFn, base: Notebook, place: int, fresh: str) -> Notebook:
    """What one person made of a cell, of the place before it, and maybe of the notebook's metadata."""
    made = list(base["cells"])
    match draw(
        st.sampled_from(["delete", "insert", "replace", "edit", "run", "run", "metadata", "metadata"])
    ):
        case "delete":
            made[place : place + 1] = []
        case "insert":
            made[place:place] = [draw(new_cells(base, fresh))]
        case "replace":
            made[place] = draw(new_cells(base, fresh))
        case "edit":
            made[place] = edit_and_run(draw, made[place])
        case "run":
            made[place] = run_again(draw, made[place])
        case "metadata":
            made[place] = change_metadata(draw, made[place])
    known = draw(st.just(base["metadata"]) | notebook_metadata())
    return base | {"cells": made, "metadata": known}


def new_cells(base: Notebook, fresh: str) -> st.SearchStrategy[Cell]:
    return cells().map(lambda cell: with_id(cell, fresh if base["nbformat_minor"] >= 5 else None))


@tried(80)
@given(clashes(), SIDES)
def test_a_side_leaves_a_valid_notebook_without_a_trace(trio: Trio, side: Choice) -> None:
    found = merged_or_none(trio)
    after = None if found is None else settled(found.data, side)
    if found is None or after is None:
        return
    assert not LEFT.search(json.dumps(after))
    assert find(read(json.dumps(after).encode())) == ()
    has_two_ids = any(isinstance(one.place, InId) for one in find_nbdime(read(found.data)))
    if has_two_ids or fault(found.notebook) is None:
        assert fault(after) is None


@tried(80)
@given(clashes(), SIDES)
def test_a_side_is_what_nbdime_takes_for_it(trio: Trio, side: Choice) -> None:
    found, expected = merged_or_none(trio), merged_or_none(trio, f"use-{side.value}")
    if found and expected and found.shows_all and fault(found.notebook) is None:
        after = settled(found.data, side)
        assert after is None or around_sources(after) == around_sources(expected.notebook)


@tried(80)
@given(clashes())
def test_nothing_is_found_in_a_clean_merge_and_the_search_of_the_bytes_misses_nothing(trio: Trio) -> None:
    found = merged_or_none(trio)
    if found is None:
        return
    whole = read(found.data)
    conflicts = find_nbdime(whole)
    assert write(settle_nbdime(whole, {})) == found.data
    assert may_hold_conflicts(found.data) or not conflicts
    assert found.conflicts or not conflicts
