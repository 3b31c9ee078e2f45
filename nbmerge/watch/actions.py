"""Owns: what the coordinator asks for and what comes of it, as values.

Must not know: who carries it out.  Invariant: every action but `Tell`, `Follow`, `DropJournal` and
`TakeJournal`
is answered by exactly one result, which is fed back (or one for each save that it has).
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.lineage.heads import Outcome
from nbmerge.observe.events import Event, FileRead, FileStamp, WallTime
from nbmerge.watch.notebook_state import WaitingCopy


@dataclass(frozen=True, slots=True)
class RecordSave:
    """Record a save, with its lineage; answered by SaveRecorded, Unreadable or Refused.

    `in_file`: the file held it when it was read; else it is what the file held before.
    """

    path: str
    data: bytes
    at: WallTime
    way: str = ""
    stamp: FileStamp | None = None
    in_file: bool = True


@dataclass(frozen=True, slots=True)
class KeepSaves:
    """Record saves that the next one has overwritten already, without asking what they were made from.

    Answered by SavesKept, or by a Refused for each.
    """

    path: str
    saves: tuple[RecordSave, ...]


@dataclass(frozen=True, slots=True)
class DropJournal:
    """Remove a journal of arrivals: all that it holds is in the store.  Not answered."""

    journal: str


@dataclass(frozen=True, slots=True)
class TakeJournal:
    """Keep what a journal of arrivals holds that is not in the store, then remove it.  Not answered."""

    journal: str


@dataclass(frozen=True, slots=True)
class RecordCopy:
    """Record a conflict copy as a version of the notebook at `path`, then remove the copy.

    Answered by SaveRecorded, or by Stays, Alone, Unreadable or Refused, which name the copy.
    """

    path: str
    copy: WaitingCopy
    at: WallTime


@dataclass(frozen=True, slots=True)
class RecordUnreadable:
    """Record bytes that are no notebook; answered by UnreadableRecorded or Refused."""

    path: str
    data: bytes
    at: WallTime


@dataclass(frozen=True, slots=True)
class WriteDue:
    """Write what is due; answered by UpToDate, NotYet or Refused."""

    path: str


@dataclass(frozen=True, slots=True)
class Look:
    """Read the file again; answered by a Looked or Vanished event."""

    path: str


@dataclass(frozen=True, slots=True)
class Follow:
    """The file has another name: its history goes with it."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Rescan:
    """Look at every notebook again; answered by the events of what has changed."""


@dataclass(frozen=True, slots=True)
class Tell:
    """One line for people about a notebook; `kind` names it for programs."""

    kind: str
    path: str
    message: str


Action = (
    RecordSave
    | KeepSaves
    | DropJournal
    | TakeJournal
    | RecordCopy
    | RecordUnreadable
    | WriteDue
    | Look
    | Follow
    | Rescan
    | Tell
)


@dataclass(frozen=True, slots=True)
class SaveRecorded:
    """A save is in the store; `due`: the file does not hold all that it should.

    `answers`: it repeats a tip, and the merge will be written again; `look`: it is not what the
    file holds any more.
    """

    path: str
    outcome: Outcome
    due: bool
    answers: bool = False
    look: bool = False


@dataclass(frozen=True, slots=True)
class SavesKept:
    """So many saves are in the store, and none of them is part of the notebook."""

    path: str
    count: int


@dataclass(frozen=True, slots=True)
class Stays:
    """A conflict copy holds what the file holds; the other side may be still to come."""

    path: str
    copy: WaitingCopy


@dataclass(frozen=True, slots=True)
class Alone:
    """Nothing proves that this file is a copy of another one."""

    path: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What was to be recorded is no notebook (yet): `data` are its bytes, read at `at`; `why` says what
    is wrong."""

    path: str
    data: bytes
    why: str
    at: WallTime


@dataclass(frozen=True, slots=True)
class UnreadableRecorded:
    """Bytes that are no notebook are in the store as a version."""

    path: str
    version: int


@dataclass(frozen=True, slots=True)
class UpToDate:
    """The file holds everything; `wrote`: by a write of ours."""

    path: str
    wrote: bool


@dataclass(frozen=True, slots=True)
class NotYet:
    """Nothing could be written at `at`; `found`: because the file holds a save that is not recorded yet."""

    path: str
    why: str
    at: WallTime
    found: bytes | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The system failed; nothing was written to the notebook.

    `unrecorded`: what the file holds is not in the store; `again`: what has to be done yet.
    """

    path: str
    message: str
    unrecorded: bool = False
    again: RecordSave | Follow | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """Saves of one notebook that were overwritten while too many waited to be judged, in order."""

    path: str
    reads: tuple[FileRead, ...]
    missed: int = 0  # saves between them that nobody could read


@dataclass(frozen=True, slots=True)
class Ready:
    """Every notebook was looked at once."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Result = (
    SaveRecorded | SavesKept | Stays | Alone | Unreadable | UnreadableRecorded | UpToDate | NotYet | Refused
)
Input = Event | Passed | Result | Ready | Tick
