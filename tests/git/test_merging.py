"""What git's own commands do with notebooks once the driver is installed."""

from __future__ import annotations

import pytest

from tests.git.repo import NAME, Repository, sources_in, spelled
from tests.helpers.build import conflict

BASE = spelled("a = 1", "b = 2", "c = 3")
OURS = spelled("a = 10", "b = 2", "c = 3")
THEIRS = spelled("a = 1", "b = 2", "c = 30")
CLASHING = spelled("a = 77", "b = 2", "c = 3")
BOTH = ["a = 10", "b = 2", "c = 30"]


def test_a_clean_merge_is_committed(repo: Repository) -> None:
    repo.diverge(BASE, OURS, THEIRS)
    repo.git("merge", "--no-edit", "feature")
    assert repo.sources() == BOTH
    assert repo.unmerged() == []


def test_a_conflict_is_shown_in_a_notebook_that_opens(repo: Repository) -> None:
    repo.diverge(BASE, OURS, CLASHING)
    assert repo.try_git("merge", "feature").code == 1
    assert repo.unmerged() == [NAME]
    assert repo.sources() == [conflict(["a = 10"], ["a = 77"], "HEAD", "feature"), "b = 2", "c = 3"]


def test_what_was_chosen_is_said(repo: Repository) -> None:
    """Each conflict and each choice has a line that names the notebook, and then the command that comes
    next; equal content has none."""
    repo.diverge(BASE, OURS, CLASHING)
    conflict, following = repo.try_git("merge", "feature").err.splitlines()
    assert conflict == f"nbmerge: {NAME}: conflict in cell 1 (id cell0): both changed it"
    assert following.endswith(f": nbmerge-on-save resolve {NAME}")
    repo.git("merge", "--abort")
    repo.git("checkout", "--quiet", "-b", "clean", "main~1")
    repo.commit("elsewhere", THEIRS)
    assert "nbmerge" not in repo.try_git("merge", "--no-edit", "main").err


def test_a_resolved_conflict_is_committed_as_it_stands(repo: Repository) -> None:
    repo.diverge(BASE, OURS, CLASHING)
    repo.try_git("merge", "feature")
    repo.commit("resolved", OURS)
    assert (repo.unmerged(), repo.read()) == ([], OURS)


def test_rebase(repo: Repository) -> None:
    repo.diverge(BASE, OURS, THEIRS)
    repo.git("rebase", "--quiet", "feature")
    assert repo.sources() == BOTH


def test_rebase_stops_at_a_conflict_and_goes_on(repo: Repository) -> None:
    repo.diverge(BASE, OURS, CLASHING)
    assert repo.try_git("rebase", "feature").code == 1
    assert repo.unmerged() == [NAME]
    repo.write(NAME, OURS)
    repo.git("add", NAME)
    repo.git("rebase", "--continue")
    assert repo.read() == OURS


def test_rebase_with_the_older_machinery_of_patches(repo: Repository) -> None:
    repo.diverge(BASE, OURS, CLASHING)
    assert repo.try_git("rebase", "--apply", "feature").code == 1
    assert "a = 77" in repo.sources()[0]
    assert "a = 10" in repo.sources()[0]


@pytest.mark.parametrize("commits", [["feature"], ["feature~1..feature"]])
def test_cherry_pick(repo: Repository, commits: list[str]) -> None:
    repo.diverge(BASE, OURS, THEIRS)
    repo.git("cherry-pick", *commits)
    assert repo.sources() == BOTH


def test_revert(repo: Repository) -> None:
    repo.commit("first", BASE)
    repo.commit("second", THEIRS)
    repo.commit("third", spelled("a = 10", "b = 2", "c = 30"))
    repo.git("revert", "--no-edit", "HEAD~1")
    assert repo.read() == OURS


