"""What the sessions of the Jupyter servers say of a second writer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nbmerge.environment import jupyter
from nbmerge.environment.jupyter import JupyterServers, JupyterSessions
from tests.environment.clock import Clock
from tests.environment.jupyter import FakeServer, announce, fake_server, session


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as one:
        yield one


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said is tested here, not how soon: a machine that does much else answers late."""
    monkeypatch.setattr(jupyter, "TIMEOUT", 10.0)


class Desk:
    """A folder with notebooks, and the servers that serve it."""

    def __init__(self, folder: Path, clock: Clock, *servers: FakeServer) -> None:
        self.folder = folder
        for server in servers:
            announce(folder / "run", folder, server.port)
        self.sessions = JupyterSessions(JupyterServers(str(folder / "run"), clock), clock)

    def signs(self, name: str = "nb.ipynb") -> list[str]:
        return list(self.sessions.signs(str(self.folder / name)))


ONE_TAB: list[Any] = [session("nb.ipynb", 1)]
NONE_AT_ALL: list[list[Any]] = [
    [],
    ONE_TAB,
    [session("nb.ipynb", 0)],  # the tab was closed
    [session("nb.ipynb", None)],  # an old server does not count
    [session("other.ipynb", 3), session("sub/nb.ipynb", 3)],
    [session("nb.ipynb", 2), session("console-1", 2, kind="console")],  # one of the two is the console
    [session("nb.ipynb", 1), session("nb.ipynb", 0, kernel="k2")],  # an earlier kernel goes on running
]


@pytest.mark.parametrize("told", NONE_AT_ALL)
def test_one_front_end_is_no_sign(tmp_path: Path, clock: Clock, server: FakeServer, told: list[Any]) -> None:
    server.sessions = told
    assert Desk(tmp_path, clock, server).signs() == []


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([session("nb.ipynb", 2)], "two connections to this notebook's kernel"),
        ([session("nb.ipynb", 12)], "12 connections to this notebook's kernel"),
        (
            [session("nb.ipynb", 3), session("console-1", 3, kind="console")],
            "two connections to this notebook's kernel",
        ),
        ([session("nb.ipynb"), session("nb.ipynb", kernel="k2")], "two sessions on this notebook"),
        (  # VS Code's name for the notebook that JupyterLab has open, too
            [session("nb.ipynb"), session("nb-jvsc-12ab-f00d.ipynb", kernel="k2")],
            "two sessions on this notebook",
        ),
        ([session("RTC:nb.ipynb", 2)], "two connections to this notebook's kernel"),
    ],
)
def test_two_front_ends_are_told_in_words(
    tmp_path: Path, clock: Clock, server: FakeServer, told: list[Any], words: str
) -> None:
    server.sessions = told
    [sign] = Desk(tmp_path, clock, server).signs()
    assert sign == f"{words} on the Jupyter server at port {server.port}"


def test_two_servers(tmp_path: Path, clock: Clock, server: FakeServer) -> None:
    with fake_server() as other:
        desk = Desk(tmp_path, clock, server, other)
        server.sessions = other.sessions = ONE_TAB
        first, second = sorted((server.port, other.port))
        assert desk.signs() == [f"this notebook is open on two Jupyter servers (ports {first} and {second})"]
        assert desk.signs("other.ipynb") == []


def test_front_ends_that_share_one_document_are_one_writer(
    tmp_path: Path, clock: Clock, server: FakeServer
) -> None:
    server.sessions = [session("nb.ipynb", 2)]
    desk = Desk(tmp_path, clock, server)
    assert desk.sessions.signs(str(tmp_path / "nb.ipynb"), lambda server: True) == ()


def test_a_server_is_not_asked_at_every_save(tmp_path: Path, clock: Clock, server: FakeServer) -> None:
    """Nor does it take our asking for its user's activity."""
    desk = Desk(tmp_path, clock, server)
    for name in ("nb.ipynb", "other.ipynb", "nb.ipynb"):
        desk.signs(name)
    assert server.asked == ["GET /base/api/sessions?no_track_activity=1"]
    server.sessions = [session("nb.ipynb", 2)]
    clock.passed = 4.0
    assert len(desk.signs()) == 1
    assert len(server.asked) == 2


def test_a_server_of_other_folders_is_not_asked(tmp_path: Path, clock: Clock, server: FakeServer) -> None:
    announce(tmp_path / "run", tmp_path / "elsewhere", server.port)
    assert Desk(tmp_path, clock).signs() == []
    assert server.asked == []


@pytest.mark.parametrize(
    "told", [b"", b"{", b"null", b"{}", b'[1, {}, {"id": "a"}]', b"[" * 100_000, b"\xff"]
)
def test_answers_that_make_no_sense(tmp_path: Path, clock: Clock, server: FakeServer, told: bytes) -> None:
    server.sessions = told
    assert Desk(tmp_path, clock, server).signs() == []


def test_what_refuses_is_left_alone(tmp_path: Path, clock: Clock, server: FakeServer) -> None:
    desk = Desk(tmp_path, clock, server)
    server.status = 403
    for clock.passed in (0.0, 10.0, 100.0):
        assert desk.signs() == []
    assert len(server.asked) == 1
    server.status, server.sessions, clock.passed = 200, [session("nb.ipynb", 2)], 700.0
    assert len(desk.signs()) == 1


def test_a_server_that_is_busy_keeps_its_last_word_for_a_minute(
    tmp_path: Path, clock: Clock, server: FakeServer
) -> None:
    """It is, for one, while it writes this very notebook."""
    server.sessions = [session("nb.ipynb", 2)]
    desk = Desk(tmp_path, clock, server)
    assert len(desk.signs()) == 1
    server.status = 500
    for clock.passed in (5.0, 25.0, 50.0):
        assert len(desk.signs()) == 1
    clock.passed = 70.0
    assert desk.signs() == []
    assert len(server.asked) == 5
