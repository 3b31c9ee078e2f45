"""Owns: the command at a real pseudo-terminal, with somebody who reads and types.

Must not know: what a command asks.  Invariant: nothing is typed before what it answers has been
read; a command that never asks, or never ends, fails the test in seconds.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # seconds
STYLE = re.compile(r"\x1b\[[0-9;]*m")
# Makes the terminal that of its session, so that keys such as Ctrl-C become signals.
_BEGIN = "import os, sys; os.close(os.open(sys.argv[1], os.O_RDWR)); os.execv(sys.argv[2], sys.argv[2:])"


class Terminal:
    """A terminal of so many columns and rows in which `nbmerge ARGUMENTS` runs."""

    def __init__(
        self, *arguments: str, where: Path, size: tuple[int, int] = (100, 40), **environment: str
    ) -> None:
        self.own, inner = pty.openpty()
        self.resize(*size)
        command = [sys.executable, "-W", "error", "-m", "nbmerge", *arguments]
        kept = {name: value for name, value in os.environ.items() if name not in _MEANT_FOR_US}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _BEGIN, os.ttyname(inner), *command],
            cwd=where,
            env=kept | {"PYTHONPATH": str(ROOT), "TERM": "xterm"} | environment,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        self.seen = ""
        self.read = 0  # how much of it has been looked at

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.own, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def expect(self, text: str) -> str:
        """Wait until a text is shown behind what was looked at before; all that came up to it."""
        end = time.monotonic() + PATIENCE
        while text not in self.plain[self.read :]:
            assert self._more(end - time.monotonic()), f"no {text!r} in:\n{self.plain[self.read :]}"
        start, self.read = self.read, self.plain.index(text, self.read) + len(text)
        return self.plain[start : self.read]

    def type(self, text: str) -> None:
        os.write(self.own, text.encode())

    def answer(self, *keys: str) -> str:
        """Answer one question after the other; what was shown for the last."""
        shown = ""
        for key in keys:
            shown = self.expect("> ")
            self.type(f"{key}\n")
        return shown

    def end(self) -> int:
        """The exit code, once there is one."""
        end = time.monotonic() + PATIENCE
        while self._more(end - time.monotonic()):
            pass
        code = self.process.wait(PATIENCE)
        os.close(self.own)
        return code

    @property
    def plain(self) -> str:
        """All that was shown, without styles."""
        return STYLE.sub("", self.seen).replace("\r\n", "\n")

    def _more(self, patience: float) -> bool:
        """Whether there was more to read."""
        ready, _, _ = select.select([self.own], [], [], max(patience, 0))
        try:
            data = os.read(self.own, 65536) if ready else b""
        except OSError:  # how Linux says that nobody is at the other end any more
            data = b""
        self.seen += data.decode(errors="replace")
        return bool(data)


_MEANT_FOR_US = {"NO_COLOR", "EDITOR", "VISUAL", "COLUMNS", "LINES", "TERM"}
