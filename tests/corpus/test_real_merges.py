"""Real merges of public projects, held against what people committed.

The figures are floors for a change to the engine; docs/benchmarks.md has the measured ones.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nbmerge.merge.files import MergedFile, merge_bytes

pytestmark = pytest.mark.corpus


@cache
def merged(case: Path) -> MergedFile:
    base, local, remote = ((case / f"{side}.ipynb").read_bytes() for side in ("base", "ours", "theirs"))
    return merge_bytes(base, local, remote)


@cache
def scored(case: Path, scoring: ModuleType) -> dict[str, Any]:
    sides = [
        scoring.Nb((case / f"{side}.ipynb").read_bytes()) for side in ("base", "ours", "theirs", "merged")
    ]
    found: dict[str, Any] = scoring.score(*sides, scoring.Nb(merged(case).data))
    return found


def test_most_merge_clean_and_as_people_did(real_merges: list[Path], scoring: ModuleType) -> None:
    clean = [case for case in real_merges if merged(case).result.clean]
    equal = [case for case in clean if scored(case, scoring)["agree"]]
    assert len(clean) >= 0.8 * len(real_merges)
    assert len(equal) >= 0.7 * len(real_merges)


def test_valid_notebooks_stay_valid(real_merges: list[Path], scoring: ModuleType) -> None:
    for case in real_merges:
        inputs = [(case / f"{side}.ipynb").read_bytes() for side in ("base", "ours", "theirs")]
        if not any(map(scoring.valid_nbformat, inputs)):
            assert scoring.valid_nbformat(merged(case).data) == "", case.name


def test_clean_merges_lose_double_and_resurrect_nothing(real_merges: list[Path], scoring: ModuleType) -> None:
    faults = ("lost_h", "dup_h", "back_h", "doubled_cells")
    suspects = {
        case.name
        for case in real_merges
        if merged(case).result.clean and any(scored(case, scoring)[fault] for fault in faults)
    }
    assert suspects == set()


def test_outputs_stand_under_a_source_that_made_them(real_merges: list[Path]) -> None:
    for case in real_merges:
        made = {
            run for side in ("base", "ours", "theirs") for run in runs((case / f"{side}.ipynb").read_bytes())
        }
        assert set(runs(merged(case).data)) <= made, case.name


def runs(data: bytes) -> list[tuple[str, str]]:
    """(source without comments and blank lines, outputs) of each cell with outputs."""
    notebook = json.loads(data)
    cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
    found = []
    for cell in cells:
        if cell.get("outputs"):
            source = "".join(cell.get("source", cell.get("input", "")))
            bare = [line for line in source.split("\n") if not re.match(r"\s*(#.*)?$", line)]
            found.append(("\n".join(bare), json.dumps(cell["outputs"], sort_keys=True)))
    return found
