"""Pipes in the places of git's files, and a git that does not answer: nothing is waited for for ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nbmerge.errors import SystemFailure
from nbmerge.git import labels, process
from nbmerge.git.attributes import attributes_of
from nbmerge.git.process import ask_git
from nbmerge.git.sides import find_sides, unmerged
from tests.git.repo import NAME, Repository, spelled

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")

BASE, OURS, THEIRS = (spelled(f"a = {number}") for number in (1, 10, 77))


@pytest.fixture
def merging(bare: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """In the middle of a merge; and this process sees what git sees there."""
    bare.diverge(BASE, OURS, THEIRS)
    bare.try_git("merge", "feature")
    for name, value in bare.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(bare.path)
    return bare


def planted(repo: Repository, name: str) -> str:
    """A pipe in the place of this file of git's folder."""
    pipe = repo.path / ".git" / name
    pipe.unlink(missing_ok=True)
    pipe.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(pipe)
    return str(pipe)


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("HEAD", "rev-parse HEAD"),
        ("MERGE_HEAD", "rev-parse MERGE_HEAD"),
        ("index", "ls-files"),
        ("config", "rev-parse HEAD"),
        ("commondir", "rev-parse HEAD"),
        ("packed-refs", "rev-parse refs/tags/none"),
        ("refs/heads/main", "rev-parse HEAD"),
    ],
)
def test_git_is_not_waited_for_where_it_waits_for_a_pipe(
    merging: Repository, name: str, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_SOON", 0.1)
    planted(merging, name)
    with pytest.raises(SystemFailure, match=f"{name}: is no ordinary file, and git waits for it"):
        ask_git("-C", str(merging.path), *question.split())
    find_sides(str(merging.path / NAME))
    unmerged(str(merging.path))


def test_what_git_has_prepared_is_not_read_from_pipes(merging: Repository) -> None:
    planted(merging, "MERGE_MSG")
    sides = find_sides(str(merging.path / NAME))
    assert sides is not None
    assert sides.labels.remote == merging.git("rev-parse", "--short=7", "feature").strip()
    planted(merging, "rebase-merge/git-rebase-todo")
    assert labels._lines("rebase-merge/git-rebase-todo") == []


def test_attributes_that_are_a_pipe(merging: Repository) -> None:
    pipe = planted(merging, "info/attributes")
    assert attributes_of(pipe) == b""
    ended = merging.nbmerge("git", "install")
    assert (ended.code, "no ordinary file" in ended.err) == (4, True)


def test_a_git_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = tmp_path / "git"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(process, "_SOON", 0.05)
    monkeypatch.setattr(process, "_PATIENCE", 0.1)
    with pytest.raises(SystemFailure, match="has not answered"):
        ask_git("-C", str(tmp_path), "status")
