"""Two Jupyter servers, as two machines of a hub have them, whose people have one notebook open: they share a
database and nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websocket import WebSocket, WebSocketTimeoutException, create_connection

from tests.helpers.build import code, notebook
from tests.helpers.postgres import Server, needs_postgres, postgres
from tests.helpers.spelling import JUPYTER

pytestmark = needs_postgres
ROOT = Path(__file__).parents[2]
NAME = "nb.ipynb"
AT = {"cell": "one", "place": 0, "version": "1.ab", "ranges": [[2, 5]]}
LONGEST = 60.0


@dataclass
class Machine:
    """With a Jupyter server, whose only user is named so."""

    user: str
    port: int
    process: subprocess.Popen[bytes]
    pages: list[Page] = field(default_factory=list)

    def open(self) -> Page:
        url = f"http://127.0.0.1:{self.port}/nbmerge/api/open/{NAME}"
        with urllib.request.urlopen(url, timeout=LONGEST) as answer:
            assert json.loads(answer.read())["here"] is True
        address = f"ws://127.0.0.1:{self.port}/nbmerge/api/presence/{NAME}"
        self.pages.append(Page(create_connection(address, timeout=LONGEST)))
        return self.pages[-1]


@dataclass
class Page:
    socket: WebSocket

    def say(self, message: dict[str, Any]) -> None:
        self.socket.send(json.dumps(message))

    def next(self, kind: str) -> Any:
        end = time.monotonic() + LONGEST
        while True:
            assert time.monotonic() < end, kind  # a page is asked something now and then
            found = json.loads(self.socket.recv())
            if found["type"] == "ask":
                self.say({"type": "here"})
            if found["type"] == kind:
                return found

    def until(self, *names: str) -> list[Any]:
        """Those who are there, as soon as they are called so."""
        end = time.monotonic() + LONGEST
        while True:
            people: list[Any] = self.next("people")["people"]
            if sorted(one["name"] for one in people) == sorted(names):
                return people
            assert time.monotonic() < end, people


@contextlib.contextmanager
def machine(user: str, home: Path, folder: Path, address: str) -> Iterator[Machine]:
    home.mkdir()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NBMERGE_")}
    own = {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "NBMERGE_STATE": address,
        "NBMERGE_HOST": user,
        "NBMERGE_ROOTS": f"{folder}=team",
    }
    words = ["-m", "tests.hosts.server", str(folder), str(port), user]
    with open(home / "log", "wb") as log:
        process = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=kept | own, stdout=log, stderr=log)
    try:
        end = time.monotonic() + LONGEST
        while True:
            assert process.poll() is None, (home / "log").read_text()
            assert time.monotonic() < end, (home / "log").read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        made = Machine(user, port, process)
        try:
            yield made
        finally:
            for page in made.pages:
                page.socket.close()
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "share"
    made.mkdir()
    (made / NAME).write_bytes(JUPYTER.spell(notebook(code("one = 1", id="one"), code("two = 2", id="two"))))
    return made


def test_people_on_two_machines_see_each_other_come_move_and_go(
    server: Server, folder: Path, tmp_path: Path
) -> None:
    address = server.address("team")
    with (
        machine("ann", tmp_path / "a", folder, address) as one,
        machine("bob", tmp_path / "b", folder, address) as two,
    ):
        ann, bob = one.open(), two.open()
        [there] = bob.until("Ann")
        assert (there["yours"], there["at"]) == (False, None)
        [there] = ann.until("Bob")
        bob.say({"type": "at", "at": AT})
        assert ann.next("at") == {"type": "at", "id": there["id"], "at": AT}
        more = two.open()
        ann.until("Bob", "Bob")
        assert [one["yours"] for one in more.until("Ann", "Bob") if one["name"] == "Bob"] == [True]
        more.socket.close()
        ann.until("Bob")
        bob.socket.close()
        ann.until()
        two.open()
        ann.until("Bob")
        two.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        ann.until()
        assert time.monotonic() - began < 10


@pytest.mark.slow
def test_a_machine_that_died_is_gone_within_half_a_minute_and_other_schemas_see_nobody(
    server: Server, folder: Path, tmp_path: Path
) -> None:
    address = server.address("team")
    with (
        machine("ann", tmp_path / "a", folder, address) as one,
        machine("bob", tmp_path / "b", folder, address) as two,
        machine("eve", tmp_path / "e", folder, server.address("others")) as three,
    ):
        ann, _, eve = one.open(), two.open(), three.open()
        assert eve.next("people")["people"] == []
        ann.until("Bob")
        two.process.kill()
        began = time.monotonic()
        ann.until()
        took = time.monotonic() - began
        print(f"gone after {took:.1f} s")
        assert took < 30
        eve.socket.settimeout(1.0)
        with pytest.raises(WebSocketTimeoutException):
            eve.next("people")
