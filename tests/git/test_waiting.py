"""Files about which git waits for a decision that no merge makes: found, and settled with what is told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from nbmerge.git.sides import contested
from nbmerge.git.waiting import Question, decisions_awaited
from tests.git.repo import NAME, Repository, run, spelled
from tests.helpers.build import conflict

BASE = spelled("a = 1", "b = 2", "c = 3", "d = 4", "e = 5")
OURS = BASE.replace("a = 1", "a = 10")
THEIRS = BASE.replace("e = 5", "e = 77")


@dataclass(frozen=True)
class Change:
    """What a side does to the notebook: another content (None: it is deleted), under another name."""

    text: str | None = BASE
    name: str = NAME


def diverge(repo: Repository, ours: Change, theirs: Change) -> None:
    repo.commit("base", BASE)
    repo.git("checkout", "--quiet", "-b", "feature")
    _commit(repo, theirs)
    repo.git("checkout", "--quiet", "main")
    _commit(repo, ours)
    assert repo.try_git("merge", "feature").code == 1


def _commit(repo: Repository, change: Change) -> None:
    (repo.path / NAME).unlink()
    if change.text is not None:
        repo.write(change.name, change.text)
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "a change")


GONE = Change(None)
CASES = {
    "UD": (Change(OURS), GONE),
    "DU": (GONE, Change(THEIRS)),
    "renamed and deleted": (GONE, Change(THEIRS, "new.ipynb")),
    "renamed twice": (Change(BASE, "x.ipynb"), Change(BASE, "y.ipynb")),
    "renamed twice and changed": (Change(OURS, "x.ipynb"), Change(THEIRS, "y.ipynb")),
}
COMMANDS = {
    "UD": [[NAME], []],
    "DU": [[NAME], []],
    "renamed and deleted": [["new.ipynb"], []],
    "renamed twice": [["x.ipynb"], ["y.ipynb"], ["x.ipynb", "y.ipynb"]],
    "renamed twice and changed": [["x.ipynb"], ["y.ipynb"], ["x.ipynb", "y.ipynb"]],
}
EACH = [(name, place) for name, kept in COMMANDS.items() for place in range(len(kept))]


def told(repo: Repository, *words: str, below: str = ".") -> list[dict[str, Any]]:
    ended = repo.nbmerge("conflicts", "--json", *words, below=below)
    assert (ended.code, ended.err) == (1, "")
    found: list[dict[str, Any]] = json.loads(ended.out)["conflicts"]
    return found


@pytest.mark.parametrize(("name", "place"), EACH)
def test_each_command_that_is_told_settles_it(repo: Repository, name: str, place: int) -> None:
    diverge(repo, *CASES[name])
    [one] = told(repo)
    assert (one["in"], len(one["commands"])) == ("git", len(COMMANDS[name]))
    done = run(["sh", "-c", one["commands"][place]], repo.path, repo.env)
    assert done.code == 0, done
    assert repo.git("ls-files", "--unmerged") == ""
    assert repo.git("ls-files").split() == COMMANDS[name][place]
    assert repo.nbmerge("conflicts").code == 0
    repo.git("commit", "--quiet", "--message", "settled")


@pytest.mark.parametrize("place", [0, 1])
def test_commands_are_told_as_they_are_typed_here(repo: Repository, place: int) -> None:
    """From another folder of the work tree, and from one outside of it."""
    diverge(repo, Change(OURS), GONE)
    (repo.path / "sub").mkdir()
    below, words = [("sub", "../n.ipynb"), ("..", "repo/n.ipynb")][place]
    [one] = told(repo, words, below=below)
    done = run(["sh", "-c", one["commands"][0]], repo.path / below, repo.env)
    assert (done.code, repo.git("ls-files", "--unmerged")) == (0, "")


def test_what_people_read(repo: Repository) -> None:
    diverge(repo, Change(OURS), GONE)
    lines = [
        "n.ipynb: git waits for a decision: local changed it, remote deleted it",
        "  to keep it: git add n.ipynb",
        "  to delete it: git rm n.ipynb",
    ]
    ended = repo.nbmerge("conflicts")
    assert (ended.code, ended.out.splitlines()) == (1, [*lines, "1 decision for git in 1 of 1 notebook"])
    ended = repo.nbmerge("resolve", NAME, "--local")
    assert (ended.code, ended.out.splitlines()) == (1, lines)


@pytest.mark.parametrize("named", ["x.ipynb", "y.ipynb", NAME])
def test_a_notebook_that_both_renamed_is_told_of_under_each_name(repo: Repository, named: str) -> None:
    """Also under the old one, where no file is any more; but only once."""
    diverge(repo, *CASES["renamed twice"])
    for command in ("conflicts", "resolve"):
        ended = repo.nbmerge(command, named)
        assert ended.code == 1
        assert "n.ipynb is x.ipynb in local, and y.ipynb in remote" in ended.out
    assert len(told(repo, "x.ipynb", "y.ipynb", NAME, ".")) == 1


def test_a_rebase_turns_the_sides_round(repo: Repository) -> None:
    repo.commit("base", BASE)
    repo.git("checkout", "--quiet", "-b", "feature")
    _commit(repo, Change(THEIRS))
    repo.git("checkout", "--quiet", "main")
    _commit(repo, GONE)
    repo.try_git("rebase", "feature")
    out = repo.nbmerge("conflicts").out
    assert "local changed it, remote deleted it" in out
    assert "note: in a rebase, local is the branch that you rebase onto" in out


def test_a_folder_that_one_side_renamed(repo: Repository) -> None:
    """git asks whether what the other side added goes along."""
    repo.commit("base", BASE, "old/n.ipynb")
    repo.git("checkout", "--quiet", "-b", "feature")
    repo.commit("their new one", spelled("new"), "old/new.ipynb")
    repo.git("checkout", "--quiet", "main")
    repo.git("mv", "old", "fresh")
    repo.git("commit", "--quiet", "--message", "renamed")
    repo.try_git("merge", "feature")
    [waiting] = decisions_awaited(contested(str(repo.path)))
    assert (waiting.question, waiting.paths) == (
        Question.ADDED_THERE,
        (str(repo.path / "fresh" / "new.ipynb"),),
    )
    assert "it has this name in remote alone" in repo.nbmerge("conflicts").out


def test_two_notebooks_that_both_renamed(repo: Repository) -> None:
    """Each by its content, as long as no other can be meant."""
    other = spelled("quite", "another", "notebook")
    repo.commit("base", BASE, "a.ipynb")
    repo.commit("base", other, "b.ipynb")
    for branch, one, two in (("feature", "ax", "bx"), ("main", "ay", "by")):
        repo.git("checkout", "--quiet", *(["-b"] if branch == "feature" else []), branch)
        repo.git("mv", "a.ipynb", f"{one}.ipynb")
        repo.git("mv", "b.ipynb", f"{two}.ipynb")
        repo.git("commit", "--quiet", "--message", "renamed")
    repo.try_git("merge", "feature")
    found = [
        [path.rpartition("/")[2] for path in each.paths]
        for each in decisions_awaited(contested(str(repo.path)))
    ]
    assert found == [["a.ipynb", "ay.ipynb", "ax.ipynb"], ["b.ipynb", "by.ipynb", "bx.ipynb"]]


def test_contents_in_conflict_are_no_such_decision(repo: Repository) -> None:
    repo.diverge(spelled("a = 1"), spelled("a = 2"), spelled("a = 3"))
    repo.try_git("merge", "feature")
    assert decisions_awaited(contested(str(repo.path))) == ()
    assert [one["in"] for one in told(repo)] == ["source"]


def test_nothing_waits_outside_of_repositories(repo: Repository) -> None:
    assert decisions_awaited(contested(str(repo.path.parent / "home"))) == ()


def test_git_is_asked_once_for_a_work_tree(repo: Repository) -> None:
    """Both for what is to be decided about files, and for which of them conflicts are git's."""
    for name in "xyz":
        repo.commit(name, spelled(conflict(["a = 1"], ["a = 2"])), f"{name}.ipynb")
    trace = repo.path.parent / "trace"
    repo.env["GIT_TRACE"] = str(trace)
    assert len(told(repo)) == 3
    assert trace.read_text(encoding="utf-8").count("git ls-files ") == 1
