"""Where the state directory is, and who may change it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from threading import Thread

import pytest

from nbmerge.errors import SystemFailure
from nbmerge.history.lock import DirectoryLock, lock_of
from nbmerge.history.opening import state_directory, usual_place
from tests.history.stores import fresh, process

HOLD = """
import sys
from nbmerge.history.lock import lock_of
with lock_of(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""
COUNT = """
import sys
from pathlib import Path
from nbmerge.history.lock import lock_of
number = Path(sys.argv[1], "number")
for _ in range(100):
    with lock_of(sys.argv[1]):
        number.write_text(str(int(number.read_text()) + 1))
"""


def test_the_option_goes_before_the_variable_and_that_before_the_platform(tmp_path: Path) -> None:
    option, variable, home = tmp_path / "option", tmp_path / "variable", tmp_path / "home"
    known = {"NBMERGE_STATE_DIR": str(variable), "XDG_STATE_HOME": str(home)}
    assert state_directory(str(option), known) == str(option)
    assert state_directory(None, known) == str(variable)
    del known["NBMERGE_STATE_DIR"]
    assert state_directory(None, known, "linux") == str(home / "nbmerge")
    assert all(path.is_dir() for path in (option, variable, home / "nbmerge"))


@pytest.mark.parametrize(
    ("platform", "environment", "place"),
    [
        ("linux", {}, "~/.local/state/nbmerge"),
        ("linux", {"XDG_STATE_HOME": "relative"}, "~/.local/state/nbmerge"),
        ("darwin", {"XDG_STATE_HOME": "/x"}, "~/Library/Application Support/nbmerge"),
        ("win32", {}, "~/AppData/Local/nbmerge"),
        ("win32", {"LOCALAPPDATA": "/users/ada/local"}, "/users/ada/local/nbmerge"),
    ],
)
def test_each_platform_has_its_place(platform: str, environment: dict[str, str], place: str) -> None:
    assert usual_place(environment, platform) == place.replace("/", os.sep)


@pytest.mark.skipif(os.name != "posix", reason="modes of Unix")
def test_nobody_else_can_look_into_it(tmp_path: Path) -> None:
    made = Path(state_directory(str(tmp_path / "some" / "place")))
    assert made.stat().st_mode & 0o777 == 0o700


def test_a_place_that_cannot_be_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemFailure, match="name another state directory with --state") as failure:
        state_directory(str(tmp_path / "file" / "below"))
    assert "\n" not in str(failure.value)


def test_who_holds_the_lock_may_take_it_again_through_any_store(tmp_path: Path) -> None:
    first, second = fresh(tmp_path), fresh(tmp_path)
    with first.lock(), first.lock(), second.lock(), lock_of(str(tmp_path / "." / "")):
        fresh(tmp_path).close()


def test_another_thread_waits(tmp_path: Path) -> None:
    lock = DirectoryLock(str(tmp_path), patience=0.01)
    failures: list[SystemFailure] = []

    def take() -> None:
        try:
            with lock:
                pass
        except SystemFailure as failure:
            failures.append(failure)

    with lock:
        thread = Thread(target=take)
        thread.start()
        thread.join()
    take()
    assert ["another thread" in str(failure) for failure in failures] == [True]


def test_another_process_waits_until_the_first_one_is_dead(tmp_path: Path) -> None:
    holder = process(HOLD, tmp_path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    impatient = DirectoryLock(str(tmp_path), patience=0.01)
    with pytest.raises(SystemFailure, match="another nbmerge process has held the lock"):
        impatient.__enter__()
    holder.kill()
    holder.communicate()
    with impatient:
        pass


def test_one_process_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "number").write_text("0")
    for counter in [process(COUNT, tmp_path) for _ in range(2)]:
        counter.communicate()
    assert (tmp_path / "number").read_text() == "200"


def test_a_store_in_memory_locks_nothing_on_disk() -> None:
    one, other = fresh(), fresh()
    with one.lock(), other.lock():
        assert one.adopt("/a.ipynb") == other.adopt("/a.ipynb")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_of_somebody_else_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SystemFailure, match="see who owns it"):
        fresh(tmp_path)
    tmp_path.chmod(0o700)


# Whose it is.  The rule itself is in tests/test_owners.py.

posix = pytest.mark.skipif(os.name != "posix", reason="modes of Unix")


@posix
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o702])
def test_one_that_others_can_write_is_refused_with_what_to_type(tmp_path: Path, mode: int) -> None:
    place = tmp_path / "a place"
    place.mkdir()
    place.chmod(mode)
    with pytest.raises(SystemFailure, match="can be written by other users") as failure:
        state_directory(str(place))
    assert f"type: chmod go-w '{place}'" in str(failure.value)
    place.chmod(mode & ~0o022)
    assert state_directory(str(place)) == str(place)


@posix
def test_so_is_one_in_which_others_can_write_something(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal").chmod(0o777)
    tmp_path.chmod(0o755)
    with pytest.raises(SystemFailure, match=f"chmod go-w {tmp_path}/journal"):
        state_directory(str(tmp_path))
    tmp_path.chmod(0o700)  # nobody else comes as far as that
    assert state_directory(str(tmp_path)) == str(tmp_path)
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can make other people's files")
@pytest.mark.parametrize("inside", [False, True])
def test_so_is_what_belongs_to_another_user(tmp_path: Path, inside: bool) -> None:
    tmp_path.chmod(0o700)
    found = tmp_path / "history-9-x.sqlite3" if inside else tmp_path
    if inside:
        found.write_bytes(b"")
    os.chown(found, 12345, 12345)
    with pytest.raises(
        SystemFailure, match=f"{found}: belongs to another user \\(number 12345\\)"
    ) as failure:
        state_directory(str(tmp_path))
    assert "name another state directory with --state" in str(failure.value)
    assert ("remove it" in str(failure.value)) is inside


@posix
def test_what_older_versions_left_readable_is_closed_and_links_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "watcher.json").write_text("{}")
    (tmp_path / "watcher.json").chmod(0o644)
    outside = tmp_path / "outside"
    outside.write_text("")
    outside.chmod(0o644)
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    (tmp_path / "watcher.json").rename(state / "watcher.json")
    (state / "link").symlink_to(outside)
    state_directory(str(state))
    assert (state / "watcher.json").stat().st_mode & 0o777 == 0o600
    assert outside.stat().st_mode & 0o777 == 0o644
