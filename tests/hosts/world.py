"""Owns: three hosts, each with a watcher, a Jupyter server and writers, and their database: begun, asked,
disturbed.

Must not know: what is proved with them.  Invariant: an order is answered, or its host has died; a host that
comes back after it was killed has what was on its own disk, and nothing of its memory.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Thread
from typing import Any

from tests.hosts.agent import PORT
from tests.hosts.database import Database
from tests.hosts.machine import Host
from tests.hosts.network import Network, network

LONGEST = 60.0  # seconds


class DiedError(Exception):
    """The host was killed before it answered."""


@dataclass
class Running:
    """A host at work.  `settle`: of its watcher."""

    host: Host
    settle: float
    jupyter: bool
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    news: Condition = field(default_factory=Condition)
    dead: bool = True
    agent: subprocess.Popen[str] | None = None
    watcher: subprocess.Popen[str] | None = None
    server: subprocess.Popen[str] | None = None

    @property
    def name(self) -> str:
        return self.host.name

    def begin(self) -> None:
        """Start the watcher, the server and the writers; the writers are ready when this returns."""
        self.launch()
        self.until_launched()

    def launch(self) -> None:
        """Start them, and do not wait."""
        folder = str(self.host.folder)
        watch = ["nbmerge", "watch", "--json", f"--settle={self.settle}", folder]
        self.watcher = self.host.run("-m", "tests.hosts.logged", *watch, log="watcher.log")
        if self.jupyter:
            serve = ["tests.hosts.server", folder, str(PORT)]
            self.server = self.host.run("-m", "tests.hosts.logged", *serve, log="jupyter.log")
        self.agent = self.host.run("-m", "tests.hosts.logged", "tests.hosts.agent")

    def until_launched(self) -> None:
        """Wait for the writers."""
        agent = self.agent
        assert agent is not None
        assert agent.stdout is not None
        assert agent.stdout.readline(), (self.host.home / "said.log").read_text()[-2000:]
        self.dead = False
        Thread(target=self._listen, args=(agent,), daemon=True).start()

    def ask(self, order: dict[str, Any]) -> None:
        """Have the agent do something; `answer` waits for it."""
        if self.dead or self.agent is None or self.agent.stdin is None:
            return
        with contextlib.suppress(OSError, ValueError):
            self.agent.stdin.write(json.dumps(order) + "\n")
            self.agent.stdin.flush()

    def answer(self, id: str, patience: float = LONGEST) -> dict[str, Any]:
        """What came of an order.  Raises DiedError."""
        with self.news:
            done = self.news.wait_for(lambda: id in self.answers or self.dead, patience)
            if id in self.answers:
                return self.answers.pop(id)
            if self.dead:
                raise DiedError(self.name)
            assert done, f"{self.name} has not answered {id} within {patience:.0f} s: {self.said()}"
            raise AssertionError

    def said(self) -> str:
        """The end of what its processes have said."""
        logs = sorted(self.host.home.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)

    def status(self) -> dict[str, Any]:
        """What its watcher tells of itself."""
        found = sorted((self.host.home / "state").glob("**/watcher.json"))
        with contextlib.suppress(OSError, ValueError):
            if found and self.watcher is not None and self.watcher.poll() is None:
                status: dict[str, Any] = json.loads(found[-1].read_text())
                return status
        return {}

    def is_quiet(self) -> bool:
        """Whether its watcher has nothing to do."""
        status = self.status()
        return self.dead or bool(status.get("ready") and status.get("idle"))

    def serves(self) -> bool:
        """Whether its Jupyter server answers, if it has one."""
        log = self.host.home / "jupyter.log"
        return not self.jupyter or (log.exists() and "is running at" in log.read_text(errors="replace"))

    def kill(self) -> None:
        """Every process dies at once."""
        with self.news:
            self.dead = True
            self.news.notify_all()
        self.host.kill()
        self.agent = self.watcher = self.server = None
        for left in (self.host.home / "state").glob("**/watcher.json"):
            left.unlink()

    def _listen(self, agent: subprocess.Popen[str]) -> None:
        assert agent.stdout is not None
        with contextlib.suppress(ValueError, OSError):
            for line in agent.stdout:
                found = json.loads(line)
                with self.news:
                    self.answers[found["id"]] = found
                    self.news.notify_all()


@dataclass
class World:
    """All of them."""

    home: Path
    network: Network
    database: Database
    hosts: dict[str, Running]
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def share(self) -> Path:
        """The shared folder, as the test has it."""
        return self.home / "share"

    @property
    def names(self) -> list[str]:
        return list(self.hosts)

    def order(self, host: str, do: str, writer: str, kind: str, path: str, **more: Any) -> str:
        """Have something done on a host; the number of the order."""
        id = more.pop("id", None) or f"order-{next(self.numbers)}"
        self.hosts[host].ask({"id": id, "do": do, "writer": writer, "kind": kind, "path": path, **more})
        return str(id)

    def do(self, host: str, do: str, writer: str, kind: str, path: str, **more: Any) -> dict[str, Any]:
        """The same, done."""
        return self.hosts[host].answer(self.order(host, do, writer, kind, path, **more))

    def writes(self, host: str) -> list[dict[str, Any]]:
        """When nbmerge on this host has written to notebooks."""
        log = self.hosts[host].host.home / "writes.log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def until_ready(self) -> None:
        """Wait until every watcher watches and every server answers."""
        for running in self.hosts.values():
            until(lambda running=running: running.is_quiet(), "the watcher is ready", running.said)  # type: ignore[misc]
            until(lambda running=running: running.serves(), "the server serves", running.said)  # type: ignore[misc]


def until(
    true: Callable[[], bool], what: str, said: Callable[[], str] = str, patience: float = LONGEST
) -> None:
    """Wait until something is true."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"not within {patience:.0f} s: {what}\n{said()}"
        time.sleep(0.05)


@contextmanager
def world(
    deaf: tuple[str, ...] = (),
    delays: tuple[float, ...] = (0.0, 0.0, 0.0),
    jupyter: tuple[str, ...] = (),
    settle: float = 0.3,
) -> Iterator[World]:
    """Hosts a, b and c at work; `deaf`: those that are told of no write, `delays`: of each host's way to
    the database, in milliseconds, `jupyter`: those with a server."""
    with network() as net, tempfile.TemporaryDirectory(prefix="hosts-", dir=_quick_disk()) as folder:
        home = Path(folder)
        (home / "share").mkdir()
        database = Database(net, home / "db")
        made = World(home, net, database, {})
        try:
            database.make()
            for name, delay in zip("abc", delays, strict=True):
                host = Host(name, net, home / "share", home / name, database.url(delay), name in deaf)
                made.hosts[name] = Running(host, settle, name in jupyter)
            for running in made.hosts.values():
                running.launch()
            for running in made.hosts.values():
                running.until_launched()
            made.until_ready()
            yield made
        finally:
            for running in made.hosts.values():
                running.kill()
            database.end()


def _quick_disk() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
