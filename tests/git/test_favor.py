"""Conflicts settled for one side or both: what `-X ours` and `-X theirs` do for text."""

from __future__ import annotations

import pytest

from tests.git.repo import NAME, Repository, spelled
from tests.helpers.build import conflict

BASE = spelled("a = 1", "b = 2")
OURS = spelled("a = 10", "b = 2")
THEIRS = spelled("a = 77", "b = 2\nc = 3")
SHOWN = conflict(["a = 10"], ["a = 77"], "HEAD", "feature")
SETTLED = {"local": "a = 10", "remote": "a = 77", "union": "a = 10\na = 77"}
LISTED = f"nbmerge: {NAME}: cell 1, source: %s: a conflict, settled as asked"


def merged(repo: Repository, *options: str, code: int = 0) -> str:
    """The first cell after a merge with a conflict in it, which says what it did."""
    repo.diverge(BASE, OURS, THEIRS)
    done = repo.try_git(*options, "merge", "--no-edit", "feature")
    assert done.code == code, done
    assert ("as asked" in done.err) is (code == 0)
    first, second = repo.sources()
    assert second == "b = 2\nc = 3"
    return first


@pytest.mark.parametrize("favor", SETTLED)
def test_as_installed(repo: Repository, favor: str) -> None:
    said = repo.nbmerge("git", "install", "--favor", favor).out
    assert "conflicts: settled for" in said.splitlines()[-1]
    assert repo.nbmerge("git", "status").out.splitlines()[-1] == said.splitlines()[-1]
    assert merged(repo) == SETTLED[favor]


def test_for_one_merge(repo: Repository) -> None:
    assert merged(repo, "-c", "merge.nbmerge.favor=remote") == "a = 77"


@pytest.mark.parametrize("favor", SETTLED)
def test_a_base_that_is_itself_merged_favors_nobody(repo: Repository, favor: str) -> None:
    """Each side has merged the other one and kept its own text, so that there are two common versions."""
    repo.diverge(BASE, OURS, THEIRS)
    repo.git("branch", "ours-before")
    for branch, other, kept in (("main", "feature", OURS), ("feature", "ours-before", THEIRS)):
        repo.git("checkout", "--quiet", branch)
        repo.try_git("merge", other)
        repo.commit(f"merge of {other}", kept)
    repo.git("checkout", "--quiet", "main")
    done = repo.try_git("-c", f"merge.nbmerge.favor={favor}", "merge", "--no-edit", "feature")
    assert "as asked" in done.err
    assert repo.sources()[0] == SETTLED[favor]


def test_every_conflict_is_listed(repo: Repository) -> None:
    repo.diverge(BASE, OURS, THEIRS)
    done = repo.try_git("-c", "merge.nbmerge.favor=union", "merge", "--no-edit", "feature")
    assert LISTED % "both" in done.err.splitlines()


def test_installing_again_keeps_it_and_none_ends_it(repo: Repository) -> None:
    repo.nbmerge("git", "install", "--favor", "local")
    assert "conflicts: settled for local" in repo.nbmerge("git", "install").out
    assert "conflicts:" not in repo.nbmerge("git", "install", "--favor", "none").out
    assert merged(repo, code=1) == SHOWN


def test_none_in_a_repository_goes_before_what_holds_for_all(repo: Repository) -> None:
    repo.nbmerge("git", "install", "--global", "--favor", "local")
    assert "conflicts: settled for local" in repo.nbmerge("git", "status").out
    assert "conflicts:" not in repo.nbmerge("git", "install", "--favor", "none").out
    assert merged(repo, code=1) == SHOWN


def test_a_mistyped_value_settles_nothing_and_is_told(repo: Repository) -> None:
    repo.config("merge.nbmerge.favor", "ours")
    assert "warning: merge.nbmerge.favor is ours, which is none of local, remote, union" in (
        repo.nbmerge("git", "status").out
    )
    assert merged(repo, code=1) == SHOWN


def test_its_case_does_not_matter(repo: Repository) -> None:
    repo.config("merge.nbmerge.favor", "Remote")
    assert "conflicts: settled for remote" in repo.nbmerge("git", "status").out
    assert merged(repo) == "a = 77"


def test_uninstalling_takes_it_out(repo: Repository) -> None:
    repo.nbmerge("git", "install", "--favor", "local")
    repo.nbmerge("git", "uninstall")
    assert repo.try_git("config", "--get-regexp", "nbmerge").code == 1


def test_it_goes_with_install_alone(repo: Repository) -> None:
    assert repo.nbmerge("git", "status", "--favor", "local").code == 2


@pytest.mark.parametrize("favor", SETTLED)
def test_the_command_does_the_same(repo: Repository, favor: str) -> None:
    for name, text in (("b", BASE), ("l", OURS), ("r", THEIRS)):
        repo.write(name, text)
    done = repo.nbmerge("b", "l", "r", "--favor", favor, "-o", NAME, "--verbose")
    assert (done.code, repo.sources()[0]) == (0, SETTLED[favor])
    assert "a conflict, settled as asked" in done.err
