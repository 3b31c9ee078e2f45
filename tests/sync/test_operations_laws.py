"""The laws of operations: they give exactly the other notebook, and touch only what differs."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter

from hypothesis import given

from nbmerge.notebook import read
from nbmerge.sync import Delete, Insert, Move, Set, apply, operations
from nbmerge.sync.operations import cells_of
from tests.helpers.examples import tried
from tests.helpers.strategies import Ids
from tests.sync.copies import Copy, copies, edited, exact, load, merges


@tried(120)
@given(copies())
def test_applied_to_what_was_sent_they_give_the_merged_notebook(copy: Copy) -> None:
    assert exact(apply(load(copy.sent), copy.forms)) == exact(load(copy.merged))


@tried(40)
@given(merges())
def test_they_do_so_in_the_values_of_python(copy: Copy) -> None:
    made = apply(json.loads(copy.sent.decode("utf-8-sig")), [one.as_json() for one in copy.operations])
    assert exact(made) == exact(json.loads(copy.merged.decode("utf-8-sig")))


@tried(40)
@given(copies())
def test_there_are_none_exactly_if_nothing_differs(copy: Copy) -> None:
    assert operations(read(copy.sent), read(copy.sent)) == ()
    assert (copy.operations == ()) == (exact(load(copy.sent)) == exact(load(copy.merged)))


@tried(40)
@given(copies())
def test_every_operation_names_cells_that_are_there_and_changes_something(copy: Copy) -> None:
    now = load(copy.sent)
    for form in copy.forms:
        for name in (form.get("cell"), form.get("after")):
            if isinstance(name, str):
                assert [cell.get("id") for cell in cells_of(now)].count(name) == 1
            elif name is not None:
                assert 0 <= name < len(cells_of(now))
        before, now = now, apply(now, [form])
        assert exact(before) != exact(now)


@tried(40)
@given(copies())
def test_no_cell_is_made_anew_that_was_there_already(copy: Copy) -> None:
    sent, merged = map(Counter, copy.cells)
    cells = cells_of(load(copy.sent))
    deleted: Counter[str] = Counter()
    for form in copy.forms:
        if form["op"] == "delete":
            ids = [cell.get("id") for cell in cells]
            place = ids.index(form["cell"]) if isinstance(form["cell"], str) else form["cell"]
            deleted[exact(cells.pop(place))] += 1
    inserted = Counter(exact(form["value"]) for form in copy.forms if form["op"] == "insert")
    assert not deleted & inserted
    assert all(inserted[cell] <= merged[cell] and deleted[cell] <= sent[cell] for cell in inserted | deleted)


@tried(40)
@given(edited(Ids.OWN) | merges(Ids.OWN))
def test_a_cell_is_named_only_if_it_differs(copy: Copy) -> None:
    """With ids that can be trusted: set and deleted are cells that differ, moved are as few as can be.

    A cell that both writers inserted alike gets the id that the other one gave it.
    """
    one, other = ({cell["id"]: cell for cell in cells_of(load(data))} for data in (copy.sent, copy.merged))
    moves = 0
    for operation in copy.operations:
        match operation:
            case Set(str(id), "id", str(new)):
                assert id not in other
                assert new not in one
                one = {new if found == id else found: cell for found, cell in one.items()}
            case Set(str(id), str(field), _):
                assert exact(one[id].get(field, "absent")) != exact(other[id].get(field, "absent"))
            case Delete(id):
                assert id in one
                assert id not in other
            case Insert(_, cell):
                assert cell["id"] not in one
            case Move():
                moves += 1
    places = [place for id in one for place, other_id in enumerate(other) if id == other_id]
    assert moves == len(places) - longest(places)


@tried(40)
@given(edited(Ids.OWN) | merges(Ids.OWN))
def test_a_member_is_set_once(copy: Copy) -> None:
    set_ = [(one.cell, one.field) for one in copy.operations if isinstance(one, Set)]
    assert len(set_) == len(set(set_))


@tried(40)
@given(edited(*Ids) | merges(*Ids))
def test_the_whole_notebook_is_never_set_within_one_nbformat(copy: Copy) -> None:
    assert all(not isinstance(one, Set) or one.field is not None for one in copy.operations)


def longest(numbers: list[int]) -> int:
    """The length of the longest rising run one can pick."""
    tails: list[int] = []
    for number in numbers:
        at = bisect_left(tails, number)
        tails[at : at + 1] = [number]
    return len(tails)
