"""What is installed, against what nbmerge needs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from nbmerge.doctor.installation import (
    GIT,
    LABELS_SINCE,
    PACKAGES,
    PYTHON,
    Wanted,
    git,
    numbers,
    package,
    sqlite,
)
from nbmerge.doctor.values import Severity
from tests.doctor.conftest import Place

ROOT = Path(__file__).parents[2]
SOME = Wanted("some", "5.10", "6")


def test_bounds_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {f"{one.name} >={one.least},<{one.below}" for one in PACKAGES}
    assert wanted == set(project["dependencies"])
    assert project["requires-python"] == f">={PYTHON[0]}.{PYTHON[1]}"


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (None, Severity.ERROR),
        ("5.9.2", Severity.ERROR),
        ("5.10", Severity.OK),
        ("5.10.4", Severity.OK),
        ("5.11rc1", Severity.OK),
        ("6.0", Severity.WARNING),
        ("16.1", Severity.WARNING),
        ("unknown", Severity.ERROR),
    ],
)
def test_a_package(found: str | None, state: Severity) -> None:
    finding = package(SOME, found, "python3")
    assert finding.state is state
    assert bool(finding.advice) == (state is not Severity.OK)
    if finding.advice:
        assert finding.advice == "python3 -m pip install 'some>=5.10,<6'"


@pytest.mark.parametrize(("found", "state"), [("3.34.1", Severity.ERROR), ("3.35.0", Severity.OK)])
def test_sqlite(found: str, state: Severity) -> None:
    assert sqlite(found).state is state


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("git version 2.17.1", Severity.ERROR),
        ("git version 2.39.5 (Apple Git-154)", Severity.OK),
        ("git version 2.45.1.windows.1", Severity.OK),
        ("no such thing", Severity.ERROR),
    ],
)
def test_git(place: Place, told: str, state: Severity) -> None:
    program = place.bin / "git"
    program.write_text(f"#!/bin/sh\necho '{told}'\n")
    program.chmod(0o755)
    [finding] = git(place.setting)
    assert finding.state is state
    if GIT <= numbers(told.removeprefix("git version ")) < LABELS_SINCE:
        assert "names of the sides" in finding.message


def test_without_git_the_rest_works(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = place.setting
    assert isinstance(setting.environment, dict)
    setting.environment["PATH"] = str(place.bin)
    [finding] = git(setting)
    assert finding.state is Severity.WARNING


@pytest.mark.parametrize(
    ("text", "found"), [("5.11.1", (5, 11, 1)), ("2.45.1.windows.1", (2, 45, 1)), ("", ())]
)
def test_numbers(text: str, found: tuple[int, ...]) -> None:
    assert numbers(text) == found


def test_nothing_slow_is_loaded_to_find_out() -> None:
    script = """if True:
        import sys
        from nbmerge.cli.main import run
        run(["doctor"])
        slow = {"nbformat", "nbdime", "watchdog", "parso", "jupyter_core", "pkg_resources"}
        sys.exit(bool(slow & {name.partition(".")[0] for name in sys.modules}))
    """
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^ok       Python 3", ran.stdout, re.M)
