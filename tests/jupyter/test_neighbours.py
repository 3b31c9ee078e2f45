"""What servers tell each other of who is here, on a clock that the test moves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbmerge.jupyter.neighbours import AGAIN, LONGEST, PAUSE, Neighbours
from nbmerge.jupyter.persons import Person
from nbmerge.jupyter.presence import GONE_AFTER, MOST, Presences

ANN, BOB, EVE = (Person(name.lower(), name, name[0], "#111111") for name in ("Ann", "Bob", "Eve"))
AT = {"cell": "one", "place": 0, "version": "1.ab", "ranges": [[2, 5]]}
NB = "/a/nb.ipynb"


class Servers:
    """Those of one store; what is said is heard by all others that are not cut off, at once."""

    def __init__(self, *names: str) -> None:
        self.now = 100.0
        self.all = {name: Server(self, name) for name in names}
        self.messages: list[str] = []

    def __getitem__(self, name: str) -> Server:
        return self.all[name]

    def pass_(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now += PAUSE
            for server in self.all.values():
                server.tick()

    def said(self, seconds: float) -> list[str]:
        """What is said within these seconds."""
        before = len(self.messages)
        self.pass_(seconds)
        return self.messages[before:]


class Server:
    def __init__(self, servers: Servers, name: str) -> None:
        self.servers, self.name = servers, name
        self.is_dead = self.is_cut_off = False
        self.presences = Presences(lambda: servers.now)
        self.neighbours = Neighbours(self.presences, self.alias, lambda: servers.now)

    def alias(self, key: str) -> str:
        """The folder is called otherwise on each machine."""
        return key.rpartition("/")[2]

    def page(self, person: Person, key: str = NB) -> Page:
        return Page(self, person, key)

    def tick(self) -> None:
        if self.is_dead:
            return
        self.presences.tick()
        if message := self.neighbours.message():
            self.say(message)

    def say(self, message: str) -> None:
        self.servers.messages.append(message)
        for other in self.servers.all.values():
            if other is not self and not self.is_cut_off and not other.is_cut_off and not other.is_dead:
                other.neighbours.hear(message)

    def is_back(self) -> None:
        self.is_cut_off = False
        self.neighbours.hear(None)


class Page:
    def __init__(self, server: Server, person: Person, key: str) -> None:
        self.presences = server.presences
        self.people: list[Any] = []
        self.id = self.presences.join(key, person, self.hear, lambda: None)

    def hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "ask":
            self.presences.hear(self.id, {"type": "here"})
        elif message["type"] == "people":
            self.people = message["people"]
        elif message["type"] == "at":
            self.people = [
                one | {"at": message["at"]} if one["id"] == message["id"] else one for one in self.people
            ]

    def move(self, place: int) -> None:
        self.presences.hear(self.id, {"type": "at", "at": AT | {"place": place}})

    def leave(self) -> None:
        self.presences.leave(self.id)

    @property
    def names(self) -> list[str]:
        return sorted(one["name"] for one in self.people)


@pytest.fixture
def servers() -> Servers:
    return Servers("a", "b", "c")


def test_people_of_two_servers_see_each_other_and_where_they_are(servers: Servers) -> None:
    ann = servers["a"].page(ANN)
    servers.pass_(60)
    bob, eve = servers["b"].page(BOB, "/b/nb.ipynb"), servers["c"].page(EVE, "/c/other.ipynb")
    servers.pass_(1)
    assert (ann.names, bob.names, eve.names) == (["Bob"], ["Ann"], [])
    bob.move(7)
    servers.pass_(2 * PAUSE)
    assert [one["at"]["place"] for one in ann.people] == [7]
    own = servers["c"].page(ANN)
    servers.pass_(1)
    assert [(one["name"], one["yours"]) for one in own.people] == [("Ann", True), ("Bob", False)]
    bob.leave()
    servers.pass_(2 * PAUSE)
    assert (ann.names, own.names) == (["Ann"], ["Ann"])


def test_whoever_is_alone_says_it_once_and_then_nothing(servers: Servers) -> None:
    ann = servers["a"].page(ANN)
    assert len(servers.said(1)) == 1
    for place in range(20):
        ann.move(place)
        servers.pass_(1)
    second, other = servers["a"].page(ANN), servers["b"].page(BOB, "/b/other.ipynb")
    assert len(servers.messages) == 1
    assert len(servers.said(100)) == 1  # the other one's
    for page in (second, other, ann):
        page.leave()
    assert servers.said(100) == []


def test_five_things_a_second_are_said_at_most(servers: Servers) -> None:
    pages = [servers["a"].page(ANN) for _ in range(20)]
    servers["b"].page(BOB)
    servers.pass_(2)
    before = len(servers.messages)
    for place in range(100):
        for page in pages:
            page.move(place)
        servers.pass_(PAUSE / 2)
    servers.pass_(1)
    assert len(servers.messages) - before <= 5 * (100 * PAUSE + 1) + 2


def test_with_others_it_is_said_again_every_few_seconds(servers: Servers) -> None:
    servers["a"].page(ANN)
    servers["b"].page(BOB)
    servers.pass_(2)
    assert len(servers.said(10 * AGAIN)) <= 2 * 10 + 2


def test_a_server_that_died_is_gone_within_half_a_minute(servers: Servers) -> None:
    ann, _ = servers["a"].page(ANN), servers["b"].page(BOB)
    servers.pass_(60)
    assert ann.names == ["Bob"]
    servers["b"].is_dead = True
    before = servers.now
    while ann.names:
        servers.pass_(PAUSE)
    assert servers.now - before <= GONE_AFTER + 1 < 30
    assert servers.said(100) == []  # it is alone now


def test_after_a_gap_all_see_each_other_again(servers: Servers) -> None:
    ann, bob = servers["a"].page(ANN), servers["b"].page(BOB)
    servers.pass_(2)
    servers["a"].is_cut_off = True
    servers.pass_(60)
    assert ann.names == bob.names == []
    eve = servers["c"].page(EVE)
    servers.pass_(1)
    servers["a"].is_back()
    servers.pass_(1)
    assert (ann.names, bob.names, eve.names) == (["Bob", "Eve"], ["Ann", "Eve"], ["Ann", "Bob"])


def test_a_server_that_ends_takes_leave(servers: Servers) -> None:
    ann, _, _ = servers["a"].page(ANN), servers["b"].page(BOB), servers["b"].page(BOB, "/b/other.ipynb")
    servers.pass_(10)
    farewell = servers["b"].neighbours.farewell()
    assert "other" not in farewell
    servers["b"].say(farewell)
    assert ann.names == []
    assert servers["c"].neighbours.farewell() == ""


@pytest.mark.parametrize("ends", [True, False])
def test_one_who_goes_before_the_answer_is_here_is_gone_nevertheless(servers: Servers, ends: bool) -> None:
    ann, bob = servers["a"].page(ANN), servers["b"].page(BOB)
    servers.pass_(10)
    bob.leave()
    servers.pass_(10)
    again = servers["b"].page(BOB)
    servers["b"].tick()
    assert ann.names == ["Bob"]
    if ends:
        servers["b"].say(servers["b"].neighbours.farewell())
    else:
        again.leave()
        servers.now += PAUSE
        servers["b"].tick()
    assert ann.names == []


def test_where_no_other_machine_has_the_store_nothing_is_said(servers: Servers) -> None:
    servers["a"].alias = lambda key: ""  # type: ignore[method-assign]
    servers["a"].neighbours = Neighbours(servers["a"].presences, lambda key: "", lambda: servers.now)
    servers["a"].page(ANN)
    assert servers.said(10) == []


def test_the_longest_person_and_many_of_them_are_told_in_messages_that_are_short_enough(
    servers: Servers,
) -> None:
    long = Person("u" * 24, "\U0001f600" * 200, "\U0001f600" * 3, "#11223344")
    pages = [servers["a"].page(long) for _ in range(MOST - 1)]
    at = {
        "cell": "\ud83d" * 64,
        "place": 2**31 - 1,
        "version": "\ud83d" * 100,
        "ranges": [[2**31 - 1] * 2] * 20,
    }
    bob = servers["b"].page(BOB)
    servers.pass_(1)
    for page in pages:
        page.presences.hear(page.id, {"type": "at", "at": at})
    servers.pass_(PAUSE * 2 * MOST)
    assert len(bob.names) == MOST - 1
    assert {one["at"]["cell"] for one in bob.people} == {"\ud83d" * 64}
    assert max(map(len, servers.messages)) <= LONGEST
    assert all(message.isascii() for message in servers.messages)


NONSENSE: list[Any] = [
    None,
    [],
    ["u", "Mallory", "M", "red;background:url(//x)", 0, None, "more"],
    ["u", "Mallory", "M", 1, 0, None],
    ["u", "Mallory", "M", "red", "soon", None],
    ["u", "Mallory", "M", "red", 0, {"cell": 1}],
    ["u", "Mallory", "M", "red", 0, "here"],
]


@pytest.mark.parametrize("person", NONSENSE)
def test_what_makes_no_sense_is_passed_over(servers: Servers, person: Any) -> None:
    ann = servers["a"].page(ANN)
    servers.pass_(1)
    message = {"server": "b" * 32, "asking": ["nb.ipynb", 3, "x"], "people": [["nb.ipynb", "m1", person]]}
    servers["a"].neighbours.hear(json.dumps(message))
    assert ann.names == []


@pytest.mark.parametrize(
    "message",
    ["", "x", "[]", "{}", "3", "[" * 100_000, '{"server": "b", "asking": [], "people": []}', "\ud800"],
)
def test_what_is_no_message_is_passed_over(servers: Servers, message: str) -> None:
    servers["a"].page(ANN)
    servers.pass_(1)
    servers["a"].neighbours.hear(message)
    assert servers.said(1) == []


def test_another_server_is_believed_no_more_than_an_identity(servers: Servers) -> None:
    ann = servers["a"].page(ANN)
    servers.pass_(1)
    many = [
        [
            "nb.ipynb",
            f"m{number}",
            ["u" * 900, "\u202eEve\x00" * 99, "EEEEEEE", "url(//x)", float("nan"), None],
        ]
        for number in range(500)
    ]
    servers["a"].neighbours.hear(json.dumps({"server": "b" * 32, "asking": [], "people": many}))
    assert len(ann.people) == MOST
    [one, *_] = ann.people
    assert (one["name"], one["initials"], one["colour"], one["idle"]) == (("Eve" * 67)[:200], "EEE", "", 0.0)
