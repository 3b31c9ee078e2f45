"""Owns: the writers of one host: programs that tell what they started from, editors that do not, tabs of
the host's Jupyter server.

Must not know: other hosts, when anything fails.  Invariant: a save is said to be made when whoever saved
was told so, and not before; each writer does one thing at a time, and the writers of a host work beside
each other.

    python -m tests.hosts.agent        {"id", "do", ...} a line in, {"id", "ok", ...} a line out
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

from nbmerge.errors import NbmergeError
from nbmerge.sync import apply
from nbmerge.sync.standing import StandingStore
from tests.helpers.build import lines, source_of
from tests.helpers.spelling import JUPYTER

PORT = 8888
_ANSWER = 40.0  # seconds


def put_in(copy: dict[str, Any], cell: str, line: str) -> None:
    """Add a line to a cell; where there is no such cell, a cell."""
    for one in copy["cells"]:
        if one.get("id") == cell:
            one["source"] = lines(f"{source_of(one)}\n{line}")
            return
    copy["cells"].append(
        {"cell_type": "markdown", "id": cell, "metadata": {}, "source": lines(f"cell {cell}\n{line}")}
    )


@dataclass
class Told:
    """A program that takes part, in this process."""

    store: StandingStore
    path: str
    name: str
    copy: dict[str, Any] = field(default_factory=dict)
    version: str = ""

    def save(self, cell: str, line: str, save_id: str) -> None:
        if not self.copy:
            opened = self.store.ask(lambda ask: ask.open_notebook(self.path, self.name))
            self.copy, self.version = json.loads(opened.content), opened.version
        changed = json.loads(json.dumps(self.copy))
        put_in(changed, cell, line)
        data = JUPYTER.spell(changed)
        answer = self.store.ask(lambda ask: ask.save(self.path, data, self.version, self.name, save_id))
        self.copy = apply(changed, [one.as_json() for one in answer.operations])
        self.version = answer.version


@dataclass
class Untold:
    """An editor that tells nobody what it started from; it takes over the file now and then."""

    path: str
    way: str
    copy: dict[str, Any] = field(default_factory=dict)

    def save(self, cell: str, line: str, reload: bool) -> None:
        if reload or not self.copy:
            with open(self.path, "rb") as file:
                self.copy = json.loads(file.read())
        put_in(self.copy, cell, line)
        data = JUPYTER.spell(self.copy)
        if self.way == "renamed":
            beside = os.path.join(os.path.dirname(self.path), f".{os.path.basename(self.path)}.{os.getpid()}")
            with open(beside, "wb") as file:
                file.write(data)
            os.replace(beside, self.path)
        else:
            with open(self.path, "wb") as file:
                file.write(data)


@dataclass
class Tab:
    """A tab of this host's Jupyter server."""

    path: str
    name: str
    copy: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    news: SimpleQueue[str] = field(default_factory=SimpleQueue)

    def open(self) -> None:
        found = self._ask("GET", "open")
        if not found["here"]:
            raise ValueError(found["why"])
        self.copy, self.version = found["model"]["content"], found["version"]

    def save(self, cell: str, line: str, save_id: str) -> None:
        if not self.copy:
            self.open()
        changed = json.loads(json.dumps(self.copy))
        put_in(changed, cell, line)
        body = {"base": self.version, "save_id": save_id, "tab": self.name, "content": changed}
        found = self._ask("PUT", "save", body)
        self.copy, self.version = apply(changed, found["operations"]), found["version"]

    def follow(self) -> None:
        """Listen to the server's events from now on."""
        self.news = SimpleQueue()
        Thread(target=self._listen, args=(self.news,), daemon=True).start()
        self.news.get(timeout=_ANSWER)

    def heard(self) -> float:
        """When what was saved elsewhere was here, after the server has told that there is something."""
        while self.news.get(timeout=_ANSWER) in ("", self.version):
            pass
        self.pull()
        return time.monotonic()

    def text(self) -> str:
        """What it shows."""
        return "\n".join(source_of(cell) for cell in self.copy["cells"])

    def _listen(self, news: SimpleQueue[str]) -> None:
        from websocket import create_connection

        events = create_connection(f"ws://127.0.0.1:{PORT}/api/events/subscribe", timeout=_ANSWER)
        news.put("listening")
        with contextlib.suppress(OSError, ValueError):
            while True:
                event = json.loads(events.recv())
                if event.get("path") == self.path and "tab" in event:
                    news.put(event["version"])

    def pull(self) -> None:
        """Show what others have saved."""
        if not self.copy:
            self.open()
        found = self._ask("POST", "pull", {"base": self.version, "content": self.copy})
        self.copy, self.version = apply(self.copy, found["operations"]), found["version"]

    def _ask(self, method: str, what: str, body: object = None) -> Any:
        sent = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{PORT}/nbmerge/api/{what}/{self.path}"
        request = urllib.request.Request(url, data=sent, method=method)
        with urllib.request.urlopen(request, timeout=_ANSWER) as answer:
            return json.loads(answer.read())


class Agent:
    """What one host's writers do."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._store = StandingStore()
        self._writers: dict[str, Told | Untold | Tab] = {}
        self._turns: dict[str, ThreadPoolExecutor] = {}
        self._saying = Lock()

    def take(self, order: dict[str, Any]) -> None:
        """Have it done, after what this writer does already."""
        turn = self._turns.setdefault(order["writer"], ThreadPoolExecutor(1))
        turn.submit(self._do, order)

    def _do(self, order: dict[str, Any]) -> None:
        began = time.monotonic()
        try:
            found = self._done(order)
            answer: dict[str, Any] = {"ok": True, **(found or {})}
        except (NbmergeError, OSError, ValueError, KeyError) as error:
            said = str(error)
            if isinstance(error, urllib.error.HTTPError):
                with contextlib.suppress(OSError):
                    said = f"{said} {error.read().decode(errors='replace')[:300]}"
            answer = {"ok": False, "why": f"{type(error).__name__}: {said}"}
        with self._saying:
            print(json.dumps({"id": order["id"], "took": time.monotonic() - began, **answer}), flush=True)

    def _done(self, order: dict[str, Any]) -> dict[str, Any] | None:
        writer = self._writer(order)
        match order["do"], writer:
            case "save", Untold():
                writer.save(order["cell"], order["line"], order["reload"])
            case "save", Told() | Tab():
                writer.save(order["cell"], order["line"], order["id"])
            case "open", Tab():
                writer.open()
            case "follow", Tab():
                writer.follow()
            case "hears", Tab():
                return {"after": writer.heard() - order["since"], "text": writer.text()}
            case "head", _:
                return {"head": self._store.ask(lambda ask: ask.head(self._path(order)))}
        return None

    def _writer(self, order: dict[str, Any]) -> Told | Untold | Tab:
        name, kind = order["writer"], order["kind"]
        if name not in self._writers:
            match kind:
                case "told":
                    self._writers[name] = Told(self._store, self._path(order), name)
                case "tab":
                    self._writers[name] = Tab(order["path"], name)
                case _:
                    self._writers[name] = Untold(self._path(order), kind)
        return self._writers[name]

    def _path(self, order: dict[str, Any]) -> str:
        return os.path.join(self._folder, order["path"])


def main() -> None:
    """Do what is asked for, until nobody asks any more."""
    agent = Agent(os.environ["HOSTS_FOLDER"])
    print("ready", flush=True)
    for line in sys.stdin:
        agent.take(json.loads(line))


if __name__ == "__main__":
    main()
