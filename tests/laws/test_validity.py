"""The law of validity (promise 2): valid inputs make a valid notebook, conflicts included."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from nbmerge.merge.markers import ConflictStyle, MarkerStyle
from nbmerge.merge.values import Favor, Outputs, Policy, Side
from tests.helpers.build import Cell, Notebook, Trio, merge, notebook3
from tests.helpers.edits import trios
from tests.helpers.examples import tried
from tests.helpers.strategies import VALID, Ids, with_id
from tests.helpers.validity import fault


def saved_as(notebook: Notebook, minor: int, name: str) -> Notebook:
    """The notebook as a tool that writes this minor saves it; it makes up the ids that are missing."""
    made = []
    for place, cell in enumerate(notebook["cells"]):
        bare: Cell = {key: item for key, item in cell.items() if minor >= 1 or key != "attachments"}
        id = bare.get("id", f"{name}-{place}") if minor >= 5 else None
        made.append(with_id(bare, id))
    return notebook | {"cells": made, "nbformat_minor": minor}


@tried(80)
@given(trios(*VALID))
def test_nbformat_4(trio: Trio) -> None:
    merged = trio.merged()
    assert fault(merged.notebook) is None


@tried(80)
@given(trios(Ids.OWN, Ids.NONE), st.tuples(*[st.integers(0, 5)] * 3))
def test_mixtures_of_minors(trio: Trio, minors: tuple[int, int, int]) -> None:
    files = [
        saved_as(item, minor, name) for item, minor, name in zip(trio.files(), minors, "blr", strict=True)
    ]
    assert not any(map(fault, files))
    assert fault(Trio(*files).merged().notebook) is None


@tried(40)
@given(trios(Ids.NONE))
def test_nbformat_3(trio: Trio) -> None:
    merged = Trio(*(notebook3(*item["cells"]) for item in trio.files())).merged()
    assert merged.notebook["nbformat"] == 3
    assert fault(merged.notebook) is None


@tried(40)
@given(trios(*VALID), st.sampled_from([{0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}]))
def test_mixtures_of_majors(trio: Trio, old: set[int]) -> None:
    files = [notebook3(*item["cells"]) if place in old else item for place, item in enumerate(trio.files())]
    merged = Trio(*files).merged()
    assert merged.notebook["nbformat"] == 4 or merged.notebook in files
    assert fault(merged.notebook) is None


def policies() -> st.SearchStrategy[Policy]:
    return st.builds(
        Policy,
        outputs=st.sampled_from(Outputs),
        favor=st.sampled_from(Favor),
        newer=st.sampled_from(Side),
    )


def styles() -> st.SearchStrategy[MarkerStyle]:
    return st.builds(MarkerStyle, style=st.sampled_from(ConflictStyle), size=st.integers(1, 12))


@tried(60)
@given(trios(*VALID), policies(), styles())
def test_any_policy(trio: Trio, policy: Policy, markers: MarkerStyle) -> None:
    merged = merge(*trio.files(), policy, markers=markers)
    assert fault(merged.notebook) is None
    assert merged.clean or policy.favor is Favor.NONE


@tried(40)
@given(trios(*VALID))
def test_markers_appear_only_with_a_conflict(trio: Trio) -> None:
    merged = trio.merged()
    marked = [bool(re.search("^<<<<<<< ", source, re.M)) for source in merged.sources]
    assert {conflict.cell for conflict in merged.result.conflicts} == {i for i, m in enumerate(marked) if m}
