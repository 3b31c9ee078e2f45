"""The versions that git knows of a notebook in conflict, or of one that was committed broken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nbmerge.git.sides import GitSides, Source, find_sides, unmerged
from nbmerge.merge.markers import Labels
from tests.git.hostile import make_hostile
from tests.git.repo import NAME, Repository, spelled

BASE = spelled("a = 1", "b = 2").encode()
OURS = spelled("a = 10", "b = 2").encode()
THEIRS = spelled("a = 77", "b = 2").encode()
BROKEN = b"<<<<<<< HEAD\n"


@pytest.fixture(autouse=True)
def _as_the_tester(bare: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in bare.env.items():
        monkeypatch.setenv(name, value)


def found(repo: Repository, name: str = NAME) -> GitSides:
    sides = find_sides(str(repo.path / name))
    assert sides is not None
    return sides


def terms(sides: GitSides) -> tuple[bytes | None, bytes | None, bytes | None]:
    return sides.base, sides.local, sides.remote


def short(repo: Repository, revision: str) -> str:
    return repo.git("rev-parse", "--short=7", revision).strip()


@pytest.mark.parametrize("name", [NAME, "a folder/ü *[x].ipynb", "-n.ipynb", "deep/er/n.ipynb"])
def test_the_stages_of_a_merge(bare: Repository, name: str) -> None:
    bare.diverge(BASE, OURS, THEIRS, name)
    base = short(bare, "main~1")
    bare.try_git("merge", "feature")
    labels = Labels("HEAD", base, "feature")
    assert found(bare, name) == GitSides(name, Source.INDEX, BASE, OURS, THEIRS, labels, unmerged=True)
    assert unmerged(str(bare.path)) == (str(bare.path / name),)


def test_asked_from_elsewhere(bare: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The current folder, a relative path and a link to the notebook make no difference."""
    bare.diverge(BASE, OURS, THEIRS, "sub/n.ipynb")
    bare.try_git("merge", "feature")
    monkeypatch.chdir(bare.path / "sub")
    (tmp_path / "link.ipynb").symlink_to(bare.path / "sub/n.ipynb")
    for path in ("n.ipynb", "../sub/n.ipynb", str(tmp_path / "link.ipynb")):
        one = find_sides(path)
        assert one is not None
        assert terms(one) == (BASE, OURS, THEIRS)


def test_a_work_tree_of_its_own(bare: Repository, tmp_path: Path) -> None:
    bare.diverge(BASE, OURS, THEIRS)
    bare.git("worktree", "add", "--quiet", str(tmp_path / "second"), "-b", "other", "main")
    second = Repository(tmp_path / "second", bare.env)
    second.try_git("merge", "feature")
    assert terms(found(second)) == (BASE, OURS, THEIRS)
    assert find_sides(str(bare.path / NAME)) is None


