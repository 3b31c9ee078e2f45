"""The law of repetition: merging a clean result again with a side changes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hypothesis import assume, given
from hypothesis import strategies as st

from nbmerge.merge.files import merge_bytes
from tests.helpers.build import Notebook, lines, source_of
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


CHAPTERS = (
    "# Measuring oxygen in the water of five rivers",
    "# Sorting letters by weight, colour and country",
    "# Why trains are late on Monday mornings",
    "# Twelve ways to boil an egg, compared",
    "# Songs of the blackbird near airports",
)


@st.composite
def disjoint(draw: st.DrawFn) -> Disjoint:
    ids = draw(st.sampled_from([Ids.OWN, Ids.NONE]))
    base = draw(notebooks(ids))
    owners = [draw(st.sampled_from(["local", "remote", "nobody"])) for _ in base["cells"]]
    titles = [f"{title}\n" if ids is Ids.NONE else "" for title in CHAPTERS]
    sides = (_edited(draw, base, owners, side, titles) for side in ("base", "local", "remote"))
    return Disjoint(*map(JUPYTER.spell, sides))


def _edited(draw: st.DrawFn, base: Notebook, owners: list[str], side: str, titles: list[str]) -> Notebook:
    """Without ids only sources tell cells apart: there each has a first line that nobody edits.

    Nobody types a line that the base holds: that would look like a line moved from there.
    """
    known = {line for cell in base["cells"] for line in source_of(cell).split("\n")}
    made = []
    for cell, owner, title in zip(base["cells"], owners, titles, strict=False):
        kept = cell
        if owner == side:
            if not draw(st.integers(0, 5)):
                continue
            changed = draw(st.sampled_from(ON_A_CELL))(draw, cell)
            before, after = (Counter(source_of(found).split("\n")) for found in (cell, changed))
            kept = changed if known.isdisjoint(after - before) else cell
        made.append(kept | {"source": lines(title + source_of(kept))})
    return base | {"cells": made}


@tried(100)
@given(disjoint())
def test_merging_a_clean_result_again_changes_nothing(three: Disjoint) -> None:
    first = merge_bytes(three.base, three.local, three.remote)
    assume(first.result.clean)
    for side in (three.local, three.remote):
        for again in ((first.data, side), (side, first.data)):
            found = merge_bytes(three.base, *again)
            assert found.result.clean
            assert found.data == first.data


@tried(60)
@given(disjoint())
def test_edits_of_different_cells_with_ids_are_clean(three: Disjoint) -> None:
    assume(b'"id"' in three.base)
    assert merge_bytes(three.base, three.local, three.remote).result.clean
