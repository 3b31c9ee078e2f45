"""The real thing: jupyter_server, its sessions and trust; jupyter-collaboration where it is installed."""

from __future__ import annotations

import http.client
import importlib
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nbmerge.environment.environment import Environment
from nbmerge.environment.jupyter import JupyterServer, ask, listed
from nbmerge.environment.rooms import QUIET, STORE
from tests.environment.clock import Clock
from tests.git.repo import spelled
from tests.helpers.build import code, notebook, shown
from tests.helpers.spelling import JUPYTER

pytest.importorskip("jupyter_server")
HAS_ROOMS = all(importlib.util.find_spec(name) for name in ("jupyter_server_ydoc", "pycrdt", "websocket"))
rooms_needed = pytest.mark.skipif(not HAS_ROOMS, reason="jupyter-collaboration is not installed")
PICTURE = code("plot()", id="plot", outputs=[shown({"text/html": ["<b>1</b>"]}, count=1)], execution_count=1)


@dataclass(frozen=True)
class Jupyter:
    """A running jupyter_server and where it keeps things."""

    folder: Path
    environment: dict[str, str]
    server: JupyterServer

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def call(self, method: str, name: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        headers = {"Authorization": f"token {self.server.token}", "Content-Type": "application/json"}
        connection.request(method, f"/{name}", None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        assert answer.status < 300, told
        return json.loads(told) if told else None

    def save(self, name: str, content: Any) -> None:
        self.call("PUT", f"api/contents/{name}", {"type": "notebook", "format": "json", "content": content})

    def surroundings(self, clock: Callable[[], float]) -> Environment:
        return Environment(clock, self.environment, str(self.folder))


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    folder = tmp_path_factory.mktemp("jupyter")
    for name in ("root", "cwd", "data/kernels/idle"):
        (folder / name).mkdir(parents=True)
    command = [sys.executable, str(Path(__file__).with_name("kernel.py")), "{connection_file}"]
    kernel = {"argv": command, "display_name": "Idle", "language": "none"}
    (folder / "data/kernels/idle/kernel.json").write_text(json.dumps(kernel))
    folders = {f"JUPYTER_{name.upper()}_DIR": str(folder / name) for name in ("data", "config", "runtime")}
    environment = {**os.environ, **folders, "HOME": str(folder), "PYTHONWARNINGS": "ignore"}
    options = ["--no-browser", f"--ServerApp.root_dir={folder / 'root'}", "--port=0", "--allow-root"]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *options, "--IdentityProvider.token=a-secret"],
            cwd=folder / "cwd",
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield Jupyter(folder, environment, _started(folder))
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _started(folder: Path) -> JupyterServer:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        for server in listed(str(folder / "runtime")):
            if ask(server, "GET", "api/status") is not None:
                return server
        time.sleep(0.05)
    raise AssertionError((folder / "log").read_text())


def test_it_is_found_with_what_it_serves(jupyter: Jupyter) -> None:
    assert jupyter.server.root == str(jupyter.root)
    assert ask(jupyter.server, "GET", "api/sessions") == (200, b"[]")


def test_asking_is_no_activity(jupyter: Jupyter) -> None:
    """Servers that end when nobody uses them must be able to."""
    before = jupyter.call("GET", "api/status?no_track_activity=1")["last_activity"]
    time.sleep(0.01)
    ask(jupyter.server, "GET", "api/sessions")
    ask(jupyter.server, "OPTIONS", "api/collaboration/session/")
    assert jupyter.call("GET", "api/status?no_track_activity=1")["last_activity"] == before


def test_each_tab_is_a_connection(jupyter: Jupyter, clock: Clock) -> None:
    websocket = pytest.importorskip("websocket")
    (jupyter.root / "tabs.ipynb").write_text(spelled("x = 1"))
    started = {"path": "tabs.ipynb", "name": "", "type": "notebook", "kernel": {"name": "idle"}}
    kernel = jupyter.call("POST", "api/sessions", started)["kernel"]["id"]
    surroundings, path = jupyter.surroundings(clock), str(jupyter.root / "tabs.ipynb")
    assert surroundings.second_writer(path) == ()
    url = f"ws://127.0.0.1:{jupyter.server.port}/api/kernels/{kernel}/channels"
    tabs = [websocket.create_connection(url, header=["Authorization: token a-secret"]) for _ in "ab"]
    clock.passed += 10
    said = (f"two connections to this notebook's kernel on the Jupyter server at port {jupyter.server.port}",)
    assert eventually(lambda: surroundings.second_writer(path), said, clock)
    assert surroundings.situation(path, b"{}").second_writer == said
    assert surroundings.second_writer(str(jupyter.root / "other.ipynb")) == ()
    tabs.pop().close()
    assert eventually(lambda: surroundings.second_writer(path), (), clock)
    tabs.pop().close()


def eventually(ask: Callable[[], object], answer: object, clock: Clock) -> bool:
    for _ in range(100):
        if ask() == answer:
            return True
        clock.passed += 4
        time.sleep(0.05)
    raise AssertionError(ask())


def test_the_trust_that_it_gave_is_kept(jupyter: Jupyter, clock: Clock) -> None:
    """Jupyter signs what its user ran; a merge of that opens as trusted, another one does not."""
    surroundings = jupyter.surroundings(clock)
    trusted = dict(PICTURE, metadata={"trusted": True})
    versions = []
    for name in ("one", "two"):
        jupyter.save(f"{name}.ipynb", notebook(code(name, id=name), trusted))
        versions.append((jupyter.root / f"{name}.ipynb").read_bytes())
    merged = JUPYTER.spell(notebook(code("one", id="one"), PICTURE, code("two", id="two")))
    (jupyter.root / "merged.ipynb").write_bytes(merged)
    stranger = JUPYTER.spell(notebook(code("three", id="three"), PICTURE))
    surroundings.sign(merged, [*versions, stranger])
    assert not opens_as_trusted(jupyter, "merged.ipynb")
    surroundings.sign(merged, versions)
    assert opens_as_trusted(jupyter, "merged.ipynb")


def opens_as_trusted(jupyter: Jupyter, name: str) -> bool:
    cells = jupyter.call("GET", f"api/contents/{name}")["content"]["cells"]
    return all(cell["metadata"]["trusted"] for cell in cells)


class Visitor:
    """A front end in a room."""

    def __init__(self, jupyter: Jupyter, name: str) -> None:
        import websocket

        pycrdt: Any = importlib.import_module("pycrdt")
        known = jupyter.call(
            "PUT", f"api/collaboration/session/{name}", {"format": "json", "type": "notebook"}
        )
        where = f"ws://127.0.0.1:{jupyter.server.port}/api/collaboration/room/json:notebook:{known['fileId']}"
        self.socket = websocket.create_connection(
            f"{where}?sessionId={known['sessionId']}", header=["Authorization: token a-secret"], timeout=10
        )
        document = pycrdt.Doc()
        self.notebook: Any = importlib.import_module("jupyter_ydoc").YNotebook(document)
        self.socket.send_binary(pycrdt.create_sync_message(document))
        while True:
            message = self.socket.recv()
            if message[:1] == b"\0":  # sync
                reply = pycrdt.handle_sync_message(message[1:], document)
                if reply:
                    self.socket.send_binary(reply)
                if message[1:2] == b"\1":  # the server's whole document
                    break
        document.observe(lambda event: self.socket.send_binary(pycrdt.create_update_message(event.update)))

    def type(self, text: str) -> None:
        source = self.notebook.ycells[0]["source"]
        source += text


@rooms_needed
def test_a_room_is_left_alone_until_it_is_quiet(jupyter: Jupyter, clock: Clock) -> None:
    """The keys are seen at once, though the room saves nothing while they follow one another."""
    path, other = jupyter.root / "room.ipynb", jupyter.root / "alone.ipynb"
    for one in (path, other):
        one.write_text(spelled("x = 1", "y = 2"))
        os.utime(one, (1000.0, 1000.0))
    surroundings = jupyter.surroundings(clock)
    assert surroundings.hold(str(path)) is None
    visitor = Visitor(jupyter, "room.ipynb")
    for _ in range(6):
        visitor.type("#")
        time.sleep(0.25)
        assert surroundings.hold(str(path)) == "somebody types in its jupyter-collaboration room"
        assert os.stat(path).st_mtime == 1000.0
        assert surroundings.hold(str(other)) is None
    assert (jupyter.folder / "cwd" / STORE).exists()  # found in the server's folder, not in its root
    assert surroundings.rooms.is_shared(jupyter.server, str(path))
    assert not surroundings.rooms.is_shared(jupyter.server, str(other))
    deadline = time.monotonic() + 10
    while "######" not in path.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert surroundings.hold(str(path)) is not None
    clock.passed = QUIET + 1
    assert surroundings.hold(str(path)) is None
    visitor.socket.close()


@rooms_needed
def test_two_tabs_in_one_room_are_one_writer(jupyter: Jupyter, clock: Clock) -> None:
    import websocket

    (jupyter.root / "both.ipynb").write_text(spelled("x = 1"))
    started = {"path": "both.ipynb", "name": "", "type": "notebook", "kernel": {"name": "idle"}}
    kernel = jupyter.call("POST", "api/sessions", started)["kernel"]["id"]
    url = f"ws://127.0.0.1:{jupyter.server.port}/api/kernels/{kernel}/channels"
    tabs = [websocket.create_connection(url, header=["Authorization: token a-secret"]) for _ in "ab"]
    visitor = Visitor(jupyter, "both.ipynb")
    visitor.type("#")
    surroundings, path = jupyter.surroundings(clock), str(jupyter.root / "both.ipynb")
    assert eventually(lambda: surroundings.rooms.is_shared(jupyter.server, path), True, clock)
    assert surroundings.second_writer(path) == ()
    for socket in (*tabs, visitor.socket):
        socket.close()
