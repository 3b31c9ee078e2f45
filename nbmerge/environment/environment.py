"""Owns: what can be known of one notebook besides its contents, all of it, at the time of a save or a
write: other writers, git, locks, and whether the user trusts what is in it.

Must not know: stores, merging, when it is asked.  Invariant: asking changes nothing, takes well under a
second, and never fails; what cannot be found out is no sign.  Nothing is marked as trusted that has
something to distrust and was not signed by this user; who never signed anything gets no keys made.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping

from nbmerge.environment.git import GitActivity, git_is_writing
from nbmerge.environment.jupyter import JupyterServers, JupyterSessions, data_folder, runtime_folder
from nbmerge.environment.rooms import Rooms
from nbmerge.lineage.versions import Context, Git

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


LOCK_SUFFIX = ".watchdog.lock"
LOCK_EXPIRES = 300.0  # seconds without a write to the notebook or the lock


def locked(path: str, now: float) -> bool:
    """Whether somebody, in the middle of several writes, asks to be left alone with this notebook.

    `NAME.ipynb.watchdog.lock` is the protocol of the VS Code extension "Notebook Watchdog"; a lock
    that was forgotten does not hold for ever.  `now`: seconds since the epoch.
    """
    try:
        written = os.stat(path + LOCK_SUFFIX).st_mtime
    except (OSError, ValueError):
        return False
    with contextlib.suppress(OSError):  # it is being replaced
        written = max(written, os.stat(path).st_mtime)
    return now - written < LOCK_EXPIRES


_REMEMBERED = 600.0  # seconds that a sync client's activity counts as a sign


class Environment:
    """`clock` gives seconds since the epoch; `environment` and `home`: the user's variables and folder."""

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
        self.git = GitActivity(clock)
        self._noted: dict[str, tuple[str, float]] = {}  # words, when

    def note(self, path: str, words: str) -> None:
        """Remember for a while, in words, a sign of a second writer that was seen elsewhere."""
        self._noted[path] = (words, self.clock())

    def situation(self, path: str, data: bytes, since: float | None = None, way: str = "") -> Context:
        """What is known when a save is judged; `since`: when the notebook was saved before; `way`: how this
        save was written, as far as that is known."""
        git = self.git.classify(path, data, since, way)
        return Context(() if git is not Git.NONE else self.second_writer(path), git)

    def second_writer(self, path: str) -> tuple[str, ...]:
        """Why somebody else may be writing to the notebook, in words."""
        signs = list(self.sessions.signs(path, lambda server: self.rooms.is_shared(server, path)))
        words, at = self._noted.get(path, ("", 0.0))
        if words and self.clock() - at < _REMEMBERED:
            signs.append(words)
        return tuple(signs)

    def hold(self, path: str) -> str | None:
        """Why nothing should be written to the notebook just now; None: it may be."""
        now = self.clock()
        if locked(path, now):
            return f"{os.path.basename(path)}{LOCK_SUFFIX} asks to wait"
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
