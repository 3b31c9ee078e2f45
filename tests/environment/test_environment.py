"""All that is known of a notebook when a save is judged, and when a merge is to be written."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbmerge.environment.environment import Environment
from nbmerge.lineage.versions import Context, Git
from tests.environment.clock import Clock
from tests.environment.jupyter import FakeServer, announce, fake_server, session
from tests.git.repo import NAME, Repository, spelled

ONE, TWO = spelled("x = 1"), spelled("x = 2")


def of(folder: Path, clock: Clock) -> Environment:
    return Environment(clock, {}, str(folder / "home"), "linux")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FakeServer]:
    """A server that has the repository below its root."""
    with fake_server() as one:
        announce(tmp_path / "home/.local/share/jupyter/runtime", tmp_path / "repo", one.port)
        yield one


def test_a_quiet_place(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / NAME
    path.write_text(ONE)
    surroundings = of(tmp_path, clock)
    assert surroundings.situation(str(path), b"{}") == Context()
    assert surroundings.hold(str(path)) is None


def test_signs_of_a_second_writer(repo: Repository, tmp_path: Path, clock: Clock, server: FakeServer) -> None:
    path = str(repo.path / NAME)
    surroundings = of(tmp_path, clock)
    server.sessions = [session(NAME, 2)]
    surroundings.note(path, "Syncthing is receiving it")
    kernel = f"two connections to this notebook's kernel on the Jupyter server at port {server.port}"
    assert surroundings.situation(path, b"{}") == Context((kernel, "Syncthing is receiving it"))
    assert surroundings.second_writer(str(repo.path / "other.ipynb")) == ()
    clock.passed = 700.0
    assert surroundings.second_writer(path) == (kernel,)


def test_git_goes_before_the_rest(repo: Repository, tmp_path: Path, clock: Clock, server: FakeServer) -> None:
    """Whatever it wrote is meant, however many front ends there are."""
    path = str(repo.path / NAME)
    repo.commit("one", ONE)
    repo.commit("two", TWO)
    surroundings = of(tmp_path, clock)
    server.sessions = [session(NAME, 2)]
    assert surroundings.situation(path, TWO.encode()).busy
    repo.git("checkout", "--quiet", "HEAD~1")
    assert surroundings.situation(path, ONE.encode()) == Context(git=Git.REPLACED)
    (repo.path / ".git/MERGE_HEAD").touch()
    assert surroundings.situation(path, b"{}") == Context(git=Git.WORKING)


def test_writes_wait_for_git_and_for_agents(repo: Repository, tmp_path: Path, clock: Clock) -> None:
    repo.commit("one", ONE)
    surroundings, path = of(tmp_path, clock), str(repo.path / NAME)
    assert surroundings.hold(path) is None
    (repo.path / ".git/index.lock").touch()
    assert surroundings.hold(path) == "git writes in its repository"
    (repo.path / ".git/index.lock").unlink()
    (repo.path / ".git/MERGE_HEAD").touch()  # for days, perhaps
    assert surroundings.hold(path) is None
    lock = repo.path / f"{NAME}.watchdog.lock"
    lock.touch()
    assert surroundings.hold(path) == f"{NAME}.watchdog.lock asks to wait"
    lock.unlink()
    assert surroundings.hold(path) is None


def test_writes_wait_for_rooms(repo: Repository, tmp_path: Path, clock: Clock, server: FakeServer) -> None:
    """Also for those whose keys cannot be seen: a while after the last save."""
    server.rooms = True
    repo.write(NAME, ONE)
    surroundings, path = of(tmp_path, clock), str(repo.path / NAME)
    assert surroundings.hold(path) == "somebody types in its jupyter-collaboration room"
    clock.passed = 5.0
    assert surroundings.hold(path) is None
    os.utime(path, (time.time() + 3600, time.time() + 3600))  # by a clock that runs ahead
    assert surroundings.hold(path) is None


@pytest.mark.parametrize("path", ["", "nb.ipynb", "/no/such/folder/nb.ipynb", "/dev/null", "/w/\udcff.ipynb"])
def test_nothing_strange_is_more_than_no_sign(tmp_path: Path, clock: Clock, path: str) -> None:
    surroundings = of(tmp_path, clock)
    announce(tmp_path / "home/.local/share/jupyter/runtime", Path("/"), 1)
    surroundings.situation(path, b"{}")
    assert surroundings.second_writer(path) == ()
    assert surroundings.hold(path) is None
