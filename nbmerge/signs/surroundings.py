"""Owns: what the surroundings say about one notebook, all of it, at the time of a save or a write.

Must not know: stores, merging, when it is asked.  Invariant: asking changes nothing, takes
well under a second, and never fails; what cannot be told is no sign.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from nbmerge.lineage.situation import Git, Situation
from nbmerge.signs.blobs import GitWitness
from nbmerge.signs.git import git_is_writing
from nbmerge.signs.jupyter import data_folder, runtime_folder
from nbmerge.signs.locks import locked
from nbmerge.signs.rooms import Rooms
from nbmerge.signs.servers import Servers
from nbmerge.signs.sessions import Sessions
from nbmerge.signs.trust import keep_trust

_REMEMBERED = 600.0  # seconds that a sync client's doings count as a sign


@dataclass(frozen=True, slots=True)
class _Noted:
    words: str
    at: float


class Surroundings:
    """`clock` gives seconds since the epoch; `environment` and `home` are the user's."""

    def __init__(
        self,
        clock: Callable[[], float],
        environment: Mapping[str, str],
        home: str,
        platform: str = sys.platform,
    ) -> None:
        self.clock = clock
        self.data = data_folder(environment, home, platform)
        servers = Servers(runtime_folder(environment, home, platform), clock)
        self.sessions = Sessions(servers, clock)
        self.rooms = Rooms(servers, self.data, clock)
        self.git = GitWitness(clock)
        self._noted: dict[str, _Noted] = {}

    def note(self, path: str, words: str) -> None:
        """Remember for a while that something outside of the notebook spoke of a second writer."""
        self._noted[path] = _Noted(words, self.clock())

    def situation(self, path: str, data: bytes, since: float | None = None) -> Situation:
        """What is known when a save is judged; `since`: when the notebook was saved before."""
        git = self.git.says(path, data, since)
        return Situation(() if git is not Git.NONE else self.second_writer(path), git)

    def second_writer(self, path: str) -> tuple[str, ...]:
        """Why somebody else may be writing to the notebook, in words."""
        said = list(self.sessions.signs(path, lambda server: self.rooms.is_shared(server, path)))
        noted = self._noted.get(path)
        if noted is not None:
            if self.clock() - noted.at < _REMEMBERED:
                said.append(noted.words)
            else:
                del self._noted[path]
        return tuple(said)

    def hold(self, path: str) -> str | None:
        """Why nothing should be written to the notebook just now; None: it may be."""
        now = self.clock()
        if locked(path, now):
            return f"{os.path.basename(path)}.watchdog.lock asks to wait"
        if git_is_writing(path, now):
            return "git writes in its repository"
        try:
            saved = os.stat(path).st_mtime
        except OSError:
            saved = now
        if self.rooms.wait(path, saved) > 0:
            return "somebody types in its jupyter-collaboration room"
        return None

    def sign(self, merged: bytes, sources: Iterable[bytes]) -> None:
        """Mark a merge as trusted by the user if all that is in it was."""
        keep_trust(merged, sources, self.data)
