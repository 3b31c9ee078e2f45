"""`git mergetool` opens notebooks in which conflicts are left, and git goes on from what comes of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.git.repo import NAME, Repository, spelled
from tests.web.desk import Desk, Tool

BASE = spelled("first = 1", "keep = 0", "last = 1")
OURS = spelled("first = 10", "keep = 0", "last = 10")
THEIRS = spelled("first = 100", "keep = 0", "last = 100")


@pytest.fixture
def tools(repo: Repository, request: pytest.FixtureRequest) -> Any:
    """Starts `git mergetool` in the repository, with the browser to look at what it shows."""
    done = repo.nbmerge("git", "install", "--mergetool")
    assert done.code == 0, done
    desk = Desk(repo.path, lambda: request.getfixturevalue("chromium"))

    def start(*arguments: str) -> Tool:
        quiet = repo.env | {"NBMERGE_BROWSER": "none", "TMPDIR": str(repo.path.parent)}
        return desk.start(["git", "mergetool", *arguments], quiet)

    yield start
    desk.clear()


def in_conflict(repo: Repository) -> Repository:
    """A merge with two conflicts in a notebook, which the driver has made."""
    repo.diverge(BASE, OURS, THEIRS)
    assert repo.try_git("merge", "--quiet", "feature").code == 1
    assert repo.unmerged() == [NAME]
    return repo


def test_all_is_settled(repo: Repository, tools: Any) -> None:
    in_conflict(repo)
    tool = tools("--no-prompt")
    tool.open()
    tool.choose(0, "remote")
    tool.choose(1, "local")
    tool.save()
    exit_code, out = tool.ended()
    assert exit_code == 0, out
    assert repo.sources() == ["first = 100", "keep = 0", "last = 10"]
    assert repo.unmerged() == []
    repo.git("commit", "--quiet", "--no-edit")
    assert repo.git("status", "--porcelain", "--untracked-files=no") == ""


def test_a_conflict_is_left_and_settled_the_next_time(repo: Repository, tools: Any) -> None:
    """git puts back what was there before a tool that did not get to the end."""
    in_conflict(repo)
    tool = tools("--no-prompt")
    tool.open()
    tool.choose(0, "remote")
    assert tool.save().startswith("Saved: 1 conflict settled")
    tool.close()
    exit_code, out = tool.ended()
    assert exit_code == 1
    assert f"{NAME}: 1 conflict is left" in out
    assert repo.unmerged() == [NAME]
    assert repo.sources()[0] == "first = 100"
    assert repo.sources()[2].startswith("<<<<<<< HEAD\n")
    tool = tools("--no-prompt")
    tool.open()
    tool.counts("0 of 1")
    tool.choose(0, "base")
    tool.save()
    assert tool.ended()[0] == 0
    assert repo.sources() == ["first = 100", "keep = 0", "last = 1"]


def test_nothing_is_saved(repo: Repository, tools: Any) -> None:
    before = in_conflict(repo).read()
    tool = tools("--no-prompt")
    tool.open()
    tool.leave()
    assert tool.ended()[0] == 1
    assert repo.read() == before
    assert repo.unmerged() == [NAME]


def call(repo: Repository, *words: str) -> Any:
    """The tool as git calls it, where nothing is to be shown."""
    (repo.path / "BASE.ipynb").write_text(BASE)
    (repo.path / "LOCAL.ipynb").write_text(OURS)
    (repo.path / "REMOTE.ipynb").write_text(THEIRS)
    return repo.nbmerge("mergetool", "BASE.ipynb", "LOCAL.ipynb", "REMOTE.ipynb", *words)


def test_what_was_settled_by_hand_is_kept(repo: Repository) -> None:
    settled = spelled("by hand", "keep = 0", "last = 10")
    repo.write(NAME, settled)
    done = call(repo, NAME)
    assert (done.code, done.out, repo.read()) == (0, f"{NAME}: no conflict is left\n", settled)


@pytest.mark.parametrize("left", [BASE, "<<<<<<< HEAD\n", ""], ids=["base's", "git's markers", "nothing"])
def test_what_git_left_is_merged(repo: Repository, left: str) -> None:
    """A notebook that nobody can have settled: one side's, or none at all."""
    repo.write(NAME, left)
    (repo.path / "REMOTE.ipynb").write_text(THEIRS)
    (repo.path / "BASE.ipynb").write_text(BASE)
    (repo.path / "LOCAL.ipynb").write_text(spelled("first = 1", "keep = 2", "last = 1"))
    done = repo.nbmerge("mergetool", "BASE.ipynb", "LOCAL.ipynb", "REMOTE.ipynb", NAME, "")
    assert done.code == 0, done
    assert repo.sources() == ["first = 100", "keep = 2", "last = 100"]


