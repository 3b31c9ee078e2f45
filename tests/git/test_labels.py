"""How conflicts look: the names of the sides, git's style, the length of the markers."""

from __future__ import annotations

import pytest

from nbmerge.git import labels
from nbmerge.git.driver import Call, parse_call
from nbmerge.git.labels import find_labels
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


# What git itself writes into a text file is what the notebook shows.

TEXT = "n.txt"
LINE = {"base": "a = 1", "ours": "a = 10", "theirs": "a = 77", "mine": "a = 99"}


def write_both(repo: Repository, which: str) -> None:
    """The same change to a notebook and to a text."""
    repo.write(TEXT, f"{LINE[which]}\n")
    repo.write(NAME, spelled(LINE[which], "b = 2"))


def commit_both(repo: Repository, which: str) -> None:
    write_both(repo, which)
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", f"the change of {which}")


def labels_in(text: str) -> list[str]:
    return [line for line in text.split("\n") if line[:7] in ("<" * 7, "|" * 7, ">" * 7)]


@pytest.fixture(params=["merge", "diff3"])
def both(repo: Repository, request: pytest.FixtureRequest) -> Repository:
    """`main` and `feature` changed a notebook and a text differently; `other` changed neither of them."""
    repo.config("merge.conflictStyle", request.param)
    commit_both(repo, "base")
    repo.git("checkout", "--quiet", "-b", "other")
    repo.commit("unrelated", "x\n", "unrelated.txt")
    repo.git("branch", "fresh", "HEAD~1")
    repo.git("checkout", "--quiet", "-b", "feature", "fresh")
    commit_both(repo, "theirs")
    repo.git("checkout", "--quiet", "main")
    commit_both(repo, "ours")
    return repo


def assert_named_as_by_git(repo: Repository) -> None:
    told = labels_in(repo.read(TEXT))
    assert len(told) > 1, repo.read(TEXT)
    assert labels_in(repo.sources()[0]) == told


@pytest.mark.parametrize(
    "branch_and_command",
    [
        "other: rebase --autostash main",
        "other: rebase --apply --autostash main",
        "other: merge --autostash main",
        "fresh: merge --autostash main",
        "other: pull --quiet --rebase --autostash . main",
        "other: pull --quiet --no-rebase --autostash . main",
        "main: checkout --merge feature",
        "main: checkout -m -b new feature",
        "main: switch -m feature",
        "main: switch -m -",
        "main: -c advice.detachedHead=false switch --merge --detach feature~0",
    ],
)
def test_work_that_is_not_committed(both: Repository, branch_and_command: str) -> None:
    """An autostash is none of the commits that were merged before it came back."""
    branch, _, command = branch_and_command.partition(": ")
    both.git("checkout", "--quiet", "feature")
    both.git("checkout", "--quiet", branch)
    write_both(both, "mine")
    both.try_git(*command.split())
    assert_named_as_by_git(both)


@pytest.mark.parametrize("command", ["stash pop", "stash apply", "back"])
def test_a_stash(both: Repository, command: str) -> None:
    both.config("alias.back", "stash pop")
    both.git("checkout", "--quiet", "fresh")
    write_both(both, "mine")
    both.git("stash")
    both.git("checkout", "--quiet", "main")
    both.try_git(*command.split())
    assert_named_as_by_git(both)


@pytest.mark.parametrize(
    "command",
    [
        "merge feature",
        "merge --no-commit feature~0",
        "pull --quiet --no-rebase . feature",
        "rebase feature",
        "rebase --apply feature",
        "rebase --interactive feature",
        "pull --quiet --rebase . feature",
        "cherry-pick feature",
        "cherry-pick -x --strategy-option patience feature",
        "cherry-pick main..feature",
        "revert --no-edit feature",
    ],
)
def test_commits(both: Repository, command: str) -> None:
    both.try_git(*command.split())
    assert_named_as_by_git(both)


@pytest.mark.parametrize("command", ["am --3way", "apply --3way"])
def test_a_patch(both: Repository, command: str) -> None:
    patch = both.git("format-patch", "-1", "--stdout", "feature")
    (both.path.parent / "patch").write_text(patch)
    both.try_git(*command.split(), "../patch")
    assert_named_as_by_git(both)


@pytest.mark.parametrize("command", ["checkout --merge --", "checkout -m", "restore --merge"])
def test_conflicts_that_are_made_again(both: Repository, command: str) -> None:
    both.try_git("merge", "feature")
    both.git(*command.split(), NAME, TEXT)
    assert_named_as_by_git(both)


def test_a_merge_without_a_work_tree(both: Repository) -> None:
    tree = both.try_git("merge-tree", "--write-tree", "main", "feature").out.split()[0]
    both.git("checkout", "--quiet", tree, "--", NAME, TEXT)
    assert_named_as_by_git(both)


def test_a_command_that_nothing_is_known_of(repo: Repository) -> None:
    """The sides are told apart, without a name that might be wrong."""
    repo.diverge(BASE, OURS, THEIRS)
    repo.try_git("merge-recursive", "main~1", "--", "main", "feature")
    shown = repo.sources()[0].split("\n")
    assert (shown[0], shown[-1]) == ("<<<<<<< HEAD", ">>>>>>> theirs")


# Where the system does not show the command line, git's traces name a commit only if it is the one.


@pytest.mark.parametrize(("brought", "name"), [(THEIRS, "feature"), (OURS, "theirs")])
def test_a_branch_that_was_merged_before(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, brought: str, name: str
) -> None:
    """As an autostash comes back under a merge."""
    repo.diverge(BASE, OURS, THEIRS)
    call = _unseen(repo, monkeypatch, brought)
    monkeypatch.setenv(f"GITHEAD_{repo.git('rev-parse', 'feature').strip()}", "feature")
    assert find_labels(call, with_base=False) == Labels("HEAD", "base", name)


@pytest.mark.parametrize(("brought", "is_it"), [(OURS, True), (THEIRS, False)])
def test_a_commit_that_was_picked_before(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, brought: str, is_it: bool
) -> None:
    """As an autostash comes back under a rebase."""
    repo.diverge(BASE, OURS, THEIRS)
    repo.try_git("rebase", "feature")  # it waits, so its state is there
    call = _unseen(repo, monkeypatch, brought)
    monkeypatch.setenv("GIT_CHERRY_PICK_HELP", "what to do")
    commit = f"{short(repo, 'main')} (our change)"
    expected = Labels("HEAD", f"parent of {commit}", commit) if is_it else Labels("HEAD", "base", "theirs")
    assert find_labels(call, with_base=True) == expected


def _unseen(repo: Repository, monkeypatch: pytest.MonkeyPatch, remote: str) -> Call:
    """A call in the repository, with this remote side, of which no command line is shown."""
    monkeypatch.setattr(labels, "_words_of_git", list)
    monkeypatch.chdir(repo.path)
    repo.write("remote", remote)
    return Call("o", "a", "remote", 7, NAME)


FILES = ["o", "a", "b", "7", NAME]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], None),
        (["%S", "%X", "%Y"], None),
        (["1234567", "HEAD", "feature"], Labels("HEAD", "1234567", "feature")),
        (["", "HEAD", "feature"], Labels("HEAD", "base", "feature")),
        (["", "", ""], Labels("HEAD", "base", "theirs")),
    ],
)
def test_labels_from_git_itself(told: list[str], expected: Labels | None) -> None:
    """Since 2.44 git fills %S %X %Y, if only with nothing; before, it leaves them as they are."""
    assert parse_call(FILES + told) == Call("o", "a", "b", 7, NAME, expected)
