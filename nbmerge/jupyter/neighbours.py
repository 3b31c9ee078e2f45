"""Owns: what the servers that share a store tell each other of who has a notebook open, and when.

Must not know: what carries it, pages, who may read a notebook.  Invariant: a server on which nobody shares a
notebook with another one says nothing, but once for each notebook that is opened; it says five things a
second at most, each short enough for a notification; what it tells of is no path and no text of a notebook;
and what another one says is believed only as far as it makes sense.

Each person is told of by themselves, again when they have moved, and every few seconds, so that nobody stays
of a server that died.  Who begins, or could not hear for a while, asks; the others answer.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

from nbmerge.jupyter.persons import person_in
from nbmerge.jupyter.presence import PER_SECOND, Presence, Presences, position_in

AGAIN = 6.0  # seconds after which it is said again that somebody is there
PAUSE = 1 / PER_SECOND  # seconds between two messages
LONGEST = 7500  # characters of a message, all of ASCII; a notification of PostgreSQL may have 7999 bytes
_ANSWERED = 5.0  # seconds within which who is asked answers
_SERVER, _ID = re.compile(r"[0-9a-f]{32}"), re.compile(r"m\d{1,12}")
_LONGEST_IDLE = 1e7  # seconds


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said last of one person, and when."""

    of: Presence
    at: float