def test_other_files_are_left_to_other_tools(repo: Repository) -> None:
    done = call(repo, "x.py")
    assert done.code == 3
    assert "git mergetool --tool TOOL" in done.err
    assert not (repo.path / "x.py").exists()


def test_git_calls_it_for_other_files_and_says_so(bare: Repository) -> None:
    bare.nbmerge("git", "install", "--mergetool")
    bare.diverge("a\n", "b\n", "c\n", name="x.txt")
    assert bare.try_git("merge", "--quiet", "feature").code == 1
    before = bare.read("x.txt")
    done = bare.try_git("mergetool", "--no-prompt")
    assert done.code == 1
    assert "x.txt: is not a notebook: git mergetool --tool TOOL opens it" in done.err
    assert bare.read("x.txt") == before


def files(repo: Repository) -> dict[str, bytes]:
    return {
        str(path.relative_to(repo.path)): path.read_bytes()
        for path in sorted((repo.path / ".git").rglob("*"))
        if path.is_file() and "objects" not in path.parts
    }


@pytest.mark.parametrize("also", [(), ("--global",)], ids=["local", "global"])
def test_uninstalling_leaves_no_trace(bare: Repository, also: tuple[str, ...]) -> None:
    home = Path(bare.env["HOME"])
    before, there = files(bare), set(home.rglob("*"))
    for _ in range(2):
        assert bare.nbmerge("git", "install", "--mergetool", *also).code == 0
    assert bare.git("config", "merge.tool") == "nbmerge\n"
    assert bare.git("config", "mergetool.nbmerge.trustExitCode") == "true\n"
    assert bare.nbmerge("git", "uninstall", *also).code == 0
    assert files(bare) == before
    assert set(home.rglob("*")) == there


def test_a_tool_that_somebody_chose_stays(bare: Repository) -> None:
    bare.config("merge.tool", "vimdiff")
    before = files(bare)
    done = bare.nbmerge("git", "install", "--mergetool")
    line = (
        "mergetool: `git mergetool --tool nbmerge` shows conflicts in the browser; `git mergetool` alone"
        " opens vimdiff, as merge.tool says"
    )
    assert line in done.out.splitlines()
    assert line in bare.nbmerge("git", "status").out.splitlines()
    assert bare.git("config", "merge.tool") == "vimdiff\n"
    bare.nbmerge("git", "uninstall")
    assert files(bare) == before


def test_a_tool_that_somebody_chose_later_stays(bare: Repository) -> None:
    bare.nbmerge("git", "install", "--mergetool")
    bare.config("merge.tool", "meld")
    bare.nbmerge("git", "uninstall")
    assert bare.git("config", "merge.tool") == "meld\n"
    assert bare.try_git("config", "--get-regexp", "nbmerge").code == 1


def test_status_tells(bare: Repository) -> None:
    assert "mergetool" not in bare.nbmerge("git", "status").out
    bare.nbmerge("git", "install")
    assert "mergetool" not in bare.nbmerge("git", "status").out
    bare.nbmerge("git", "install", "--mergetool")
    line = "mergetool: `git mergetool` shows the conflicts of notebooks in the browser"
    assert line in bare.nbmerge("git", "status").out.splitlines()
    bare.config(
        "mergetool.nbmerge.cmd", f'{sys.executable}.gone "$BASE" "$LOCAL" "$REMOTE" "$MERGED" "$BACKUP"'
    )
    assert "mergetool: does not run nbmerge" in bare.nbmerge("git", "status").out
    bare.nbmerge("git", "install")  # renews what is there
    assert line in bare.nbmerge("git", "status").out.splitlines()


def test_mergetool_goes_with_install_alone(bare: Repository) -> None:
    for word in ("uninstall", "status"):
        done = bare.nbmerge("git", word, "--mergetool")
        assert done.code == 2
        assert "--mergetool goes with install alone" in done.err
