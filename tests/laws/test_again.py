"""The law of repetition: merging a clean result again with a side changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import assume, given
from hypothesis import strategies as st

from nbmerge.merge.whole import merge_bytes
from tests.helpers.build import Notebook, source_of
from tests.helpers.edits import ON_A_CELL
from tests.helpers.examples import tried
from tests.helpers.spelling import JUPYTER
from tests.helpers.strategies import Ids, notebooks


@dataclass(frozen=True)
class Disjoint:
    """Two sides that edited, deleted or ran different cells of one base."""

    base: bytes
    local: bytes
    remote: bytes


@st.composite
def disjoint(draw: st.DrawFn) -> Disjoint:
    base = draw(notebooks(draw(st.sampled_from([Ids.OWN, Ids.NONE]))))
    assume(base["nbformat_minor"] == 5 or _telling(base))
    owners = [draw(st.sampled_from(["local", "remote", "nobody"])) for _ in base["cells"]]
    return Disjoint(
        *(JUPYTER.spell(_edited(draw, base, owners, side)) for side in ("base", "local", "remote"))
    )


def _telling(notebook: Notebook) -> bool:
    """Without ids only sources tell cells apart: each must have one of its own."""
    sources = [source_of(cell).strip() for cell in notebook["cells"]]
    return all(sources) and len(set(sources)) == len(sources)


def _edited(draw: st.DrawFn, base: Notebook, owners: list[str], side: str) -> Notebook:
    made = []
    for cell, owner in zip(base["cells"], owners, strict=True):
        if owner != side:
            made.append(cell)
        elif draw(st.integers(0, 5)):
            made.append(draw(st.sampled_from(ON_A_CELL))(draw, cell))
    return base | {"cells": made}


@tried(200)
@given(disjoint())
def test_merging_a_clean_result_again_changes_nothing(three: Disjoint) -> None:
    first = merge_bytes(three.base, three.local, three.remote)
    assume(first.result.clean)
    for side in (three.local, three.remote):
        for again in ((first.data, side), (side, first.data)):
            found = merge_bytes(three.base, *again)
            assert found.result.clean
            assert found.data == first.data


@tried(100)
@given(disjoint())
def test_edits_of_different_cells_with_ids_are_clean(three: Disjoint) -> None:
    assume(b'"id"' in three.base)
    assert merge_bytes(three.base, three.local, three.remote).result.clean
