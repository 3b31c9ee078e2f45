"""Owns: repositories for tests to start from.

Must not know: what is tested in them.  Invariant: each test has its own.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.git.repo import Repository


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh repository, and one with the driver installed; copying is faster than making."""
    # Late, as pytest must be told to rewrite the assertions in there before they are imported.
    from tests.git.repo import Repository, surroundings

    folder = tmp_path_factory.mktemp("templates")
    bare = Repository(folder / "bare", surroundings(folder))
    bare.path.mkdir()
    bare.git("init", "--quiet", "--template=", "--initial-branch=main")
    shutil.copytree(bare.path, folder / "installed")
    done = Repository(folder / "installed", bare.env).nbmerge("git", "install")
    assert done.code == 0, done
    return folder


@pytest.fixture
def bare(templates: Path, tmp_path: Path) -> Repository:
    """A repository that knows nothing of nbmerge."""
    return _copy(templates / "bare", tmp_path)


@pytest.fixture
def repo(templates: Path, tmp_path: Path) -> Repository:
    """A repository in which `nbmerge git install` was run."""
    return _copy(templates / "installed", tmp_path)


def _copy(template: Path, tmp_path: Path) -> Repository:
    from tests.git.repo import Repository, surroundings

    (tmp_path / "home").mkdir()
    shutil.copytree(template, tmp_path / "repo")
    return Repository(tmp_path / "repo", surroundings(tmp_path / "home"))
