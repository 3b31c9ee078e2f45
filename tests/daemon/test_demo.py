"""`nbmerge demo` shows what happened, and leaves nothing."""

from __future__ import annotations

import re
import signal
import sys

from tests.daemon.machine import LONGEST, Machine, until


def test_the_demo_shows_both_edits_in_the_file(machine: Machine) -> None:
    scratch = machine.home / "scratch"
    scratch.mkdir()
    demo = machine.started_by("env", f"TMPDIR={scratch}", sys.executable, "-m", "nbmerge", "demo")
    out, err = demo.communicate(timeout=LONGEST)
    text = out.decode()
    assert (demo.returncode, err) == (0, b"")
    before, first, second = text.split("nbmerge: merged ")
    assert "rate = 0.05" not in before.partition("Ada lets")[0]
    for shown in (first, second):
        assert "2 | rate = 0.05\n" in shown  # Ada's
        assert "2 | years = 30\n" in shown  # Ben's
        assert "<<<<<<<" not in shown
    assert "5 | total / (12 * years)\n" not in first
    assert "5 | total / (12 * years)\n" in second
    assert len(re.findall(r"^[* ] @\d+ ", second, re.M)) == 6  # the log
    assert max(map(len, text.splitlines())) <= 110
    assert list(scratch.iterdir()) == []
    assert not machine.state.exists()


def test_a_demo_that_is_interrupted_leaves_nothing_either(machine: Machine) -> None:
    scratch = machine.home / "scratch"
    scratch.mkdir()
    demo = machine.started_by("env", f"TMPDIR={scratch}", sys.executable, "-m", "nbmerge", "demo")
    until(lambda: any(scratch.glob("*/state/watcher.json")), "its watcher has started")
    demo.send_signal(signal.SIGINT)
    assert demo.wait(timeout=LONGEST) == 130
    assert list(scratch.iterdir()) == []
