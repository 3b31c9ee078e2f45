"""nbdime's conflicts in the merges of its own tests, and in notebooks that people committed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.finding import find
from nbmerge.conflicts.known import Traced
from nbmerge.conflicts.nbdime import find_nbdime
from nbmerge.conflicts.signs import may_hold_conflicts
from nbmerge.conflicts.values import Choice, NotKnown
from nbmerge.errors import NotebookError
from nbmerge.notebook import read, write
from tests.conflicts.by_nbdime import around_sources, merged_or_none
from tests.helpers.build import Trio
from tests.helpers.validity import fault

pytestmark = pytest.mark.corpus

PLACES_MAY_HAVE_MOVED = {
    # Lists in metadata that conflict in one place and were merged in another.
    "generic/test_decide_merge_list_conflicting_insertions_separate_chunks_v1",
    "generic/test_decide_merge_strategy_remove",
    "generic/test_deep_merge_twosided_inserts_conflicted",
    "generic/test_deep_merge_twosided_inserts_conflicted2",
    "generic/test_shallow_merge_lists_insert_conflicted#2",
    "generic/test_shallow_merge_lists_insert_conflicted#3",
}
COMMITTED = {
    # People committed the record of a conflict about the kernel's name.
    "COSIMA+cosima-recipes__fc7020af_0/merged.ipynb",
    "ProjectPythia+pythia-foundations__13b3b6dd_0/merged.ipynb",
}


def test_a_side_of_nbdime_s_own_test_cases_is_what_nbdime_takes_for_it(
    peer_cases: list[dict[str, Any]],
) -> None:
    unknown, compared = set(), 0
    for case in peer_cases:
        trio = Trio(case["base"], case["local"], case["remote"])
        found = None if case["expectation"] == "law" else merged_or_none(trio)
        if found is None or not find_nbdime(read(found.data)):
            continue
        for side in (Choice.LOCAL, Choice.REMOTE):
            whole = read(found.data)
            try:
                after = choose(whole, dict.fromkeys(map(Traced, find(whole)), side)).notebook
            except NotKnown:
                unknown.add(case["name"])
                continue
            assert find(after) == ()
            expected = merged_or_none(trio, f"use-{side.value}")
            if found.shows_all and fault(found.notebook) is None and expected is not None:
                assert around_sources(json.loads(write(after))) == around_sources(expected.notebook), case[
                    "name"
                ]
                compared += 1
    assert unknown == PLACES_MAY_HAVE_MOVED
    assert compared > 60


def test_real_notebooks_hold_none_but_those_that_people_committed(real_merges: list[Path]) -> None:
    found, suspected = set(), set()
    for path in (path for case in real_merges for path in case.glob("*.ipynb")):
        data = path.read_bytes()
        if may_hold_conflicts(data):
            suspected.add(f"{path.parent.name}/{path.name}")
        try:
            conflicts = find_nbdime(read(data))
        except NotebookError:
            continue
        if conflicts:
            found.add(f"{path.parent.name}/{path.name}")
    assert found == suspected == COMMITTED
