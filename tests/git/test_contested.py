"""Of a notebook that is ruled out git knows no merge; what may be one is asked about."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from nbmerge.git.sides import contested, find_sides
from tests.git.repo import NAME, Repository, spelled

BASE, OURS, THEIRS = (spelled(f"a = {n}").encode() for n in (1, 2, 9))


@pytest.fixture(autouse=True)
def _as_the_tester(bare: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in bare.env.items():
        monkeypatch.setenv(name, value)


def may_be_merged(repo: Repository, name: str = NAME) -> bool:
    real = (repo.path / name).resolve()
    return contested(str(repo.path.resolve())).may_be_merged(str(real), time.time())


def merged(repo: Repository) -> None:
    repo.diverge(BASE, OURS, THEIRS)
    repo.try_git("merge", "feature")


def added(repo: Repository) -> None:
    merged(repo)
    repo.git("add", NAME)


def committed(repo: Repository) -> None:
    merged(repo)
    repo.git("commit", "--quiet", "--all", "--no-edit")
    repo.commit("gone on since", OURS)


def added_without_a_merge(repo: Repository) -> None:
    repo.commit("base", BASE)
    repo.write(NAME, THEIRS)
    repo.git("stash")
    repo.commit("ours", OURS)
    repo.try_git("stash", "pop")
    repo.git("add", NAME)


def picked(repo: Repository) -> None:
    repo.diverge(BASE, OURS, THEIRS)
    repo.try_git("cherry-pick", "feature")
    repo.git("add", NAME)


@pytest.mark.parametrize("make", [merged, added, committed, added_without_a_merge, picked])
def test_what_git_knows_is_asked_about(bare: Repository, make: Callable[[Repository], None]) -> None:
    make(bare)
    assert find_sides(str(bare.path / NAME)) is not None
    assert may_be_merged(bare)
    assert (str(bare.path.resolve() / NAME) in contested(str(bare.path.resolve())).unmerged) == (
        make is merged
    )


def test_what_was_never_merged_is_ruled_out(bare: Repository) -> None:
    committed(bare)
    bare.commit("another", BASE, "other.ipynb")
    bare.write("new.ipynb", BASE)
    for name in ("other.ipynb", "new.ipynb"):
        assert not may_be_merged(bare, name)
        assert find_sides(str(bare.path / name)) is None


def test_without_git(bare: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    bare.commit("only", BASE)
    monkeypatch.setenv("PATH", "")
    assert find_sides(str(bare.path / NAME)) is None
    assert contested(str(bare.path)).unmerged == frozenset()
