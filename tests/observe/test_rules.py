"""Which names, patterns and file systems count, as tables."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from nbmerge.environment.conflict_copies import receiving
from nbmerge.observe import names, watched_tree
from nbmerge.observe.backend import Mounts, SystemEvent
from nbmerge.observe.events import FileWatcherOptions, Trouble
from nbmerge.observe.inotify import Inotify
from nbmerge.observe.names import Rules, parse, read_rules
from tests.observe.world import World


@pytest.mark.parametrize(
    "name",
    [
        "nb.ipynb",
        "a b (1).ipynb",
        "nb.sync-conflict-20260102-150405-ABCDEFG.ipynb",
        "nb (conflicted copy 2026-01-02 150405).ipynb",
        ".hidden.ipynb",
        "ü.ipynb",
    ],
)
def test_notebooks(name: str) -> None:
    assert names.is_notebook(name)
    assert receiving(name) is None


DROPPINGS = """
    .ipynb nb.ipynb~ .nb.ipynb.swp 4913 nb.ipynb___jb_tmp___ nb.ipynb___jb_old___ #nb.ipynb# .#nb.ipynb
    .~nb.ipynb nb.ipynb.invalid .nbmerge-1.ipynb .nbmerge-12-0.tmp ._nb.ipynb .syncthing.nb.ipynb.tmp
    ~syncthing~nb.ipynb nb.ipynb.tmp nb.ipynb.bak nb.py .goutputstream-ABC
