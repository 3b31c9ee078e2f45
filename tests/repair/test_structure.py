"""Texts that are no JSON on either side: what stands in their lines is rebuilt, and no line is left out."""

from __future__ import annotations

import json

import pytest

from nbmerge.repair.rebuild import How
from tests.helpers.build import code, conflict, markdown, notebook, notebook3
from tests.helpers.spelling import JUPYTER, Spelling
from tests.repair.broken import Three, fixed, hopeless, number_of, three, without_line

WHOLE = JUPYTER.spell(
    notebook(
        markdown("# Title\nSome text"),
        code("a = 1\nb = 2", count=1, out="1\n"),
        code("c = 3", count=2, out="3\n"),
        markdown("the end"),
    )
).decode()
SOURCES = ["# Title\nSome text", "a = 1\nb = 2", "c = 3", "the end"]


def lines(*some: str) -> str:
    return "\n".join(some)


@pytest.mark.parametrize("number", range(1, WHOLE.count("\n") + 1))
def test_any_comma_may_be_missing_or_too_many(number: int) -> None:
    found = WHOLE.split("\n")
    line = found[number - 1]
    found[number - 1] = line.removesuffix(",") if line.endswith(",") else f"{line},"
    text = lines(*found)
    try:
        json.loads(text)
    except ValueError:
        result = fixed(text)
        assert [source.rstrip("\n") for source in result.sources] == SOURCES
        assert [cell.get("execution_count") for cell in result.cells] == [None, 1, 2, None]
        assert result.made.stray == ()


@pytest.mark.parametrize("number", range(2, WHOLE.count("\n")))
def test_any_line_of_brackets_may_be_missing(number: int) -> None:
    """The indentation tells what ends where."""
    if not WHOLE.split("\n")[number - 1].strip(" ,[]{}"):
        assert fixed(without_line(WHOLE, number)).sources == SOURCES


def test_cells_that_are_sound_keep_their_bytes() -> None:
    odd = '  {"cell_type": "raw",  "metadata": {"n": 1E5}, "source": "x\\u00e4"},\n'
    text = WHOLE.replace("  {\n", odd + "  {\n", 1).replace('    "a = 1\\n",', '    "a = 1\\n"')
    assert odd.strip().encode() in fixed(text).made.data


def test_a_conflict_that_cuts_through_cells() -> None:
    """One side has two cells where the other has one: neither text alone is a notebook."""
    text = lines(
        *WHOLE.split("\n")[: number_of(WHOLE, '    "a = 1') - 1],
        "<<<<<<< HEAD",
        '    "mine = 1"',
        "   ]",
        "  },",
        "  {",
        '   "cell_type": "markdown",',
        '   "metadata": {},',
        '   "source": [',
        '    "a cell of mine"',
        "   ]",
        "  },",
        "=======",
        '    "theirs = 1"',
        "   ]",
        ">>>>>>> topic",
        *WHOLE.split("\n")[number_of(WHOLE, '    "b = 2') + 2 :],
    )
    found = fixed(text)
    assert found.sources[1] == conflict(["mine = 1"], ["theirs = 1"], "HEAD", "topic")
    assert found.sources[2:] == ["a cell of mine", "c = 3", "the end"]


def test_half_cells() -> None:
    """The end of one cell and the beginning of the next are gone: the order of fields tells."""
    text = lines(
        *WHOLE.split("\n")[: number_of(WHOLE, '    "b = 2')],
        *WHOLE.split("\n")[number_of(WHOLE, '   "cell_type": "code"', 1) :],
    )
    assert fixed(text).sources == SOURCES


def test_two_sources_in_one_cell_are_two_cells() -> None:
    """JSON would forget the first one; nobody else may."""
    text = WHOLE.replace(
        '   "source": [\n    "c = 3"', '   "source": [\n    "d = 4"\n   ],\n   "source": [\n    "c = 3"'
    )
    assert fixed(text.replace('"# Title\\n",', '"# Title\\n"')).sources[2:4] == ["d = 4", "c = 3"]


def test_lines_of_a_source_without_their_key() -> None:
    assert fixed(without_line(WHOLE, number_of(WHOLE, '   "source": [', 1))).sources == SOURCES


