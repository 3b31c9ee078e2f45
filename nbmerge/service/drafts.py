"""Owns: what somebody has chosen for the conflicts of a notebook and not saved yet, kept in the state
directory for a day.

Must not know: what a choice is, who makes it.  Invariant: a draft is this user's alone to read; it is whole
or not there; one that is older than a day, or no draft at all, is none.  A draft that cannot be kept fails
nothing: it is said.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass

from nbmerge.errors import SystemFailure
from nbmerge.files import digest, for_this_user_only, read_small_file, reason
from nbmerge.history.opening import state_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any


KEPT = 24 * 3600.0  # seconds
_MOST = 100_000_000  # bytes of a draft
_FOLDER = "drafts"


@dataclass(frozen=True, slots=True)
class FoundDraft:
    """What was chosen, as JSON, and when the last of it was."""

    choices: list[dict[str, Any]]
    time: float


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """The draft for one notebook; `now` is the clock."""

    path: str
    now: Callable[[], float]

    def read(self) -> FoundDraft | None:
        """What is kept, if it is not too old."""
        try:
            told = json.loads(read_small_file(self.path, _MOST))
        except (OSError, ValueError, RecursionError):
            return None
        choices = [each for each in told if self._is_new(each)] if isinstance(told, list) else []
        return FoundDraft(choices, max(each["time"] for each in choices)) if choices else None

    def _is_new(self, choice: object) -> bool:
        match choice:
            case {"time": int() | float() as time}:
                return 0 <= self.now() - time < KEPT
        return False

    def keep(self, choices: Sequence[Mapping[str, object]]) -> None:
        """Keep these instead of what was kept; nothing, if nothing is chosen.  Those with a time keep it.

        Raises SystemFailure.
        """
        if not choices:
            with contextlib.suppress(OSError):
                os.unlink(self.path)
            return
        beside = f"{self.path}.{os.getpid()}"
        try:
            os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
            with open(beside, "w", encoding="ascii", opener=for_this_user_only) as file:
                json.dump([{"time": self.now(), **choice} for choice in choices], file)
            os.replace(beside, self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise SystemFailure(f"{self.path}: cannot be written: {reason(error)}") from error


def draft_of(path: str, state: str | None, now: Callable[[], float]) -> KeptDraft:
    """The draft for the notebook at a path; those that are too old are removed.  Raises SystemFailure."""
    folder = os.path.join(state_directory(state), _FOLDER)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if now() - entry.stat(follow_symlinks=False).st_mtime > KEPT:
                    os.unlink(entry.path)
    name = digest(os.path.realpath(path).encode("utf-8", "surrogateescape"))
    return KeptDraft(os.path.join(folder, f"{name}.json"), now)