"""


@pytest.mark.parametrize("name", DROPPINGS.split())
def test_droppings(name: str) -> None:
    assert not names.is_notebook(name)


def test_the_copy_of_jupyter_server() -> None:
    assert names.copied(".~nb.ipynb") == "nb.ipynb"
    assert names.copied("nb.ipynb") is None
    assert names.copied(".~lock.odt#") is None


PATTERNS = [
    # pattern lines, path below the folder, whether it is a folder, ignored
    ("nb.ipynb", "nb.ipynb", False, True),
    ("nb.ipynb", "a/b/nb.ipynb", False, True),
    ("/nb.ipynb", "nb.ipynb", False, True),
    ("/nb.ipynb", "a/nb.ipynb", False, False),
    ("a/nb.ipynb", "a/nb.ipynb", False, True),
    ("a/nb.ipynb", "b/a/nb.ipynb", False, False),
    ("*.ipynb", "a/nb.ipynb", False, True),
    ("draft*", "draft-1.ipynb", False, True),
    ("a/*", "a/nb.ipynb", False, True),
    ("a/*", "a/b/nb.ipynb", False, False),
    ("a/**", "a/b/nb.ipynb", False, True),
    ("a/**", "a", True, False),
    ("a/**/nb.ipynb", "a/nb.ipynb", False, True),
    ("a/**/nb.ipynb", "a/b/c/nb.ipynb", False, True),
    ("**/old/*.ipynb", "old/nb.ipynb", False, True),
    ("**/old/*.ipynb", "x/old/nb.ipynb", False, True),
    ("**/old/*.ipynb", "x/older/nb.ipynb", False, False),
    ("old/", "old", True, True),
    ("old/", "old", False, False),
    ("old/", "a/old", True, True),
    ("nb?.ipynb", "nb1.ipynb", False, True),
    ("nb?.ipynb", "nb12.ipynb", False, False),
    ("nb[0-9].ipynb", "nb7.ipynb", False, True),
    ("nb[!0-9].ipynb", "nb7.ipynb", False, False),
    ("nb[^0-9].ipynb", "nbx.ipynb", False, True),
    ("nb[z-a].ipynb", "nbx.ipynb", False, False),
    ("nb[.ipynb", "nb[.ipynb", False, False),
    ("[]x].ipynb", "].ipynb", False, True),
    ("# a comment", "# a comment", False, False),
    (r"\#nb.ipynb", "#nb.ipynb", False, True),
    (r"\!nb.ipynb", "!nb.ipynb", False, True),
    ("nb.ipynb   ", "nb.ipynb", False, True),
    ("*.ipynb\n!keep.ipynb", "keep.ipynb", False, False),
    ("*.ipynb\n!keep.ipynb", "other.ipynb", False, True),
    ("!nb.ipynb\nnb.ipynb", "nb.ipynb", False, True),
    ("a+b.ipynb", "aab.ipynb", False, False),
    ("a.b", "axb", False, False),
    ("*a*b*.ipynb", "xaxbx.ipynb", False, True),
    ("*a*b*.ipynb", "xbxax.ipynb", False, False),
    ("*ab*b.ipynb", "aabab.ipynb", False, True),
    ("x*y*y", "xyy", False, True),
    ("x*y*y", "xy", False, False),
    ("*[!a]*[!b]*.ipynb", "aaba.ipynb", False, True),
    ("*[!a]*[!b]*.ipynb", "aab.ipynb", False, False),
    ("[!a]*[!a]*", "b/aaaa.ipynb", False, False),
    ("**/a/**/b/*.ipynb", "a/x/a/b/nb.ipynb", False, True),
    ("**/a*/**/b*c/**/nb.ipynb", "ab/bc/bcx/nb.ipynb", False, True),
    ("**/a/**/b/**/nb.ipynb", "b/a/nb.ipynb", False, False),
    ("[[a]*.ipynb", "[.ipynb", False, True),
    ("[a||b]*.ipynb", "|.ipynb", False, True),
    ("*/\n!a/", "a/b", True, True),
    ("/", "a", True, False),
    ("", "a", True, False),
]


@pytest.mark.parametrize(("lines", "path", "is_folder", "ignored"), PATTERNS)
def test_patterns(lines: str, path: str, is_folder: bool, ignored: bool) -> None:
    rules = Rules("/top", parse(lines.split("\n")))
    assert rules.ignores(f"/top/{path}", is_folder) is ignored


def test_patterns_are_gits(tmp_path: Path) -> None:
    """git itself says the same of every line of the table."""
    from subprocess import run

    for number, (lines, path, is_folder, _) in enumerate(PATTERNS):
        top = tmp_path / str(number)
        target = top / path
        (target if is_folder else target.parent).mkdir(parents=True, exist_ok=True)
        if not is_folder:
            target.touch()
        run(["git", "init", "-q", str(top)], check=True)
        (top / ".gitignore").write_text(lines)
        (top / ".nbmergeignore").write_text(lines)
        asked = run(["git", "-C", str(top), "check-ignore", "-q", path], check=False)
        rules = read_rules(str(top), Rules(str(top)))
        above = [str(one) for one in target.parents if one.is_relative_to(top) and one != top]
        ours = any(rules.ignores(one, True) for one in above) or rules.ignores(str(target), is_folder)
        assert (asked.returncode == 0) is ours, lines


def test_rules_further_down_go_first(tmp_path: Path) -> None:
    (tmp_path / ".nbmergeignore").write_text("*.ipynb\n")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/.nbmergeignore").write_text("!keep.ipynb\n")
    above = read_rules(str(tmp_path), Rules(str(tmp_path), parse(["*.tmp"])))
    below = read_rules(str(tmp_path / "a"), above)
    assert not below.ignores(str(tmp_path / "a/keep.ipynb"), is_folder=False)
    assert below.ignores(str(tmp_path / "a/other.ipynb"), is_folder=False)
    assert below.ignores(str(tmp_path / "a/x.tmp"), is_folder=False)
    assert read_rules(str(tmp_path / "missing"), below) is below


MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:21 / /proc rw,relatime - proc proc rw
24 22 0:30 / /home/me/nfs rw shared:1 - nfs4 server:/export rw
25 24 0:31 / /home/me/nfs/local rw - tmpfs tmpfs rw
26 22 0:32 / /mnt/with\\040blank rw - fuse.sshfs me@there: rw
27 22 0:33 / /mnt/c rw - 9p drvfs rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/nb.ipynb", None),
        ("/home/me/nfs", "nfs4"),
        ("/home/me/nfs/a/b", "nfs4"),
        ("/home/me/nfs2", None),
        ("/home/me/nfs/local/x", None),
        ("/mnt/with blank/x", "fuse.sshfs"),
        ("/mnt/c/Users", "9p"),
    ],
)
def test_file_systems_that_do_not_tell(path: str, kind: str | None) -> None:
    assert Mounts(MOUNTS).silent(path) == kind


def test_file_systems_without_files() -> None:
    assert Mounts(MOUNTS).pseudo("/proc/1")
    assert not Mounts(MOUNTS).pseudo("/home")
    assert Mounts("").kind("/anything") == ""


def test_what_is_left_out_is_not_watched(world: World) -> None:
    data = world.save("nb.ipynb")
    for folder in (".ipynb_checkpoints", ".git", "node_modules", ".venv", "__pycache__", "x/.Trash-1000"):
        world.save(f"{folder}/nb.ipynb")
    world.save("environment/lib/nb.ipynb")
    (world.root / "environment/pyvenv.cfg").write_text("")
    world.save("drafts/nb.ipynb")
    world.save("old/nb.ipynb")
    (world.root / ".nbmergeignore").write_text("old/\n")
    watcher = world.watch(FileWatcherOptions(exclude=("/drafts",)))
    world.save(".git/nb.ipynb", "later")
    world.save("old/nb.ipynb", "later")
    world.settle()
    notebooks = {one for one in map(str, world.root.rglob("*.ipynb")) if world.seen(one)}
    assert notebooks == {world.path("nb.ipynb")}
    assert world.seen("nb.ipynb") == [data]
    assert watcher.notebooks == 1


def test_patterns_that_change_take_effect(world: World) -> None:
    world.save("a/nb.ipynb")
    world.save("b/nb.ipynb")
    watcher = world.watch()
    (world.root / ".nbmergeignore").write_text("/a/\n")
    world.wait(lambda: watcher.notebooks == 1)
    world.save("a/nb.ipynb", "not wanted")
    world.until_seen("b/nb.ipynb", world.save("b/nb.ipynb", "wanted"))
    assert len(world.seen("a/nb.ipynb")) == 1
    assert not world.vanished("a/nb.ipynb")
    (world.root / ".nbmergeignore").unlink()
    world.until(lambda: len(world.seen("a/nb.ipynb")) > 1)
    world.until_seen("a/nb.ipynb", world.save("a/nb.ipynb", "wanted again"))


def test_a_silent_file_system_is_looked_at_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the folder were on NFS, and another machine wrote: the system does not say so."""

    def deaf(self: Inotify, timeout: float) -> list[SystemEvent]:
        time.sleep(0.01)
        return []

    table = Mounts(f"1 1 0:1 / {world.root} rw - nfs4 server:/x rw")
    monkeypatch.setattr(watched_tree, "mounts", lambda: table)
    monkeypatch.setattr(Inotify, "events", deaf)
    world.watch(FileWatcherOptions(poll_interval=0.05))
    world.until_seen("a/nb.ipynb", world.save("a/nb.ipynb"))


