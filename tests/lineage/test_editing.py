"""A save as an edit of a version: what a formatter does is told from what people do, in any order of sets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbmerge.lineage.contents import ComparedVersions
from nbmerge.lineage.editing import Edit, edit
from nbmerge.notebook import read
from tests.helpers.build import code, notebook

BASE = (
    "rows = read_rows('pier.csv', edition=1)\nprint(len(rows))",
    "levels = [float(row['cm']) for row in rows]\nreport(levels, weight=2)",
)


def book(*sources: str) -> dict[str, Any]:
    return notebook(*(code(source, id=f"cell-{number}") for number, source in enumerate(sources)))


def compared(*versions: dict[str, Any]) -> ComparedVersions:
    """Versions 1, 2 and so on."""
    contents = ComparedVersions()
    for number, version in enumerate(versions, 1):
        contents.add(number, read(json.dumps(version).encode()))
    return contents


def edited(save: tuple[str, ...]) -> Edit:
    return edit(compared(book(*BASE), book(*save)), 2, 1, ())


@pytest.mark.parametrize(
    "save",
    [
        (
            BASE[0],
            "levels = [\n  float(row['cm'])\n  for row in rows\n]\nreport(\n  levels,\n  weight=2,\n)",
        ),
        (BASE[0].replace("'", '"').replace("=1", " = 1"), BASE[1].replace("'", '"')),
    ],
)
def test_lines_that_are_broken_or_spaced_otherwise_are_not_new(save: tuple[str, ...]) -> None:
    found = edited(save)
    assert found.respelled
    assert not found.lines
    assert not found.gone


def test_a_word_that_was_taken_out_of_each_line_is_no_formatting() -> None:
    found = edited((BASE[0].replace(", edition=1", ""), BASE[1].replace(", weight=2", "")))
    assert not found.respelled


def test_two_edits_are_no_formatting_though_they_take_each_others_words() -> None:
    """A 1 became a 2 here and a 2 became a 1 there: all words together are the same as before."""
    found = edited((BASE[0].replace("edition=1", "edition=2"), BASE[1].replace("weight=2", "weight=1")))
    assert not found.respelled
    assert len(found.lines) == len(found.gone) == 2


def test_what_two_versions_do_not_share_stands_in_the_order_of_the_notebook() -> None:
    """Whatever order sets have: where only so many lines are looked at, they are always the same."""
    sources = [f"result_{number} = step(result_{number - 1})\nprint(result_{number})" for number in range(40)]
    delta = compared(book("start()"), book(*sources)).delta(2, 1)
    assert list(delta.more) == [line for source in sources for line in source.split("\n")]
    assert [cell.source for cell in delta.ones] == sources
