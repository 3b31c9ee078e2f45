"""Owns: a writer's copy of a notebook and what it is to become, and how a front end sees both.

Must not know: how operations are found.  Invariant: values are compared by type and spelling of numbers:
`1`, `1.0` and `true` differ.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from hypothesis import strategies as st

from nbmerge.merge.files import merge_bytes
from nbmerge.notebook import read
from nbmerge.sync import operations
from nbmerge.sync.operations import Operation, cells_of, in_one_line
from tests.helpers.build import Notebook, code, markdown, notebook3
from tests.helpers.edits import trios, versions
from tests.helpers.oddities import damaged, odd_notebooks
from tests.helpers.spelling import JUPYTER, Spelling
from tests.helpers.strategies import Ids, identified, notebooks, spellings


@dataclass(frozen=True)
class Copy:
    """What a writer sent, and the notebook that came of it."""

    sent: bytes
    merged: bytes

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        sent = read(self.sent)
        return operations(sent, read(self.merged, known=sent.cells))

    @property
    def forms(self) -> list[dict[str, Any]]:
        """The operations as a front end gets them."""
        return [load(in_one_line(operation.form())) for operation in self.operations]

    @property
    def cells(self) -> tuple[list[str], list[str]]:
        """The cells of both, each as a text that is equal for equal values."""
        one, other = (cells_of(load(data)) for data in (self.sent, self.merged))
        return list(map(exact, one)), list(map(exact, other))


def copy(sent: Notebook, merged: Notebook) -> Copy:
    return Copy(JUPYTER.spell(sent), JUPYTER.spell(merged))


def load(text: bytes | str) -> Any:
    """JSON in which numbers keep their spelling, but for the places of cells."""
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig")
    return json.loads(
        text,
        parse_int=lambda digits: int(digits) if len(digits) < 10 and digits != "-0" else f"int {digits}",
        parse_float=lambda digits: f"float {digits}",
        parse_constant=lambda name: f"constant {name}",
    )


def exact(value: Any) -> str:
    """A text that is equal for values that are equal in JSON, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True)


@st.composite
def edited(draw: st.DrawFn, *kinds: Ids) -> Copy:
    """A writer's copy, and somebody's next version of it."""
    trio = draw(trios(*kinds))
    return Copy(draw(spellings()).spell(trio.base), draw(spellings()).spell(trio.local))


@st.composite
def merges(draw: st.DrawFn, *kinds: Ids) -> Copy:
    """What one of two writers sent, and the merge with what the other one had saved."""
    spelling = draw(spellings())
    base, local, remote = (spelling.spell(item) for item in draw(trios(*kinds)).files())
    return Copy(remote, merge_bytes(base, local, remote).data)


@st.composite
def unrelated(draw: st.DrawFn) -> Copy:
    """Two notebooks that nobody made from each other, of any kinds of ids."""
    one, other = (draw(notebooks(draw(st.sampled_from(Ids)))) for _ in range(2))
    return copy(one, other)


@st.composite
def renumbered(draw: st.DrawFn) -> Copy:
    """A notebook whose cells moved, and whose ids did not move with them, or changed otherwise."""
    one = draw(notebooks(Ids.POSITIONAL))
    moved = one | {"cells": draw(st.permutations(one["cells"]))}
    return copy(one, identified(moved, draw(st.sampled_from(Ids))))


@st.composite
def odd(draw: st.DrawFn) -> Copy:
    """Any value in any place, in any spelling."""
    one, other = draw(odd_notebooks()), draw(odd_notebooks())
    if draw(st.booleans()):
        one = draw(notebooks())
        one, other = draw(damaged(one)), draw(damaged(draw(versions(one, Ids.OWN, "aaaa"))))
    return Copy(Spelling().spell(one), Spelling(indent=None).spell(other))


@st.composite
def old(draw: st.DrawFn) -> Copy:
    """nbformat 3, also on its way to 4 and back."""
    pieces = [code("a = 1", count=1), code("b = 2"), markdown("# Title of it"), code("a = 1"), markdown("x")]
    first, second = (draw(st.lists(st.sampled_from(pieces), max_size=5)) for _ in range(2))
    one, other = notebook3(*first), notebook3(*second, metadata=draw(st.sampled_from([None, {"name": "b"}])))
    if draw(st.booleans()):
        other["worksheets"][0]["metadata"] = {"new": draw(st.integers(0, 1))}
    pair = [one, draw(st.sampled_from([other, draw(notebooks())]))]
    return copy(*draw(st.permutations(pair)))


@cache
def copies() -> st.SearchStrategy[Copy]:
    return st.one_of(edited(), merges(), unrelated(), renumbered(), odd(), old())