class Neighbours:
    """The other servers of one store; `presences`: who is here, `alias`: what the servers call a notebook
    among themselves, "" if they have no common name for it (now)."""

    def __init__(
        self,
        presences: Presences,
        alias: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._presences = presences
        self._alias = alias
        self._clock = clock
        self._server = uuid4().hex
        self._aliases: dict[str, str] = {}  # of the notebooks that are open here
        self._shared: set[str] = set()  # those that somebody has open on another server
        self._asked_at: dict[str, float] = {}
        self._asking: set[str] = set()  # those of which the others are to say who is there
        self._owed: set[tuple[str, str]] = set()  # people, by notebook, of whom another server has asked
        self._said: dict[tuple[str, str], _Said] = {}  # the same, what was said last
        self._spoken_at = float("-inf")

    @property
    def waits(self) -> bool:
        """Whether there is more to be said, as soon as it may be."""
        self._look_who_is_here()  # those of whom it was just said that they are gone are forgotten
        return bool(self._asking or self._due(self._clock()))

    def message(self) -> str:
        """What is to be said now; "": nothing."""
        now = self._clock()
        self._look_who_is_here()
        if now - self._spoken_at < PAUSE:
            return ""
        message = _Message(self._server)
        for key in sorted(self._asking):
            if not message.ask(self._aliases[key]):
                break
            self._asking.discard(key)
            self._asked_at[key] = now
            self._owe(key)  # they are to know who asks
        for key, id, there in self._due(now):
            if not message.tell(self._aliases[key], id, there):
                break
            self._owed.discard((key, id))
            if there is None:
                del self._said[key, id]
            else:
                self._said[key, id] = _Said(there, now)
        if not message.says:
            return ""
        self._spoken_at = now
        return message.text()

    def hear(self, message: str | None) -> None:
        """Another server speaks; None: it may have, and was not heard."""
        if message is None:
            self._asking.update(self._aliases)
            return
        with suppress(ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError):
            found = json.loads(message)
            server = str(found["server"])
            if not _SERVER.fullmatch(server) or server == self._server:
                return
            keys = {alias: key for key, alias in self._aliases.items()}
            for alias in found["asking"]:
                if alias in keys:
                    self._owe(keys[alias])
            for alias, id, person in found["people"]:
                if alias in keys and _ID.fullmatch(id):
                    self._presences.elsewhere(keys[alias], f"{server[:12]}/{id}", _presence_in(id, person))

    def farewell(self) -> str:
        """What is said when the server ends; "": nobody is to be told."""
        self._look_who_is_here()
        message = _Message(self._server)
        for key, id in self._said:
            if self._was_heard(key):
                message.tell(self._aliases[key], id, None)  # of whom it is too long for is gone soon anyway
        return message.text() if message.says else ""

    def _look_who_is_here(self) -> None:
        """Which notebooks are open here: those that are new are to be asked about."""
        keys = self._presences.keys()
        for key in keys:
            if key not in self._aliases and (alias := self._alias(key)):
                self._aliases[key] = alias
                self._asking.add(key)
            (self._shared.add if self._presences.is_elsewhere(key) else self._shared.discard)(key)
        for key in set(self._aliases).difference(keys):
            if not self._was_heard(key):
                self._said = {one: said for one, said in self._said.items() if one[0] != key}
            if all(one[0] != key for one in self._said):
                del self._aliases[key]
                self._asking.discard(key)
                self._shared.discard(key)
                self._asked_at.pop(key, None)

    def _was_heard(self, key: str) -> bool:
        """Whether another server may know who had a notebook open here: one is there, or may be just
        answering."""
        return key in self._shared or self._clock() - self._asked_at.get(key, -_ANSWERED) < _ANSWERED

    def _owe(self, key: str) -> None:
        self._owed.update((key, one.id) for one in self._presences.here(key))

    def _due(self, now: float) -> list[tuple[str, str, Presence | None]]:
        """Of whom is to be spoken, who has waited longest first."""
        here = {(key, one.id): one for key in self._aliases for one in self._presences.here(key)}
        self._owed.intersection_update(here)
        due = [one for one in {**self._said, **here} if self._is_due(one, here.get(one), now)]
        due.sort(key=lambda one: (self._said[one].at if one in self._said else 0.0, one))
        return [(*one, here.get(one)) for one in due]

    def _is_due(self, one: tuple[str, str], there: Presence | None, now: float) -> bool:
        said = self._said.get(one)
        if there is None:
            return said is not None and self._was_heard(one[0])
        if one[0] not in self._shared:
            return one in self._owed
        if said is None or one in self._owed:
            return True
        return (said.of.person, said.of.at) != (there.person, there.at) or now - said.at >= AGAIN


class _Message:
    """What one server says at a time, for as long as there is room."""

    def __init__(self, server: str) -> None:
        self._found: dict[str, Any] = {"server": server, "asking": [], "people": []}
        self._length = len(self.text())

    @property
    def says(self) -> bool:
        """Whether it says anything."""
        return bool(self._found["asking"] or self._found["people"])

    def ask(self, alias: str) -> bool:
        """Ask who has a notebook open; False: there is no room."""
        return self._add("asking", alias)

    def tell(self, alias: str, id: str, there: Presence | None) -> bool:
        """Tell that somebody is there, or is not any more; False: there is no room."""
        if there is None:
            return self._add("people", [alias, id, None])
        person, at = there.person, None if there.at is None else asdict(there.at)
        known = [person.user, person.name, person.initials, person.colour, round(there.idle, 1), at]
        return self._add("people", [alias, id, known])

    def text(self) -> str:
        """It as it is sent."""
        return json.dumps(self._found, separators=(",", ":"))

    def _add(self, where: str, what: object) -> bool:
        length = self._length + len(json.dumps(what, separators=(",", ":"))) + 1
        if length > LONGEST:
            return False
        self._found[where].append(what)
        self._length = length
        return True


def _presence_in(id: str, person: Any) -> Presence | None:
    """Who is there by the word of another server; None: they are not any more.  Raises ValueError or
    TypeError if it makes no sense."""
    if person is None:
        return None
    user, name, initials, colour, idle, at = person
    if not all(isinstance(one, str) for one in (user, name, initials, colour)):
        raise ValueError("no person")
    seconds = float(idle) if 0 <= float(idle) < _LONGEST_IDLE else 0.0
    return Presence(id, person_in(user, name, initials, colour), position_in({"at": at}), seconds)
