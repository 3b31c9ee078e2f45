"""Owns: a host: its network, its name, the place where it has the shared folder, the processes that run on
it.

Must not know: what those do.  Invariant: a process sees the shared folder at the host's own place alone,
and is called by the host's name; no process of a host is left when it ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.daemon.machine import ROOT
from tests.hosts.network import Network

_EARS = Path(__file__).parent / "ears"
_REMEMBERED = 30.0  # seconds, as NFS does at most times

_BEGIN = """
hostname "$1"
mount --make-rprivate /
mount --bind "$2" "$3"
deaf=$4
shift 4
[ "$deaf" ] || exec "$@"
exec unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_inotify_instances; exec "$@"' sh "$@"
"""


@dataclass
class Host:
    """`share`: the folder that all have; `home`: what is this host's alone; `deaf`: it is told of no
    write."""

    name: str
    network: Network
    share: Path
    home: Path
    url: str
    deaf: bool = False
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.network.host(self.name)
        self.folder.mkdir(parents=True)

    @property
    def folder(self) -> Path:
        """Where the shared folder is on this host."""
        return self.home / f"mounted-on-{self.name}"

    @property
    def environment(self) -> dict[str, str]:
        """What the host's processes are told; nothing of the user's own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NBMERGE_")}
        return {
            **kept,
            "PYTHONPATH": f"{_EARS}{os.pathsep}{ROOT}",
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "NBMERGE_STATE": self.url,
            "NBMERGE_ROOTS": f"{self.folder}=team",
            "HOSTS_FOLDER": str(self.folder),
            "HOSTS_REMEMBERED": str(_REMEMBERED if self.deaf else 0),
            "HOSTS_WRITES": str(self.home / "writes.log"),
        }

    def run(self, *words: str, log: str = "") -> subprocess.Popen[str]:
        """Start Python with these arguments on this host, to be talked to in lines."""
        begin = ["ip", "netns", "exec", self.network.space(self.name), "unshare", "--mount", "--uts"]
        where = [self.name, str(self.share), str(self.folder), "deaf" if self.deaf else ""]
        with open(self.home / (log or "said.log"), "a") as said:
            process = subprocess.Popen(
                [*begin, "sh", "-ec", _BEGIN, "sh", *where, sys.executable, *words],
                env=self.environment,
                cwd=self.home,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if not log else said,
                stderr=said,
                text=True,
            )
        self.running.append(process)
        return process

    def kill(self) -> None:
        """Every process of the host dies at once."""
        for number in self.network.processes(self.name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        for process in self.running:
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
        self.running.clear()
