"""Getting things back: restore and recover."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from nbmerge.lineage.versions import Origin
from tests.cli.past import Past
from tests.cli.world import BASE, LOCAL, REMOTE, RIVAL, Command, save, snapshot, sources
from tests.helpers.build import code, notebook

THIRD = notebook(code("a = 1", id="one"), code("b = 3", id="two"), code("c = 1", id="three"))


def held(past: Past) -> list[str]:
    return sources(past.path.read_bytes())


def stamp(past: Past) -> tuple[int, int]:
    """What a write would change."""
    found = os.stat(past.path)
    return found.st_mtime_ns, found.st_ino


# Restore.


def test_restore_brings_a_version_back_as_it_was(past: Past, nbmerge: Command, folder: Path) -> None:
    base, *_ = past.saved(BASE, LOCAL, REMOTE)
    before = snapshot(folder)
    ended = nbmerge("restore", "nb.ipynb@1")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == b"nb.ipynb: version 1 is restored, as version 4\n"
    assert snapshot(folder) == before | {"nb.ipynb": base}
    *_, restored = past.versions
    assert (restored.origin, restored.parents) == (Origin.RESTORED, (3,))
    assert restored.why == "version 1 was brought back"
    assert past.heads.head == 4


def test_what_the_file_held_is_recorded_first(past: Past, nbmerge: Command) -> None:
    past.saved(BASE)
    unseen = past.put(LOCAL)
    nbmerge("restore", "nb.ipynb@1")
    assert [version.origin.value for version in past.versions] == ["first seen", "saved", "restored"]
    assert nbmerge("show", "nb.ipynb@2").out == unseen


def test_a_restoration_can_be_undone(past: Past, nbmerge: Command) -> None:
    _, local = past.saved(BASE, LOCAL)
    nbmerge("restore", "nb.ipynb@1")
    nbmerge("restore", "nb.ipynb@2")
    assert past.path.read_bytes() == local


def test_restore_closes_the_tips(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL, REMOTE)
    past.doubted(2, 1, 3)
    nbmerge("restore", "nb.ipynb@2")
    assert (past.heads.open, past.heads.tips) == ((), (4,))


def test_what_the_file_holds_may_be_confirmed(past: Past, nbmerge: Command) -> None:
    """Restoring it says that what it may have overwritten is not wanted back."""
    past.saved(BASE, LOCAL, REMOTE)
    past.doubted(2, 1, 3)
    before = stamp(past)
    assert nbmerge("restore", "nb.ipynb@3").out == b"nb.ipynb: version 3 is restored, as version 4\n"
    assert past.heads.open == ()
    assert nbmerge("restore", "nb.ipynb@3").out == b"nb.ipynb: holds version 3 already\n"
    assert len(past.versions) == 4
    assert stamp(past) == before


def test_a_deleted_notebook_is_made_again(past: Past, nbmerge: Command, folder: Path) -> None:
    base, _ = past.saved(BASE, LOCAL)
    past.path.unlink()
    before = snapshot(folder)
    assert nbmerge("restore", "nb.ipynb@1").code == 0
    assert snapshot(folder) == before | {"nb.ipynb": base}
    assert past.heads.head == 3


def test_a_deleted_notebook_whose_folder_is_gone(past: Past, nbmerge: Command, folder: Path) -> None:
    (folder / "sub").mkdir()
    other = Past(folder / "sub" / "nb.ipynb", past.state)
    other.saved(BASE)
    other.path.unlink()
    (folder / "sub").rmdir()
    ended = nbmerge("restore", "sub/nb.ipynb@1")
    assert ended.code == 4
    assert re.search(r"sub/nb\.ipynb: cannot be written: no such file or directory", ended.line)


def test_a_broken_file_is_replaced_and_kept(past: Past, nbmerge: Command) -> None:
    base, _ = past.saved(BASE, LOCAL)
    past.put(b"{ torn")
    assert nbmerge("restore", "nb.ipynb@1").code == 0
    assert past.path.read_bytes() == base
    assert nbmerge("show", "nb.ipynb@3").out == b"{ torn"


def test_what_is_no_notebook_is_not_restored(past: Past, nbmerge: Command) -> None:
    [base] = past.saved(BASE)
    past.broken(b"{ torn")
    ended = nbmerge("restore", "nb.ipynb@2")
    assert (ended.code, ended.line) == (
        3,
        "nbmerge: nb.ipynb: version 2 is no notebook: "
        "`python -m nbmerge show` prints it, to be put in a file",
    )
    assert past.path.read_bytes() == base


def test_restore_through_a_link_keeps_the_link_and_the_mode(
    past: Past, nbmerge: Command, folder: Path
) -> None:
    base, _ = past.saved(BASE, LOCAL)
    (folder / "link.ipynb").symlink_to("nb.ipynb")
    past.path.chmod(0o640)
    nbmerge("restore", "link.ipynb@1")
    assert (folder / "link.ipynb").is_symlink()
    assert past.path.read_bytes() == base
    assert past.path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anything")
def test_a_write_protected_notebook_is_left_alone(past: Past, nbmerge: Command) -> None:
    _, local = past.saved(BASE, LOCAL)
    past.path.chmod(0o444)
    ended = nbmerge("restore", "nb.ipynb@1")
    assert (ended.code, past.path.read_bytes()) == (4, local)


# Recover.


def test_recover_merges_what_may_have_been_overwritten(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL, REMOTE)
    past.doubted(2, 1, 3)
    ended = nbmerge("recover", "nb.ipynb")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        b'nb.ipynb: merged "a program" (@3: 1 line in cell 3) into "a program" (@2: 1 line in cell 1):'
        b" version 4\n"
    )
    assert held(past) == ["a = 2", "b = 1", "c = 3"]
    *_, merged = past.versions
    assert (merged.origin, set(merged.parents)) == (Origin.MERGED, {2, 3})
    assert (past.heads.head, past.heads.open) == (4, ())


def test_recover_takes_what_was_saved_since(past: Past, nbmerge: Command) -> None:
    """The save in doubt was continued, and what stands in the file now is not known yet."""
    past.saved(BASE, LOCAL, REMOTE)
    past.doubted(2, 1, 3)
    more = notebook(*REMOTE["cells"], code("d = 1", id="four"))
    past.saved(more)
    past.put(notebook(*more["cells"], code("e = 1", id="five")))
    assert nbmerge("recover", "nb.ipynb").code == 0
    assert held(past) == ["a = 2", "b = 1", "c = 3", "d = 1", "e = 1"]


def test_recover_shows_conflicts_and_updates_them(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL, RIVAL)
    past.doubted(2, 1, 3)
    ended = nbmerge("recover", "nb.ipynb")
    assert ended.code == 1
    assert ended.out.endswith(b": version 4, 1 conflict in cell 1\n")
    conflict, *others = held(past)
    later, _, _, _, earlier = conflict.split("\n")
    assert conflict.split("\n")[1:4] == ["a = 9", "=======", "a = 2"]
    assert others == ["b = 1", "c = 3"]
    words = r"a program, in place, (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"  # of both: so the time tells them apart
    times = [re.fullmatch(f"[<>]{{7}} {words}", line) for line in (earlier, later)]
    assert [time and time[1] for time in times] == sorted(time[1] for time in times if time)


def test_recover_merges_every_open_tip(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL, REMOTE, THIRD)
    past.doubted(2, 1, 3)
    past.doubted(3, 1, 4)
    assert nbmerge("recover", "nb.ipynb").code == 0
    assert held(past) == ["a = 2", "b = 3", "c = 3"]
    assert past.heads.open == ()


def test_a_doubt_is_dismissed_and_its_version_stays(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL, REMOTE, THIRD)
    past.doubted(2, 1, 3)
    past.doubted(3, 1, 4)
    before = stamp(past)
    ended = nbmerge("recover", "nb.ipynb", "--dismiss", "@2")
    assert (ended.code, ended.out) == (0, b"nb.ipynb: version 2 is open no more; it stays in the history\n")
    assert [tip.version for tip in past.heads.open] == [3]
    assert (stamp(past), len(past.versions)) == (before, 4)
    ended = nbmerge("recover", "nb.ipynb", "--dismiss", "2")
    assert (ended.code, ended.err[:40]) == (2, "nbmerge: nb.ipynb: version 2 is not open")


def test_recover_where_nothing_is_known_to_be_common(past: Past, nbmerge: Command) -> None:
    past.saved(notebook(code("a = 1", id="one")), notebook(code("b = 1", id="two")))
    past.doubted(1, None, 2)
    assert nbmerge("recover", "nb.ipynb").code == 0
    assert sorted(held(past)) == ["a = 1", "b = 1"]


def test_a_merge_that_was_dropped_comes_back(past: Past, nbmerge: Command) -> None:
    """A save that shows one side of a merge alone: the other side became an open tip."""
    past.saved(BASE, LOCAL, REMOTE)
    past.doubted(2, 1, 3)
    nbmerge("recover", "nb.ipynb")
    past.saved(REMOTE)  # version 5, after the merge
    past.doubted(2, 1, 5)
    assert nbmerge("recover", "nb.ipynb").code == 0
    assert held(past) == ["a = 2", "b = 1", "c = 3"]


def test_a_merge_that_may_have_been_overwritten_comes_back_as_its_sides(past: Past, nbmerge: Command) -> None:
    """So that the next save of either side still takes the place of its own."""
    past.saved(BASE, LOCAL, REMOTE)
    past.doubted(2, 1, 3)
    nbmerge("recover", "nb.ipynb")
    past.saved(notebook(*REMOTE["cells"], code("d = 1", id="four")))  # version 5, by who had version 3
    past.doubted(4, 3, 5)
    assert nbmerge("recover", "nb.ipynb").code == 0
    assert held(past) == ["a = 2", "b = 1", "c = 3", "d = 1"]
    assert past.heads.tips == (5, 2)


def test_recover_where_nothing_is_open(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL)
    before = stamp(past)
    ended = nbmerge("recover", "nb.ipynb")
    assert (ended.code, ended.out) == (
        0,
        b"nb.ipynb: nothing in its history is open; nothing was changed\n",
    )
    assert stamp(past) == before
    assert len(past.versions) == 2


def test_recover_of_a_broken_file(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL, REMOTE)
    past.doubted(2, 1, 3)
    past.put(b"{ torn")
    ended = nbmerge("recover", "nb.ipynb")
    assert (ended.code, past.path.read_bytes()) == (3, b"{ torn")
    assert ended.line.startswith("nbmerge: nb.ipynb: is not JSON")


# Replay.


def test_replay_tells_a_line_for_each_save(nbmerge: Command) -> None:
    ended = nbmerge("replay", "base.ipynb", "local.ipynb", "local.ipynb", "base.ipynb", "--json")
    assert (ended.code, ended.err) == (0, "")
    steps = [json.loads(line) for line in ended.out.splitlines()]
    assert [(step["save"], step["action"], step["base"], step["conflicts"]) for step in steps] == [
        (0, "first", None, 0),
        (1, "accept", 0, 0),
        (2, "same", 1, 0),
        (3, "restore", 0, 0),
    ]
    assert all(step["why"] for step in steps)


def test_replay_merges_and_writes_what_the_file_would_hold(nbmerge: Command, folder: Path) -> None:
    ended = nbmerge(
        *("replay", "base.ipynb", "local.ipynb", "remote.ipynb", "--second-writer", "--out", "final.ipynb")
    )
    assert ended.code == 0
    assert ended.out.decode().splitlines()[2].startswith("2: merge from 0: ")
    assert sources((folder / "final.ipynb").read_bytes()) == ["a = 2", "b = 1", "c = 3"]


def test_replay_without_a_merge_gives_the_last_save(nbmerge: Command, folder: Path) -> None:
    assert nbmerge("replay", "base.ipynb", "local.ipynb", "--out=final.ipynb").code == 0
    assert (folder / "final.ipynb").read_bytes() == (folder / "local.ipynb").read_bytes()


def test_replay_ends_with_1_if_the_last_notebook_shows_conflicts(nbmerge: Command, folder: Path) -> None:
    new = [code(f"new = {number}", id=f"new{number}", out="done\n") for number in range(4)]
    save(folder / "local.ipynb", notebook(*LOCAL["cells"], *new))
    call = ("replay", "base.ipynb", "local.ipynb", "rival.ipynb", "--second-writer", "--json")
    ended = nbmerge(*call)
    assert (ended.code, json.loads(ended.out.splitlines()[-1])["conflicts"]) == (1, 1)
    assert nbmerge(*call, "rival.ipynb", "--out=merged.ipynb").code == 1
    assert nbmerge(*call, "base.ipynb").code == 0
    merged = json.loads((folder / "merged.ipynb").read_bytes())
    save(folder / "more.ipynb", notebook(*merged["cells"], code("more = 1", id="more")))
    assert nbmerge(*call, "more.ipynb").code == 1  # the markers are still there


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["replay"], 2, "required: SAVE; see python -m nbmerge replay --help"),
        (["replay", "base.ipynb", "none.ipynb"], 3, r"none\.ipynb: cannot be read: no such file"),
        (["replay", "base.ipynb", "torn.ipynb"], 3, r"nbmerge: torn\.ipynb: is not JSON"),
        (["replay", "torn.ipynb"], 3, r"nbmerge: torn\.ipynb: is not JSON"),
        (["replay", "base.ipynb", "--interval", "soon"], 2, "--interval: 'soon' is not a number of seconds"),
        (["replay", "base.ipynb", "--interval=-1"], 2, "'-1' is not a number of seconds"),
        (["replay", "base.ipynb", "--out", "no/where.ipynb"], 4, r"no/where\.ipynb: cannot be written"),
    ],
)
def test_replay_of_what_cannot_be(
    nbmerge: Command, folder: Path, arguments: list[str], code: int, said: str
) -> None:
    (folder / "torn.ipynb").write_bytes(b'{"cells": [')
    ended = nbmerge(*arguments)
    assert ended.code == code
    assert re.search(said, ended.line), ended.line


def test_replay_leaves_the_state_directory_alone(nbmerge: Command, past: Past) -> None:
    nbmerge("replay", "base.ipynb", "local.ipynb")
    assert not os.path.exists(past.state)
