"""The merges of another tool's own tests: laws, nothing lost, and what they assert.

Where nbmerge decides otherwise on purpose, the case stands here by name with the reason.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from nbmerge.merge.files import MergedFile, merge_bytes
from tests.helpers.validity import fault

pytestmark = pytest.mark.corpus

BOTH_KEPT = "two cells inserted at one place are both kept, local's first"
CHOSEN = "metadata that both changed never conflicts: one is chosen, and that is noted"
RUN = "outputs belong to a run and never conflict: local's run is chosen, and that is noted"
CLEAN_ON_PURPOSE = {
    "test_merge_cell_sources_neighbouring_inserts_mergetool": BOTH_KEPT,
    "test_merge_simple_cell_source_conflicting_insert": BOTH_KEPT,
    "test_inline_merge_cells_insertion_similar": BOTH_KEPT,
    "test_inline_merge_cells_insertion_unsimilar": BOTH_KEPT,
    "test_merge_output_strategy_local_conflict": RUN,
    "test_inline_merge_outputs": RUN,
    "test_inline_merge_outputs_conflicting_insert_in_empty": RUN,
    "test_inline_merge_notebook_metadata#22": CHOSEN,
    "test_inline_merge_notebook_metadata#24": CHOSEN,
    "test_inline_merge_notebook_metadata_reproduce_bug": CHOSEN,
}
TWO_EDITS_OF_A_LINE = {
    "examples/example4": "`y = exp(x + 2)` and `z = exp(x)` become `z = exp(x + 2)`: target and argument"
}


def merged(case: dict[str, Any]) -> MergedFile:
    base, local, remote = (
        json.dumps(case[side], indent=1, ensure_ascii=False).encode() for side in ("base", "local", "remote")
    )
    return merge_bytes(base, local, remote)


def cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (notebook if "cells" in notebook else notebook["worksheets"][0])["cells"]
    return found


def joined(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "".join(value)
    if isinstance(value, dict):
        return {key: joined(item) for key, item in value.items() if key != "execution_count"}
    return [joined(item) for item in value] if isinstance(value, list) else value


def seen(notebook: dict[str, Any]) -> list[tuple[Any, Any, Any]]:
    """Kind, source and outputs of each cell, spelling and counts aside."""
    return [
        (
            cell["cell_type"],
            joined(cell.get("source", cell.get("input", ""))),
            joined(cell.get("outputs", [])),
        )
        for cell in cells(notebook)
    ]


def lines(notebook: dict[str, Any]) -> Counter[str]:
    return Counter(
        line.strip() for _, source, _ in seen(notebook) for line in source.splitlines() if line.strip()
    )


def leaves(value: Any) -> set[str]:
    """Every key and every plain value, however deep."""
    if isinstance(value, dict):
        return set(value).union(*map(leaves, value.values()))
    return set().union(*map(leaves, value)) if isinstance(value, list) else {json.dumps(value)}


def lost(case: dict[str, Any], result: dict[str, Any]) -> list[str]:
    """Lines that one side added, the other did not remove, and the result lacks."""
    b, l, r, m = (lines(n) for n in (case["base"], case["local"], case["remote"], result))
    return [
        line
        for line in l | r
        if (l[line] > b[line] <= r[line] and m[line] < l[line])
        or (r[line] > b[line] <= l[line] and m[line] < r[line])
    ]


def test_every_law_holds(peer_cases: list[dict[str, Any]]) -> None:
    laws = [case for case in peer_cases if case["expectation"] == "law"]
    assert len(laws) > 400
    for case in laws:
        whole = merged(case)
        assert whole.result.clean, case["name"]
        assert json.loads(whole.data) == case["expected"], case["name"]


def test_results_are_valid_where_the_inputs_are(peer_cases: list[dict[str, Any]]) -> None:
    for case in peer_cases:
        if not any(fault(case[side]) for side in ("base", "local", "remote")):
            assert fault(json.loads(merged(case).data)) is None, case["name"]


def test_asserted_clean_merges_come_out_as_asserted(peer_cases: list[dict[str, Any]]) -> None:
    asserted = [c for c in peer_cases if c["expectation"] == "asserted" and c["expected_clean"]]
    assert len(asserted) > 80
    for case in asserted:
        whole = merged(case)
        assert whole.result.clean, case["name"]
        if case.get("expected") is not None:
            assert seen(json.loads(whole.data)) == seen(case["expected"]), case["name"]


def test_asserted_conflicts_are_conflicts_but_for_those_named(peer_cases: list[dict[str, Any]]) -> None:
    clean = {
        case["name"]
        for case in peer_cases
        if case["expectation"] == "asserted"
        and not case["expected_clean"]
        and case.get("kind", "notebook") == "notebook"
        and merged(case).result.clean
    }
    assert clean == set(CLEAN_ON_PURPOSE)


def test_generic_conflicts_are_choices_in_metadata_and_are_noted(peer_cases: list[dict[str, Any]]) -> None:
    """Those cases merge plain JSON, which a notebook holds in its metadata."""
    for case in peer_cases:
        if case.get("kind", "notebook") != "notebook" and not case["expected_clean"]:
            whole = merged(case)
            assert whole.result.clean, case["name"]
            before, after = leaves(case["base"]), leaves(json.loads(whole.data))
            added = (leaves(case["local"]) | leaves(case["remote"])) - before
            assert added <= after or whole.result.decisions, case["name"]


def test_no_line_is_lost(peer_cases: list[dict[str, Any]]) -> None:
    losing = {
        c["name"] for c in peer_cases if c["expectation"] != "law" and lost(c, json.loads(merged(c).data))
    }
    assert losing == set(TWO_EDITS_OF_A_LINE)