def test_stash_pop(repo: Repository) -> None:
    repo.commit("base", BASE)
    repo.write(NAME, THEIRS)
    repo.git("stash")
    repo.commit("ours", OURS)
    repo.git("stash", "pop")
    assert repo.sources() == BOTH


def test_a_stash_that_conflicts_is_kept(repo: Repository) -> None:
    repo.commit("base", BASE)
    repo.write(NAME, CLASHING)
    repo.git("stash")
    repo.commit("ours", OURS)
    assert repo.try_git("stash", "pop").code == 1
    assert repo.unmerged() == [NAME]
    assert repo.git("stash", "list") != ""


def test_checkout_carries_changes_over(repo: Repository) -> None:
    repo.diverge(BASE, OURS, THEIRS)
    repo.write(NAME, spelled("a = 10", "b = 20", "c = 3"))
    repo.git("checkout", "--quiet", "--merge", "feature")
    assert repo.sources() == ["a = 1", "b = 20", "c = 30"]


def test_a_notebook_that_both_sides_added(repo: Repository) -> None:
    start = "import math\n\ndef area(radius):\n    check(radius)\n"
    repo.commit("start", "x", "readme")
    repo.git("checkout", "--quiet", "-b", "feature")
    repo.commit("theirs", spelled(start + "    return 3.14 * radius ** 2"))
    repo.git("checkout", "--quiet", "main")
    repo.commit("ours", spelled(start + "    return math.pi * radius ** 2"))
    assert repo.try_git("merge", "feature").code == 1
    assert repo.unmerged() == [NAME]
    ends = ["    return math.pi * radius ** 2"], ["    return 3.14 * radius ** 2"]
    assert repo.sources() == [start + conflict(*ends, "HEAD", "feature")]


def test_criss_cross(repo: Repository) -> None:
    """Each branch merged the other and resolved differently: the base is a merge with markers of its own."""
    repo.diverge(BASE, OURS, CLASHING)
    repo.git("branch", "ours")
    repo.try_git("merge", "feature")
    repo.commit("resolved for ours", spelled("a = 10", "b = 2", "c = 4"))
    repo.git("checkout", "--quiet", "feature")
    repo.try_git("merge", "ours")
    repo.commit("resolved for theirs", spelled("a = 77", "b = 5", "c = 3"))
    assert repo.try_git("merge", "main").code == 1
    assert repo.sources() == [conflict(["a = 77"], ["a = 10"], "HEAD", "main"), "b = 5", "c = 4"]


def test_the_markers_of_a_virtual_base_are_longer(repo: Repository) -> None:
    def function(last: str) -> str:
        return spelled(f"def area(radius):\n    check(radius)\n    return {last}")

    repo.config("merge.conflictStyle", "diff3")
    repo.diverge(function("0"), function("3.14"), function("math.pi"))
    repo.git("branch", "ours")
    repo.try_git("merge", "feature")
    repo.commit("resolved for ours", function("3.14"))
    repo.git("checkout", "--quiet", "feature")
    repo.try_git("merge", "ours")
    repo.commit("resolved for theirs", function("math.pi"))
    repo.try_git("merge", "main")
    shown = repo.sources()[0].split("\n")
    assert "<<<<<<<<< Temporary merge branch 1" in shown
    assert "||||||||||||| merged common ancestors" in shown


@pytest.mark.parametrize(
    "name",
    [
        "with space.ipynb",
        'it\'s "quoted".ipynb',
        "$HOME `id` $(id) %P %A.ipynb",
        "-dash; exit.ipynb",
        "ünï ☃/日本.ipynb",
        "back\\slash*.ipynb",
    ],
)
def test_any_path(repo: Repository, name: str) -> None:
    repo.diverge(BASE, OURS, THEIRS, name)
    repo.git("merge", "--no-edit", "feature")
    assert repo.sources(name) == BOTH


