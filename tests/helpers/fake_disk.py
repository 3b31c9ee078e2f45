"""A disk in memory with the interface of `nbmerge.disk.Disk`, for scenarios.

    disk = FakeDisk({"a.ipynb": b"..."})
    disk.at(3, lambda disk: disk.write("a.ipynb", b"an editor's save"))   # before the third step
    disk.at(5, fail)                                                      # the fifth step fails
    disk.at(5, kill)                                                      # or never ends

A step is one touch of the disk by nbmerge: each `read` and `listing` is one, a `place` has four:
look, exchange, look at what came out, clean up; the others have one.  After a kill, `FakeDisk.restart` gives
the disk that the next process finds; `repair` and `check_displaced` tell the saves that were displaced,
until they are confirmed.
Deterministic: there is no clock and no thread in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from nbmerge.disk import Busy, Changed, Gone, LateSave, Placed, PlaceResult, Repaired
from nbmerge.errors import NotebookError, SystemFailure
from nbmerge.files import digest


class Killed(BaseException):
    """The process is no more; only what is on the disk counts."""


def all_known(path: str, digest: str | None) -> bool:
    """A history that has whatever a journal speaks of."""
    return True


def kill(disk: FakeDisk) -> None:
    """A hook: the process ends before this step."""
    raise Killed


def fail(disk: FakeDisk) -> None:
    """A hook: the system refuses this step."""
    raise SystemFailure("disk full")


@dataclass(slots=True)
class FakeDisk:
    """`files` is what everybody sees; `displaced` what stood there and is not known to be stored."""

    files: dict[str, bytes] = field(default_factory=dict)
    displaced: list[LateSave] = field(default_factory=list)
    writers: set[str] = field(default_factory=set)  # paths that a program has open for writing
    placed: list[tuple[str, bytes]] = field(default_factory=list)  # all that nbmerge wrote
    steps: int = 0
    hooks: dict[int, list[Callable[[FakeDisk], None]]] = field(default_factory=dict)

    def at(self, step: int, hook: Callable[[FakeDisk], None]) -> None:
        """Call the hook right before the step of this number, counted from now (the next one is 1)."""
        self.hooks.setdefault(self.steps + step, []).append(hook)

    def restart(self) -> FakeDisk:
        """What the next process finds."""
        return FakeDisk(dict(self.files), list(self.displaced), set(self.writers), self.placed)

    # What editors do.

    def write(self, path: str, data: bytes) -> None:
        self.files[path] = data

    def write_late(self, path: str, data: bytes) -> None:
        """A save through a file that was open before the exchange: it lands in the displaced one."""
        self.displaced.append(LateSave(path, data))

    def remove(self, path: str) -> None:
        del self.files[path]

    def rename(self, old: str, new: str) -> None:
        self.files[new] = self.files.pop(old)

    # What nbmerge does.

    def read(self, path: str) -> bytes:
        self._step()
        try:
            return self.files[path]
        except KeyError:
            raise NotebookError(f"{path}: cannot be read: no such file") from None

    def listing(self) -> tuple[str, ...]:
        self._step()
        return tuple(sorted(self.files))

    def place(self, path: str, data: bytes, expected: str) -> PlaceResult:
        self._step()
        if path not in self.files:
            return Gone()
        if path in self.writers:
            return Busy("a program has it open for writing")
        if self.files[path] == data:
            return Placed()
        if digest(self.files[path]) != expected:
            return Changed(self.files[path])
        self._step()
        if path not in self.files:
            return Gone()
        came_out, self.files[path] = self.files[path], data
        self.placed.append((path, data))
        if digest(came_out) != expected:
            self.displaced.append(LateSave(path, came_out))
        self._step_after()
        self._step_after()
        return Placed(None if digest(came_out) == expected else came_out)

    def discard(self, path: str, expected: str) -> bool:
        self._step()
        if path in self.files and path not in self.writers and digest(self.files[path]) == expected:
            del self.files[path]
        return path not in self.files

    def being_written(self, path: str) -> bool | None:
        return path in self.writers

    def check_displaced(self) -> list[LateSave]:
        self._step_after()
        return list(self.displaced)

    def confirm(self, save: LateSave) -> None:
        self._step_after()
        self.displaced = [each for each in self.displaced if each != save]

    def repair(self, folders: Iterable[str] = ()) -> Repaired:
        return Repaired(tuple(self.check_displaced()))

    def close(self, patience: float = 0.0) -> None:
        """Nothing is lost by it."""

    def _step(self) -> None:
        self.steps += 1
        for hook in self.hooks.pop(self.steps, []):
            hook(self)

    def _step_after(self) -> None:
        """A step whose failure changes nothing: the real disk goes on and looks again later."""
        try:
            self._step()
        except SystemFailure:
            return
