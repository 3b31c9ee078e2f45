"""Conflicts that git left, in real repositories: `nbmerge conflicts` and `nbmerge resolve`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.git.repo import NAME, Ran, Repository, spelled
from tests.helpers.build import Notebook, cells_of, code, markdown, notebook, source_of
from tests.helpers.spelling import JUPYTER

LAST = code("c = 1", id="last", count=3, out="3\n")


def version(n: int, last: str = "c = 1") -> bytes:
    """A cell with all that belongs to its run, which each version has differently, before another one."""
    ours = code(f"a = {n}\nprint(a)", id="one", count=n, out=f"{n}\n", metadata={"tags": [f"v{n}"]})
    return JUPYTER.spell(notebook(markdown("# T", id="title"), ours, {**LAST, "source": [last]}))


BASE, OURS, THEIRS = version(1), version(2), version(9)


def found(repo: Repository, name: str = NAME) -> list[dict[str, Any]]:
    ended = repo.nbmerge("conflicts", "--json", name)
    conflicts: list[dict[str, Any]] = json.loads(ended.out)["conflicts"]
    assert ended.code == bool(conflicts)
    return conflicts


def held(repo: Repository, name: str = NAME) -> Notebook:
    content: Notebook = json.loads(repo.read(name))
    return content


def resolve(repo: Repository, *arguments: str, below: str = ".") -> Ran:
    """The command, some time after git has written the notebook: it waits for nobody then."""
    for path in repo.path.rglob("*.ipynb"):
        os.utime(path, (1e9, 1e9))
    return repo.nbmerge("resolve", *arguments, below=below)


def resolved(repo: Repository, side: str, name: str = NAME) -> list[str]:
    """What is said when all is settled for one side."""
    ended = resolve(repo, name, f"--{side}")
    assert (ended.code, ended.err) == (0, "")
    return ended.out.splitlines()


def merge(repo: Repository) -> None:
    repo.diverge(BASE, OURS, THEIRS)
    assert repo.try_git("merge", "feature").code == 1


def rebase(repo: Repository) -> None:
    """Our commit is put on top of theirs: git calls theirs local, ours remote."""
    repo.diverge(BASE, THEIRS, OURS)
    repo.git("checkout", "--quiet", "feature")
    assert repo.try_git("rebase", "main").code == 1


def cherry_pick(repo: Repository) -> None:
    repo.diverge(BASE, OURS, THEIRS)
    assert repo.try_git("cherry-pick", "feature").code == 1


def revert(repo: Repository) -> None:
    """The second of three commits is taken back: remote is what was there before it."""
    for message, content in (("theirs", THEIRS), ("second", BASE), ("ours", OURS)):
        repo.commit(message, content)
    assert repo.try_git("revert", "--no-edit", "HEAD~1").code == 1


def stash(repo: Repository) -> None:
    repo.commit("base", BASE)
    repo.write(NAME, THEIRS)
    repo.git("stash")
    repo.commit("ours", OURS)
    assert repo.try_git("stash", "pop").code == 1


WAYS: dict[str, tuple[Callable[[Repository], None], str, str, bytes, bytes]] = {
    "merge": (merge, "HEAD", "feature", OURS, THEIRS),
    "rebase": (rebase, "HEAD", " (their change)", THEIRS, OURS),
    "cherry-pick": (cherry_pick, "HEAD", " (their change)", OURS, THEIRS),
    "revert": (revert, "HEAD", " (second)", OURS, THEIRS),
    "stash": (stash, "Updated upstream", "Stashed changes", OURS, THEIRS),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_conflict_is_found_under_git_s_names(repo: Repository, way: str) -> None:
    make, local, remote, *_ = WAYS[way]
    make(repo)
    [one] = found(repo)
    assert (one["cell"], one["id"], one["by"]) == (1, "one", "nbmerge")
    assert one["labels"]["local"] == local
    assert one["labels"]["remote"].endswith(remote)


@pytest.mark.parametrize(
    ("way", "side"),
    [
        *(("merge", "local"), ("merge", "remote"), ("merge", "base"), ("rebase", "local")),
        *((way, "remote") for way in WAYS if way != "merge"),
    ],
)
def test_a_side_is_taken_as_git_has_it(repo: Repository, way: str, side: str) -> None:
    """With its outputs, count and metadata: byte for byte, as nothing else changed."""
    make, _, _, local, remote = WAYS[way]
    make(repo)
    expected = {"local": local, "remote": remote, "base": BASE}[side]
    said = resolved(repo, side)
    assert repo.read().encode() == expected
    assert found(repo) == []
    assert f"git waits for: git add {NAME}" in said
    waits = [line for line in said if line.startswith("then it waits for")]
    assert waits == ([] if way == "stash" else [f"then it waits for: git {way} --continue"])
    assert any("in a rebase, local is" in line for line in said) == (way == "rebase")


@pytest.mark.parametrize("way", [way for way in WAYS if way != "stash"])
def test_what_is_said_to_be_next_ends_it(repo: Repository, way: str) -> None:
    WAYS[way][0](repo)
    add, go_on = resolved(repo, "both")[-2:]
    repo.git(*add.removeprefix("git waits for: git ").split())
    repo.git(*go_on.removeprefix("then it waits for: git ").split())
    assert repo.git("status", "--porcelain") == ""
    assert source_of(cells_of(held(repo))[1]).count("a = ") == 2


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_each_of_git_s_styles(repo: Repository, style: str) -> None:
    repo.config("merge.conflictStyle", style)
    merge(repo)
    assert ("base" in found(repo)[0]) == (style != "merge")
    resolved(repo, "base")
    assert repo.read().encode() == BASE


def test_other_files_that_git_waits_for(repo: Repository) -> None:
    repo.diverge(BASE, OURS, THEIRS)
    for name in ("a.txt", "sub/b.ipynb"):
        content = (b"one\n", b"two\n") if name == "a.txt" else (OURS, THEIRS)
        repo.commit("ours too", content[0], name)
        repo.git("checkout", "--quiet", "feature")
        repo.commit("theirs too", content[1], name)
        repo.git("checkout", "--quiet", "main")
    repo.try_git("merge", "feature")
    assert resolved(repo, "local")[-1] == "then it waits for: a.txt, sub/b.ipynb"
    said = resolve(repo, "b.ipynb", "--local", below="sub").out.splitlines()
    assert said[-2:] == ["git waits for: git add b.ipynb", "then it waits for: ../a.txt, ../n.ipynb"]
    repo.git("add", NAME, "a.txt")
    repo.nbmerge("restore", "sub/b.ipynb@1")
    said = resolve(repo, "sub/b.ipynb", "--remote").out.splitlines()
    assert said[-2:] == ["git waits for: git add sub/b.ipynb", "then it waits for: git merge --continue"]


@pytest.mark.parametrize("name", ["-n.ipynb", "a b/$x 'y'.ipynb"])
def test_what_to_type_can_be_typed(repo: Repository, name: str) -> None:
    from shlex import split

    repo.diverge(BASE, OURS, THEIRS, name)
    repo.try_git("merge", "feature")
    ended = resolve(repo, "--local", "--", name)
    assert ended.code == 0
    [add] = [line for line in ended.out.splitlines() if line.startswith("git waits for")]
    repo.git(*split(add.removeprefix("git waits for: git ")))
    assert repo.git("status", "--porcelain", "--untracked-files=no") == ""


def test_what_was_committed_as_it_is(repo: Repository) -> None:
    """The parents of the merge still know both sides; git waits for nothing."""
    merge(repo)
    repo.git("commit", "--quiet", "--all", "--no-edit")
    assert len(found(repo)) == 1
    said = resolved(repo, "remote")
    assert repo.read().encode() == THEIRS
    assert not [line for line in said if "waits for" in line]


def test_committed_and_gone_on_since(repo: Repository) -> None:
    merge(repo)
    repo.git("commit", "--quiet", "--all", "--no-edit")
    content = held(repo)
    content["cells"][2]["source"] = ["c = 5"]
    repo.commit("another cell", JUPYTER.spell(content))
    resolved(repo, "local")
    assert repo.read().encode() == version(2, "c = 5")


def test_somebody_worked_on_it_before(repo: Repository) -> None:
    """Other cells are theirs to change; what they wrote between the markers counts as that side."""
    merge(repo)
    content = held(repo)
    content["cells"].insert(0, markdown("New.", id="new"))
    content["cells"][-1]["source"] = ["c = 7"]
    repo.write(NAME, JUPYTER.spell(content))
    resolved(repo, "remote")
    new, _, one, last = cells_of(held(repo))
    assert (source_of(new), source_of(last)) == ("New.", "c = 7")
    assert one == cells_of(json.loads(THEIRS))[1]


def test_somebody_worked_between_the_markers(repo: Repository) -> None:
    merge(repo)
    content = held(repo)
    content["cells"][1]["source"] = [
        line.replace("a = 9", "a = 99") for line in content["cells"][1]["source"]
    ]
    repo.write(NAME, JUPYTER.spell(content))
    resolved(repo, "remote")
    one = cells_of(held(repo))[1]
    assert (source_of(one), one["outputs"], one["execution_count"]) == ("a = 99\nprint(a)", [], None)


def test_one_conflict_settled_by_hand(repo: Repository) -> None:
    def two(n: int) -> str:
        return spelled(f"a = {n}", "between = 0", f"b = {n}")

    repo.diverge(two(1), two(2), two(9))
    repo.try_git("merge", "feature")
    content = held(repo)
    content["cells"][0]["source"] = ["a = 29"]
    repo.write(NAME, JUPYTER.spell(content))
    resolved(repo, "base")
    assert repo.sources() == ["a = 29", "between = 0", "b = 1"]


@pytest.mark.parametrize("side", ["local", "remote"])
def test_a_deleted_cell(repo: Repository, side: str) -> None:
    gone = JUPYTER.spell(notebook(markdown("# T", id="title"), LAST))
    repo.diverge(BASE, gone, THEIRS)
    repo.try_git("merge", "feature")
    [one] = found(repo)
    assert (one["local"], one["labels"]["local"]) == (None, "HEAD")
    resolved(repo, side)
    assert repo.read().encode() == {"local": gone, "remote": THEIRS}[side]


def test_a_notebook_that_both_added(repo: Repository) -> None:
    repo.commit("empty", b"", "other.txt")
    repo.git("checkout", "--quiet", "-b", "feature")
    repo.commit("theirs", THEIRS)
    repo.git("checkout", "--quiet", "main")
    repo.commit("ours", OURS)
    repo.try_git("merge", "feature")
    resolved(repo, "remote")
    assert repo.sources() == ["# T", "a = 9\nprint(a)", "c = 1"]


def test_a_true_conflict_in_a_docstring_is_found_right_after_the_merge(repo: Repository) -> None:
    """It looks like a lesson about git; but git still has versions without any markers."""

    def documented(words: str) -> str:
        return spelled(f'def area(w, h):\n    """\n{words}\n    """\n    return w * h')

    repo.diverge(documented("One."), documented("The area of it."), documented("Width times height."))
    repo.try_git("merge", "feature")
    assert [(one["local"], one["remote"]) for one in found(repo)] == [
        ("The area of it.", "Width times height.")
    ]
    said = resolved(repo, "local")
    assert f"git waits for: git add {NAME}" in said


def test_a_lesson_in_a_merge_is_no_conflict(repo: Repository) -> None:
    shown = "```\n<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> topic\n```"

    def with_lesson(n: int) -> bytes:
        return JUPYTER.spell(notebook(markdown(shown, id="lesson"), code(f"a = {n}", id="one")))

    repo.diverge(with_lesson(1), with_lesson(2), with_lesson(9))
    repo.try_git("merge", "feature")
    assert [one["id"] for one in found(repo)] == ["one"]
    resolved(repo, "remote")
    assert repo.read().encode() == with_lesson(9)


def test_restore_brings_the_conflict_back(repo: Repository) -> None:
    merge(repo)
    before = repo.read()
    said = resolved(repo, "local")
    [undo] = [line for line in said if line.startswith("to undo it: ")]
    assert repo.nbmerge(*undo.split()[-2:]).code == 0
    assert repo.read() == before
    assert repo.unmerged() == [NAME]


def test_without_the_driver_git_breaks_the_notebook(bare: Repository) -> None:
    """That is for another command to mend."""
    bare.diverge(BASE, OURS, THEIRS)
    bare.try_git("merge", "feature")
    listed = bare.nbmerge("conflicts")
    assert (listed.code, "no notebook any more" in listed.out) == (1, True)
    assert "next: python -m nbmerge fix n.ipynb" in listed.out
    ended = bare.nbmerge("resolve", NAME, "--local")
    assert (ended.code, "nbmerge fix n.ipynb" in ended.err) == (3, True)


def test_from_a_folder_below_and_through_a_link(repo: Repository) -> None:
    repo.diverge(BASE, OURS, THEIRS, "deep/n.ipynb")
    repo.try_git("merge", "feature")
    (repo.path.parent / "elsewhere").mkdir()
    (repo.path.parent / "elsewhere" / "link.ipynb").symlink_to(repo.path / "deep" / "n.ipynb")
    ended = resolve(repo, "../elsewhere/link.ipynb", "--remote")
    assert ended.code == 0
    assert repo.read("deep/n.ipynb").encode() == THEIRS
