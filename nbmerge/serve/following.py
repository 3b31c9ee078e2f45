"""Owns: noticing that the files of notebooks have changed that an editor follows.

Must not know: lines, how a version is found out.  Invariant: one event for each version, after the answer to
whatever made it; a change within one tick of the file system's clock is seen, since each is looked at twice.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from threading import Event, Lock, Thread

from nbmerge.sync.looking import NEVER, pause_after, stamps_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.sync.looking import Stamp

_OFTEN = 0.1  # seconds between looks
_LONGEST = 5.0  # seconds between tries to read what is no notebook


@dataclass(slots=True)
class _Followed:
    told: str  # the version that was told last; "": it is gone
    stamp: Stamp = NEVER
    again: bool = True  # look into it once more, though it seems unchanged
    heard: int = 0  # how often it was said that it has changed
    busy: bool = False  # somebody looks into it already
    wait: float = 0.0  # seconds after which it is tried again, since it could not be read
    not_before: float = 0.0


class Following:
    """The notebooks that are followed.

    `put` has something done when it is a notebook's turn; `version` records what a file holds and gives its
    token, or raises an error; `tell` is given each change.
    """

    def __init__(
        self,
        put: Callable[[str, Callable[[], None]], None],
        version: Callable[[str], str],
        tell: Callable[[str, str], None],
    ) -> None:
        self._put = put
        self._version = version
        self._tell = tell
        self._changing = Lock()
        self._followed: dict[str, _Followed] = {}
        self._news = Event()
        self._ended = False
        self._thread: Thread | None = None

    def follow(self, path: str, version: str) -> None:
        """Tell from now on what becomes of a notebook that holds this version."""
        with self._changing:
            self._followed.setdefault(path, _Followed(version)).told = version
            if self._thread is None and not self._ended:
                self._thread = Thread(target=self._watch, name="nbmerge-following", daemon=True)
                self._thread.start()

    def unfollow(self, path: str) -> None:
        """Tell no more of it."""
        with self._changing:
            self._followed.pop(path, None)

    def heard(self, paths: Collection[str] | None) -> None:
        """It is said that the notebooks at these real paths hold something else now; None: any may.

        They are looked into at once, whatever their files' times say.
        """
        with self._changing:
            for path, one in self._followed.items():
                if paths is None or os.path.realpath(path) in paths:
                    one.again, one.not_before, one.heard = True, 0.0, one.heard + 1
        self._news.set()

    def stop(self) -> None:
        """Follow nothing any more."""
        self._ended = True
        self._news.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        took = 0.0
        while True:
            self._news.wait(pause_after(took, _OFTEN))
            if self._ended:
                return
            self._news.clear()
            with self._changing:
                followed = list(self._followed.items())
            stamps, took = stamps_of([path for path, _ in followed], time.monotonic)
            for (path, one), stamp in zip(followed, stamps, strict=True):
                self._look(path, one, stamp)

    def _look(self, path: str, one: _Followed, stamp: Stamp) -> None:
        if one.busy or time.monotonic() < one.not_before:
            return
        if stamp != one.stamp or one.again:
            one.busy = True
            self._put(path, lambda: self._look_into(path, one, stamp))

    def _look_into(self, path: str, one: _Followed, stamp: Stamp) -> None:
        heard = one.heard
        try:
            version = self._version(path) if stamp is not None else ""
        except Exception:  # half written, or no notebook just now; a bug must not end it for others
            one.wait = min(max(_OFTEN, 2 * one.wait), _LONGEST)
            one.not_before = time.monotonic() + one.wait
        else:
            one.again = stamp != one.stamp or heard != one.heard
            one.stamp, one.wait = stamp, 0.0
            with self._changing:
                is_news = one.told != version and self._followed.get(path) is one
                one.told = version
            if is_news:
                self._tell(path, version)
        finally:
            one.busy = False
