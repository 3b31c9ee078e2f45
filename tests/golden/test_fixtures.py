"""Owns: the golden merges in fixtures/: what comes out, byte for byte, and what is said about it.

Must not know: how the merge works.  Invariant: a difference is either a bug or a decision
that somebody reviews: `pytest tests/golden --update` rewrites what is expected.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nbmerge.cli.report import result_json
from nbmerge.merge.files import merge_bytes
from tests.helpers.validity import fault

FIXTURES = Path(__file__).parents[2] / "fixtures"
TOPICS = sorted(folder.name for folder in FIXTURES.iterdir())
INVALID_ON_PURPOSE = {"odd-style"}  # an unknown number spelling and a lone surrogate


@pytest.mark.parametrize("topic", TOPICS)
def test_fixture_merges_as_reviewed(topic: str, request: pytest.FixtureRequest) -> None:
    folder = FIXTURES / topic
    files = [(folder / f"{side}.ipynb").read_bytes() for side in ("base", "local", "remote")]
    whole = merge_bytes(files[0], files[1], files[2])
    report = json.dumps(json.loads(result_json(whole.result)), indent=1, ensure_ascii=False) + "\n"
    if request.config.getoption("--update"):
        (folder / "merged.ipynb").write_bytes(whole.data)
        (folder / "report.json").write_text(report, encoding="utf-8")
    assert whole.data.decode() == (folder / "merged.ipynb").read_bytes().decode()
    assert report == (folder / "report.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic not in INVALID_ON_PURPOSE])
def test_merged_fixture_opens_in_jupyter(topic: str) -> None:
    merged = json.loads((FIXTURES / topic / "merged.ipynb").read_bytes())
    assert fault(merged) is None
