"""Whose turn it is among what waits for the watcher."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from nbmerge.observe.events import (
    FileRead,
    FileStamp,
    Missed,
    Overflowed,
    Previous,
    Renamed,
    Vanished,
    WallTime,
)
from nbmerge.service.record import JUDGED
from nbmerge.watch.actions import Input, Passed, Ready, Tick
from nbmerge.watch.inbox import Inbox


def read(path: str, number: int, way: str = "in place") -> FileRead:
    return FileRead(path, str(number).encode(), FileStamp(number, 1, 1), WallTime(float(number)), way)


def taken(inbox: Inbox) -> list[Input]:
    found = []
    while inbox:
        event = inbox.get(0)
        if event is not None:
            found.append(event)
    return found


def test_an_empty_inbox_gives_the_time() -> None:
    assert Inbox().get(0.001) == Tick()


def test_waking_the_loop_is_no_event() -> None:
    inbox = Inbox()
    inbox.put(None)
    assert inbox.get(10) is None


def test_a_save_of_another_notebook_need_not_wait_for_all_of_the_first() -> None:
    inbox = Inbox()
    for number in range(JUDGED):
        inbox.put(read("busy", number))
    inbox.put(read("other", 100))
    assert [event.path for event in taken(inbox)[:2] if isinstance(event, FileRead)] == ["busy", "other"]


def test_notebooks_that_are_new_wait_for_those_that_people_save() -> None:
    inbox = Inbox()
    for number in range(1000):
        inbox.put(read(f"new{number}", number, way=""))
    inbox.put(read("known", 1000))
    first = inbox.get(0)
    assert isinstance(first, FileRead)
    assert first.path == "known"


def test_of_too_many_saves_the_last_is_judged_and_the_others_are_kept() -> None:
    inbox = Inbox()
    for number in range(JUDGED + 5):
        inbox.put(read("busy", number))
    passed, last = taken(inbox)
    assert passed == Passed("busy", tuple(read("busy", number) for number in range(JUDGED + 4)))
    assert last == read("busy", JUDGED + 4)


def test_saves_that_nobody_could_read_are_told_of_together() -> None:
    inbox = Inbox()
    for number in range(2 * JUDGED):
        inbox.put(read("busy", number))
        inbox.put(Missed("busy", 1, float(number)))
    passed, last = taken(inbox)
    assert isinstance(passed, Passed)
    assert (len(passed.reads), passed.missed) == (2 * JUDGED - 1, 2 * JUDGED)
    assert last == read("busy", 2 * JUDGED - 1)


def test_at_the_end_every_save_is_only_kept() -> None:
    inbox = Inbox()
    inbox.judging = False
    inbox.put(read("one", 1))
    assert taken(inbox) == [Passed("one", (read("one", 1),))]


def test_everything_waits_for_a_rename_and_what_came_before_it() -> None:
    inbox = Inbox()
    events: list[Input] = [
        read("a", 1),
        read("b", 2),
        Renamed("a", "c", 3.0),
        read("c", 4),
        Ready(),
        read("b", 5),
    ]
    for event in events:
        inbox.put(event)
    assert taken(inbox) == events


PATHS = st.sampled_from("abc")
EVENTS = st.one_of(
    st.builds(lambda path, way: ("read", path, way), PATHS, st.sampled_from(["", "in place"])),
    st.builds(lambda path: ("gone", path, ""), PATHS),
    st.builds(lambda path: ("previous", path, ""), PATHS),
    st.builds(lambda path: ("renamed", path, ""), PATHS),
    st.just(("overflow", "", "")),
)


def event_of(number: int, kind: str, path: str, way: str) -> Input:
    match kind:
        case "read":
            return read(path, number, way)
        case "gone":
            return Vanished(path, float(number))
        case "previous":
            return Previous(path, b"", WallTime(float(number)))
        case "renamed":
            return Renamed(path, "z", float(number))
    return Overflowed(float(number))


@given(st.lists(EVENTS, max_size=60), st.integers(0, 60))
def test_nothing_is_lost_and_each_notebook_keeps_its_order(
    kinds: list[tuple[str, str, str]], pause: int
) -> None:
    """Also if some are taken in between."""
    inbox, found = Inbox(), list[Input]()
    events = [event_of(number, *kind) for number, kind in enumerate(kinds)]
    for number, event in enumerate(events):
        inbox.put(event)
        if number == pause:
            got = inbox.get(0)
            found += [] if got is None else [got]
    found += taken(inbox)
    flat = [one for event in found for one in (event.reads if isinstance(event, Passed) else [event])]
    assert sorted(map(when, flat)) == list(map(when, events))
    waits = [isinstance(event, Renamed | Overflowed) for event in events]
    barriers = 0
    seen: dict[str, list[float]] = defaultdict(list)
    for one in flat:
        assert sum(waits[: int(when(one))]) == barriers
        if isinstance(one, FileRead | Vanished | Previous):
            seen[one.path].append(one.at)
        else:
            barriers += 1
    assert all(times == sorted(times) for times in seen.values())
    assert len(inbox) == 0
    assert not inbox.is_full()


def when(event: Input) -> float:
    assert isinstance(event, FileRead | Vanished | Previous | Renamed | Overflowed)
    return event.at
