"""Owns: a conversation with `nbmerge serve` in a process of its own, as an editor in another language has it.

Must not know: what is asked.  Invariant: every line that comes is a JSON object, and is kept until somebody
wants it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from queue import Empty, Queue
from threading import Thread
from typing import Any

PATIENCE = 60.0  # seconds; the machine may be busy


@dataclass
class Talk:
    """`said` are lines that nobody has asked for yet, None at the end."""

    process: subprocess.Popen[bytes]
    said: Queue[dict[str, Any] | None] = field(default_factory=Queue)
    later: list[dict[str, Any]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    patience: float = PATIENCE

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.put(json.loads(line))
        self.said.put(None)

    def write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def send(self, call: str, **members: Any) -> int:
        number = next(self.numbers)
        self.write(json.dumps({"id": number, "call": call, **members}).encode())
        return number

    def reply(self, number: int | None) -> dict[str, Any]:
        """The line that answers a request, whatever comes before it."""
        return self._first(lambda line: line.get("id", "") == number)

    def ask(self, call: str, **members: Any) -> dict[str, Any]:
        """What a call is answered."""
        line = self.reply(self.send(call, **members))
        assert "answer" in line, line
        found: dict[str, Any] = line["answer"]
        return found

    def refusal(self, call: str, **members: Any) -> tuple[str, str]:
        """Why nothing comes of a call, and in which words."""
        error = self.reply(self.send(call, **members))["error"]
        return error["reason"], error["message"]

    def event(self, kind: str, timeout: float | None = None) -> dict[str, Any]:
        return self._first(lambda line: line.get("event") == kind, timeout)

    def has_event(self, seconds: float) -> bool:
        """Whether one comes in that time."""
        try:
            self.event("changed", seconds)
        except Empty:
            return False
        return True

    def end(self) -> int:
        """End the input; the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE)

    def _first(self, wanted: Any, timeout: float | None = None) -> dict[str, Any]:
        for line in self.later:
            if wanted(line):
                self.later.remove(line)
                return line
        while (said := self.said.get(timeout=timeout or self.patience)) is not None:
            if wanted(said):
                return said
            self.later.append(said)
        raise EOFError(f"it ended with {self.process.wait()}; it had said {self.later}")


@contextmanager
def talking(state: str, *words: str, folder: str | None = None) -> Iterator[Talk]:
    """A process that has said that it is ready; it is ended at last, if need be."""
    command = [sys.executable, "-m", "nbmerge", "serve", "--state", state, *words]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
    talk = Talk(process)
    listener = Thread(target=talk.listen, daemon=True)
    listener.start()
    try:
        talk.event("ready")
        yield talk
    finally:
        process.kill()
        process.wait()
        listener.join()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()
