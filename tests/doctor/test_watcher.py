"""The watcher of a state directory, from its lock and its last words."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from nbmerge.doctor.machine import is_watched, running_watcher
from nbmerge.doctor.values import Finding, Severity
from nbmerge.watch.status import WatcherLock, WatcherStatus, write_status
from tests.doctor.conftest import Place


@pytest.fixture
def running(place: Place) -> WatcherStatus:
    place.state.mkdir()
    status = WatcherStatus(True, os.getpid(), (str(place.here),), 5, 6, 7, 0, 0, None, True, True, "1.2.3")
    write_status(str(place.state), status)
    return status


def told(place: Place, status: WatcherStatus) -> list[Finding]:
    """What is found while a watcher runs that has told this."""
    with WatcherLock(str(place.state)):
        write_status(str(place.state), status)
        return list(running_watcher(place.setting))


def test_there_never_was_one(place: Place) -> None:
    [found] = running_watcher(place.setting)
    assert found.state is Severity.OK
    assert found.advice == "nbmerge-on-save start begins to watch"
    assert not place.state.exists()


def test_it_runs_on_this_folder(place: Place, running: WatcherStatus) -> None:
    [found] = told(place, running)
    assert found.state is Severity.OK
    assert found.message == f"a watcher runs (process {os.getpid()}) on {place.here}, 5 notebooks"


def test_it_runs_on_another_folder(place: Place, running: WatcherStatus) -> None:
    [found] = told(place, replace(running, paths=(str(place.home),)))
    assert found.message.endswith("; not the current folder")


def test_it_is_still_starting(place: Place, running: WatcherStatus) -> None:
    [found] = told(place, replace(running, ready=False))
    assert "for the first time" in found.message


def test_it_is_of_another_version(place: Place, running: WatcherStatus) -> None:
    _, found = told(place, replace(running, version="1.0.0"))
    assert (found.state, found.advice) == (Severity.WARNING, "nbmerge-on-save restart")
    assert "1.0.0, not 1.2.3" in found.message


def test_one_that_does_not_tell_its_version_is_believed(place: Place, running: WatcherStatus) -> None:
    assert len(told(place, replace(running, version=None))) == 1


def test_it_had_an_error(place: Place, running: WatcherStatus) -> None:
    _, found = told(place, replace(running, last_error="the disk is full"))
    assert found.state is Severity.WARNING
    assert "the disk is full" in found.message
    assert "watcher.log" in found.advice


def test_a_folder_is_gone(place: Place, running: WatcherStatus) -> None:
    _, found = told(place, replace(running, paths=(str(place.here), "/gone/notebooks")))
    assert found.state is Severity.WARNING
    assert "/gone/notebooks" in found.message


def test_it_was_killed_at_work(place: Place, running: WatcherStatus) -> None:
    write_status(str(place.state), replace(running, idle=False))
    [found] = running_watcher(place.setting)
    assert found.state is Severity.WARNING
    assert f"process {os.getpid()}" in found.message


def test_it_has_ended(place: Place, running: WatcherStatus) -> None:
    """Its number may be another process's by now: it is not said to run."""
    [found] = running_watcher(place.setting)
    assert (found.state, found.message) == (Severity.OK, "no watcher runs")


def test_what_is_watched(place: Place, running: WatcherStatus) -> None:
    below = place.here / "below"
    below.mkdir()
    link = place.root / "link"
    link.symlink_to(below)
    with WatcherLock(str(place.state), (str(place.here),)):
        for folder in (place.here, below, link):
            assert is_watched(str(folder), str(place.state))
        for folder in (place.home, Path(f"{place.here}-not")):
            assert not is_watched(str(folder), str(place.state))
    assert not is_watched(str(place.here), str(place.state))
