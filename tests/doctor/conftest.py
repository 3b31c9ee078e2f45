"""Owns: a user's machine of its own for each test: home, current folder, state directory, programs.

Must not know: what is checked on it.  Invariant: no configuration of the real user is read.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from nbmerge.doctor.values import Finding, Setting, Severity


@dataclass
class Place:
    """What a test arranges, and the setting that a check gets."""

    root: Path

    def __post_init__(self) -> None:
        for folder in (self.home, self.here, self.bin):
            folder.mkdir()

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def here(self) -> Path:
        return self.root / "here"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def environment(self) -> dict[str, str]:
        path = f"{self.bin}{os.pathsep}/usr/bin{os.pathsep}/bin"
        return {"HOME": str(self.home), "PATH": path, "GIT_CONFIG_NOSYSTEM": "1"}

    @property
    def setting(self) -> Setting:
        return Setting(
            program="nbmerge-on-save",
            version="1.2.3",
            package="/somewhere/nbmerge",
            python=sys.executable,
            here=str(self.here),
            state=str(self.state),
            environment=self.environment,
            home=str(self.home),
            platform=sys.platform,
        )

    def everything(self) -> dict[str, tuple[int, int, bytes]]:
        """All files, with when they were changed and what they hold."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            status = path.lstat()
            held = path.read_bytes() if path.is_file() else b""
            found[str(path)] = (status.st_mode, status.st_mtime_ns, held)
        return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place(tmp_path)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(made.here)
    return made


def said(findings: list[Finding]) -> list[tuple[Severity, str, str]]:
    """State, message and advice of each."""
    return [(finding.state, finding.message, finding.advice) for finding in findings]
