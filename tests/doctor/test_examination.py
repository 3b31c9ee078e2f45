"""Every check is answered for: also one that fails, does not end, or takes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import pytest

from nbmerge.doctor.checks import CHECKS, examine
from nbmerge.doctor.values import Check, Finding, Setting, Severity, ok
from nbmerge.errors import SystemFailure
from tests.doctor.conftest import Place


def failing(failure: Exception) -> Check:
    def look(setting: Setting) -> Iterable[Finding]:
        yield ok("half", "said before it failed")
        raise failure

    return Check("failing", look)


def works(name: str) -> Check:
    return Check(name, lambda setting: [ok(name, "fine")])


@pytest.mark.parametrize(
    ("failure", "message", "advice"),
    [
        (SystemFailure("x: is full; free some space"), "x: is full", "free some space"),
        (PermissionError(13, "Permission denied", "/x"), "/x: permission denied", "see who owns it"),
        (ValueError("odd"), "failing: could not be checked (ValueError: odd)", "a bug in nbmerge"),
        (RecursionError(), "failing: could not be checked (RecursionError)", "a bug in nbmerge"),
    ],
)
def test_a_check_that_fails_is_an_error_with_the_reason(
    place: Place, failure: Exception, message: str, advice: str
) -> None:
    first, failed, last = examine(place.setting, [works("a"), failing(failure), works("b")])
    assert (first.state, last.state) == (Severity.OK, Severity.OK)
    assert (failed.name, failed.state, failed.message) == ("failing", Severity.ERROR, message)
    assert advice in failed.advice


def test_a_check_that_does_not_end_keeps_nobody_waiting(place: Place) -> None:
    never = threading.Event()

    def look(setting: Setting) -> Iterable[Finding]:
        never.wait(60.0)
        return ()

    started = time.monotonic()
    hung, fine = examine(place.setting, [Check("hung", look, patience=0.2), works("b")])
    assert time.monotonic() - started < 10.0
    assert (hung.name, hung.state, fine.state) == ("hung", Severity.ERROR, Severity.OK)
    assert "hung: there was no answer" in hung.message
    never.set()


def test_checks_run_beside_each_other(place: Place) -> None:
    together = threading.Barrier(3, timeout=10.0)

    def look(setting: Setting) -> Iterable[Finding]:
        together.wait()
        return [ok("waited", "met the others")]

    found = list(examine(place.setting, [Check("one", look)] * 3))
    assert [finding.state for finding in found] == [Severity.OK] * 3


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_each_check_answers_on_a_bare_machine(place: Place, check: Check) -> None:
    before = place.everything()
    for finding in examine(place.setting, [check]):
        assert finding.state is not Severity.ERROR, finding
        assert finding.message
        assert finding.advice or finding.state is Severity.OK
    assert place.everything() == before


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_each_check_survives_that_nothing_is_as_it_should_be(place: Place, check: Check) -> None:
    """The current folder is gone, the state directory is a file, PATH and home lead nowhere."""
    place.state.write_text("a file")
    place.here.rmdir()
    gone = Setting(
        program="nbmerge",
        version="",
        package="",
        python="",
        here="",
        state=str(place.state),
        environment={"PATH": "/nowhere"},
        home="/nowhere",
        platform="linux",
    )
    for finding in examine(gone, [check]):
        assert "bug" not in finding.advice, finding
