"""What the page offers is what `resolve` gives, and what somebody writes is what stands there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.browser.choices import Choices, UnfitChoiceError
from nbmerge.browser.offers import Offer, Way, offers
from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.finding import find
from nbmerge.conflicts.known import KnownMerge, Traced, trace
from nbmerge.conflicts.values import Choice, Chosen, Edited
from nbmerge.merge.markers import crossing
from nbmerge.merge.values import Terms, split
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from tests.conflicts.test_settling_all import HOW, rivals, shown
from tests.helpers.build import Trio, code, markdown
from tests.helpers.examples import tried
from tests.helpers.spelling import Spelling
from tests.helpers.strategies import spellings
from tests.web.versions import Sides, deleted, same, sides, work

TEXTS = st.sampled_from(["", "x = 5", "one\ntwo\n", "=======\n", "\n", "print(alpha, beta)"])


def choices_of(versions: Sides, known: bool = True) -> Choices:
    return made(Terms(*map(read, versions.files())), read(versions.merged()), known)


def made(versions: Terms[Any], notebook: Any, known: bool) -> Choices:
    about = KnownMerge(versions) if known else None
    found = trace(find(notebook, lambda: about, merging=known), notebook, about)
    return Choices(notebook, offers(notebook, found))


def drawn(trio: Trio, how: Any, spelling: Spelling, known: bool) -> Choices:
    versions = Terms(*(read(spelling.spell(side)) for side in trio.files()))
    return made(versions, read(write(shown(versions, how).notebook)), known)


@tried(100)
@given(rivals(), HOW, spellings(), st.booleans(), st.data())
def test_buttons_give_byte_for_byte_what_resolve_gives(
    trio: Trio, how: Any, spelling: Spelling, known: bool, data: st.DataObject
) -> None:
    choices = drawn(trio, how, spelling, known)
    wanted: dict[Traced, Chosen] = {}
    for offer in choices.offers:
        way = data.draw(st.sampled_from([None, *offer.ways]))
        if way is None:
            continue
        choices.take(offer.number, way)
        same = way is Way.BOTH_REMOTE_FIRST
        wanted[offer.traced] = offer.chosen(way) if same else Choice(way.value)
    assert write(choices.settle().notebook) == write(choose(choices.notebook, wanted).notebook)


@tried(60)
@given(rivals(), HOW, spellings(), st.booleans(), st.data())
def test_a_text_is_taken_for_what_it_is(
    trio: Trio, how: Any, spelling: Spelling, known: bool, data: st.DataObject
) -> None:
    """One that a button gives is that button's choice; any other stands there as it was written."""
    choices = drawn(trio, how, spelling, known)
    offer = data.draw(st.sampled_from(choices.offers)) if choices.offers else None
    if offer is None:
        return
    given_by_ways = [text for text in offer.ways.values() if text is not None]
    text = data.draw(st.sampled_from(given_by_ways) | TEXTS) if given_by_ways else data.draw(TEXTS)
    choices.write(offer.number, offer.shown(text))
    chosen = choices.chosen[offer.number]
    assert offer.text_of(chosen) == offer.shown(text)
    if text in given_by_ways:
        assert offer.way_of(chosen) is not None
    else:
        assert isinstance(chosen, Edited)
        stands(choices, offer, text)


def stands(choices: Choices, offer: Offer, text: str) -> None:
    """Whether the cell holds this text in place of the conflict, and nothing else was changed in it."""
    lines = split(choices.notebook.cells[offer.cell].source)[0]
    if any(crossing(lines, [offer.traced.conflict.place.marked])):  # type: ignore[union-attr]
        return
    wanted = [*lines[: offer.takes.start], *(text.split("\n") if text else ()), *lines[offer.takes.stop :]]
    after = choices.settle().notebook.cells[offer.cell]
    assert list(split(after.source)[0]) == wanted or after.source == "\n".join(wanted)


