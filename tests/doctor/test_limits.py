"""What Linux allows a watcher, against what is there to watch."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from nbmerge.doctor import machine as looking
from nbmerge.doctor.machine import Figures, count_folders, inotify_limits, judged, read_figures
from nbmerge.doctor.values import Severity
from nbmerge.observe.inotify import Inotify
from tests.doctor.conftest import Place

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="inotify is Linux's")
USUAL = Figures(watches=8192, instances=128, queue=16384, watches_used=1000, instances_used=3)


@pytest.mark.parametrize(
    ("needed", "is_all", "state", "words"),
    [
        (1, True, Severity.OK, "1 folder below"),
        (7192, True, Severity.OK, "7,192 folders below"),
        (7193, True, Severity.WARNING, "7,193 folders below"),
        (100, False, Severity.OK, "more than 100 folders below"),
    ],
)
def test_folders_against_watches(needed: int, is_all: bool, state: Severity, words: str) -> None:
    finding = judged(USUAL, needed, is_all)
    assert finding.state is state
    assert words in finding.message
    assert "1,000 of 8,192 inotify watches" in finding.message
    assert ("max_user_watches" in finding.advice) is (state is Severity.WARNING)


@pytest.mark.parametrize(
    ("figures", "advice"),
    [
        (replace(USUAL, instances_used=128), "max_user_instances"),
        (replace(USUAL, queue=100), "max_queued_events"),
    ],
)
def test_other_inotify_limits(
    place: Place, monkeypatch: pytest.MonkeyPatch, figures: Figures, advice: str
) -> None:
    monkeypatch.setattr(looking, "read_figures", lambda: figures)
    fine, low = inotify_limits(place.setting)
    assert (fine.state, low.state) == (Severity.OK, Severity.WARNING)
    assert advice in low.advice


def test_nothing_is_said_where_there_is_no_inotify(place: Place) -> None:
    assert list(inotify_limits(replace(place.setting, platform="darwin"))) == []


def test_what_this_process_watches_is_counted(tmp_path: Path) -> None:
    before = read_figures()
    eyes = Inotify(lambda name: True)
    try:
        for name in ("a", "b", "c"):
            (tmp_path / name).mkdir()
            eyes.watch(str(tmp_path / name), below=False)
        now = read_figures()
    finally:
        eyes.close()
    assert now.watches_used >= before.watches_used + 3 or now.instances_used > before.instances_used
    assert now.watches > 0
    assert now.queue > 0


def test_folders_are_counted_as_they_would_be_watched(tmp_path: Path) -> None:
    for name in ("a/b", "a/c", "node_modules/deep/deeper", "left/out", "env"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "env/pyvenv.cfg").touch()
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / ".nbmergeignore").write_text("left/\n")
    assert count_folders(str(tmp_path), time.monotonic() + 60.0) == (4, True)  # itself, a, a/b, a/c


def test_counting_ends(tmp_path: Path) -> None:
    assert count_folders(str(tmp_path), time.monotonic() - 1.0) == (0, False)


def test_processes_that_end_or_are_somebody_elses_do_no_harm(tmp_path: Path) -> None:
    for name, value in (("watches", 10), ("instances", 2), ("queued", 30)):
        what = "max_queued_events" if name == "queued" else f"max_user_{name}"
        file = tmp_path / "sys/fs/inotify" / what
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n")
    (tmp_path / "1").mkdir()  # has no fd any more
    (tmp_path / "2/fd").mkdir(parents=True)
    (tmp_path / "2/fd/5").symlink_to("anon_inode:inotify")  # its fdinfo is gone
    (tmp_path / "3/fd").mkdir(parents=True)
    (tmp_path / "3/fd/7").symlink_to("anon_inode:inotify")
    (tmp_path / "3/fd/8").symlink_to("/dev/null")
    (tmp_path / "3/fdinfo").mkdir()
    (tmp_path / "3/fdinfo/7").write_text("pos:\t0\ninotify wd:2 ino:5\ninotify wd:1 ino:6\n")
    (tmp_path / "self").symlink_to("3")
    assert read_figures(str(tmp_path)) == Figures(10, 2, 30, watches_used=2, instances_used=1)
    assert os.path.exists(tmp_path / "3/fdinfo/7")
