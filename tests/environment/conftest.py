"""Owns: what the tests of signs start from: a clock, an empty repository.

Must not know: what is tested.  Invariant: nothing of the user's is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.environment.clock import Clock

if TYPE_CHECKING:
    from tests.git.repo import Repository


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    # Late, as pytest must be told to rewrite the assertions in there before they are imported.
    from tests.git.repo import Repository, surroundings

    (tmp_path / "home").mkdir()
    made = Repository(tmp_path / "repo", surroundings(tmp_path / "home"))
    made.path.mkdir()
    made.git("init", "--quiet", "--template=", "--initial-branch=main")
    return made