def test_saves_of_this_machine_are_heard_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Mounts(f"1 1 0:1 / {world.root} rw - nfs4 server:/x rw")
    monkeypatch.setattr(watched_tree, "mounts", lambda: table)
    world.watch(FileWatcherOptions(poll_interval=60))
    world.until_seen("a/nb.ipynb", world.save("a/nb.ipynb"))


HOSTILE = [
    "*" + "a*" * 12 + "c",
    "**/a/" * 13 + "*c",
    "*?" * 40 + "c",
    "[!b]*" * 40 + "c",
    "**/a*a*b/" * 20 + "c",
]


@pytest.mark.parametrize("pattern", HOSTILE)
@pytest.mark.parametrize("path", ["a" * 240 + ".ipynb", "a/" * 1000 + "nb.ipynb", "aab/" * 500 + "nb.ipynb"])
def test_no_pattern_keeps_the_watcher_waiting(pattern: str, path: str) -> None:
    """Such a one, of 27 bytes, took the watcher hours for one long name."""
    rules = Rules("/top", parse([pattern]))
    started = time.process_time()
    assert not rules.ignores(f"/top/{path}", is_folder=False)
    assert time.process_time() - started < 0.2  # milliseconds on an idle machine


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * 70_000, "is larger than 64 KB: none of its patterns is used"),
        ("x\n" * 2_000, "has more than 1,000 lines: none of its patterns is used"),
    ],
)
def test_an_ignore_file_that_is_too_large_is_not_used(world: World, text: str, said: str) -> None:
    (world.root / ".nbmergeignore").write_text(f"*.ipynb\n{text}")
    data = world.save("nb.ipynb")
    watcher = world.watch()
    watcher.rescan()
    world.settle()
    assert world.seen("nb.ipynb") == [data]
    [trouble] = world.all(Trouble)
    assert (trouble.path, trouble.message) == (world.path(".nbmergeignore"), said)


def test_an_ignore_file_that_is_a_pipe_keeps_nobody_waiting(world: World) -> None:
    os.mkfifo(world.root / ".nbmergeignore")
    data = world.save("nb.ipynb")
    world.watch()
    assert world.seen("nb.ipynb") == [data]


@pytest.mark.parametrize("text", ["\ufeff*.ipynb\r\n", "\x00[\n\\\n!\n\n*.ipynb\t\n"])
def test_odd_ignore_files(tmp_path: Path, text: str) -> None:
    (tmp_path / ".nbmergeignore").write_bytes(text.encode() + b"\xff\xfe\n")
    assert read_rules(str(tmp_path), Rules(str(tmp_path))).ignores(
        str(tmp_path / "nb.ipynb"), is_folder=False
    )
