"""Owns: real shells on a pseudo-terminal, in which a line is typed and completed.

Must not know: what is completed.  Invariant: no configuration of the user is read; every wait has an end.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 30.0
SHELLS = ("bash", "zsh", "fish")
_START = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "--interactive"],
}
_BASH = "set bell-style none", "set show-all-if-ambiguous on", "set enable-bracketed-paste off"
_READS = {
    "bash": "; ".join(f"bind '{setting}'" for setting in _BASH) + '; eval "$(nbmerge completion bash)"',
    "zsh": "autoload -Uz compinit; compinit -u -D; unsetopt beep; source <(nbmerge completion zsh)",
    "fish": "nbmerge completion fish | source",
}
_PROGRAM = "import sys; sys.argv[0] = '{name}'; from nbmerge.__main__ import main; sys.exit(main())"


def programs(folder: Path) -> Path:
    """A folder in which both names of the program are this checkout's."""
    folder.mkdir()
    for name in ("nbmerge", "nbmerge-on-save"):
        script = (
            f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -c "{_PROGRAM.format(name=name)}" "$@"\n'
        )
        (folder / name).write_text(script, encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


class Shell:
    """One shell that knows how to complete; `typed` completes a line and tells what its words are then."""

    def __init__(self, name: str, folder: Path, home: Path) -> None:
        program = shutil.which(name)
        if program is None:
            pytest.skip(f"{name} is not installed")
        self._name = name
        self._heard = b""
        kept = {
            "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "TERM": "dumb",
            "LC_ALL": "C.UTF-8",
        }
        environment = {**kept, "HOME": str(home), "PS1": "", "fish_greeting": ""}
        ours, its = pty.openpty()
        self._terminal = ours
        termios.tcsetwinsize(its, (200, 200))  # so that no shell asks whether it may show so much
        # A session's leader that opens a terminal has it for its own, as shells need.
        begin = f'exec "$0" "$@" <{os.ttyname(its)} >{os.ttyname(its)} 2>&1'
        self._process = subprocess.Popen(
            ["sh", "-c", begin, program, *_START[name]],
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        self.run(_READS[name])

    def run(self, line: str) -> list[str]:
        """The lines that a command prints."""
        return self._entered(f"{line}; echo 'DO''NE'\r")

    def typed(self, line: str) -> list[str]:
        """The words of the line after a TAB at its end."""
        found = self._entered(f"{line}\t\x05; echo 'DO''NE'\x01printf '<%s>\\n' \r")
        return [word for one in found for word in re.findall(r"^<(.*)>$", one)]

    def listed(self, line: str, awaited: set[str]) -> set[str]:
        """The words that are shown for a line that can go on in several ways; these come, or it fails."""
        if self._name == "fish":  # shows nothing while more is typed, but can be asked
            quoted = line.replace("\\", "\\\\").replace("'", "\\'")
            return _words("\n".join(self.run(f"complete -C '{quoted}'")))
        self._heard = b""
        self._write(f"{line}\t")
        self._wait(lambda: awaited <= _words(self._heard.decode(errors="replace")))
        found = _words(self._heard.decode(errors="replace"))
        self._entered("\x15echo 'DO''NE'\r")
        return found

    def _entered(self, keys: str) -> list[str]:
        self._heard = b""
        self._write(keys)
        self._wait(lambda: b"DONE" in self._heard)
        return self._heard.decode(errors="replace").replace("\r", "").splitlines()

    def _wait(self, come: Callable[[], bool]) -> None:
        end = time.monotonic() + LONGEST
        while not come():
            assert time.monotonic() < end, self._heard
            if select.select([self._terminal], [], [], 0.2)[0]:
                self._heard += os.read(self._terminal, 1 << 16)

    def _write(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def close(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        os.close(self._terminal)


def _words(text: str) -> set[str]:
    return set(text.split())
