"""Owns: the saves that writers made while the store was away, on this machine's own disk until it is back.

Must not know: how it is noticed that the store is away, who writes the notebooks meanwhile.  Invariant: a
save is in the spool, whole and on the disk, before the file holds it, and leaves it when it is in the store
and not before; the saves of a notebook are delivered in the order in which they were kept, each as its
writer's own: with what it was made from; a notebook whose saves cannot be delivered now keeps no other one
waiting.  Nobody but the user can read what waits, and what others can have put there is not delivered.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from nbmerge.disk.system import this_system
from nbmerge.errors import NotebookError, SystemFailure, UsageError
from nbmerge.files import digest, for_this_user_only, read_ordinary_file, reason
from nbmerge.history.values import StoreAway, StoreLost
from nbmerge.notebook.reader import read
from nbmerge.owners import distrust_of
from nbmerge.sync.api import Opened
from nbmerge.sync.tokens import token_of_bytes

_NAME = re.compile(r"\d{20}-\d+\.save")
_NUMBER = 20  # digits
_AGAIN = 2.0  # seconds after which what could not be delivered is tried again


@dataclass(frozen=True, slots=True)
class WaitingSave:
    """A save of which the store knows nothing yet: what a file held before its writer wrote it (without a
    base), or what a writer made of the version that the token `base` names."""

    path: str
    content: bytes
    base: str = ""
    writer: str = ""


class Receiver(Protocol):
    """Who takes saves into the store; see `nbmerge.sync.Participation`."""

    def claim(self, path: str, base: str, content: bytes, writer: str = "") -> object: ...

    def found(self, path: str, content: bytes) -> None: ...

    def hurrying(self) -> AbstractContextManager[None]: ...


class Spool:
    """The saves that wait in a folder.  Any thread may use it, and other processes may use the folder, too:
    what two deliver counts once."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._changing = Lock()
        self._turns: dict[str, Lock] = {}  # of notebooks: one thread delivers what waits of one
        self._others = Lock()  # one thread delivers what nobody asks about
        self._paths: dict[str, str] = {}  # of which notebooks the files are, real ones
        self._not_before: dict[str, float] = {}  # when those are tried again that could not be delivered
        self._last = max(map(_number, self._names()), default=0)
        self._left = len(self._names())
        self._kept: dict[str, str] = {}  # digests of what was kept last, by notebook

    def __len__(self) -> int:
        """How many saves wait."""
        return self._left

    def keep(self, save: WaitingSave) -> None:
        """Keep a save, after those that wait already.  Raises SystemFailure: it is not kept then."""
        notebook = os.path.realpath(save.path)
        with self._changing:
            name = digest(save.content)
            if not save.base and self._kept.get(notebook) == name:
                return  # what the file held is what was kept last
            number = max(self._last + 1, time.time_ns())
            path = os.path.join(self._directory, f"{number:0{_NUMBER}}-{os.getpid()}.save")
            system = this_system()
            try:
                os.makedirs(self._directory, mode=0o700, exist_ok=True)
                with open(f"{path}.new", "wb", opener=for_this_user_only) as file:
                    file.write(_spelled(save))
                    file.flush()
                    system.sync(file.fileno())
                os.rename(f"{path}.new", path)
                system.sync_folder(self._directory)
            except OSError as error:
                message = f"{path}: a save that waits for the store cannot be kept: {reason(error)}"
                raise SystemFailure(f"{message}; nothing was saved") from error
            self._last = number
            self._left += 1
            self._kept[notebook] = name

    def deliver(self, receiver: Receiver, about: str = "") -> None:
        """Hand on what waits, of each notebook the oldest first.  Raises StoreAway if the store is away
        again; the rest waits then.

        All that waits of the notebook `about` is in the store then, or it is raised why not.  Those that
        cannot be had now, because another machine holds them or anything else is wrong with them, are passed
        over and tried again later; of those nobody waits for another thread that is at them.
        """
        if not self._left:
            return
        if about and (wanted := os.path.realpath(about)) in self._waiting():
            with self._turn(wanted):
                self._deliver(receiver, wanted)
        if not self._others.acquire(blocking=False):
            return
        try:
            for path in self._waiting():
                if time.monotonic() >= self._not_before.get(path, 0.0):
                    self._deliver_if_free(receiver, path)
        finally:
            self._others.release()

    def _deliver_if_free(self, receiver: Receiver, path: str) -> None:
        turn = self._turn(path)
        if not turn.acquire(blocking=False):
            return
        try:
            with receiver.hurrying():
                self._deliver(receiver, path)
        except (StoreAway, StoreLost):
            raise
        except SystemFailure:
            self._not_before[path] = time.monotonic() + _AGAIN
        finally:
            turn.release()

    def _deliver(self, receiver: Receiver, of: str) -> None:
        """Hand on what waits of one notebook."""
        try:
            for name in self._waiting().get(of, ()):
                path = os.path.join(self._directory, name)
                save = _read(path)
                if save is not None:
                    _hand_on(receiver, save)
                if os.path.lexists(path):  # else another process was faster
                    _done_with(path, save)
        finally:
            self._not_before.pop(of, None)
            self._waiting()  # what is delivered is no more

    def _turn(self, path: str) -> Lock:
        with self._changing:
            return self._turns.setdefault(path, Lock())

    def _waiting(self) -> dict[str, list[str]]:
        """The names of the files by the notebook that they are of, in order; those in which no save can be
        found are of "", which is none.  What was delivered, by other processes too, is forgotten."""
        with self._changing:
            found: dict[str, list[str]] = {}
            known, self._paths = self._paths, {}
            for name in self._names():
                path = known.get(name)
                if path is None:
                    path = _path_in(os.path.join(self._directory, name))
                found.setdefault(path, []).append(name)
                self._paths[name] = path
            self._left = len(self._paths)
            self._kept = {path: name for path, name in self._kept.items() if path in found}
        return found

    def _names(self) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self._directory) if _NAME.fullmatch(name))
        except OSError:
            return []


