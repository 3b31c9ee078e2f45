"""Owns: who has which notebook open, where they are, which program has just saved it; who is told what.

Must not know: sockets, requests, who may read a notebook, how servers tell each other.  Invariant: whoever
is alone is asked and told nothing; nobody is listed whose page, or whose server, has said nothing for half a
minute; a page makes the others hear of it five times a second at most, however often it speaks; and it says
only where it is, never who.

All times are seconds of the clock that is given, which only runs forward.  Nothing here outlives the server.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TypeAlias

from nbmerge.jupyter.persons import Person, coloured

Message: TypeAlias = dict[str, object]

ASKED_AFTER = 7.0  # seconds of silence, after which a page is asked whether it is there
GONE_AFTER = 20.0  # seconds of silence, after which it is not
PER_SECOND = 5  # positions of one page that are told; of more the last one is
_FLOOD = 60  # messages within a second, after which a page is sent away
MOST = 50  # pages with one notebook that see each other
_PROGRAM_SHOWN = 120.0  # seconds after its save
_PROGRAMS = 5  # that are shown at a time
_LONGEST_CELL, _LONGEST_VERSION, _MOST_RANGES = 64, 100, 10
_FARTHEST = 2**31


@dataclass(frozen=True, slots=True)
class Position:
    """Where somebody is: a cell by its id, or without ids by its place in a version; and what is selected in
    it, each range as anchor and head in characters, none where nobody types.
    """

    cell: str
    place: int
    version: str
    ranges: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Presence:
    """One who is there; `idle`: the seconds since they last moved."""

    id: str
    person: Person
    at: Position | None
    idle: float


@dataclass(slots=True)
class _Elsewhere:
    """One who is on another server; `heard`: when that said so last, `active`: when they moved."""

    there: Presence
    heard: float
    active: float

    def now(self, now: float) -> Presence:
        return replace(self.there, idle=now - self.active)


@dataclass(slots=True)
class _Member:
    id: str
    key: str
    person: Person
    send: Callable[[Message], None]
    dismiss: Callable[[], None]
    heard: float
    active: float
    asked: float
    at: Position | None = None
    waits: bool = False  # whether `at` was not told yet
    told: list[float] = field(default_factory=list)  # when positions were, within the last second
    said: list[float] = field(default_factory=list)  # when the page spoke, within the last second


def position_in(message: Mapping[str, object]) -> Position | None:
    """The position that a page tells; None: it is nowhere.  Raises ValueError if it is none."""
    match message.get("at", ""):
        case None:
            return None
        case {"cell": str(cell), "place": int(place), "version": str(version), "ranges": list(ranges)}:
            if len(cell) <= _LONGEST_CELL and len(version) <= _LONGEST_VERSION and _is_offset(place):
                return Position(cell, place, version, tuple(map(_range, ranges[:_MOST_RANGES])))
    raise ValueError("no position")


def _range(given: object) -> tuple[int, int]:
    match given:
        case [int(anchor), int(head)] if _is_offset(anchor) and _is_offset(head):
            return anchor, head
    raise ValueError("no range")


def _is_offset(number: int) -> bool:
    return not isinstance(number, bool) and 0 <= number < _FARTHEST


class Presences:
    """Everybody who has a notebook of this server open, by a key for each notebook."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ids = itertools.count(1)
        self._members: dict[str, _Member] = {}
        self._notebooks: dict[str, dict[str, _Member]] = {}
        self._programs: dict[str, dict[str, float]] = {}
        self._elsewhere: dict[str, dict[str, _Elsewhere]] = {}

    def join(
        self, key: str, person: Person, send: Callable[[Message], None], dismiss: Callable[[], None]
    ) -> str:
        """Somebody opens a notebook; what they are called here, "" if too many have it open.

        `send` gives their page a message, `dismiss` ends its connection; neither may raise.
        """
        members = self._notebooks.setdefault(key, {})
        if len(members) >= MOST:
            return ""
        now = self._clock()
        self._forget_old()
        present = [*(other.person for other in members.values()), *(one.person for one in self._others(key))]
        there = coloured(person, present)
        member = _Member(f"m{next(self._ids)}", key, there, send, dismiss, now, now, now)
        if len(members) == 1:
            self._wake(key)
        members[member.id] = self._members[member.id] = member
        self._tell_people(key)
        return member.id

    def leave(self, id: str) -> None:
        """Somebody's connection has ended."""
        member = self._members.pop(id, None)
        if member is not None:
            members = self._notebooks[member.key]
            del members[id]
            self._tell_people(member.key)
            if not members:
                del self._notebooks[member.key]
                self._elsewhere.pop(member.key, None)  # nobody is to be told of them

    def hear(self, id: str, message: Mapping[str, object]) -> None:
        """Somebody's page speaks.  Raises ValueError if that is no message: it is to be sent away."""
        member = self._members.get(id)
        if member is None:
            return
        now = self._clock()
        member.said = [then for then in member.said if now - then < 1] + [now]
        if len(member.said) > _FLOOD:
            raise ValueError("too many messages")
        match message.get("type"):
            case "here":
                pass
            case "at":
                member.at, member.active, member.waits = position_in(message), now, True
                self._tell_position(member, now)
            case _:
                raise ValueError("no message")
        member.heard = now

    def saved(self, key: str, program: str) -> None:
        """A program has just saved a notebook; "" for one that has not said its name."""
        self._forget_old()
        programs = self._programs.setdefault(key, {})
        programs.pop(program, None)
        programs[program] = self._clock()
        while len(programs) > _PROGRAMS:
            del programs[next(iter(programs))]
        for member in self._notebooks.get(key, {}).values():
            member.send({"type": "programs", "programs": self._programs_of(key)})

    def tick(self) -> float:
        """Do what is due; the seconds until the next time, 0 if nobody is there."""
        now = self._clock()
        self._forget_old()
        for member in list(self._members.values()):
            if self._is_alone(member.key) or member.id not in self._members:
                continue
            if now - member.heard > GONE_AFTER:
                self.leave(member.id)
                member.dismiss()
            elif now - max(member.heard, member.asked) >= ASKED_AFTER:
                self._ask(member, now)
            elif member.waits:
                self._tell_position(member, now)
        if not self._members:
            return 0
        return 1 / PER_SECOND if any(member.waits for member in self._members.values()) else 1.0

    def here(self, key: str) -> tuple[Presence, ...]:
        """Who has a notebook open on this server: what other servers may be told, as `elsewhere` takes it."""
        now = self._clock()
        return tuple(_presence(one, now) for one in self._notebooks.get(key, {}).values())

    def keys(self) -> tuple[str, ...]:
        """The notebooks that somebody has open on this server."""
        return tuple(self._notebooks)

    def is_elsewhere(self, key: str, name: str = "") -> bool:
        """Whether somebody has it open on another server; with a name: somebody who is called so."""
        return any(name in ("", one.person.name) for one in self._others(key))

    def elsewhere(self, key: str, id: str, there: Presence | None) -> None:
        """One who has a notebook open on another server, by an id that is nobody else's; None: no more.

        To be said again before half a minute is over: who is not spoken of is gone, by this server's clock.
        """
        if key not in self._notebooks:
            return
        self._forget_old()
        was_alone, people = self._is_alone(key), self._elsewhere.setdefault(key, {})
        before = people.get(id)
        if there is None:
            people.pop(id, None)
        elif before is not None or len(people) < MOST:  # who is there keeps their place
            if was_alone:
                self._wake(key)
            now = self._clock()
            people[id] = _Elsewhere(replace(there, id=id), now, now - there.idle)
        self._tell_change(key, before, people.get(id))

    def _tell_change(self, key: str, before: _Elsewhere | None, after: _Elsewhere | None) -> None:
        if before is None or after is None or before.there.person != after.there.person:
            if before is not after:
                self._tell_people(key)
        elif before.there.at != after.there.at:
            told: Message = {"type": "at", "id": after.there.id, "at": _shown(after.there.at)}
            for member in self._notebooks[key].values():
                member.send(told)

    def _wake(self, key: str) -> None:
        """Those who have been alone may have been gone for long: ask them."""
        now = self._clock()
        for member in list(self._notebooks[key].values()):
            self._ask(member, now)
            member.heard = now

    def _ask(self, member: _Member, now: float) -> None:
        member.asked = now
        member.send({"type": "ask"})

    def _is_alone(self, key: str) -> bool:
        return len(self._notebooks.get(key, {})) < 2 and not self._others(key)

    def _others(self, key: str) -> list[Presence]:
        now = self._clock()
        return [one.now(now) for one in self._elsewhere.get(key, {}).values()]

    def _tell_position(self, member: _Member, now: float) -> None:
        member.told = [then for then in member.told if now - then < 1]
        if len(member.told) >= PER_SECOND:
            return
        member.told.append(now)
        member.waits = False
        for other in self._notebooks[member.key].values():
            if other is not member:
                other.send({"type": "at", "id": member.id, "at": _shown(member.at)})

    def _tell_people(self, key: str) -> None:
        people = (*self.here(key), *self._others(key))
        programs = self._programs_of(key)
        for member in self._notebooks.get(key, {}).values():
            told = [_told(one, member.person.user) for one in people if one.id != member.id]
            member.send({"type": "people", "people": told, "programs": programs})

    def _programs_of(self, key: str) -> list[Message]:
        now = self._clock()
        return [{"name": name, "ago": now - then} for name, then in self._programs.get(key, {}).items()]

    def _forget_old(self) -> None:
        now = self._clock()
        for key, people in list(self._elsewhere.items()):
            silent = [id for id, one in people.items() if now - one.heard > GONE_AFTER]
            for id in silent:
                del people[id]
            if not people:
                del self._elsewhere[key]
            if silent:
                self._tell_people(key)
        for key, programs in list(self._programs.items()):
            for name in [name for name, then in programs.items() if now - then > _PROGRAM_SHOWN]:
                del programs[name]
            if not programs:
                del self._programs[key]


def _presence(member: _Member, now: float) -> Presence:
    return Presence(member.id, member.person, member.at, now - member.active)


def _told(one: Presence, user: str) -> Message:
    """What a page of `user` is told of somebody."""
    person = one.person
    return {
        "id": one.id,
        "name": person.name,
        "initials": person.initials,
        "colour": person.colour,
        "yours": person.user == user,
        "idle": one.idle,
        "at": _shown(one.at),
    }


def _shown(at: Position | None) -> Message | None:
    return None if at is None else asdict(at)
