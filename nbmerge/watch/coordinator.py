"""Owns: when a save is recorded, when a merge is written, when to wait and when to look again.

Must not know: disk, store, threads, the time of day.  Invariant: `feed` is the only way in,
and what it returns depends on nothing but what was fed; a notebook is never written while
something about it is not in the store, is torn, or has changed within the settle time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from nbmerge.environment.conflict_copies import Copy, copy_of
from nbmerge.lineage.heads import Outcome
from nbmerge.observe import events as was
from nbmerge.watch import actions as do
from nbmerge.watch.missed import MissedNotices
from nbmerge.watch.notebook_state import NotebookState, WaitingCopy, WatchTiming

COMES_BACK = 10.0  # seconds in which a sync client that renamed a notebook puts the other side in its place
REMEMBERED = 32_000_000  # bytes of one notebook's saves that wait for a store that refuses
REMEMBERED_IN_ALL = 128_000_000  # the others are in the journals of arrivals only


class Coordinator:
    """The state machine of the watcher.

    `feed(input, now)` returns actions in the order in which they are to be performed; the
    results are fed back.  `now` is in seconds of a clock that never goes back.
    """

    def __init__(self, timing: WatchTiming, copy_of: Callable[[str], Copy | None]) -> None:
        self.timing = timing
        self.copy_of = copy_of
        self.states: dict[str, NotebookState] = {}
        self._touched: dict[str, NotebookState] = {}  # those about which something may be pending
        self._unrecorded: dict[str, list[do.RecordSave | do.Follow]] = {}
        self._copied: dict[str, str] = {}  # copies that wait: their originals
        self._alone: set[str] = set()  # files that are no copies, whatever they are called
        self._missed = MissedNotices()
        self._filled: list[str] = []  # journals that can go once everything is recorded
        self._remembered = 0  # bytes of saves in `_unrecorded`
        self._forgot: set[str] = set()  # journals that hold saves which were forgotten here; "": the open one

    @property
    def pending(self) -> tuple[str, ...]:
        """The notebooks about which something is still to be done."""
        self._touched = {path: state for path, state in self._touched.items() if state.next_time is not None}
        return tuple(self._touched)

    @property
    def holds_unrecorded(self) -> bool:
        """Whether something that was read is not in the store."""
        return bool(self._unrecorded) or any(state.torn is not None for state in self._touched.values())

    @property
    def has_forgotten(self) -> bool:
        """Whether there are saves that are neither in the store nor here, but in journals of arrivals
        only."""
        return bool(self._forgot)

    def next_time(self) -> float | None:
        """When the next tick is needed; None if nothing is pending."""
        times = (*(state.next_time for state in self._touched.values()), self._missed.next_time())
        return min((time for time in times if time is not None), default=None)

    def last_words(self) -> list[do.Action]:
        """What is to be told before the watcher ends."""
        return list(map(_tell_missed, self._missed.rest()))

    def feed(self, event: do.Input, now: float) -> list[do.Action]:
        """Take note of an event or a result, or of the time (Tick)."""
        actions = list(self._fed(event, now))
        if self._filled and not actions and not self.holds_unrecorded:
            actions = [
                do.TakeJournal(journal) if journal in self._forgot else do.DropJournal(journal)
                for journal in self._filled
            ]
            self._forgot.difference_update(self._filled)
            self._filled = []
        return actions

    def _fed(self, event: do.Input, now: float) -> Iterator[do.Action]:
        match event:
            case do.Tick():
                yield from map(_tell_missed, self._missed.ripe(now))
                for path in self.pending:
                    yield from self._tick(path, self._touched[path], now)
            case was.FileRead() | do.Passed() | was.Previous() | was.Vanished() | was.Renamed():
                yield from self._happened(event, now)
            case was.JournalFilled(journal):
                self._filled.append(journal)
                if "" in self._forgot:
                    self._forgot = self._forgot - {""} | {journal}
            case was.Syncing():
                pass  # the shell remembers what speaks for a second writer
            case was.Missed(path, count):
                yield from map(_tell_missed, self._missed.missed(path, count, now))
            case do.Ready() | was.Overflowed() | was.Trouble() | was.TroubleOver():
                yield from _told(event)
            case do.Stays(path, one):
                self._copied[one.path] = path
                self._state(path).copies.stays(one, now)
            case do.Alone(path):
                self._alone.add(path)
                yield do.Look(path)
            case _:
                failing = event.path in self.states and self.states[event.path].failing
                yield from self._result(event, now)
                if failing and not self.states[event.path].failing:
                    yield do.Tell("recovered", event.path, "works again: all that was saved is in the store")

    def _happened(
        self, event: was.FileRead | do.Passed | was.Previous | was.Vanished | was.Renamed, now: float
    ) -> Iterator[do.Action]:
        match event:
            case was.FileRead():
                yield from self._was_read(event, now)
            case do.Passed(path, reads, missed):
                if missed:
                    yield from map(_tell_missed, self._missed.missed(path, missed, now))
                yield from self._passed(path, reads, now)
            case was.Previous(path, data, at):
                yield do.RecordSave(path, data, at, in_file=False)
            case was.Vanished(path):
                yield from self._vanished(path)
            case was.Renamed(old, new):
                yield from self._renamed(old, new, now)

    def _state(self, path: str) -> NotebookState:
        state = self._touched[path] = self.states.setdefault(path, NotebookState(self.timing))
        return state

    def _was_read(self, event: was.FileRead, now: float) -> Iterator[do.Action]:
        path = event.path
        copy = self._as_copy(path)
        if copy is not None:
            original = self._copied.setdefault(path, copy.original)
            self._state(original).copies.came(path, copy, now + self.timing.settle, event)
            if path in self.states:
                self.states[path].is_other(event.data)
            return
        self._state(path).was_read(now)
        yield from self._once_more(path)
        yield do.RecordSave(path, event.data, event.at, event.way, event.stamp)

    def _passed(self, path: str, reads: tuple[was.FileRead, ...], now: float) -> Iterator[do.Action]:
        if self._as_copy(path) is not None:
            for read in reads:
                yield from self._was_read(read, now)
            return
        self._state(path).was_read(now)
        yield from self._once_more(path)
        saves = (do.RecordSave(path, read.data, read.at, read.way, read.stamp, False) for read in reads)
        yield do.KeepSaves(path, tuple(saves))

    def _as_copy(self, path: str) -> Copy | None:
        """What the name says of it, unless it is known to be no copy."""
        if path in self._copied:
            return self.states[self._copied[path]].copies.waiting[path].copy
        return None if path in self._alone else self.copy_of(path)

    def _vanished(self, path: str) -> Iterator[do.Action]:
        self._forget_copy(path)
        self._state(path).vanished()
        yield from self._once_more(path)

    def _forget_copy(self, path: str) -> None:
        original = self._copied.pop(path, None)
        if original is not None:
            del self._state(original).copies.waiting[path]
        self._alone.discard(path)

    def _renamed(self, old: str, new: str, now: float) -> Iterator[do.Action]:
        self._forget_copy(old)
        copy = copy_of(new, lambda path: path == old)
        if copy is not None and copy.original == old:
            state = self._state(old)
            state.vanished()
            self._copied[new] = old
            state.copies.came(new, copy, now + (COMES_BACK if copy.certain else self.timing.settle))
        else:
            yield from self._follow(old, new)

    def _follow(self, old: str, new: str) -> Iterator[do.Action]:
        if old in self.states:
            self._touched.pop(old, None)
            state = self.states[new] = self._touched[new] = self.states.pop(old)
            self._copied.update(dict.fromkeys(state.copies.waiting, new))
        waiting = list(self._once_more(old))
        yield from (one for one in waiting if isinstance(one, do.Follow))
        yield do.Follow(old, new)
        yield from (replace(one, path=new) for one in waiting if isinstance(one, do.RecordSave))

    def _once_more(self, path: str) -> Iterator[do.RecordSave | do.Follow]:
        """What the store refused; by now the file may hold something else."""
        waiting = self._unrecorded.pop(path, [])
        self._remembered -= sum(map(_size, waiting))
        for one in waiting:
            yield replace(one, in_file=False) if isinstance(one, do.RecordSave) else one

    def _tick(self, path: str, state: NotebookState, now: float) -> Iterator[do.Action]:
        if state.next_time is None or now < state.next_time:
            return
        if state.torn is not None and state.torn.is_hopeless(now):
            yield do.RecordUnreadable(path, state.torn.data, state.torn.read_at)
        elif state.look_at is not None and now >= state.look_at:
            state.looking(now)
            yield do.Look(path)
        elif (one := state.ripe_copy(now)) is not None:
            yield from self._copy_is_ripe(path, state, one, now)
        elif state.may_write(now):
            state.writing = True
            yield do.WriteDue(path)

    def _copy_is_ripe(
        self, path: str, state: NotebookState, one: WaitingCopy, now: float
    ) -> Iterator[do.Action]:
        if state.there is None:
            one.at = now + self.timing.settle
            yield do.Look(path)
            return
        self._forget_copy(one.path)
        if one.read is None:
            yield do.Look(one.path)
        elif state.there:
            yield do.RecordCopy(path, one, one.read.at)
        else:
            self._alone.add(one.path)
            if one.renamed:
                yield from self._follow(path, one.path)
            yield do.Look(one.path)

    def _result(self, result: do.Input, now: float) -> Iterator[do.Action]:
        match result:
            case do.SaveRecorded(path, outcome, due, answers, look):
                state = self._state(path)
                state.recorded(now, changed=outcome is not Outcome.SAME, due=due)
                if answers and state.answered_often(now):
                    yield do.Tell("tug", path, _TUG)
                if look:
                    yield do.Look(path)
            case do.SavesKept():
                yield from _told(result)
            case do.Unreadable(path, data, why, at):
                self._state(path).is_torn(data, at, why, now)
            case do.UnreadableRecorded(path, version):
                state = self._state(path)
                why = state.torn.why if state.torn is not None else "is no notebook"
                state.gave_up()
                self._forget_copy(path)
                message = f"{why}; it is left alone and kept as version {version}"
                yield do.Tell("unreadable", path, message)
            case do.UpToDate(path, wrote):
                self._state(path).up_to_date(now, wrote)
            case do.NotYet(path, _, at, found):
                state = self._state(path)
                state.not_yet(now)
                if found is not None:
                    state.was_read(now)
                    yield do.RecordSave(path, found, at)
            case do.Refused():
                yield from self._refused(result, now)

    def _refused(self, result: do.Refused, now: float) -> Iterator[do.Action]:
        if result.again is not None:
            self._remember(result.path, result.again)
        if self._state(result.path).refused(now, result.unrecorded):
            yield do.Tell("error", result.path, result.message)

    def _remember(self, path: str, again: do.RecordSave | do.Follow) -> None:
        """Keep what could not be recorded: the next save may replace it before the store works again.

        What there is no room for is forgotten here: the journals of arrivals hold it.
        """
        waiting = self._unrecorded.setdefault(path, [])
        if not waiting or not _is_the_same(waiting[-1], again):
            waiting.append(again)
            self._remembered += _size(again)
        while len(waiting) > 1 and (
            self._remembered > REMEMBERED_IN_ALL or sum(map(_size, waiting)) > REMEMBERED
        ):
            self._remembered -= _size(waiting[0])
            del waiting[0]
            self._forgot = {"", *self._filled}


def _size(one: do.RecordSave | do.Follow) -> int:
    return len(one.data) if isinstance(one, do.RecordSave) else 0


def _is_the_same(one: do.RecordSave | do.Follow, other: do.RecordSave | do.Follow) -> bool:
    if isinstance(one, do.RecordSave) and isinstance(other, do.RecordSave):
        return one.data == other.data
    return one == other


def _told(
    event: do.Ready | do.SavesKept | was.Overflowed | was.Trouble | was.TroubleOver,
) -> Iterator[do.Action]:
    """What people are told of at once."""
    match event:
        case do.Ready():
            yield do.Tell("ready", "", "watching")
        case was.Overflowed():
            yield do.Tell("overflow", "", "the system dropped events; every notebook is looked at again")
            yield do.Rescan()
        case do.SavesKept(path, count) if count:
            yield do.Tell(
                "passed", path, f"{_saves_were(count)} overwritten by the next before its turn; {_KEPT}"
            )
        case was.Trouble(path, message):
            yield do.Tell("trouble", path, message)
        case was.TroubleOver(path):
            yield do.Tell("recovered", path, "this trouble is over")


def _tell_missed(notice: tuple[str, str]) -> do.Action:
    path, message = notice
    return do.Tell("missed", path, message)


def _saves_were(count: int) -> str:
    return "a save was" if count == 1 else f"{count} saves were"


_KEPT = "nothing is lost: `log` lists what came in between, `restore` brings it back"
_TUG = (
    "two editors keep overwriting each other's work here; nothing is lost (`log` lists it all), "
    "but reload the notebook from disk in both"
)
