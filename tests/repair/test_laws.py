"""The laws of repair: whatever git makes of three notebooks, no line is lost and the result is valid."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from nbmerge.git.sides import merged_again
from nbmerge.merge.markers import Marked
from nbmerge.repair.rebuild import Hopeless, How, Rebuilt, Sides, Sound, rebuild
from tests.helpers.build import Trio
from tests.helpers.edits import edit_and_run, trios
from tests.helpers.examples import tried
from tests.helpers.marked import parse
from tests.helpers.spelling import JUPYTER
from tests.helpers.strategies import VALID
from tests.helpers.validity import fault
from tests.laws.test_lines import edited_on
from tests.repair.by_git import lines_of, merged_as_text, shown_in, source_lines

STYLES = st.sampled_from(["merge", "diff3", "zdiff3"])
SIZES = st.sampled_from([7, 7, 12, 5])


@st.composite
def contested(draw: st.DrawFn) -> Trio:
    """A base and what two people made of it, who both edited and ran one place of it, or more."""
    trio = draw(trios(*VALID, max_cells=7, max_edits=5))
    local, remote = list(trio.local["cells"]), list(trio.remote["cells"])
    both = range(min(len(local), len(remote)))
    for place in draw(st.lists(st.sampled_from(both), min_size=1, max_size=3)) if both else []:
        for cells in (local, remote):
            cells[place] = edit_and_run(draw, cells[place])
    return Trio(trio.base, trio.local | {"cells": local}, trio.remote | {"cells": remote})


@tried(60)
@given(contested(), STYLES, SIZES)
def test_without_git_nothing_that_the_text_says_is_lost(trio: Trio, style: str, size: int) -> None:
    base, local, remote = map(JUPYTER.spell, trio.files())
    broken, _ = merged_as_text(base, local, remote, style, size)
    made = rebuild(broken)
    if isinstance(made, Sound):
        return
    assert isinstance(made, Rebuilt), made
    result = json.loads(made.data)
    assert fault(result) is None
    shown = shown_in(broken)
    plain = [piece for piece in parse(broken.decode().split("\n"), least=5) if isinstance(piece, str)]
    ours, theirs, after = source_lines(shown.local), source_lines(shown.remote), lines_of(result)
    for line in ours | theirs:
        if shown.base is None:
            assert after[line] >= max(ours[line], theirs[line]), line
        elif max(ours[line], theirs[line]) > source_lines(shown.base)[line]:
            assert after[line] or edited_on(line, source_lines(shown.base), after), line
        assert after[line] >= source_lines(plain)[line], line


MARKERS = re.compile(r"([<|=>])\1{4,}( .*)?")


@st.composite
def damage(draw: st.DrawFn, lines: list[str]) -> list[str]:
    """What people do to such a file by hand: markers cut or taken out, lines and commas gone."""
    lines = list(lines)
    markers = [place for place, line in enumerate(lines) if MARKERS.fullmatch(line)]
    for _ in range(draw(st.integers(1, 4))):
        at_marker = draw(st.booleans())
        place = draw(st.sampled_from(markers if at_marker and markers else range(len(lines) - 1)))
        line = lines[place]
        match draw(st.sampled_from(["gone", "cut", "comma", "comma"])):
            case "gone":
                lines[place] = ""
            case "cut" if MARKERS.fullmatch(line):
                lines[place] = line[0] * 4
            case "comma":
                lines[place] = line.removesuffix(",") if line.endswith(",") else f"{line},"
    return [line for line in lines if line]


def text_held(line: str) -> set[str]:
    """The lines of the text that a line of the file is."""
    try:
        held = json.loads(line.strip(" ,"))
    except ValueError:
        return set()
    return {one.rstrip() for one in held.split("\n")} - {""} if isinstance(held, str) else set()


def texts_of(value: Any) -> set[str]:
    """The lines of all texts in it."""
    match value:
        case str():
            return {line.rstrip() for line in value.split("\n")}
        case list():
            return set().union(*map(texts_of, value))
        case dict():
            return set().union(*map(texts_of, value.values()))
    return set()


@tried(60)
@given(contested(), STYLES, st.data())
def test_damage(trio: Trio, style: str, data: st.DataObject) -> None:
    base, local, remote = map(JUPYTER.spell, trio.files())
    broken, _ = merged_as_text(base, local, remote, style)
    lines = [*data.draw(damage(broken.decode().split("\n"))), ""]
    broken = "\n".join(lines).encode()
    made = rebuild(broken)
    if isinstance(made, Sound):
        return
    if isinstance(made, Hopeless):
        event(made.reason)
        return
    event("rebuilt")
    result = json.loads(made.data)
    assert fault(result) is None, fault(result)
    said = texts_of(result)
    gone = {number for number, line in enumerate(lines, 1) if (held := text_held(line)) and not held <= said}
    assert gone <= {*made.dropped} or any(line.startswith("|||") for line in lines)  # which begins a base
    if any(line.startswith("||||") for line in lines):
        return
    after = lines_of(result)
    for line in source_lines(lines):
        assert after[line], line


@tried(60)
@given(contested(), STYLES, SIZES)
def test_with_git_what_it_merged_is_merged_anew(trio: Trio, style: str, size: int) -> None:
    base, local, remote = map(JUPYTER.spell, trio.files())
    broken, _ = merged_as_text(base, local, remote, style, size)
    made = rebuild(broken, lambda: Sides(base, local, remote, again=merged_again))
    if isinstance(made, Sound):
        return
    assert isinstance(made, Rebuilt), made
    assert made.how is How.SIDES
    assert fault(json.loads(made.data)) is None


@st.composite
def settled_in_part(draw: st.DrawFn, lines: list[str]) -> list[str]:
    """Some of the conflicts settled by hand, for one side or both; and a line written somewhere."""
    made: list[str] = []
    for piece in parse(lines):
        match piece:
            case str():
                made.append(piece)
            case Marked():
                kept = {"all": piece.lines, "local": piece.local, "remote": piece.remote}
                kept["both"] = (*piece.local, *piece.remote)
                how = draw(st.sampled_from(["all", "all", *kept]))
                made += kept[how]
    places = [place for place, line in enumerate(made) if re.fullmatch(r'    ".*\\n",', line)]
    by_hand = draw(st.booleans())
    if places and by_hand:
        made.insert(draw(st.sampled_from(places)) + 1, '    "written(by, hand)\\n",')
    return made


@tried(60)
@given(contested(), STYLES, st.data())
def test_edited_since(trio: Trio, style: str, data: st.DataObject) -> None:
    base, local, remote = map(JUPYTER.spell, trio.files())
    broken, _ = merged_as_text(base, local, remote, style)
    text = data.draw(settled_in_part(broken.decode().split("\n")))
    broken = "\n".join(text).encode()
    made = rebuild(broken, lambda: Sides(base, local, remote, again=merged_again))
    if isinstance(made, Sound):
        return
    assert isinstance(made, Rebuilt), made
    event(made.how.value)
    result = json.loads(made.data)
    assert fault(result) is None
    after = lines_of(result)
    for line, times in source_lines([piece for piece in parse(text) if isinstance(piece, str)]).items():
        if made.how is not How.SIDES or line == "written(by, hand)":
            assert after[line] >= times, line
