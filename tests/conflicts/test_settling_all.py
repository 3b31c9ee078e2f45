"""Whatever was merged and however: once every conflict is settled none is left, and nothing else changed."""

from __future__ import annotations

import json
from itertools import combinations
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.finding import find
from nbmerge.conflicts.known import KnownMerge, Traced, trace
from nbmerge.conflicts.values import Absent, Choice, Chosen, Edited, InSource, Term
from nbmerge.merge.engine import merge
from nbmerge.merge.markers import ConflictStyle, Labels, MarkerStyle, Rendered, render
from nbmerge.merge.values import Outputs, Policy, Terms
from nbmerge.notebook.model import Notebook as Read
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from tests.helpers.build import Cell, Notebook, Trio, lines, source_of
from tests.helpers.edits import versions
from tests.helpers.examples import tried
from tests.helpers.spelling import JUPYTER, Spelling
from tests.helpers.strategies import Ids, notebooks, outputs, spellings
from tests.helpers.validity import fault

MARKERS = st.builds(
    MarkerStyle,
    st.sampled_from(ConflictStyle),
    st.sampled_from([Labels(), Labels("HEAD", "1a2b3c4", "topic (deleted)"), Labels("", "", "")]),
    st.sampled_from([7, 11]),
)
How: TypeAlias = tuple[Policy, MarkerStyle]
HOW = st.tuples(st.builds(Policy, st.sampled_from(Outputs)), MARKERS)
CHOICES = st.sampled_from(Choice) | st.sampled_from(["", "x = 5", "one\ntwo\n", "=======\n"]).map(Edited)


LINES = st.sampled_from(
    ["alpha = 1", "beta = 2", "print(alpha, beta)", "# why", "A sentence.", "=======", ""]
)


@st.composite
def rivals(draw: st.DrawFn) -> Trio:
    """Two people who both worked on the same cells, and here and there alone."""
    ids = draw(st.sampled_from(Ids))
    base = draw(notebooks(ids, 4).filter(lambda found: found["cells"]))
    contested = draw(st.sets(st.integers(0, len(base["cells"]) - 1), min_size=1))
    local, remote = (
        draw(versions(draw(rewritten(base, contested)), ids, side, 2)) for side in ("aaaa", "bbbb")
    )
    return Trio(base, local, remote)


@st.composite
def rewritten(draw: st.DrawFn, base: Notebook, contested: set[int]) -> Notebook:
    """The notebook with other lines in these cells, or without them."""
    found = list(base["cells"])
    for place in sorted(contested, reverse=True):
        before = source_of(found[place]).split("\n")
        start = draw(st.integers(0, len(before)))
        end = draw(st.integers(start, len(before)))
        after = [*before[:start], *draw(st.lists(LINES, min_size=1, max_size=3)), *before[end:]]
        found[place] = draw(ran(found[place] | {"source": lines("\n".join(after))}))
        if draw(st.integers(0, 5)) == 0:
            del found[place]
    return base | {"cells": found}


@st.composite
def ran(draw: st.DrawFn, cell: Cell) -> Cell:
    if cell["cell_type"] != "code":
        return cell
    return cell | {"outputs": draw(outputs()), "execution_count": draw(st.integers(1, 9))}


def lines_of(term: Term) -> list[str]:
    return term.split("\n") if isinstance(term, str) and term else []


def expected_lines(traced: Traced, choice: Chosen) -> list[str]:
    """What is to stand in the notebook now that this was chosen."""
    terms = traced.conflict.terms
    match choice:
        case Edited(text):
            return lines_of(text)
        case Choice.BOTH:
            return lines_of(terms.local) + lines_of(terms.remote)
    return lines_of(getattr(terms, choice.value))


def is_within(lines: list[str], text: str) -> bool:
    """Whether these lines stand in the text one behind the other; blank ones may be gone."""
    wanted = [line for line in lines if line.strip()]
    found = [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
    return any(found[at : at + len(wanted)] == wanted for at in range(len(found) + 1))


def shown(sides: Terms[Read], how: How) -> Rendered:
    """A merge of the three with its conflicts shown."""
    policy, markers = how
    return render(merge(sides.base, sides.local, sides.remote, policy), markers)


@tried(60)
@given(rivals(), HOW, spellings(), st.booleans(), st.data())
def test_settling_every_conflict(
    trio: Trio, how: How, spelling: Spelling, knowing: bool, data: st.DataObject
) -> None:
    sides = Terms(*(read(spelling.spell(each)) for each in trio.files()))
    result = shown(sides, how)
    before = read(write(result.notebook))
    known = KnownMerge(sides) if knowing else None
    conflicts = trace(find(before, lambda: known, merging=knowing), before, known)
    assert len(conflicts) == len(result.conflicts)
    chosen = {traced: data.draw(possible(traced)) for traced in conflicts}
    after = read(write(choose(before, chosen).notebook))
    assert find(after, lambda: known, merging=knowing) == ()
    assert any(map(fault, trio.files())) or fault(json.loads(write(after))) is None
    untouched(before, after, {traced.conflict.cell for traced in conflicts})
    for cell, ones in by_cell(chosen).items():
        texts = [each.source for each in after.cells]
        assert any(all(is_within(expected_lines(*one), text) for one in ones) for text in [*texts, ""]), cell


def possible(traced: Traced) -> st.SearchStrategy[Chosen]:
    """What can be chosen: base only where it is known."""
    known = traced.conflict.terms.base is not Absent.UNKNOWN
    return CHOICES.filter(lambda choice: known or choice is not Choice.BASE)


def by_cell(chosen: dict[Traced, Chosen]) -> dict[int | None, list[tuple[Traced, Chosen]]]:
    found: dict[int | None, list[tuple[Traced, Chosen]]] = {}
    for traced, choice in chosen.items():
        found.setdefault(traced.conflict.cell, []).append((traced, choice))
    return found


def untouched(before: Read, after: Read, contested: set[int | None]) -> None:
    """All other cells are there with their bytes, in their order."""
    rest = [cell.text for place, cell in enumerate(before.cells) if place not in contested]
    texts = [cell.text for cell in after.cells]
    for text in rest:
        assert text in texts
        texts = texts[texts.index(text) + 1 :]
    gone = len(before.cells) - len(after.cells)
    assert 0 <= gone <= len(contested)


@tried(60)
@given(rivals(), HOW, st.data())
def test_one_after_the_other_is_all_at_once(trio: Trio, how: How, data: st.DataObject) -> None:
    """In any order, the notebook being written and read in between."""
    sides = Terms(*(read(JUPYTER.spell(each)) for each in trio.files()))
    known = KnownMerge(sides)
    before = read(write(shown(sides, how).notebook))
    conflicts = trace(find(before, lambda: known, merging=True), before, known)
    side = data.draw(st.sampled_from([Choice.LOCAL, Choice.REMOTE, Choice.BASE]))
    at_once = choose(before, dict.fromkeys(conflicts, side)).notebook
    slowly = before
    for _ in conflicts:
        left = trace(find(slowly, lambda: known, merging=True), slowly, known)
        slowly = read(write(choose(slowly, {data.draw(st.sampled_from(left)): side}).notebook))
    assert find(slowly, lambda: known, merging=True) == ()
    assert [cell.source for cell in slowly.cells] == [cell.source for cell in at_once.cells]
    assert all(isinstance(each.conflict.place, InSource) for each in conflicts)
    assert all(one.conflict != other.conflict for one, other in combinations(conflicts, 2))
