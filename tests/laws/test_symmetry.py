"""The law of symmetry (promise 6): swapping the sides changes names and order, nothing else."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import assume, given

from tests.helpers.build import Merged, Trio, source_of
from tests.helpers.edits import trios
from tests.helpers.examples import tried
from tests.helpers.strategies import Ids

MARKER = re.compile(r"(<{7}|={7}|>{7})( local| remote)?( \(deleted\))?")
ATTACHMENT = re.compile(r"image(-\d)?\.png|photo(-\d)?\.png")


def contents(merged: Merged) -> Counter[tuple[str, ...]]:
    """Kind and lines of every cell, in no order: what promise 6 says stays the same."""
    return Counter(
        (cell["cell_type"], *sorted(plain for plain in map(_plain, source_of(cell).split("\n")) if plain))
        for cell in merged.cells
    )


def _plain(line: str) -> str:
    """A line without what the table gives to a side by name: markers, new names of attachments."""
    return "" if MARKER.fullmatch(line) else ATTACHMENT.sub("picture.png", line)


def both_ways(trio: Trio) -> tuple[Merged, Merged]:
    return trio.merged(), trio.swapped().merged()


@tried(80)
@given(trios())
def test_clean_or_conflict_stays_the_same(trio: Trio) -> None:
    one, other = both_ways(trio)
    assert one.clean == other.clean
    assert len(one.result.conflicts) == len(other.result.conflicts)


@tried(80)
@given(trios())
def test_lines_and_cells_stay_the_same(trio: Trio) -> None:
    one, other = both_ways(trio)
    assume(not any(d.path.endswith("/cell_type") for d in one.result.decisions))
    assert contents(one) == contents(other)


@tried(40)
@given(trios(Ids.OWN, Ids.NONE))
def test_terms_of_conflicts_change_sides(trio: Trio) -> None:
    one, other = both_ways(trio)
    terms = Counter((c.base, c.local, c.remote) for c in one.result.conflicts)
    assert terms == Counter((c.base, c.remote, c.local) for c in other.result.conflicts)
