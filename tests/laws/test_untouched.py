"""The law of kept bytes (promise 4): a cell that neither side touched stands as it stands in local."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from json import JSONDecoder
from typing import Any

from hypothesis import assume, given

from nbmerge.merge.files import merge_bytes
from tests.helpers.build import Cell, Notebook, Trio
from tests.helpers.edits import trios
from tests.helpers.examples import tried
from tests.helpers.spelling import Literal, Spelling
from tests.helpers.strategies import Ids, odd_spellings, spellings


def cell_texts(data: bytes) -> list[str]:
    """The text of each cell of a file."""
    text = data.decode("utf-8-sig")
    at = text.index("[", text.index('"cells"')) + 1
    found: list[str] = []
    while True:
        while text[at] in " \t\r\n,":
            at += 1
        if text[at] == "]":
            return found
        end = JSONDecoder().raw_decode(text, at)[1]
        found.append(text[at:end])
        at = end


def peculiar(notebook: Notebook) -> Notebook:
    """Cells as no tool would write them: numbers, keys and sources of unusual spelling."""
    return notebook | {"cells": [_peculiar(place, cell) for place, cell in enumerate(notebook["cells"])]}


def _peculiar(place: int, cell: Cell) -> dict[str, Any]:
    odd: dict[str, Any] = {"zoom": Literal("1E5"), "unknown": ["a\ud800", Literal("1" * 300)], **cell}
    return odd | {"source": "".join(cell["source"])} if place % 2 else odd


@tried(60)
@given(trios(), odd_spellings())
def test_files_of_any_style(trio: Trio, style: Spelling) -> None:
    base, local, remote = (style.spell(peculiar(item)) for item in trio.files())
    merged = merge_bytes(base, local, remote).data
    texts = [Counter(cell_texts(data)) for data in (base, local, remote, merged)]
    untouched = texts[0] & texts[1] & texts[2]
    assert untouched <= texts[3]


@tried(40)
@given(trios(Ids.OWN, Ids.NONE), spellings(), spellings())
def test_a_layout_that_local_changed(trio: Trio, before: Spelling, after: Spelling) -> None:
    assume(trio.base != trio.remote)
    base, remote = before.spell(trio.base), before.spell(trio.remote)
    merged = merge_bytes(base, after.spell(trio.local), remote).data
    found = json.loads(merged)
    shows_escapes = not json.dumps(trio.local, ensure_ascii=False).isascii()
    styles = [after] if shows_escapes else [after, replace(after, ascii=not after.ascii)]
    assert merged in [style.spell(found) for style in styles]
