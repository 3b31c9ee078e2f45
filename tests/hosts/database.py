"""Owns: the database of the hosts, in a namespace of its own: made, killed, started again, and far away.

Must not know: what is in it.  Invariant: it lives in a folder of the test's, and ends with it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.daemon.machine import ROOT
from tests.hosts.network import Network

_SETTINGS = "fsync=on synchronous_commit=on max_connections=60 shared_buffers=32MB listen_addresses=*"


def programs() -> Path | None:
    """Where PostgreSQL's programs are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return found[-1].parent
    other = shutil.which("postgres")
    return Path(other).parent if other else None


@dataclass
class Database:
    """PostgreSQL in the namespace `db`; `folder` is made."""

    network: Network
    folder: Path
    port: int = 5432
    server: subprocess.Popen[bytes] | None = None
    relays: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def make(self) -> None:
        """Make an empty one, and start it."""
        self.address = self.network.host("db")
        self.folder.mkdir(parents=True)
        shutil.chown(self.folder, "postgres")
        for parent in self.folder.parents:
            if parent.stat().st_mode & 0o001 == 0:
                parent.chmod(parent.stat().st_mode | 0o011)  # a temporary folder is its maker's alone
        self._as_postgres("initdb", "-D", str(self.data), "-A", "trust", "-E", "UTF8", "--no-sync")
        with open(self.data / "pg_hba.conf", "a") as rules:
            rules.write("host all all 0.0.0.0/0 trust\n")
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, delay: float = 0.0) -> str:
        """Where it is for a host; with a way that takes so many milliseconds there and back."""
        port = self._relay(delay) if delay else self.port
        return f"postgresql://postgres@{self.address}:{port}/postgres"

    @property
    def local_url(self) -> str:
        """Where it is for the test, which is in none of the namespaces."""
        return f"postgresql://postgres@/postgres?host={self.folder}&port={self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = [arg for setting in _SETTINGS.split() for arg in ("-c", setting)]
        program = [str(_bin() / "postgres"), "-D", str(self.data), "-k", str(self.folder), *words]
        with open(self.folder / "log", "ab") as log:
            self.server = subprocess.Popen(
                [*self._inside(), "runuser", "-u", "postgres", "--", *program], stdout=log, stderr=log
            )
        end = time.monotonic() + 30
        ready = [str(_bin() / "pg_isready"), "-q", "-h", str(self.folder), "-p", str(self.port)]
        while subprocess.run(ready, check=False).returncode != 0:
            assert time.monotonic() < end, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """It dies at once, with all of its processes."""
        assert self.server is not None
        first = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(
            first, signal.SIGQUIT
        )  # at once, without a last write; what recovers from it is what a kill needs
        self.server.wait(30)

    def end(self) -> None:
        """Stop it for good."""
        for relay in self.relays:
            relay.kill()
            relay.wait()
        with contextlib.suppress(OSError, ValueError, IndexError, AssertionError):
            self.kill()

    def _relay(self, delay: float) -> int:
        port = self.port + 1 + len(self.relays)
        words = [sys.executable, "-m", "tests.hosts.relay", str(port), str(self.port), str(delay)]
        process = subprocess.Popen([*self._inside(), *words], cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline()
        self.relays.append(process)
        return port

    def _inside(self) -> list[str]:
        return ["ip", "netns", "exec", self.network.space("db")]

    def _as_postgres(self, program: str, *words: str) -> None:
        command = ["runuser", "-u", "postgres", "--", str(_bin() / program), *words]
        subprocess.run(command, check=True, capture_output=True, cwd="/")


def _bin() -> Path:
    found = programs()
    assert found is not None
    return found
