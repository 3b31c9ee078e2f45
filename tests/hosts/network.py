"""Owns: the network namespaces: made, joined, cut apart and healed, and removed whatever happens.

Must not know: what runs in them.  Invariant: nothing is changed outside of the namespaces made here, but
for their own names; those that a killed test left are removed by the next one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_TAG = "nbm"
_NET = "10.213.7"


@cache
def lacking() -> str:
    """Why there can be no hosts here; "": there can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "network namespaces need root"
    for program in ("ip", "unshare", "runuser"):
        if shutil.which(program) is None:
            return f"there is no `{program}` here"
    try:
        with network() as made:
            made.host("x")
            _run("ip", "netns", "exec", made.space("x"), "unshare", "--mount", "--uts", "hostname", "x")
    except (subprocess.CalledProcessError, OSError) as error:
        said = getattr(error, "stderr", "") or str(error)
        return f"network namespaces do not work here: {said.strip()}"
    return ""


class Network:
    """One bridge, and the hosts on it."""

    def __init__(self) -> None:
        self.tag = f"{_TAG}{os.getpid()}"
        self.addresses: dict[str, str] = {}

    @property
    def hub(self) -> str:
        """The namespace that holds the bridge."""
        return f"{self.tag}-hub"

    def space(self, name: str) -> str:
        """The namespace of a host."""
        return f"{self.tag}-{name}"

    def begin(self) -> None:
        """Make the bridge."""
        _remove_old()
        _run("ip", "netns", "add", self.hub)
        self._in(self.hub, "link", "add", "name", "bridge", "type", "bridge")
        self._in(self.hub, "link", "set", "bridge", "up")

    def host(self, name: str) -> str:
        """Add a host; its address."""
        space = self.space(name)
        _run("ip", "netns", "add", space)
        self._in(
            self.hub, "link", "add", "name", name, "type", "veth", "peer", "name", "eth0", "netns", space
        )
        self._in(self.hub, "link", "set", "dev", name, "master", "bridge")
        address = f"{_NET}.{len(self.addresses) + 1}"
        self._in(space, "address", "add", f"{address}/24", "dev", "eth0")
        self._in(space, "link", "set", "eth0", "up")
        self._in(space, "link", "set", "lo", "up")
        self._in(self.hub, "link", "set", "dev", name, "up")
        self.addresses[name] = address
        return address

    def cut(self, name: str) -> None:
        """Take the host's cable out."""
        self._in(self.hub, "link", "set", "dev", name, "down")

    def heal(self, name: str) -> None:
        """Put it in again."""
        self._in(self.hub, "link", "set", "dev", name, "up")

    def processes(self, name: str) -> list[int]:
        """What runs on a host."""
        return [int(number) for number in _run("ip", "netns", "pids", self.space(name)).split()]

    def end(self) -> None:
        """Remove all of it."""
        for name in (*self.addresses, "hub"):
            with contextlib.suppress(subprocess.CalledProcessError):
                _run("ip", "netns", "delete", self.space(name))

    @staticmethod
    def _in(space: str, *words: str) -> None:
        _run("ip", "-n", space, *words)


@contextmanager
def network() -> Iterator[Network]:
    made = Network()
    try:
        made.begin()
        yield made
    finally:
        made.end()


def _remove_old() -> None:
    """What processes that are dead have left."""
    for line in _run("ip", "netns", "list").splitlines():
        name = line.split()[0] if line.strip() else ""
        number = name.removeprefix(_TAG).split("-")[0]
        if name.startswith(_TAG) and number.isdigit() and not os.path.exists(f"/proc/{number}"):
            with contextlib.suppress(subprocess.CalledProcessError, ProcessLookupError):
                for process in _run("ip", "netns", "pids", name).split():
                    os.kill(int(process), signal.SIGKILL)
                _run("ip", "netns", "delete", name)


def _run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout
