"""Jupyter servers of this user, fake_server on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbmerge.doctor.machine import jupyter_servers
from nbmerge.doctor.values import Finding, Severity
from tests.doctor.conftest import Place
from tests.environment.jupyter import FakeServer, announce, fake_server, session


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as server:
        yield server


def runtime(place: Place) -> Path:
    return place.home / ".local/share/jupyter/runtime"


def one(place: Place) -> Finding:
    [found] = jupyter_servers(place.setting)
    assert "a-secret" not in found.message + found.advice
    return found


def test_none(place: Place) -> None:
    assert one(place).state is Severity.OK


def test_one_that_answers(place: Place, server: FakeServer) -> None:
    server.sessions = [
        session("n.ipynb", 2),
        session("m.ipynb", 1, kernel="k2"),
        session("c", kind="console"),
    ]
    announce(runtime(place), place.here, server.port)
    found = one(place)
    assert found.state is Severity.OK
    assert f"port {server.port} ({place.here}), 2 notebooks with a kernel" in found.message
    assert {request.split()[0] for request in server.asked} <= {"GET", "OPTIONS"}


def test_one_with_collaboration(place: Place, server: FakeServer) -> None:
    server.rooms = True
    announce(runtime(place), place.here, server.port)
    found = one(place)
    assert found.state is Severity.OK
    assert "jupyter-collaboration" in found.message
    assert "4 s" in found.message


def test_one_whose_rooms_are_seen_on_the_disk(place: Place, server: FakeServer) -> None:
    (place.here / ".jupyter_ystore.db").touch()
    announce(runtime(place), place.here, server.port)
    assert "jupyter-collaboration" in one(place).message


def test_one_that_does_not_let_us_in(place: Place, server: FakeServer) -> None:
    announce(runtime(place), place.here, server.port, token="")
    found = one(place)
    assert found.state is Severity.WARNING
    assert "status 403" in found.message


def test_one_that_does_not_answer(place: Place) -> None:
    with fake_server() as gone:
        port = gone.port
    announce(runtime(place), place.here, port)
    found = one(place)
    assert found.state is Severity.WARNING
    assert "does not answer" in found.message


@pytest.mark.parametrize("other", [{"hostname": "192.0.2.7"}, {"sock": "/run/jupyter.sock", "port": 0}])
def test_one_that_is_not_on_loopback_is_not_asked(
    place: Place, server: FakeServer, other: dict[str, object]
) -> None:
    announce(runtime(place), place.here, server.port, **other)
    found = one(place)
    assert found.state is Severity.WARNING
    assert found.advice == "start it with --ip=127.0.0.1"
    assert server.asked == []


def test_word_of_servers_that_are_gone_and_nonsense(place: Place) -> None:
    folder = runtime(place)
    announce(folder, place.here, 1, pid=2**22 + 1)
    for name, text in (
        ("jpserver-2.json", "{"),
        ("jpserver-3.json", "[]"),
        ("jpserver-4.json", '{"pid": "x"}'),
    ):
        (folder / name).write_text(text)
    (folder / "jpserver-5.json").mkdir()
    assert one(place).message == "no Jupyter server of this user runs here"


def test_each_server_has_a_line(place: Place, server: FakeServer) -> None:
    announce(runtime(place), place.here, server.port)
    with fake_server() as second:
        announce(runtime(place), place.home, second.port)
        assert len(list(jupyter_servers(place.setting))) == 2
    assert os.path.isdir(place.home)
