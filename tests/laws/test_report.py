"""The law of the report (promise 5): silent means equal, never discarded.

What a side changed and the result does not have is named by a decision or stands in a conflict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given

from tests.helpers.build import Cell, Merged, Notebook, Trio, source_of
from tests.helpers.edits import trios
from tests.helpers.examples import tried
from tests.helpers.strategies import Ids

FIELDS = ("outputs", "execution_count", "metadata", "attachments", "cell_type")
TOOK = {"local", "remote", "both", "base", "higher", "nothing"}


def by_id(notebook: Notebook) -> dict[str, Cell]:
    return {cell["id"]: cell for cell in notebook["cells"]}


def changed(base: Any, side: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each path below which a side wrote another value than base has, as far down as objects go."""
    if isinstance(base, dict) and isinstance(side, dict):
        for key, value in side.items():
            yield from changed(base.get(key), value, f"{path}/{key.replace('/', '~1')}")
    elif base != side:
        yield path, side


def doubted(trio: Trio, id: str) -> bool:
    """True if the cell's text stands under another id somewhere: then ids may have gone round."""
    texts = [{cell["id"]: source_of(cell) for cell in found["cells"]} for found in trio.files()]
    own = {found[id] for found in texts if id in found}
    return any(text in own for found in texts for other, text in found.items() if other != id)


def value_at(notebook: Any, path: str) -> Any:
    found = notebook
    for step in path.split("/")[1:]:
        found = found[int(step)] if isinstance(found, list) else (found or {}).get(step.replace("~1", "/"))
    return found


def named(merged: Merged, path: str) -> bool:
    """True if a decision stands at this path, above or below it; `nothing` for outputs covers the count."""
    above = path.replace("/execution_count", "/outputs")
    return any(
        one.startswith(other)
        for d in merged.result.decisions
        for one, other in ((path, d.path), (above, d.path), (d.path, path))
        if other
    )


def kept(merged: Merged, path: str, value: Any) -> bool:
    found = value_at(merged.notebook, path)
    if path.endswith("/tags") and value and found:
        return set(value) <= set(found) or set(found) <= set(value)
    return bool(found == value) or not (found or value)


@tried(100)
@given(trios(Ids.OWN))
def test_every_change_of_a_cell_is_in_the_result_or_in_the_report(trio: Trio) -> None:
    merged = trio.merged()
    before, places = by_id(trio.base), {cell["id"]: i for i, cell in enumerate(merged.cells)}
    for side in (trio.local, trio.remote):
        for id, cell in by_id(side).items():
            fields = {field: cell[field] for field in FIELDS if field in cell}
            unchanged = id in before and fields == {field: before[id].get(field) for field in fields}
            if id not in before or unchanged or doubted(trio, id):
                continue
            if id not in places:
                assert any(re.fullmatch(r"base:/cells/\d+", d.path) for d in merged.result.decisions)
                continue
            for path, value in changed(before[id], fields, f"/cells/{places[id]}"):
                assert kept(merged, path, value) or named(merged, path), path


@tried(60)
@given(trios(Ids.OWN))
def test_every_change_of_the_notebook_s_metadata_is_in_the_result_or_in_the_report(trio: Trio) -> None:
    merged = trio.merged()
    for side in (trio.local, trio.remote):
        for path, value in changed(trio.base["metadata"], side["metadata"], "/metadata"):
            assert kept(merged, path, value) or named(merged, path), path


@tried(60)
@given(trios())
def test_decisions_name_places_of_the_result_and_reasons(trio: Trio) -> None:
    merged = trio.merged()
    for decision in merged.result.decisions:
        assert decision.took in TOOK
        assert decision.reason
        place = re.match(r"(base:)?/cells/(\d+)", decision.path)
        cells = trio.base["cells"] if place and place.group(1) else merged.cells
        assert place is None or int(place.group(2)) < len(cells)