def test_a_message_names_any_path(repo: Repository) -> None:
    name = "it's $HOME \\n ünï.ipynb"
    repo.diverge(BASE, OURS, "no notebook", name)
    assert f"nbmerge: {name} (remote): " in repo.try_git("merge", "feature").err


def test_work_trees_share_one_installation(repo: Repository) -> None:
    repo.diverge(BASE, OURS, THEIRS)
    repo.git("worktree", "add", "--quiet", "../other", "-b", "other")
    other = Repository(repo.path.parent / "other", repo.env)
    other.git("merge", "--no-edit", "feature")
    assert other.sources() == BOTH


def test_an_installation_from_a_work_tree_reaches_the_main_one(bare: Repository) -> None:
    bare.diverge(BASE, OURS, THEIRS)
    bare.git("worktree", "add", "--quiet", "../other", "-b", "other")
    other = Repository(bare.path.parent / "other", bare.env)
    assert other.nbmerge("git", "install").code == 0
    bare.git("merge", "--no-edit", "feature")
    assert bare.sources() == BOTH
    assert other.git("status", "--porcelain") == ""


def test_a_merge_without_a_work_tree(repo: Repository) -> None:
    repo.diverge(BASE, OURS, THEIRS)
    tree = repo.git("merge-tree", "--write-tree", "main", "feature").split("\n")[0]
    assert sources_in(repo.git("show", f"{tree}:{NAME}")) == BOTH


def test_no_module_of_the_repository_is_run(repo: Repository) -> None:
    """git works in the top folder, where a notebook's own modules lie."""
    trap = "import sys; print('trapped', file=sys.stderr); sys.exit(80)"
    for module in ("json", "nbmerge", "dataclasses", "sitecustomize", "usercustomize"):
        repo.write(f"{module}.py", trap)
    repo.diverge(BASE, OURS, THEIRS)
    done = repo.try_git("merge", "--no-edit", "feature")
    assert (done.code, repo.sources()) == (0, BOTH)
    assert "trapped" not in done.err


def test_nothing_is_left_beside_the_notebook(repo: Repository) -> None:
    repo.diverge(BASE, OURS, CLASHING)
    repo.try_git("merge", "feature")
    assert sorted(file.name for file in repo.path.iterdir()) == [".git", NAME]


def test_the_driver_by_hand(repo: Repository) -> None:
    """git's contract: the result in the local file; 0 clean, 1 conflicts; above 128 it cannot be told."""

    def driver(*arguments: str) -> int:
        for name, text in (("b", BASE), ("l", OURS), ("t", THEIRS), ("c", CLASHING)):
            repo.write(name, text)
        return repo.nbmerge("driver", *arguments).code

    assert driver("b", "l", "t", "7", "n.ipynb") == 0
    assert repo.sources("l") == BOTH
    assert driver("b", "l", "c", "9", "n.ipynb", "BASE", "ONE", "TWO") == 1
    assert repo.sources("l")[0] == "<<<<<<<<< ONE\na = 10\n=========\na = 77\n>>>>>>>>> TWO"
    assert driver("b", "l", "absent", "7", "n.ipynb") > 128
    assert driver("b", "l", "t", "seven", "n.ipynb") > 128
    assert driver("b", "l", "t") > 128
    assert repo.read("l") == OURS


@pytest.mark.parametrize(
    ("below", "typed"), [(".", "'a b/n.ipynb'"), ("a b", "n.ipynb"), ("c", "'../a b/n.ipynb'")]
)
@pytest.mark.parametrize("command", ["merge", "rebase", "cherry-pick"])
def test_what_to_type_is_told_for_the_folder_where_git_was_called(
    repo: Repository, command: str, below: str, typed: str
) -> None:
    repo.write("c/other", "kept")
    repo.diverge(BASE, spelled("a = 10"), spelled("a = 77"), "a b/n.ipynb")
    done = Repository(repo.path / below, repo.env).try_git(command, "feature")
    assert f"choose: nbmerge-on-save resolve {typed}\n" in done.err
