"""Owns: passing on the user's trust from the versions in a merge to the merge.
what the surroundings say about one notebook, all of it, at the time of a save or a write.

Must not know: merging, what trust is for.
stores, merging, when it is asked.
Invariant: nothing is trusted that has something
to distrust and was not signed by this user; who never signed anything gets no keys made.
Failures are silent: then Jupyter asks.
asking changes nothing, takes
well under a second, and never fails; what cannot be told is no sign.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from nbmerge.environment.git import GitWitness, git_is_writing, locked
from nbmerge.environment.jupyter import JupyterServers, JupyterSessions, data_folder, runtime_folder
from nbmerge.environment.rooms import Rooms
from nbmerge.lineage.versions import Context, Git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


# Types of outputs that Jupyter shows only if it trusts them, by the names of nbformat 3 and 4; "\u00"
# could spell them.
_DISTRUSTED = (b"display_data", b"execute_result", b"pyout", b"\\u00")


def needs_trust(data: bytes) -> bool:
    """Whether there may be an output in it that Jupyter shows only if it trusts the notebook."""
    return any(name in data for name in _DISTRUSTED)


def is_trusted(data: bytes, folder: str) -> bool:
    """Whether there is nothing to distrust in it, or this user signed it; `folder`: Jupyter's data."""
    if not needs_trust(data):
        return True
    if not _has_signed(folder):
        return False
    from nbmerge.notebook.trust import is_signed

    return is_signed(data, folder)


def sign(data: bytes, folder: str) -> None:
    """Note that the user trusts this content, as Jupyter does it."""
    if needs_trust(data) and _has_signed(folder):
        from nbmerge.notebook.trust import add_signature

        add_signature(data, folder)


def keep_trust(merged: bytes, versions: Iterable[bytes], folder: str) -> None:
    """Sign a merge if all that is in it was trusted."""
    if needs_trust(merged) and _has_signed(folder) and all(is_trusted(one, folder) for one in versions):
        sign(merged, folder)


def _has_signed(folder: str) -> bool:
    return all(os.path.isfile(os.path.join(folder, name)) for name in ("notebook_secret", "nbsignatures.db"))


_REMEMBERED = 600.0  # seconds that a sync client's doings count as a sign


@dataclass(frozen=True, slots=True)
class _Noted:
    words: str
    at: float


class Environment:
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
        servers = JupyterServers(runtime_folder(environment, home, platform), clock)
        self.sessions = JupyterSessions(servers, clock)
        self.rooms = Rooms(servers, self.data, clock)
        self.git = GitWitness(clock)
        self._noted: dict[str, _Noted] = {}

    def note(self, path: str, words: str) -> None:
        """Remember for a while that something outside of the notebook spoke of a second writer."""
        self._noted[path] = _Noted(words, self.clock())

    def situation(self, path: str, data: bytes, since: float | None = None) -> Context:
        """What is known when a save is judged; `since`: when the notebook was saved before."""
        git = self.git.says(path, data, since)
        return Context(() if git is not Git.NONE else self.second_writer(path), git)

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