def test_texts_that_do_not_end_or_hold_quotes() -> None:
    text = WHOLE.replace('"a = 1\\n"', '"a = "x" + 1\\n').replace('"b = 2"', '"b = \\d"')
    assert fixed(text).sources[1] == 'a = "x" + 1\nb = \\d'


def test_outputs_that_are_cut_are_left_out_and_said() -> None:
    text = without_line(WHOLE, number_of(WHOLE, '     "output_type"'))
    found = fixed(text.replace('      "1\\n"', '      "1\\n",'))
    assert found.sources == SOURCES
    assert found.cells[1]["outputs"] == []
    assert any("output" in what for what in found.made.left_out)


@pytest.mark.parametrize("indent", ["  ", "    ", "\t"])
def test_other_indentations(indent: str) -> None:
    text = Spelling(indent=indent).spell(json.loads(WHOLE)).decode()
    found = fixed(text.replace('"a = 1\\n",', '"a = 1\\n"'))
    assert found.sources == SOURCES
    assert found.made.data.decode().startswith("{\n" + indent + '"cells": [\n' + 2 * indent + "{")


def test_nbformat_3() -> None:
    notebooks = [JUPYTER.spell(notebook3(code(f"a = {n}\nb = 2", count=n), markdown("x"))) for n in (1, 2, 3)]
    text = Three(*notebooks).text()
    expected = [conflict(["a = 2"], ["a = 3"], "HEAD", "topic") + "\nb = 2", "x"]
    assert fixed(text).sources == expected
    assert fixed(text.replace('    "b = 2"\n', '    "b = 2",\n')).notebook["nbformat"] == 3


TWICE = three(
    [markdown("the introduction of it"), code("value = compute(1)"), code("print(value, 'old')")],
    [markdown("the introduction of it"), code("value = compute(10)"), code("print(value, 'old')")],
    [markdown("the introduction of it"), code("value = compute(1)"), code("print(value, 'new')")],
)


@pytest.mark.parametrize("knows", [True, False])
def test_two_versions_one_behind_the_other(knows: bool) -> None:
    """Somebody took out the markers around two whole notebooks, and a brace or two."""
    local, remote = TWICE.local.decode().split("\n"), TWICE.remote.decode().split("\n")
    text = lines(*local[:-4], *remote[2:])
    found = fixed(text, TWICE.sides() if knows else None)
    assert found.how is (How.TEXT if knows else How.MARKERS)
    if knows:
        assert found.sources == ["the introduction of it", "value = compute(10)", "print(value, 'new')"]
    else:
        assert len(found.made.conflicts) == 2
        assert len(found.sources) == 3


def test_parts_that_are_no_two_versions_are_joined() -> None:
    """A cell that stands in both parts may be meant twice."""
    first = JUPYTER.spell(notebook(code("one_long_line = 1"), code("plt.show()"))).decode().split("\n")
    second = JUPYTER.spell(notebook(code("another_line = 2"), code("plt.show()"))).decode().split("\n")
    sources = fixed(lines(*first[:-4], *second[1:])).sources
    assert sources == ["one_long_line = 1", "plt.show()", "another_line = 2", "plt.show()"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (lines(*WHOLE.split("\n")[:18]), 18, "cut off"),
        (
            WHOLE.replace('   "outputs": [', '   hello\n   "outputs": [', 1),
            number_of(WHOLE, '   "outputs": ['),
            "no part of a notebook: hello",
        ),
        (WHOLE[:-20], number_of(WHOLE, ' "nbformat_minor"'), "cut off"),
        ("", None, "is empty"),
        ("[1, 2]", None, "no notebook"),
        ("Dear all,", None, "no notebook"),
        ("version https://git-lfs.github.com/spec/v1\n", None, "git lfs pull"),
        (WHOLE.encode() + b"\xff", WHOLE.count("\n") + 1, "not UTF-8"),
        ('{\n "cells": {\n', 2, "cut off"),
    ],
)
def test_what_cannot_be_rebuilt(text: str | bytes, line: int | None, reason: str) -> None:
    found = hopeless(text)
    assert reason in found.reason
    assert found.line == line
