"""Owns: the records of conflicts in git's own folder: their form, their files, how long they are kept.

Must not know: notebooks, when something is recorded, what a record is used for.
Invariant: what others may have put there does no harm.  Only names that we give are read, written or
removed, in folders and files that are no links; what is too large, no ordinary file or not of our form is no
record; what is read can stand in a command line of git: object names are hexadecimal, and a path holds
nothing that no path can hold.  No failure goes further than its record.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import asdict, dataclass

from nbmerge.conflicts.repeated import SettledBefore
from nbmerge.errors import SystemFailure
from nbmerge.files import BESIDE, digest, read_small_file, replace_beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACE = ("nbmerge", "settled")  # below git's folder of all work trees
_MOST = 300  # records
_LARGEST = 1_000_000  # bytes of one
_DAY = 86_400.0
_DAYS_SETTLED, _DAYS_OPEN = 60, 15  # as git keeps what rerere knows
_MERGES = 8  # that one conflict is remembered from
_LONGEST = 50_000  # characters of a source; a longer one is not recorded
_NAME = re.compile(rf"[0-9a-f]{{64}}|{BESIDE}")
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MAY_BE_SHORT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class MergeOfPath:
    """A merge that made a conflict: HEAD and the other commit, which is `picked` in a rebase or cherry-pick
    ("" if it is not known), and the notebook's path from the top of the work tree."""

    head: str
    other: str
    picked: bool
    path: str


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one conflict: the merges that made it, the newest first, and how it was settled."""

    merges: tuple[MergeOfPath, ...] = ()
    settled: SettledBefore | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """The records below a folder of git's, each in a file of its own, named for what is in conflict."""

    common: str

    def read(self, terms: bytes) -> Record:
        """What is known of a conflict; nothing if it cannot be read."""
        return self._read(digest(terms)) if self._is_ours() else Record()

    def write(self, terms: bytes, record: Record) -> None:
        """Keep it, as well as that can be done."""
        data = _data(Record(record.merges[:_MERGES], record.settled))
        if len(data) > _LARGEST or (record.settled and len(record.settled.source or "") > _LONGEST):
            return
        with contextlib.suppress(OSError, SystemFailure):
            self._make_folder()
            if self._is_ours():
                replace_beside(os.path.join(self._folder, digest(terms)), data)

    def prune(self, now: float) -> None:
        """Those that are too old or too many go; `now` is since the epoch."""
        number = 0
        for written, name in sorted(self._files(), reverse=True) if self._is_ours() else ():
            days, is_record = (now - written) / _DAY, not name.startswith(".")
            number += is_record
            if is_record:
                too_old = days > _DAYS_SETTLED or (days > _DAYS_OPEN and self._read(name).settled is None)
            else:
                too_old = days > 1  # left by a process that was killed
            if too_old or (is_record and number > _MOST):
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(self._folder, name))

    @property
    def _folder(self) -> str:
        return os.path.join(self.common, *_PLACE)

    def _make_folder(self) -> None:
        above = os.path.dirname(self._folder)
        for path in (above, self._folder):
            if os.path.islink(path):
                return
            with contextlib.suppress(FileExistsError):
                os.mkdir(path, 0o700)

    def _is_ours(self) -> bool:
        """Whether the folder is there, and in git's folder: no link leads out of it."""
        above = os.path.dirname(self._folder)
        return all(os.path.isdir(path) and not os.path.islink(path) for path in (above, self._folder))

    def _files(self) -> Iterator[tuple[float, str]]:
        """When they were written, and their names."""
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                        yield entry.stat(follow_symlinks=False).st_mtime, entry.name

    def _read(self, name: str) -> Record:
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
            found = json.loads(read_small_file(os.path.join(self._folder, name), _LARGEST))
            merges = tuple(map(_merge_in, found["merges"][:_MERGES]))
            return Record(merges, _settled_in(found["settled"]))
        return Record()


def _data(record: Record) -> bytes:
    return json.dumps(asdict(record)).encode()


def _merge_in(found: object) -> MergeOfPath:
    match found:
        case {"head": str(head), "other": str(other), "picked": bool(picked), "path": str(path)}:
            os.fsencode(path)  # raises ValueError where no file can have that name
            short = picked and (not other or _MAY_BE_SHORT.fullmatch(other))
            if "\0" not in path and _OID.fullmatch(head) and (short or _OID.fullmatch(other)):
                return MergeOfPath(head, other, picked, path)
    raise ValueError(found)


def _settled_in(found: object) -> SettledBefore | None:
    match found:
        case None:
            return None
        case {"source": (str() | None) as source, "told": str(told)}:
            return SettledBefore(source, told)
    raise ValueError(found)
