"""Owns: the two ways to run the tests: in seconds, the same each time; or `--slow`, the long random hunt.

Must not know: what is tested.  Invariant: without `--slow` (or NBMERGE_FUZZ=1) a run is reproducible.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.helpers import examples


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow",
        action="store_true",
        help="20 times as many random examples, and the tests that take minutes",
    )
    parser.addoption("--update", action="store_true", help="rewrite what is expected in fixtures/")


def pytest_configure(config: pytest.Config) -> None:
    pytest.register_assert_rewrite("tests.helpers.build")
    slow = _is_slow(config)
    examples.FACTOR = 20 if slow else 1
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settings.register_profile(
        "nbmerge", derandomize=not slow, deadline=None, suppress_health_check=quiet, print_blob=slow
    )
    settings.load_profile("nbmerge")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if _is_slow(config):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes minutes; run with --slow"))


def _is_slow(config: pytest.Config) -> bool:
    return bool(config.getoption("--slow")) or os.environ.get("NBMERGE_FUZZ") == "1"