@tried(40)
@given(rivals(), HOW, spellings(), st.booleans(), st.data())
def test_a_draft_brings_everything_back_and_undo_takes_it_back(
    trio: Trio, how: Any, spelling: Spelling, known: bool, data: st.DataObject
) -> None:
    choices = drawn(trio, how, spelling, known)
    for offer in choices.offers:
        if data.draw(st.booleans()):
            choices.take(offer.number, data.draw(st.sampled_from(list(offer.ways))))
        else:
            choices.write(offer.number, data.draw(TEXTS))
    again = Choices(choices.notebook, choices.offers)
    other = {"conflict": "another", "nth": 0, "way": "local"}
    assert again.recall([*json.loads(json.dumps(choices.draft())), other]) == [other]
    assert again.chosen == choices.chosen
    while choices.can_undo:
        choices.undo()
    assert choices.chosen == {}


def test_both_orders_and_the_base() -> None:
    choices = choices_of(work())
    local, remote = "first = 10", "first = 100"
    assert choices.offers[0].ways == {
        Way.LOCAL: local,
        Way.REMOTE: remote,
        Way.BASE: "first = 1",
        Way.BOTH: f"{local}\n{remote}",
        Way.BOTH_REMOTE_FIRST: f"{remote}\n{local}",
    }
    assert Way.BASE not in choices_of(work(), known=False).offers[0].ways


def test_all_that_are_left_leaves_what_is_settled() -> None:
    choices = choices_of(work())
    choices.take(1, Way.BASE)
    assert choices.take_all(Way.REMOTE) == [0, 2]
    assert choices.settled == 3
    assert choices.undo() == [0, 2]
    assert choices.chosen == {1: Choice.BASE}


def test_all_that_are_left_leaves_those_that_have_no_such_way() -> None:
    choices = choices_of(deleted())
    assert choices.take_all(Way.BOTH) == []
    with pytest.raises(UnfitChoiceError):
        choices.take(0, Way.BOTH)


def test_typing_is_one_step() -> None:
    choices = choices_of(work())
    choices.take(0, Way.LOCAL)
    for text in ("f", "fi", "fir"):
        choices.write(0, text)
    choices.write(1, "s")
    assert choices.undo() == [1]
    assert choices.undo() == [0]
    assert choices.chosen == {0: Choice.LOCAL}


def test_markers_in_a_text_leave_it_open() -> None:
    choices = choices_of(work())
    choices.write(0, "<<<<<<< a\n1\n=======\n2\n>>>>>>> b")
    assert choices.settled == 0
    choices.write(0, "no marker")
    assert choices.settled == 1


def test_a_text_begins_with_what_there_is() -> None:
    choices = choices_of(work())
    choices.begin_to_write(0)
    assert choices.chosen == {0: Choice.BOTH}
    choices.take(0, Way.REMOTE)
    choices.begin_to_write(0)
    assert choices.chosen == {0: Choice.REMOTE}
    gone = choices_of(deleted(by_local=True))
    gone.take(0, Way.LOCAL)
    gone.begin_to_write(0)
    assert gone.chosen == {0: Choice.REMOTE}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_carriage_return_comes_back(ends: str) -> None:
    texts = [f"a\rb{ends}x = {number}\r!{ends}end" for number in (1, 2, 3)]
    base, local, remote = (code(text, id="one") for text in texts)
    versions = sides(same(markdown("# Title", id="title")), (base, local, remote))
    choices = choices_of(versions)
    shown_there = choices.offers[0].shown(str(choices.offers[0].ways[Way.REMOTE]))
    assert shown_there == "x = 3\u240d!"
    choices.write(0, shown_there)
    assert write(choices.settle().notebook) == versions.remote
    choices.write(0, "x = 4\u240d?")
    assert choices.settle().notebook.cells[1].source == f"a\rb{ends}x = 4\r?{ends}end"


def test_what_becomes_of_outputs_is_said() -> None:
    choices = choices_of(work())
    choices.take(0, Way.REMOTE)
    assert choices.comes_along(0) == ""  # the other conflict of the cell decides, too
    choices.take(1, Way.REMOTE)
    assert choices.comes_along(0) == "Its outputs come along."
    choices.take(1, Way.LOCAL)
    assert choices.comes_along(0) == "Without outputs: neither side has run this text."
    choices.take(2, Way.LOCAL)
    assert choices.comes_along(2) == ""  # a text has none
