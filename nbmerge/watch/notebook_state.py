"""Owns: what is pending about one notebook and its conflict copies, and for how long it has to wait.

Must not know: contents, disk, other notebooks, actions.  Invariant: `next_time` is the earliest moment at
which something can be done, and None when nothing is left to do; a copy waits with its original or stands
on its own, never both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nbmerge.environment.conflict_copies import Copy
from nbmerge.observe.events import FileRead, WallTime

STAYS = 30.0  # seconds for which a copy of what the file holds waits for the other side to arrive


@dataclass(slots=True)
class WaitingCopy:
    """A file that by its name is a copy; `read` is None until it was read.

    `renamed`: the original was given this name, which clients do before they put the other
    side in its place, and people do for reasons of their own.  `last`: it has waited long enough.
    """

    path: str
    copy: Copy
    at: float
    read: FileRead | None = None
    renamed: bool = False
    last: bool = False


@dataclass(slots=True)
class Copies:
    """The copies of one notebook, by path."""

    waiting: dict[str, WaitingCopy] = field(default_factory=dict)

    def came(self, path: str, copy: Copy, at: float, read: FileRead | None = None) -> None:
        """A copy was seen, which is to be taken at that time; without `read`: by a rename."""
        one = self.waiting.setdefault(path, WaitingCopy(path, copy, at, renamed=read is None))
        one.at = max(one.at, at)
        one.read = one.read if read is None else read

    def stays(self, one: WaitingCopy, now: float) -> None:
        """It holds what the file holds: perhaps the other side is still to come."""
        one.at, one.last = now + STAYS, True
        self.waiting[one.path] = one

    def changed(self, at: float) -> None:
        """The original holds something else now."""
        for one in self.waiting.values():
            one.at, one.last = min(one.at, at), False

    def next_time(self) -> float | None:
        return min((one.at for one in self.waiting.values()), default=None)

    def ripe(self, now: float) -> WaitingCopy | None:
        """One whose time has come, the first in an order that every machine agrees on."""
        due = [one for one in self.waiting.values() if one.at <= now]
        return min(due, key=lambda one: one.copy.key, default=None)

    def is_fresh(self) -> bool:
        """Whether one is to be taken before anything is written."""
        return any(not one.last for one in self.waiting.values())


@dataclass(frozen=True, slots=True)
class WatchTiming:
    """All in seconds.

    `settle`: how long a notebook must be quiet before a merge is written.  JupyterLab takes
    over the hash of whatever it finds up to a quarter of a second after its save.
    `patience`: how long a file may be torn before it is taken for broken.
    """

    settle: float = 1.0
    patience: float = 5.0
    first_look: float = 0.05
    slow_save: float = 3.0  # wait this many times as long as the last save took
    longest_settle: float = 15.0
    retry: float = 0.3
    longest_retry: float = 10.0
    calm: float = 60.0  # writes further back than this do not slow down the next one
    free_writes: int = 30  # so many follow each other freely: two people at work need that
    tug: float = 300.0  # answers further back than this are forgotten
    longest_gap: float = 60.0


@dataclass(slots=True)
class Torn:
    """A file that is no notebook at the moment, most likely because it is being written; all but
    `read_at` by the coordinator's clock."""

    data: bytes
    read_at: WallTime
    why: str
    since: float
    until: float

    def is_hopeless(self, now: float) -> bool:
        return now >= self.until


