"""Owns: having a watcher started whenever this user logs in.

Must not know: what it watches.  Invariant: one file for each state directory, which can be
read, edited and removed by hand; nothing else of the system is changed, and nothing is run.

systemd: a user unit, enabled by a link in default.target.wants (systemd.unit(5),
systemd.service(5)).  launchd: an agent in ~/Library/LaunchAgents (launchd.plist(5)).
"""

from __future__ import annotations

import contextlib
import os
import plistlib
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nbmerge.errors import EXIT_UNREADABLE, EXIT_USAGE, SystemFailure
from nbmerge.files import digest, reason, replace_file

_UNIT = """\
[Unit]
Description=nbmerge: merges notebooks on every save

[Service]
ExecStart={command}
Restart=on-failure
RestartSec=10
RestartPreventExitStatus={usage} {unreadable}
TimeoutStopSec=70

[Install]
WantedBy=default.target
"""


@dataclass(frozen=True, slots=True)
class Login:
    """Where this user's sessions are set up."""

    environment: Mapping[str, str]
    home: str
    platform: str = sys.platform

    def add(self, directory: str, command: Sequence[str]) -> str:
        """Have the command run at each login; the file that says so.  Raises SystemFailure."""
        path = self._file(directory)
        data = _agent(_name(directory), command) if self.platform == "darwin" else _unit(command)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            replace_file(path, data)
            if self.platform != "darwin":
                _link(path)
        except OSError as error:
            raise SystemFailure(f"{path}: cannot be written: {reason(error)}") from error
        return path

    def remove(self, directory: str) -> str | None:
        """Undo it; the file that is gone now, None if there was none.  Raises SystemFailure."""
        path = self._file(directory)
        there = os.path.lexists(path)
        try:
            for one in (_wanted(path), path):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(one)
        except OSError as error:
            raise SystemFailure(f"{path}: cannot be removed: {reason(error)}") from error
        return path if there else None

    def has(self, directory: str) -> bool:
        """Whether something is run at each login for this state directory."""
        return self.platform != "win32" and os.path.lexists(self._file(directory))

    def _file(self, directory: str) -> str:
        name = _name(directory)
        if self.platform == "darwin":
            return os.path.join(self.home, "Library", "LaunchAgents", f"{name}.plist")
        if self.platform == "win32":
            raise SystemFailure(
                "--at-login knows systemd and launchd; here, have the Task Scheduler run `start`"
            )
        settings = self.environment.get("XDG_CONFIG_HOME", "")
        if not os.path.isabs(settings):
            settings = os.path.join(self.home, ".config")
        return os.path.join(settings, "systemd", "user", f"{name}.service")


def _name(directory: str) -> str:
    return f"nbmerge-{digest(os.fsencode(os.path.realpath(directory)))[:8]}"


def _unit(command: Sequence[str]) -> bytes:
    line = " ".join(map(_quoted, command))
    return os.fsencode(_UNIT.format(command=line, usage=EXIT_USAGE, unreadable=EXIT_UNREADABLE))


def _quoted(word: str) -> str:
    """A word of ExecStart, taken literally: systemd knows quotes, escapes, % and $."""
    literal = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    literal = literal.replace("\n", "\\n").replace("\t", "\\t")
    return literal if re.fullmatch(r"[\w@+=:,./-]+", word, re.ASCII) else f'"{literal}"'


def _agent(name: str, command: Sequence[str]) -> bytes:
    return plistlib.dumps(
        {
            "Label": name,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 30,
            "ProcessType": "Background",
        }
    )


def _wanted(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, "default.target.wants", name)


def _link(path: str) -> None:
    """What `systemctl --user enable` does."""
    wanted = _wanted(path)
    os.makedirs(os.path.dirname(wanted), exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.symlink(path, wanted)
