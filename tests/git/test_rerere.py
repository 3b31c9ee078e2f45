"""Conflicts that were settled once, when they come again: what git's rerere does for text."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from nbmerge.git.records import Records
from tests.git.repo import NAME, Repository, spelled
from tests.helpers.build import cells_of, code, conflict, notebook
from tests.helpers.spelling import JUPYTER

BASE = spelled("a = 1", "b = 2")
OURS = spelled("a = 10", "b = 2")
THEIRS = spelled("a = 77", "b = 2")
SETTLED = spelled("a = 87  # both", "b = 2")
AS_SETTLED = ["a = 87  # both", "b = 2"]
SHOWN = [conflict(["a = 10"], ["a = 77"], "HEAD", "feature"), "b = 2"]
OFFERED = f"nbmerge: {NAME}: cell 1, source: recorded: this very conflict was settled so "
ADD = f"nbmerge: {NAME}: look at what is settled as before; git waits for: git add {NAME}"


@pytest.fixture
def rerere(repo: Repository) -> Repository:
    repo.config("rerere.enabled", "true")
    return repo


def records(repo: Repository) -> Path:
    return repo.path / ".git" / "nbmerge" / "settled"


def merge_and_settle(repo: Repository, settled: str = SETTLED) -> None:
    """A merge for trial, settled by hand and committed, and then thrown away."""
    repo.diverge(BASE, OURS, THEIRS)
    assert repo.try_git("merge", "feature").code == 1
    assert repo.sources() == SHOWN
    settle(repo, settled)
    repo.git("reset", "--quiet", "--hard", "HEAD~1")


def settle(repo: Repository, settled: str) -> None:
    repo.write(NAME, settled)
    repo.git("add", NAME)
    repo.git("commit", "--quiet", "--no-edit")


def test_it_is_offered_and_said_and_git_waits_for_a_person(rerere: Repository) -> None:
    merge_and_settle(rerere)
    done = rerere.try_git("merge", "feature")
    assert (done.code, rerere.sources(), rerere.unmerged()) == (1, AS_SETTLED, [NAME])
    offered, add = done.err.splitlines()
    assert offered.startswith(f"{OFFERED}in ")
    assert offered.endswith(" (Merge branch 'feature')")
    assert add == ADD


@pytest.mark.parametrize("setting", [None, "false"])
def test_not_unless_it_is_wanted(repo: Repository, setting: str | None) -> None:
    if setting:
        repo.config("rerere.enabled", setting)
    merge_and_settle(repo)
    repo.try_git("merge", "feature")
    assert repo.sources() == SHOWN
    assert not (repo.path / ".git" / "nbmerge").exists()


def test_the_folder_of_rerere_is_a_wish_too(repo: Repository) -> None:
    (repo.path / ".git" / "rr-cache").mkdir()
    merge_and_settle(repo)
    repo.try_git("merge", "feature")
    assert repo.sources() == AS_SETTLED


def test_a_merge_that_was_given_up_tells_nothing(rerere: Repository) -> None:
    rerere.diverge(BASE, OURS, THEIRS)
    rerere.try_git("merge", "feature")
    rerere.git("merge", "--abort")
    rerere.commit("more work on our side", OURS.replace("b = 2", "b = 3"))
    rerere.try_git("merge", "feature")
    assert rerere.sources()[0] == SHOWN[0]


def test_other_terms_are_another_conflict(rerere: Repository) -> None:
    merge_and_settle(rerere)
    rerere.commit("once more", spelled("a = 11", "b = 2"))
    rerere.try_git("merge", "feature")
    assert rerere.sources()[0] == conflict(["a = 11"], ["a = 77"], "HEAD", "feature")


def test_another_line_of_the_cell_makes_it_another_conflict(rerere: Repository) -> None:
    rerere.diverge(spelled("a = 1\n\nz = 0"), spelled("a = 10\n\nz = 0"), spelled("a = 77\n\nz = 0"))
    rerere.try_git("merge", "feature")
    settle(rerere, spelled("a = 87\n\nz = 0"))
    rerere.git("reset", "--quiet", "--hard", "HEAD~1")
    rerere.commit("another line", spelled("a = 10\n\nz = 1"))
    rerere.try_git("merge", "feature")
    assert "<<<<<<<" in rerere.sources()[0]


def test_the_sides_may_be_swapped(rerere: Repository) -> None:
    merge_and_settle(rerere)
    rerere.git("checkout", "--quiet", "feature")
    rerere.try_git("merge", "main")
    assert rerere.sources() == AS_SETTLED


def test_other_cells_may_have_changed(rerere: Repository) -> None:
    merge_and_settle(rerere)
    rerere.commit("elsewhere", spelled("a = 10", "b = 3", "c = 4"))
    rerere.try_git("merge", "feature")
    assert rerere.sources() == [AS_SETTLED[0], "b = 3", "c = 4"]


def test_what_was_committed_last_counts(rerere: Repository) -> None:
    merge_and_settle(rerere)
    rerere.try_git("merge", "feature")
    settle(rerere, spelled("a = 88", "b = 2"))
    rerere.git("reset", "--quiet", "--hard", "HEAD~1")
    rerere.try_git("merge", "feature")
    assert rerere.sources()[0] == "a = 88"


def test_an_amended_merge_counts(rerere: Repository) -> None:
    rerere.diverge(BASE, OURS, THEIRS)
    rerere.try_git("merge", "feature")
    settle(rerere, SETTLED)
    rerere.write(NAME, spelled("a = 90", "b = 2"))
    rerere.git("commit", "--quiet", "--amend", "--all", "--no-edit")
    rerere.git("reset", "--quiet", "--hard", "HEAD~1")
    rerere.try_git("merge", "feature")
    assert rerere.sources()[0] == "a = 90"


def test_from_a_rebase_to_a_merge_and_back(rerere: Repository) -> None:
    rerere.diverge(BASE, OURS, THEIRS)
    assert rerere.try_git("rebase", "feature").code == 1
    rerere.write(NAME, SETTLED)
    rerere.git("add", NAME)
    rerere.git("rebase", "--continue")
    rerere.git("reset", "--quiet", "--hard", "ORIG_HEAD")
    rerere.try_git("merge", "feature")
    assert rerere.sources() == AS_SETTLED
    rerere.git("merge", "--abort")
    done = rerere.try_git("rebase", "feature")
    assert rerere.sources() == AS_SETTLED
    assert "(our change)" in done.err
    assert rerere.unmerged() == [NAME]


def test_a_cherry_pick(rerere: Repository) -> None:
    rerere.diverge(BASE, OURS, THEIRS)
    rerere.try_git("cherry-pick", "feature")
    settle(rerere, SETTLED)
    rerere.git("reset", "--quiet", "--hard", "HEAD~1")
    rerere.try_git("cherry-pick", "feature")
    assert rerere.sources() == AS_SETTLED


def test_a_commit_on_the_same_head_by_somebody_else_is_no_resolution(rerere: Repository) -> None:
    rerere.diverge(BASE, OURS, THEIRS)
    rerere.try_git("cherry-pick", "feature")
    rerere.git("cherry-pick", "--abort")
    rerere.env["GIT_AUTHOR_DATE"] = "2024-01-02T00:00:00Z"
    rerere.commit("something else", spelled("a = 10", "b = 3"))
    rerere.git("reset", "--quiet", "--hard", "HEAD~1")
    rerere.try_git("cherry-pick", "feature")
    assert "<<<<<<<" in rerere.sources()[0]


def test_markers_that_were_committed_are_no_resolution(rerere: Repository) -> None:
    merge_and_settle(rerere, spelled(SHOWN[0], "b = 2"))
    rerere.try_git("merge", "feature")
    assert rerere.sources() == SHOWN


def test_half_a_conflict_that_was_committed_is_no_resolution(rerere: Repository) -> None:
    merge_and_settle(rerere, spelled(SHOWN[0].removeprefix("<<<<<<< HEAD\n"), "b = 2"))
    rerere.try_git("merge", "feature")
    assert rerere.sources() == SHOWN


def test_one_of_two_conflicts(rerere: Repository) -> None:
    """The other one is shown, and `resolve` settles it."""
    merge_and_settle(rerere)
    rerere.commit("theirs too", spelled("a = 10", "b = 20"))
    rerere.git("checkout", "--quiet", "feature")
    rerere.commit("both", spelled("a = 77", "b = 22"))
    rerere.git("checkout", "--quiet", "main")
    done = rerere.try_git("merge", "feature")
    assert rerere.sources() == [AS_SETTLED[0], conflict(["b = 20"], ["b = 22"], "HEAD", "feature")]
    assert "conflict in cell 2" in done.err
    assert OFFERED in done.err
    assert rerere.nbmerge("resolve", NAME, "--remote").code == 0
    assert rerere.sources() == [AS_SETTLED[0], "b = 22"]


def test_resolve_records_before_a_commit(rerere: Repository) -> None:
    rerere.diverge(BASE, OURS, THEIRS)
    rerere.try_git("merge", "feature")
    assert rerere.nbmerge("resolve", NAME, "--both").code == 0
    rerere.git("merge", "--abort")
    done = rerere.try_git("merge", "feature")
    assert rerere.sources()[0] == "a = 10\na = 77"
    assert f"{OFFERED}with `resolve`, " in done.err


def test_notebooks_without_ids(rerere: Repository) -> None:
    def without_ids(*sources: str) -> str:
        return JUPYTER.spell(notebook(*map(code, sources), minor=4)).decode()

    rerere.diverge(*(without_ids(text, "b = 2", "c = 3") for text in ("a = 1", "a = 10", "a = 77")))
    rerere.try_git("merge", "feature")
    settle(rerere, without_ids("a = 87", "b = 2", "c = 3"))
    rerere.git("reset", "--quiet", "--hard", "HEAD~1")
    rerere.try_git("merge", "feature")
    assert rerere.sources() == ["a = 87", "b = 2", "c = 3"]


def test_a_cell_that_was_deleted(rerere: Repository) -> None:
    """What was chosen in cells behind it is told under the places that they have then."""
    base, ours = (
        notebook(code(a, id="a"), code("b = 2", id="b"), code("c", id="c", out="c", count=count))
        for a, count in (("a = 1", 1), ("a = 10", 2))
    )
    theirs = notebook(code("b = 2", id="b"), code("c", id="c", out="C", count=3))
    rerere.diverge(*(JUPYTER.spell(each).decode() for each in (base, ours, theirs)))
    rerere.try_git("merge", "feature")
    settle(rerere, JUPYTER.spell(theirs).decode())
    rerere.git("reset", "--quiet", "--hard", "HEAD~1")
    done = rerere.try_git("merge", "feature")
    assert rerere.sources() == ["b = 2", "c"]
    assert "recorded: deleted; this very conflict was settled so in " in done.err
    assert f"{NAME}: cell 2, outputs: local:" in done.err
    assert "cell 3" not in done.err


def test_the_side_that_was_chosen_brings_its_outputs(rerere: Repository) -> None:
    base, ours, theirs = (
        JUPYTER.spell(notebook(code(f"a = {n}", id="a", out=str(n), count=n))).decode() for n in (1, 2, 3)
    )
    rerere.diverge(base, ours, theirs)
    rerere.try_git("merge", "feature")
    settle(rerere, theirs)
    rerere.git("reset", "--quiet", "--hard", "HEAD~1")
    done = rerere.try_git("merge", "feature")
    assert cells_of(json.loads(rerere.read())) == cells_of(json.loads(theirs))
    assert "outputs" not in done.err


def test_in_another_work_tree(rerere: Repository) -> None:
    merge_and_settle(rerere)
    rerere.try_git("merge", "feature")
    rerere.git("merge", "--abort")
    rerere.git("worktree", "add", "--quiet", "-b", "beside", "../beside", "main")
    beside = Repository(rerere.path.parent / "beside", rerere.env)
    beside.try_git("merge", "feature")
    assert beside.sources() == AS_SETTLED


DAMAGED = [
    *("", "{", "[]", "[" * 100_000, '{"merges": [{}], "settled": null}', '{"merges": 3, "settled": null}'),
    '{"merges": [], "settled": {"source": 3, "told": "once"}}',
    '{"merges": [], "settled": {"source": "a = 3"}}',
]


@pytest.mark.parametrize("damage", DAMAGED, ids=range(len(DAMAGED)))
def test_a_record_that_cannot_be_read_is_none(rerere: Repository, damage: str) -> None:
    merge_and_settle(rerere)
    [record] = records(rerere).iterdir()
    record.write_text(damage, encoding="utf-8")
    assert rerere.try_git("merge", "feature").err.count("\n") == 2
    assert rerere.sources() == SHOWN


def test_a_place_that_cannot_be_written_changes_no_merge(rerere: Repository) -> None:
    (rerere.path / ".git" / "nbmerge").write_text("in the way", encoding="utf-8")
    rerere.diverge(BASE, OURS, THEIRS)
    rerere.try_git("merge", "feature")
    assert rerere.sources() == SHOWN
    assert rerere.nbmerge("resolve", NAME, "--both").code == 0


def test_old_records_go(rerere: Repository) -> None:
    merge_and_settle(rerere)
    rerere.try_git("merge", "feature")
    [record] = records(rerere).iterdir()
    fresh, open_, settled, old = (digit * 64 for digit in "abcd")
    for name, days in ((fresh, 14), (open_, 16), (settled, 59), (old, 61)):
        text = (
            record.read_text(encoding="utf-8")
            if name in (settled, old)
            else '{"merges": [], "settled": null}'
        )
        (records(rerere) / name).write_text(text, encoding="utf-8")
        make_old(records(rerere) / name, days)
    rerere.git("merge", "--abort")
    rerere.try_git("merge", "feature")
    assert {path.name for path in records(rerere).iterdir()} == {record.name, fresh, settled}
    assert records(rerere).stat().st_mode & 0o777 == 0o700


def make_old(path: Path, days: float) -> None:
    then = time.time() - days * 86_400
    os.utime(path, (then, then))


@pytest.mark.parametrize("linked", ["nbmerge", "nbmerge/settled"])
def test_a_folder_that_is_a_link_is_left_alone(rerere: Repository, tmp_path: Path, linked: str) -> None:
    """A repository that somebody unpacked may hold any link."""
    others = tmp_path / "others"
    (others / "settled").mkdir(parents=True)
    for name in ("a" * 64, "thesis", f"settled/{'a' * 64}"):
        (others / name).write_text("mine", encoding="utf-8")
        make_old(others / name, 100)
    before = sorted(others.rglob("*"))
    link = rerere.path / ".git" / linked
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(others)
    rerere.diverge(BASE, OURS, THEIRS)
    rerere.try_git("merge", "feature")
    assert rerere.sources() == SHOWN
    assert rerere.nbmerge("resolve", NAME, "--both").code == 0
    assert sorted(others.rglob("*")) == before


def test_only_what_we_name_goes(rerere: Repository, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine", encoding="utf-8")
    folder = records(rerere)
    folder.mkdir(parents=True)
    kept, killed = ["thesis", "a" * 63, f".{'a' * 64}", "b" * 64], ".nbmerge-12-0.tmp"
    for name in (*kept[:3], killed):
        (folder / name).write_text("mine", encoding="utf-8")
        make_old(folder / name, 100)
    (folder / kept[3]).symlink_to(mine)
    os.utime(folder / kept[3], (0, 0), follow_symlinks=False)
    rerere.diverge(BASE, OURS, THEIRS)
    rerere.try_git("merge", "feature")
    left = {path.name for path in folder.iterdir()}
    assert (left & {*kept, killed}, len(left)) == ({*kept}, 5)


def test_a_record_that_is_a_link_is_not_written_through(rerere: Repository, tmp_path: Path) -> None:
    merge_and_settle(rerere)
    [record] = records(rerere).iterdir()
    mine = tmp_path / "mine"
    mine.write_bytes(record.read_bytes().replace(b"null", b'{"source": "planted", "told": "once"}'))
    before = mine.read_bytes()
    for name in (record, record.with_name(f"{record.name}.nbmerge")):
        name.unlink(missing_ok=True)
        name.symlink_to(mine)
    rerere.try_git("merge", "feature")
    assert (rerere.sources(), mine.read_bytes()) == (SHOWN, before)
    assert not record.is_symlink()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_is_no_record(rerere: Repository) -> None:
    merge_and_settle(rerere)
    [record] = records(rerere).iterdir()
    record.unlink()
    os.mkfifo(record)
    rerere.try_git("merge", "feature")
    assert rerere.sources() == SHOWN


def test_a_record_that_is_too_large_is_none(rerere: Repository) -> None:
    merge_and_settle(rerere)
    [record] = records(rerere).iterdir()
    record.write_text(f"{record.read_text(encoding='utf-8')}{' ' * 1_000_000}", encoding="utf-8")
    rerere.try_git("merge", "feature")
    assert rerere.sources() == SHOWN


HARMFUL = [
    {"other": "--output=written"},
    {"other": "--output=written", "picked": False},
    {"other": "feature"},
    {"head": "HEAD"},
    {"path": "n.ipynb\0"},
    {"path": "\ud800.ipynb"},
]


@pytest.mark.parametrize("planted", HARMFUL, ids=range(len(HARMFUL)))
def test_what_a_record_says_is_no_option_of_git(rerere: Repository, planted: dict[str, object]) -> None:
    rerere.diverge(BASE, OURS, THEIRS)
    rerere.try_git("cherry-pick", "feature")
    settle(rerere, SETTLED)
    rerere.git("reset", "--quiet", "--hard", "HEAD~1")
    [record] = records(rerere).iterdir()
    found = json.loads(record.read_text(encoding="utf-8"))
    found["merges"] = [{**found["merges"][0], **planted}]
    record.write_text(json.dumps(found), encoding="utf-8")
    done = rerere.try_git("cherry-pick", "feature")
    assert (rerere.sources()[0].startswith("<<<<<<<"), "bug" in done.err) == (True, False)
    assert not (rerere.path / "written").exists()


ENDS_OF_LINES = "\u2028 \x0b \x0c \x1d \x85"


def test_a_subject_with_other_ends_of_lines(rerere: Repository) -> None:
    rerere.diverge(BASE, OURS, THEIRS)
    rerere.try_git("merge", "feature")
    rerere.write(NAME, SETTLED)
    rerere.git("commit", "--quiet", "--all", "--message", f"both {ENDS_OF_LINES} of them")
    rerere.git("reset", "--quiet", "--hard", "HEAD~1")
    done = rerere.try_git("merge", "feature")
    assert (rerere.sources(), "bug" in done.err) == (AS_SETTLED, False)


def test_a_folder_with_other_ends_of_lines(rerere: Repository) -> None:
    merge_and_settle(rerere)
    rerere.try_git("merge", "feature")
    rerere.git("merge", "--abort")
    named = Repository(rerere.path.with_name(f"a {ENDS_OF_LINES}"), rerere.env)
    rerere.path.rename(named.path)
    named.git("worktree", "add", "--quiet", "-b", "beside", "../beside", "main")
    beside = Repository(named.path.parent / "beside", named.env)
    beside.try_git("merge", "feature")
    assert beside.sources() == AS_SETTLED


@pytest.mark.parametrize("command", ["merge", "cherry-pick"])
def test_a_notebook_is_asked_for_once(rerere: Repository, command: str) -> None:
    cells = range(4)
    rerere.diverge(*(spelled(*(f"a{cell} = {n}" for cell in cells)) for n in (1, 10, 77)))
    rerere.try_git(command, "feature")
    settle(rerere, spelled(*(f"a{cell} = 87" for cell in cells)))
    rerere.git("reset", "--quiet", "--hard", "HEAD~1")
    trace = rerere.path.parent / "trace"
    rerere.env["GIT_TRACE"] = str(trace)
    rerere.try_git(command, "feature")
    assert rerere.sources() == [f"a{cell} = 87" for cell in cells]
    asked = trace.read_text(encoding="utf-8")
    assert asked.count("git cat-file blob ") == 1
    assert asked.count("'--format=%an ") == (command == "cherry-pick")


def test_one_that_cannot_be_removed_keeps_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "nbmerge" / "settled"
    folder.mkdir(parents=True)
    for digit in "abc":
        (folder / (digit * 64)).write_text("{", encoding="utf-8")
    remove = os.unlink

    def refuse(path: str) -> None:
        if path.endswith("b" * 64):
            raise PermissionError
        remove(path)

    monkeypatch.setattr(os, "unlink", refuse)
    Records(str(tmp_path)).prune(time.time() + 100 * 86_400)
    assert [path.name for path in folder.iterdir()] == ["b" * 64]


@pytest.mark.parametrize(("value", "is_wanted"), [("TRUE", True), ("2", True), ("0", False), ("", False)])
def test_the_setting_is_spelled_as_git_allows(repo: Repository, value: str, is_wanted: bool) -> None:
    """For a merge and for `resolve` alike."""
    repo.config("rerere.enabled", value)
    repo.diverge(BASE, OURS, THEIRS)
    repo.try_git("merge", "feature")
    assert records(repo).exists() == is_wanted
    shutil.rmtree(records(repo), ignore_errors=True)
    assert repo.nbmerge("resolve", NAME, "--both").code == 0
    assert records(repo).exists() == is_wanted


def test_to_see_the_conflict_again(rerere: Repository) -> None:
    merge_and_settle(rerere)
    rerere.try_git("-c", "rerere.enabled=false", "merge", "feature")
    assert rerere.sources() == SHOWN