def opened_without_store(path: str) -> Opened:
    """What a file holds, and a token for it that the store understands once it has what is saved from there.

    Raises NotebookError if it is no notebook.
    """
    content = read_ordinary_file(path)
    read(content, path)
    return Opened(content, token_of_bytes(content))


def spool_directory(state: str) -> str:
    """Where in a state directory saves wait."""
    return os.path.join(state, "spool")


def _hand_on(receiver: Receiver, save: WaitingSave) -> None:
    """Have a save taken into the store.  What is refused for good is kept there as far as it can be."""
    try:
        if save.base:
            receiver.claim(save.path, save.base, save.content, save.writer)
        else:
            receiver.found(save.path, save.content)
    except StoreAway:
        raise
    except (NotebookError, UsageError):  # the file is gone by now, or nobody knows the base
        with contextlib.suppress(NotebookError):
            receiver.found(save.path, save.content)


def _done_with(path: str, save: WaitingSave | None) -> None:
    """Take a file out of the spool: it is delivered, or cannot be read and is kept under another name."""
    try:
        if save is None:
            os.replace(path, f"{path}.unread")
        else:
            os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise SystemFailure(f"{path}: cannot be removed: {reason(error)}; see who owns it") from error


def _number(name: str) -> int:
    return int(name[:_NUMBER])


def _spelled(save: WaitingSave) -> bytes:
    head = {"path": os.fsencode(save.path).hex(), "base": save.base, "writer": save.writer}
    return json.dumps(head).encode("ascii") + b"\n" + save.content


def _path_in(path: str) -> str:
    """The real path of the notebook whose save is in a file; "": there is none in it, or it is not to be
    believed."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        if distrust_of(path, os.lstat(path)) is None and not os.path.islink(path):
            with open(path, "rb") as file:
                return os.path.realpath(_path_of(json.loads(file.readline())))
    return ""


def _path_of(head: dict[str, str]) -> str:
    return os.fsdecode(bytes.fromhex(head["path"]))


def _read(path: str) -> WaitingSave | None:
    """The save in a file; None if there is none in it, or others can have put it there."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        if distrust_of(path, os.lstat(path)) is not None or os.path.islink(path):
            return None
        with open(path, "rb") as file:
            head, _, content = file.read().partition(b"\n")
        found = json.loads(head)
        return WaitingSave(_path_of(found), content, str(found["base"]), str(found["writer"]))
    return None
