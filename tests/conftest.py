"""Owns: the two ways to run the tests: in seconds, the same each time; or `--slow`, the long random hunt;
and what holds for both: which skips CI accepts, how signals arrive, one browser for all.

Must not know: what is tested.  Invariant: without `--slow` (or NBMERGE_FUZZ=1) a run is reproducible; in CI
nothing is skipped because a program or a package is missing.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import HealthCheck, settings

from tests.helpers import examples

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
# Why a test may be skipped in CI; other systems than Linux have reasons of their own.
_ACCEPTED = re.compile(
    r"run with --slow|is not beside this checkout|root may|only root|mounted here|network namespaces"
)


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


def pytest_xdist_auto_num_workers() -> int:
    """How many processes `-n auto` means: one more than processors, as many tests wait for something."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _accepted((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _accepted((yield))


def _accepted(report: Report) -> Report:
    """The report itself, or a failure if CI has to be able to run what was skipped."""
    if report.skipped and os.environ.get("CI") and sys.platform == "linux":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not _ACCEPTED.search(reason):
            report.outcome = "failed"
            report.longrepr = f"in CI this must not be skipped: {reason}"
    return report


def _is_slow(config: pytest.Config) -> bool:
    return bool(config.getoption("--slow")) or os.environ.get("NBMERGE_FUZZ") == "1"


@pytest.fixture(scope="session", autouse=True)
def _signals_arrive() -> None:
    """What `nohup` and `&` make this run ignore, the programs that it starts do not ignore.

    The run itself goes on ignoring it: other than "ignore", a handler is not inherited.
    """
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.fixture(scope="session")
def chromium_program() -> Iterator[Browser]:
    """One browser for all tests that look at pages."""
    from tests.helpers.chromium import chromium as started

    with started() as browser:
        yield browser


@pytest.fixture
def chromium(chromium_program: Browser) -> Iterator[Browser]:
    """The browser, without a page of an earlier test."""
    yield chromium_program
    for context in chromium_program.contexts:
        context.close()
