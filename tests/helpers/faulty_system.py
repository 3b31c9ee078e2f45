"""File operations that fail, or end the process, at the Nth one.

    system = Faulty(at=7, fault=kill)     # the seventh operation never happens, nor any after it
    system = Faulty(at=7, fault=error(errno.ENOSPC))             # it fails once
    system = Faulty(at=7, fault=error(errno.EIO), lasting=True)  # it fails, and all that write after it
    system.before(5, save)                # an editor saves right before the fifth

A write that is hit is half done.  Nothing waits for the disk here.  `bury` closes what a killed process
had open, as the system would.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, cast

from nbmerge.disk.system import System, this_system


class Killed(BaseException):
    """The process is no more."""


def kill() -> NoReturn:
    raise Killed


def error(code: int) -> Callable[[], NoReturn]:
    """A fault: the system refuses."""

    def refuse() -> NoReturn:
        raise OSError(code, os.strerror(code))

    return refuse


_WRITING = frozenset(
    ("create", "write", "truncate", "make_folder", "rename", "swap", "swap_back", "pass_on", "freshen")
)
# What does not fail on real systems, or whose failure is part of its answer.
_SAFE = frozenset(("close", "fstat", "writer", "exclude", "admit", "lock", "sync_folder"))


class Faulty:
    """Stands for a `System`: counts its operations, and lets one of them fail."""

    def __init__(
        self,
        at: int = 0,
        fault: Callable[[], NoReturn] = kill,
        lasting: bool = False,
        inner: System | None = None,
    ) -> None:
        self.at, self.fault, self.lasting = at, fault, lasting
        self.inner = inner or this_system()
        self.count = 0
        self.log: list[str] = []
        self.hit = False
        self.hooks: dict[int, Callable[[], None]] = {}
        self.fds: set[int] = set()

    @property
    def system(self) -> System:
        return cast(System, self)

    def before(self, number: int, hook: Callable[[], None]) -> None:
        self.hooks[number] = hook

    def touch(self, name: str) -> None:
        """Something else that the process does, counted with the operations."""
        self.count += 1
        self.log.append(name)
        if self.count in self.hooks:
            self.hooks.pop(self.count)()
        if self._is_hit(name):
            self.hit = True
            self.fault()

    @contextlib.contextmanager
    def uncounted(self) -> Iterator[None]:
        """While a test itself looks."""
        at, count, hooks, self.at, self.hooks = self.at, self.count, self.hooks, 0, {}
        try:
            yield
        finally:
            del self.log[count:]
            self.at, self.count, self.hooks = at, count, hooks

    def bury(self) -> None:
        for fd in self.fds:
            os.close(fd)
        self.fds.clear()

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.inner, name)
        if not callable(real) or name in ("pid", "alive"):
            return real

        def operation(*args: Any) -> Any:
            self.count += 1
            self.log.append(name)
            if self.count in self.hooks:
                self.hooks.pop(self.count)()
            if self._is_hit(name):
                self.hit = True
                if name == "write" and self.count == self.at:
                    half = memoryview(args[1])[: len(args[1]) // 2]
                    real(args[0], half, *args[2:])
                self.fault()
            return self._note(name, args, None if name.startswith("sync") else real(*args))

        return operation

    def _is_hit(self, name: str) -> bool:
        if self.fault is kill:
            return self.at <= self.count if self.at else False
        if name in _SAFE or not self.at:
            return False
        if self.lasting:
            return self.count >= self.at and name in _WRITING
        return self.count == self.at

    def _note(self, name: str, args: tuple[Any, ...], result: Any) -> Any:
        if name in ("open", "open_both", "create"):
            self.fds.add(result)
        elif name == "close":
            with contextlib.suppress(KeyError):
                self.fds.remove(args[0])
        return result
