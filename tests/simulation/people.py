"""Owns: how a watcher fares with what people do to one notebook: worlds of people, what became of their work.

Must not know: how a watcher judges.  Invariant: a seed gives the same figures for the same watcher and the
same notebooks to start from; what is expected of a watcher follows from what people saw, typed and removed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from random import Random

from nbmerge.lineage.versions import Writer
from tests.simulation import starts
from tests.simulation.editor import Cell
from tests.simulation.page import AGENT, JUPYTER, SCRIPT, SYNC, VSCODE, Page, Program
from tests.simulation.person import AS_A_PROGRAM, AT_A_PAGE, Person
from tests.simulation.truth import Truth, dropped, results_of
from tests.simulation.watched import Held, Nbmerge, PageSave, Watcher
from tests.simulation.words import Shown, Words, shown_by

SETTLE = 1.0  # seconds after a save in which nothing is written
EPISODE = 26  # saves of one notebook
UNCHANGED = 0.03  # of the saves are a Ctrl-S without a change


@dataclass(frozen=True)
class Role:
    """A kind of person.  `reload`: how often they look at the file before they work, where it has changed;
    `raw`: how often they load it just when somebody else has saved, before anything is merged;
    `keeps`: a tab that is kept for long, and then saved without a change."""

    programs: tuple[Program, ...] = (JUPYTER,)
    acts: Mapping[str, int] = field(default_factory=lambda: AT_A_PAGE)
    reload: float = 0.0
    raw: float = 0.0
    pace: tuple[float, float] = (2.0, 120.0)
    keeps: bool = False


@dataclass(frozen=True)
class World:
    """Who works on a notebook; `rollbacks`: how often a sync tool puts an old version there before a save."""

    people: tuple[Role, ...]
    rollbacks: float = 0.0

    @property
    def is_alone(self) -> bool:
        return len(self.people) == 1


_NEVER, _NOW_AND_THEN, _RAW = Role(), Role(reload=0.15), Role(reload=0.15, raw=0.1)
_AGENT = Role((AGENT, SCRIPT), AS_A_PROGRAM, reload=0.85, pace=(5.0, 300.0))
WORLDS = {
    "one": World((Role((JUPYTER, VSCODE), reload=0.1),)),
    "rollback": World((Role((JUPYTER, VSCODE)),), rollbacks=0.1),
    "tab": World((_NOW_AND_THEN, Role(keeps=True))),
    "two": World((_NOW_AND_THEN,) * 2),
    "two-raw": World((_RAW,) * 2),
    "two-never": World((_NEVER,) * 2),
    "two-agent": World((_NOW_AND_THEN, _AGENT)),
    "agent-never": World((_NEVER, _AGENT)),
    "three": World((_NOW_AND_THEN,) * 3),
    "three-raw": World((_RAW,) * 3),
    "three-never": World((_NEVER,) * 3),
    "three-agent": World((_NOW_AND_THEN, _NOW_AND_THEN, _AGENT)),
}


@dataclass(frozen=True)
class Figures:
    """What became of saves and words.

    `stood` are the saves that should have stood as they were, for their author had seen what was there;
    `against` are those of them that nbmerge merged, with `lines_lost` and `lines_back` by it, in so many
    `streaks` (who does not reload goes on from their own save: one mistake leads to others); `doubted`
    are saves after which it was not sure.  Of the `words` that somebody typed and nobody removed, some are
    not in the file at the end: `named` if nbmerge had named a version with them, else `lost`.  Of the
    `removed` words some are `back` at the end, and some came back more than once (`again`); those that a
    conflict shows are neither lost nor back.  Of the `results` of runs that nobody ran anew, cleared or
    changed the source of, some are not shown beside their source at the end: `undone_named`, `undone`.
    """

    saves: int = 0
    stood: int = 0
    against: int = 0
    streaks: int = 0
    doubted: int = 0
    lines_lost: int = 0
    lines_back: int = 0
    words: int = 0
    lost: int = 0
    named: int = 0
    removed: int = 0
    back: int = 0
    again: int = 0
    results: int = 0
    undone: int = 0
    undone_named: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def shares(self) -> dict[str, float]:
        """In percent, as they are promised."""
        of = {
            "against": self.stood,
            "doubted": self.saves,
            "lost": self.words,
            "named": self.words,
            "back": self.removed,
            "again": self.removed,
            "undone": self.results,
            "undone_named": self.results,
        }
        return {name: 100 * getattr(self, name) / max(1, whole) for name, whole in of.items()}


def figures(
    world: str,
    saves: int = 400,
    seed: int = 0,
    watch: Callable[[], Watcher] = Nbmerge,
    others: tuple[bytes, ...] | None = None,
) -> Figures:
    """The figures for about so many saves in one of WORLDS.

    Half of the notebooks are `others`, if there are any; unless told, the real ones beside the checkout.
    """
    real = starts.real() if others is None else others
    found, number = Figures(), 0
    while found.saves < saves:
        chance = Random(f"{world} {seed} {number}")
        watcher = watch()
        try:
            found += Episode(WORLDS[world], watcher, chance, starts.start(chance, real)).play(EPISODE)
        finally:
            watcher.close()
        number += 1
    return found


@dataclass
class Seat:
    """A person in a world, when they save next, from which version their page comes, and what they saved."""

    number: int
    role: Role
    person: Person
    due: float
    base: int | None = None  # not there yet
    last: bytes = b""


@dataclass
class Episode:
    """Some hours in which people work on one notebook."""

    world: World
    watcher: Watcher
    chance: Random
    start: bytes
    now: float = 1000.0
    waiting: tuple[bytes, bool] | None = None  # the save that the file holds, and whether it should stand
    pending: bool = False
    in_streak: bool = False
    kept: int = 0  # saves until the tab that is kept is used
    figures: Figures = Figures()
    past: list[Held] = field(default_factory=list)  # what the file held when it was quiet

    def play(self, saves: int) -> Figures:
        """The figures after so many saves."""
        self.words = Words(self.chance, shown_by(_cells(self.start)).words)
        self.truth, self.runs = Truth(self.words.given), Truth(set())
        self.watcher.record(PageSave(self.start, self.now, Writer(), 0))
        self._settle()
        self.kept = self.chance.randint(6, 20)
        self.seats = [self._seat(number, role) for number, role in enumerate(self.world.people)]
        while self.figures.saves < saves:
            seat = self._next()
            if seat.due > self.now + SETTLE:
                self._settle()
            self.now = max(self.now, seat.due)
            self._turn(seat)
        self._settle()
        return self.figures + self._found(_cells(self.watcher.held.data), list(self.watcher.named()))

    def _found(self, final: Sequence[Cell], named: Sequence[bytes]) -> Figures:
        """What became of words and results, when it was quiet for the last time."""
        words, runs = self.truth, self.runs
        missing = words.expected - shown_by(final).words
        told = frozenset[str]().union(*(shown_by(_cells(data)).words for data in named))
        undone = dropped(runs.expected, final)
        told_runs = frozenset[str]().union(*(results_of(_cells(data)) for data in named))
        return Figures(
            words=len(words.expected),
            lost=len(missing - told),
            named=len(missing & told),
            removed=len(words.removed),
            back=len(words.shown),
            again=words.again,
            results=len(runs.expected),
            undone=len(undone - told_runs),
            undone_named=len(undone & told_runs),
        )

    def _seat(self, number: int, role: Role) -> Seat:
        program = self.chance.choice(role.programs)
        low, high = role.pace
        pace = low * (high / low) ** self.chance.random()
        page = Page(self.start, program, self.chance, self.runs.given)
        person = Person(page, self.words, self.chance, pace, role.acts, self._older)
        joins = self.now + (self.chance.uniform(0, 300) if number else 0)
        return Seat(number, role, person, joins)

    def _next(self) -> Seat:
        """Who is at their page next; a kept tab when enough has happened, some time later."""
        for seat in self.seats:
            if seat.role.keeps and seat.base is not None and self.kept <= 0:
                self._pass(60.0 * 3000 ** self.chance.random())
                seat.due, self.kept = self.now, self.chance.randint(6, 20)
                return seat
        there = [seat for seat in self.seats if not (seat.role.keeps and seat.base is not None)]
        return min(there, key=lambda seat: (seat.due, seat.number))

    def _pass(self, seconds: float) -> None:
        """Nobody is there for a while."""
        self._settle()
        self.now += seconds
        for seat in self.seats:
            seat.due = max(seat.due, self.now + self.chance.uniform(1, seat.person.pace))

    def _turn(self, seat: Seat) -> None:
        if seat.base is None:
            self._settle()
            self._load(seat)
        rolled_back = self.chance.random() < self.world.rollbacks and self._roll_back()
        changed = self.watcher.held.number != seat.base
        if changed and self.chance.random() < seat.role.reload:
            if not seat.role.raw:
                self._settle()
            self._load(seat)
        idle = seat.role.keeps or self.chance.random() < UNCHANGED
        if not idle:
            seat.person.work()
        data = seat.person.page.save()
        seat.due = self.now + seat.person.pace * self.chance.uniform(0.7, 1.3)
        if self.chance.random() < 0.06:
            seat.due += 200.0 * 300 ** self.chance.random()  # a break, up to most of a day
        if idle or rolled_back or data != seat.last:
            self._save(seat, data)

    def _load(self, seat: Seat) -> None:
        """Open or reload the file; what was not saved is gone."""
        held = self.watcher.held
        seat.person.load(held.data)
        seat.base, seat.last = held.number, seat.person.page.save()
        self.runs.loaded(seat.number, _results(seat.person.page.cells))
        seat.person.tidy(self.truth.loaded(seat.number, shown_by(seat.person.page.cells)))

    def _save(self, seat: Seat, data: bytes) -> None:
        assert seat.base is not None
        person = seat.person
        saw_all = seat.base == self.watcher.held.number and not self.pending
        stands = self.world.is_alone or saw_all
        writer = person.page.program.writer
        doubted = self.watcher.record(PageSave(data, self.now, writer, seat.base))
        self.runs.saved(seat.number, _results(person.page.cells), person.restored)
        self.truth.saved(seat.number, shown_by(person.page.cells), person.restored)
        seat.base, seat.last, person.restored = self.watcher.held.number, data, False
        self.waiting, self.pending = (data, stands), True
        self.kept -= 1
        self.figures += Figures(saves=1, stood=int(stands), doubted=int(doubted))
        for other in self.seats:
            if other is not seat and other.base is not None and self.chance.random() < other.role.raw:
                self._load(other)

    def _settle(self) -> None:
        """It is quiet for a moment, and what is due is written."""
        if not self.pending and self.past:
            return
        self.watcher.settle(self.now + SETTLE)
        held = self.watcher.held
        match self.waiting:
            case (data, True):
                self._compare(data, held.data)
        self.truth.settled(shown_by(_cells(held.data)))
        self.past.append(held)
        self.waiting, self.pending = None, False

    def _compare(self, saved: bytes, held: bytes) -> None:
        """What was made of a save that should stand."""
        is_against, starts_now = saved != held, not self.in_streak
        self.in_streak = is_against
        if is_against:
            save, file = _lines(saved), _lines(held)
            lost, back = (save - file).total(), (file - save).total()
            self.figures += Figures(against=1, streaks=int(starts_now), lines_lost=lost, lines_back=back)

    def _roll_back(self) -> bool:
        """A sync tool puts an old version in the place of the file; it is quiet before and after that."""
        self._settle()
        if len(self.past) < 4:
            return False
        old = self.past[-self.chance.randint(3, min(8, len(self.past)))]
        self.now += self.chance.uniform(2, 30)
        self.watcher.record(PageSave(old.data, self.now, SYNC, old.number))
        self.pending = True
        self._settle()
        self.now += self.chance.uniform(2, 60)
        return True

    def _older(self) -> bytes | None:
        """What somebody may bring back: what the file held not long ago."""
        return self.chance.choice(self.past[-10:]).data if len(self.past) > 2 else None


def _cells(data: bytes) -> Sequence[Cell]:
    cells: Sequence[Cell] = json.loads(data)["cells"]
    return cells


def _results(cells: Sequence[Cell]) -> Shown:
    found = results_of(cells)
    return Shown(found, found)


def _lines(data: bytes) -> Counter[str]:
    lines = (line for cell in _cells(data) for line in "".join(cell["source"]).split("\n"))
    return Counter(line for line in lines if line.strip())