@dataclass(slots=True)
class NotebookState:
    """One notebook."""

    timing: WatchTiming
    due: bool = False
    writing: bool = False
    changed_at: float = float("-inf")
    settle: float = 0.0
    torn: Torn | None = None
    look_at: float | None = None
    pause: float = 0.0
    not_before: float = float("-inf")
    retries: int = 0
    failing: bool = False
    there: bool | None = None  # whether the file exists, if that is known
    copies: Copies = field(default_factory=Copies)
    writes: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)

    @property
    def next_time(self) -> float | None:
        if self.torn is not None:
            return min(self.torn.until, self.look_at if self.look_at is not None else self.torn.until)
        if self.look_at is not None:
            return self.look_at
        times = []
        if (ripe_at := self.copies.next_time()) is not None:
            times.append(max(self.quiet_at, self.not_before, ripe_at))
        if self._is_to_write():
            times.append(max(self.quiet_at, self.not_before))
        return min(times, default=None)

    def _is_to_write(self) -> bool:
        return self.due and not self.writing and self.there is not False and not self.copies.is_fresh()

    @property
    def quiet_at(self) -> float:
        return self.changed_at + max(self.settle, self.timing.settle)

    def is_quiet(self, now: float) -> bool:
        return self.torn is None and now >= max(self.quiet_at, self.not_before)

    def may_write(self, now: float) -> bool:
        return self._is_to_write() and self.is_quiet(now)

    def ripe_copy(self, now: float) -> WaitingCopy | None:
        """A conflict copy that can be taken now."""
        return self.copies.ripe(now) if self.is_quiet(now) else None

    def was_read(self, now: float) -> None:
        """Somebody wrote, or may have; also the same bytes once more, whose hash an editor then asks for."""
        self.there = True
        self.changed_at = now
        self.look_at = None

    def vanished(self) -> None:
        self.there = False
        self.torn = None
        self.look_at = None

    def recorded(self, now: float, changed: bool, due: bool) -> None:
        """The file was a notebook, and it is in the store."""
        self.failing = False
        if self.torn is not None:
            self.settle = min((now - self.torn.since) * self.timing.slow_save, self.timing.longest_settle)
            self.torn = None
        elif changed:
            self.settle = 0.0
        self.look_at = None
        if changed:
            self.retries = 0
            self.copies.changed(now)
        self.due = due or changed  # a writer may still tell that this save was not made from the one before

    def is_torn(self, data: bytes, at: WallTime, why: str, now: float) -> None:
        """What was read is no notebook: look again soon, and later and later while it stays the same."""
        if self.torn is None or self.torn.data != data:
            since = now if self.torn is None else self.torn.since
            self.torn = Torn(data, at, why, since, now + self.timing.patience)
            self.pause = self.timing.first_look
        self.changed_at = now
        self.look_at = now + self.pause

    def is_other(self, data: bytes) -> None:
        """The file holds this now: if it was torn, it is so no more, or in another way."""
        if self.torn is not None and self.torn.data != data:
            self.torn = None

    def looking(self, now: float) -> None:
        """The next look, if this one brings nothing new, comes after twice the time."""
        self.pause = min(max(self.pause, self.timing.first_look) * 2, 1.0)
        self.look_at = None if self.torn is None else now + self.pause

    def gave_up(self) -> None:
        """It is broken, not torn: nothing to do until somebody writes again."""
        self.torn = None
        self.look_at = None
        self.due = False

    def up_to_date(self, now: float, wrote: bool) -> None:
        self.writing = False
        self.due = False
        self.failing = False
        self.retries = 0
        if wrote:
            self.writes = [time for time in self.writes if now - time < self.timing.calm] + [now]
            self.not_before = now + self._gap(len(self.writes))

    def _gap(self, writes: int) -> float:
        """What no people do, programs that answer each other's writes, is slowed down more and more."""
        over = writes - self.timing.free_writes
        return 0.0 if over < 0 else min(2.0**over, self.timing.longest_gap)

    def not_yet(self, now: float) -> None:
        self.writing = False
        self._retry(now)

    def refused(self, now: float, unrecorded: bool) -> bool:
        """The system failed; True if people do not know yet."""
        self.writing = False
        news = not self.failing
        self.failing = True
        self._retry(now)
        if unrecorded:  # and so nothing is written before it was read again
            self.look_at = self.not_before
        if self.torn is not None:
            self.torn.until = max(self.torn.until, self.not_before)
        return news

    def _retry(self, now: float) -> None:
        wait = min(self.timing.retry * 2.0**self.retries, self.timing.longest_retry)
        self.retries = min(self.retries + 1, 10)
        self.not_before = max(self.not_before, now + wait)

    def answered_often(self, now: float) -> bool:
        """Whether the merge is to be written again for the third time in a while."""
        self.answers = [time for time in self.answers if now - time < self.timing.tug] + [now]
        if len(self.answers) > 1:
            self.not_before = now + min(2.0 ** len(self.answers), self.timing.longest_gap)
        return len(self.answers) == 3