def test_git_told_where_the_repository_is(bare: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a hook, whose GIT_DIR may be relative to the current folder."""
    bare.diverge(BASE, OURS, THEIRS, "sub/n.ipynb")
    bare.try_git("merge", "feature")
    monkeypatch.chdir(bare.path)
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_WORK_TREE", str(bare.path))
    one = find_sides("sub/n.ipynb")
    assert one is not None
    assert (one.path, *terms(one)) == ("sub/n.ipynb", BASE, OURS, THEIRS)


def test_rebase(bare: Repository) -> None:
    """What is rebased onto is local, as for git."""
    bare.diverge(BASE, OURS, THEIRS)
    label = f"{short(bare, 'main')} (our change)"
    bare.try_git("rebase", "feature")
    assert terms(found(bare)) == (BASE, THEIRS, OURS)
    assert found(bare).labels == Labels("HEAD", f"parent of {label}", label)


def test_revert(bare: Repository) -> None:
    for message, content in (("first", THEIRS), ("second", BASE), ("third", OURS)):
        bare.commit(message, content)
    label = f"{short(bare, 'HEAD~1')} (second)"
    bare.try_git("revert", "HEAD~1")
    assert terms(found(bare)) == (BASE, OURS, THEIRS)
    assert found(bare).labels == Labels("HEAD", label, f"parent of {label}")


def test_stash(bare: Repository) -> None:
    """git keeps no name of what it pops."""
    bare.commit("base", BASE)
    bare.write(NAME, THEIRS)
    bare.git("stash")
    bare.commit("ours", OURS)
    bare.try_git("stash", "pop")
    assert terms(found(bare)) == (BASE, OURS, THEIRS)
    assert found(bare).labels == Labels("HEAD", "base", "theirs")


def test_both_added(bare: Repository) -> None:
    bare.diverge(b"{}", OURS, THEIRS, "other.ipynb")
    bare.git("checkout", "--quiet", "feature")
    bare.commit("new there", THEIRS)
    bare.git("checkout", "--quiet", "main")
    bare.commit("new here", OURS)
    bare.try_git("merge", "feature")
    assert terms(found(bare)) == (None, OURS, THEIRS)


def test_a_side_that_deleted(bare: Repository) -> None:
    bare.diverge(BASE, OURS, THEIRS)
    bare.git("rm", "--quiet", NAME)
    bare.git("commit", "--quiet", "-m", "gone")
    bare.try_git("merge", "feature")
    assert terms(found(bare)) == (BASE, None, THEIRS)


def test_added_as_it_is(bare: Repository) -> None:
    """`git add` of a file with markers in it, in a merge that goes on."""
    bare.diverge(BASE, OURS, THEIRS)
    bare.try_git("merge", "feature")
    labels = found(bare).labels
    bare.git("add", NAME)
    assert found(bare) == GitSides(NAME, Source.PARENTS, BASE, OURS, THEIRS, labels, unmerged=False)
    assert unmerged(str(bare.path)) == ()


def test_added_as_it_is_without_a_merge(bare: Repository) -> None:
    """No commit tells of it, but git remembers what `git add` took out of the index."""
    bare.commit("base", BASE)
    bare.write(NAME, THEIRS)
    bare.git("stash")
    bare.commit("ours", OURS)
    bare.try_git("stash", "pop")
    bare.git("add", NAME)
    assert (found(bare).source, *terms(found(bare))) == (Source.INDEX, BASE, OURS, THEIRS)
    assert not found(bare).unmerged


def test_committed_as_it_is(bare: Repository) -> None:
    bare.diverge(BASE, OURS, THEIRS)
    base = short(bare, "main~1")
    bare.try_git("merge", "feature")
    bare.git("commit", "--quiet", "--all", "--no-edit")
    labels = Labels("HEAD", base, "feature")
    assert found(bare) == GitSides(NAME, Source.PARENTS, BASE, OURS, THEIRS, labels, unmerged=False)


def test_committed_and_gone_on_since(bare: Repository) -> None:
    """Other files changed, and somebody tried to mend it: it is that merge still."""
    bare.diverge(BASE, OURS, THEIRS)
    bare.try_git("merge", "feature")
    bare.git("commit", "--quiet", "--all", "--no-edit")
    bare.commit("other", b"text", "other.txt")
    bare.commit("mended, nearly", BROKEN)
    bare.write(NAME, b"and once more")
    assert (found(bare).source, *terms(found(bare))) == (Source.PARENTS, BASE, OURS, THEIRS)


def test_merged_by_git_without_a_conflict(bare: Repository) -> None:
    """While the merge waits for another file: what git made of this one may be no JSON."""
    bare.diverge(BASE, OURS, THEIRS)
    bare.commit("there too", b"ours", "other.txt")
    bare.git("checkout", "--quiet", "feature")
    bare.commit("there too", b"theirs", "other.txt")
    bare.git("checkout", "--quiet", "main")
    bare.write(".gitattributes", "*.ipynb merge=union\n")
    bare.try_git("merge", "feature")
    assert bare.git("diff", "--name-only", "--diff-filter=U").split() == ["other.txt"]
    assert (found(bare).source, *terms(found(bare))) == (Source.PARENTS, BASE, OURS, THEIRS)


def lines(*changed: str) -> bytes:
    return spelled(*(f"line_{n} = {n}" for n in range(20)), *changed).encode()


def renamed(repo: Repository, ours: str, theirs: str) -> None:
    """Both sides change n.ipynb, and give it these names."""
    repo.diverge(lines(), lines("a = 1"), lines("a = 2"))
    for branch, name in (("main", ours), ("feature", theirs)):
        if name != NAME:
            repo.git("checkout", "--quiet", branch)
            repo.git("mv", NAME, name)
            repo.git("commit", "--quiet", "-m", "rename")
    repo.git("checkout", "--quiet", "main")
    repo.try_git("merge", "feature")


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize(("ours", "theirs"), [("m.ipynb", NAME), (NAME, "m.ipynb"), ("m.ipynb", "m.ipynb")])
def test_renamed(bare: Repository, ours: str, theirs: str, committed: bool) -> None:
    renamed(bare, ours, theirs)
    if committed:
        bare.git("add", "--all")
        bare.git("commit", "--quiet", "--no-edit")
    assert terms(found(bare, "m.ipynb")) == (lines(), lines("a = 1"), lines("a = 2"))


@pytest.mark.parametrize("name", ["here.ipynb", "there.ipynb"])
def test_renamed_differently(bare: Repository, name: str) -> None:
    """git puts the one merge of the contents, with its markers, into both."""
    renamed(bare, "here.ipynb", "there.ipynb")
    base, *_ = terms(found(bare, name))
    assert base == lines()
    assert b"<<<<<<<" in (bare.path / name).read_bytes()


def test_nothing_to_be_found(bare: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No commit, no merge, no repository, no such file or folder, the repository itself, no git."""
    assert find_sides(str(bare.path / NAME)) is None
    bare.commit("only", BASE)
    outside = tmp_path / "outside" / NAME
    outside.parent.mkdir()
    outside.write_bytes(BASE)
    for path in (bare.path / NAME, bare.path / "no.ipynb", bare.path / "no/no.ipynb", outside):
        assert find_sides(str(path)) is None
    assert find_sides(str(bare.path / ".git" / NAME)) is None
    assert unmerged(str(outside.parent)) == ()
    monkeypatch.setenv("PATH", os.devnull)
    assert find_sides(str(bare.path / NAME)) is None
    assert unmerged(str(bare.path)) == ()


@pytest.mark.parametrize("end", ["\u2028", "\x0b", "\x85"])
def test_a_subject_is_no_commit(bare: Repository, end: str) -> None:
    """Whatever it says behind what other programs take for the end of a line."""
    bare.diverge(BASE, OURS, THEIRS)
    bare.git("commit", "--quiet", "--amend", "--message", f"ours {end}none main feature")
    assert find_sides(str(bare.path / NAME)) is None


def test_a_merge_in_which_one_side_was_taken(bare: Repository) -> None:
    """git had nothing to merge in it."""
    bare.diverge(BASE, OURS, THEIRS)
    bare.commit("as before", BASE)
    bare.git("merge", "--no-ff", "--quiet", "feature")
    bare.git("rm", "--quiet", "--cached", NAME)
    assert find_sides(str(bare.path / NAME)) is None


def test_looking_runs_no_program_that_the_repository_names(bare: Repository) -> None:
    bare.diverge(BASE, OURS, THEIRS)
    bare.try_git("merge", "feature")
    ran = make_hostile(bare)
    for command in (["conflicts"], ["fix", "--check", NAME], ["git", "status"], ["fix", NAME]):
        assert bare.nbmerge(*command).code == 1
        assert not ran.exists(), (command, ran.read_text())
