"""The soak in its short form, and that it finds what it is for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nbmerge.disk import Repaired
from nbmerge.disk.disk import Disk
from tests.helpers import examples
from tests.soak.__main__ import Soak
from tests.soak.in_process import CALLS
from tests.soak.kinds import lacking

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases, exchange and strace of Linux")
# How many tries of a kind, and how many of a row of them are left out for each that is done.
SHORT = {
    "merge": (60, CALLS // 60),
    "people": (40, 1),
    "saves": (40, 5),
    "full": (15, 1),
    "refused": (20, 2),
    "calls": (8, 61),
    "watchers": (1, 1),
    "hostile": (1, 1),
}
KILLED = {"merge", "people", "saves", "calls", "watchers", "hostile"}


@pytest.mark.parametrize("kind", SHORT)
def test_nothing_is_lost(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if lacking(kind):
        pytest.skip(lacking(kind))
    tries, step = SHORT[kind]
    soak = Soak(0, tmp_path, (kind,))
    for number in range(tries * examples.FACTOR):
        soak.attempt(kind, number * step)
    done = soak.all
    assert done.lost == 0, capsys.readouterr().out
    assert done.saves >= tries
    assert (done.kills >= tries / 2) == (kind in KILLED)
    assert (done.refused >= tries / 4) == (kind in ("full", "refused"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["told", "twenty"])
def test_nothing_is_lost_by_twenty(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soak = Soak(0, tmp_path, (kind,))
    soak.attempt(kind, 0)
    assert soak.all.lost == 0, capsys.readouterr().out
    assert soak.all.kills > 0


def test_a_loss_is_found_and_told_with_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A watcher that does not look at what a killed one left."""
    monkeypatch.setattr(Disk, "repair", lambda *_: Repaired(()))
    monkeypatch.setattr(Disk, "_finish_begun", lambda *_: [])
    soak = Soak(0, tmp_path, ("merge",))
    for number in range(70, 120, 2):
        soak.attempt("merge", number)
    assert soak.report() == 1
    assert "LOST (--seed 0 --only merge --attempt " in capsys.readouterr().out


def test_a_death_while_the_test_itself_looks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it notes of a save is no call of the watcher's: it has to be whole whoever dies."""
    soak = Soak(1129, tmp_path, ("people",))
    soak.attempt("people", 640)
    assert soak.all.lost == 0, capsys.readouterr().out
