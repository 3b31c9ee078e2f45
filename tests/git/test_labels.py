"""How conflicts look: the names of the sides, git's style, the length of the markers."""

from __future__ import annotations

import pytest

from nbmerge.git.driver import Call, parse_call
from nbmerge.merge.markers import Labels
from tests.git.repo import NAME, Repository, spelled

BASE = spelled("a = 1", "b = 2")
OURS = spelled("a = 10", "b = 2")
THEIRS = spelled("a = 77", "b = 2")


def shown(local: str, base: str | None, remote: str, size: int = 7) -> str:
    middle = [] if base is None else [f"{'|' * size} {base}", "a = 1"]
    lines = ["<" * size + f" {local}", "a = 10", *middle, "=" * size, "a = 77", ">" * size + f" {remote}"]
    return "\n".join(lines)


def short(repo: Repository, revision: str) -> str:
    return repo.git("rev-parse", "--short=7", revision).strip()


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_the_style_that_git_is_configured_for(repo: Repository, style: str) -> None:
    repo.config("merge.conflictStyle", style)
    repo.diverge(BASE, OURS, THEIRS)
    repo.try_git("merge", "feature")
    base = None if style == "merge" else short(repo, "main~1")
    assert repo.sources()[0] == shown("HEAD", base, "feature")


def test_only_zdiff3_moves_what_both_sides_share_out(repo: Repository) -> None:
    """The lines stand in one replaced block; diff3 shows the sides whole."""
    base, ours, theirs = (spelled(text) for text in ("old()", "same()\nx = 10", "same()\nx = 77"))
    repo.config("merge.conflictStyle", "diff3")
    repo.diverge(base, ours, theirs)
    repo.try_git("merge", "feature")
    assert repo.sources()[0].startswith("<<<<<<< HEAD\nsame()\n")
    repo.git("merge", "--abort")
    repo.config("merge.conflictStyle", "zdiff3")
    repo.try_git("merge", "feature")
    assert repo.sources()[0].startswith("same()\n<<<<<<< HEAD\n")


def test_the_marker_size_of_an_attribute(repo: Repository) -> None:
    repo.diverge(BASE, OURS, THEIRS)
    repo.write(".gitattributes", "*.ipynb conflict-marker-size=11\n")
    repo.try_git("merge", "feature")
    assert repo.sources()[0] == shown("HEAD", None, "feature", 11)


def test_rebase_names_the_commit(repo: Repository) -> None:
    """In a rebase the local side is what was rebased onto."""
    repo.config("merge.conflictStyle", "diff3")
    repo.diverge(BASE, THEIRS, OURS)
    repo.try_git("rebase", "feature")
    commit = f"{short(repo, 'main')} (our change)"
    assert repo.sources()[0] == shown("HEAD", f"parent of {commit}", commit)


@pytest.mark.parametrize("several", [False, True])
def test_cherry_pick_names_the_commit(repo: Repository, several: bool) -> None:
    repo.config("merge.conflictStyle", "diff3")
    repo.diverge(BASE, OURS, THEIRS)
    repo.try_git("cherry-pick", "feature", *["main"] * several)
    commit = f"{short(repo, 'feature')} (their change)"
    assert repo.sources()[0] == shown("HEAD", f"parent of {commit}", commit)


@pytest.mark.parametrize("several", [False, True])
def test_revert_names_what_comes_back(repo: Repository, several: bool) -> None:
    repo.config("merge.conflictStyle", "diff3")
    repo.commit("first", THEIRS)
    repo.commit("second", BASE)
    repo.commit("third", OURS)
    commit = f"{short(repo, 'HEAD~1')} (second)"
    repo.try_git("revert", "HEAD~1", *["HEAD~2"] * several)
    assert repo.sources()[0] == shown("HEAD", commit, f"parent of {commit}")


def test_stash_pop_names_the_stash(repo: Repository) -> None:
    repo.config("merge.conflictStyle", "diff3")
    repo.commit("base", BASE)
    repo.write(NAME, THEIRS)
    repo.git("stash")
    repo.commit("ours", OURS)
    repo.try_git("stash", "pop")
    assert repo.sources()[0] == shown("Updated upstream", "Stash base", "Stashed changes")


def test_a_command_that_nothing_is_known_of(repo: Repository) -> None:
    """The sides are told apart, without a name that might be wrong."""
    repo.diverge(BASE, OURS, THEIRS)
    repo.write(NAME, spelled("a = 99", "b = 2"))
    repo.git("checkout", "--quiet", "--merge", "feature")
    shown = repo.sources()[0].split("\n")
    assert (shown[0], shown[-1]) == ("<<<<<<< HEAD", ">>>>>>> theirs")


FILES = ["o", "a", "b", "7", NAME]


@pytest.mark.parametrize(
    ("told", "labels"),
    [
        ([], None),
        (["%S", "%X", "%Y"], None),
        (["1234567", "HEAD", "feature"], Labels("HEAD", "1234567", "feature")),
        (["", "HEAD", "feature"], Labels("HEAD", "base", "feature")),
        (["", "", ""], Labels("HEAD", "base", "theirs")),
    ],
)
def test_labels_from_git_itself(told: list[str], labels: Labels | None) -> None:
    """Since 2.44 git fills %S %X %Y, if only with nothing; before, it leaves them as they are."""
    assert parse_call(FILES + told) == Call("o", "a", "b", 7, NAME, labels)
