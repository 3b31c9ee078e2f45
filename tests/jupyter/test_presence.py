"""Who is told what of whom, on a clock that the test moves."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from nbmerge.jupyter.persons import Person, person_of
from nbmerge.jupyter.presence import (
    ASKED_AFTER,
    GONE_AFTER,
    MOST,
    PER_SECOND,
    Position,
    Presences,
    position_in,
)

ANN, BOB = Person("ann", "Ann", "A", "#111111"), Person("bob", "Bob", "B", "#222222")
AT = {"cell": "one", "place": 0, "version": "1.ab", "ranges": [[2, 5]]}


class Room:
    """Pages with one notebook; `now` is the time."""

    def __init__(self) -> None:
        self.now = 100.0
        self.presences = Presences(lambda: self.now)

    def page(self, person: Person, key: str = "nb", answers: bool = True) -> Page:
        return Page(self, person, key, answers)

    def pass_(self, seconds: float, step: float = 0.5) -> None:
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now += step
            self.presences.tick()


class Page:
    def __init__(self, room: Room, person: Person, key: str, answers: bool) -> None:
        self.room, self.answers = room, answers
        self.heard: list[dict[str, Any]] = []
        self.is_dismissed = False
        self.id = ""
        self.id = room.presences.join(key, person, self.hear, self.dismiss)

    def hear(self, message: dict[str, Any]) -> None:
        self.heard.append(message)
        if message["type"] == "ask" and self.answers:
            self.say({"type": "here"})

    def dismiss(self) -> None:
        self.is_dismissed = True

    def say(self, message: dict[str, Any]) -> None:
        self.room.presences.hear(self.id, message)

    def move(self, place: int = 0) -> None:
        self.say({"type": "at", "at": AT | {"place": place}})

    def last(self, kind: str) -> Any:
        return [one for one in self.heard if one["type"] == kind][-1]

    def names(self) -> list[str]:
        return [one["name"] for one in self.last("people")["people"]]


@pytest.fixture
def room() -> Room:
    return Room()


def test_those_with_one_notebook_hear_of_each_other(room: Room) -> None:
    ann, elsewhere, bob = room.page(ANN), room.page(BOB, "other"), room.page(BOB)
    assert (ann.names(), bob.names(), elsewhere.names()) == (["Bob"], ["Ann"], [])
    ann.move(3)
    assert bob.last("at") == {"type": "at", "id": ann.id, "at": AT | {"place": 3, "ranges": ((2, 5),)}}
    room.presences.leave(ann.id)
    assert bob.names() == []


def test_one_who_comes_later_hears_where_the_others_are(room: Room) -> None:
    ann, _ = room.page(ANN), room.page(BOB)
    ann.move(2)
    room.pass_(10)
    [first, _] = room.page(ANN).last("people")["people"]
    assert (first["at"]["place"], first["idle"], first["yours"]) == (2, 10, True)
    assert "user" not in first


def test_whoever_is_alone_is_asked_and_told_nothing(room: Room) -> None:
    ann = room.page(ANN, answers=False)
    count = len(ann.heard)
    room.pass_(3600, step=10)
    assert len(ann.heard) == count == 1
    assert not ann.is_dismissed


def test_a_page_that_does_not_answer_is_gone_within_half_a_minute(room: Room) -> None:
    ann, bob = room.page(ANN), room.page(BOB)
    room.pass_(60)
    assert bob.names() == ["Ann"]
    ann.answers = False
    before = room.now
    while bob.names():
        room.pass_(0.5)
    assert room.now - before <= ASKED_AFTER + GONE_AFTER < 30
    assert ann.is_dismissed
    assert not bob.is_dismissed


def test_one_who_slept_alone_is_gone_soon_after_somebody_comes(room: Room) -> None:
    ann = room.page(ANN, answers=False)
    room.pass_(3600, step=10)
    bob = room.page(BOB)
    assert bob.names() == ["Ann"]
    assert ann.last("ask") == {"type": "ask"}
    room.pass_(GONE_AFTER + 1)
    assert bob.names() == []


def test_positions_are_told_five_times_a_second_and_the_last_one_always(room: Room) -> None:
    ann, bob = room.page(ANN), room.page(BOB)
    bob.heard.clear()
    for place in range(40):
        ann.move(place)
        room.pass_(0.05, step=0.05)
    room.pass_(1)
    told = [one["at"]["place"] for one in bob.heard if one["type"] == "at"]
    assert len(told) <= 3 * PER_SECOND
    assert (told[0], told[-1]) == (0, 39)


def test_a_flood_ends_the_connection(room: Room) -> None:
    ann, _ = room.page(ANN), room.page(BOB)
    room.pass_(2)
    for _ in range(60):
        ann.say({"type": "here"})
    with pytest.raises(ValueError, match="too many"):
        ann.say({"type": "here"})


def test_so_many_see_each_other_and_no_more(room: Room) -> None:
    pages = [room.page(replace(ANN, user=f"u{number}")) for number in range(MOST + 1)]
    assert [page.id for page in pages].count("") == 1
    assert len(pages[0].names()) == MOST - 1


@pytest.mark.parametrize(
    "at",
    [
        AT | {"cell": "c" * 65},
        AT | {"version": "v" * 101},
        AT | {"place": -1},
        AT | {"place": True},
        AT | {"place": 1e9},
        AT | {"ranges": [[0, 2**31]]},
        AT | {"ranges": [[0]]},
        AT | {"ranges": "all"},
        {"cell": "one"},
        "here",
    ],
)
def test_what_is_no_position_is_refused_and_told_nobody(room: Room, at: Any) -> None:
    ann, bob = room.page(ANN), room.page(BOB)
    bob.heard.clear()
    with pytest.raises(ValueError, match="no "):
        ann.say({"type": "at", "at": at})
    assert bob.heard == []


def test_only_what_a_position_is_reaches_others(room: Room) -> None:
    ann, bob = room.page(ANN), room.page(BOB)
    ann.say(
        {"type": "at", "id": bob.id, "name": "Root", "at": AT | {"name": "Root", "ranges": [[1, 2]] * 99}}
    )
    told = bob.last("at")
    assert (told["id"], set(told["at"]), len(told["at"]["ranges"])) == (ann.id, set(AT), 10)
    assert "Root" not in str(bob.heard)


def test_a_program_that_saved_is_named_for_a_while(room: Room) -> None:
    room.presences.saved("nb", "agent")
    room.pass_(20)
    ann = room.page(ANN)
    assert ann.last("people")["programs"] == [{"name": "agent", "ago": 20}]
    room.presences.saved("nb", "")
    assert [one["name"] for one in ann.last("programs")["programs"]] == ["agent", ""]
    room.pass_(300)
    assert room.page(BOB).last("people")["programs"] == []


def test_those_of_other_servers_are_shown_until_their_server_is_silent(room: Room) -> None:
    other = Room()
    other.page(BOB).move(4)
    ann = room.page(ANN)
    for _ in range(4):
        [there] = other.presences.here("nb")
        room.presences.elsewhere("nb", "two/m1", there)
        room.pass_(10)
    [bob] = ann.last("people")["people"]
    assert (bob["name"], bob["at"]["place"], bob["yours"]) == ("Bob", 4, False)
    assert ann.last("ask")  # it is not alone
    room.pass_(GONE_AFTER)
    assert ann.names() == []
    assert room.presences.here("nb")[0].person == ANN


def test_one_who_was_alone_for_long_is_asked_and_not_sent_away_when_somebody_comes_elsewhere(
    room: Room,
) -> None:
    other = Room()
    other.page(BOB)
    ann = room.page(ANN)
    room.pass_(3600, step=10)
    room.presences.elsewhere("nb", "two/m1", other.presences.here("nb")[0])
    assert ann.last("ask") == {"type": "ask"}
    room.pass_(GONE_AFTER - 1)
    assert not ann.is_dismissed
    assert ann.names() == ["Bob"]


def test_people_of_other_servers_keep_their_places_when_they_are_spoken_of_again(room: Room) -> None:
    others = [Room() for _ in range(3)]
    for other, name in zip(others, ("Bob", "Cy", "Di"), strict=True):
        other.page(replace(BOB, user=name, name=name))
    ann = room.page(ANN)
    for number in (0, 1, 0, 2):
        [there] = others[number].presences.here("nb")
        room.presences.elsewhere("nb", f"server{number}/m1", there)
    assert ann.names() == ["Bob", "Cy", "Di"]


def test_one_who_moves_elsewhere_is_told_as_a_move(room: Room) -> None:
    other = Room()
    bob, ann = other.page(BOB), room.page(ANN)
    room.presences.elsewhere("nb", "two/m1", other.presences.here("nb")[0])
    ann.heard.clear()
    bob.move(4)
    room.presences.elsewhere("nb", "two/m1", other.presences.here("nb")[0])
    assert [(one["type"], one.get("id")) for one in ann.heard] == [("at", "two/m1")]
    room.presences.elsewhere("nb", "two/m1", None)
    assert ann.names() == []


def user(name: str, colour: str | None = None, initials: str | None = None) -> Any:
    return SimpleNamespace(username="u", display_name=name, initials=initials, color=colour)


@pytest.mark.parametrize(
    ("name", "shown", "initials"),
    [
        ("Ann Lee", "Ann Lee", "AL"),
        ("ann", "ann", "A"),
        ("山田 太郎", "山田 太郎", "山太"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>", "<O"),
        ("x" * 500, "x" * 200, "X"),
        ("\u202eevil\x00\n", "evil", "E"),
        (" \u200b ", "Somebody", "S"),
    ],
)
def test_names_are_shown_as_they_are_but_short_and_visible(name: str, shown: str, initials: str) -> None:
    found = person_of(user(name))
    assert (found.name, found.initials) == (shown, initials)


def test_a_colour_is_one_or_none() -> None:
    for colour in ("red;background:url(//x)", "url(x)", "expression(1)", "", "x" * 99):
        assert person_of(user("Ann", colour)).colour == ""
    for colour in ("#ABC", "teal", "rgb(1, 2, 3)", "var(--jp-collaborator-color3)"):
        assert person_of(user("Ann", colour)).colour == colour


def test_people_without_a_colour_are_given_different_ones(room: Room) -> None:
    ann, *_ = [room.page(Person(name, name, "X", "")) for name in "abcdefgha"]
    told = ann.last("people")["people"]
    assert len({one["colour"] for one in told}) == 8
    assert [one["colour"] for one in told if one["yours"]] == [room.presences.here("nb")[0].person.colour]


def test_a_position_may_be_nowhere() -> None:
    assert position_in({"at": None}) is None
    assert position_in({"at": AT}) == Position("one", 0, "1.ab", ((2, 5),))
