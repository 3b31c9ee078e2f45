"""Inputs made to be slow end in seconds; the benchmark measures the usual ones."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from types import FrameType

import pytest

from nbmerge.merge.text import merge_text
from tests.helpers.build import Cell, Notebook, code, markdown, merge, notebook

Three = tuple[Notebook, Notebook, Notebook]
LIMIT = 5  # seconds of CPU


def _shuffled(items: list[str], seed: int) -> list[str]:
    found = list(items)
    random.Random(seed).shuffle(found)
    return found


def _one_cell(base: list[str], local: list[str], remote: list[str]) -> Three:
    texts = ["\n".join(found) for found in (base, local, remote)]
    return tuple(notebook(markdown(text, id="a")) for text in texts)  # type: ignore[return-value]


def equal_lines() -> Three:
    return _one_cell(["x = 1"] * 20_000, ["x = 1"] * 19_000 + ["y"], ["z"] + ["x = 1"] * 20_500)


def shuffled_lines() -> Three:
    lines = [f"line number {n} of many" for n in range(6_000)]
    return _one_cell(lines, _shuffled(lines, 1), _shuffled(lines, 2))


def one_long_line() -> Three:
    words = [f"word{n}" for n in range(120_000)]
    ours, theirs = list(words), list(words)
    ours[1_000], theirs[100_000] = "first", "second"
    return _one_cell([" ".join(words)], [" ".join(ours)], [" ".join(theirs)])


def two_long_rewritten_lines() -> Three:
    words = [f"word{n}" for n in range(120_000)]
    return _one_cell([" ".join(words)], [" ".join(_shuffled(words, 1))], [" ".join(_shuffled(words, 2))])


def short_random_lines() -> Three:
    """Hardly a line that occurs once: nothing to hold on to."""
    chance = random.Random(1)
    base = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=2)) for _ in range(20_000)]
    ours, theirs = list(base), list(base)
    for side in (ours, theirs):
        for place in chance.sample(range(len(base)), 2_000):
            side[place] = chance.choice(base)
    return _one_cell(base, ours, theirs)


def empty_cells() -> Three:
    base: list[Cell] = [code("")] * 3_000
    local, remote = [*base[:-500], code("end")], [code("start"), *base, *base[:200]]
    return notebook(*base), notebook(*local), notebook(*remote)


def equal_cells() -> Three:
    base: list[Cell] = [code("plot(data)\nplt.show()")] * 1_500
    local, remote = [*base[:700], code("a = 1"), *base[700:]], base[:1_400]
    return notebook(*base), notebook(*local), notebook(*remote)


def shuffled_cells() -> Three:
    texts = [f"value_{n} = compute({n})\nshow(value_{n}, width={n})" for n in range(1_500)]
    return tuple(  # type: ignore[return-value]
        notebook(*map(code, found)) for found in (texts, _shuffled(texts, 1), _shuffled(texts, 2))
    )


def rewritten_cells() -> Three:
    """Every cell is new on both sides, in words that are rare, but never in one cell alone."""
    chance = random.Random(3)
    words = [f"word{n}" for n in range(3_000)]
    made = [[markdown(" ".join(chance.choices(words, k=30))) for _ in range(800)] for _ in range(3)]
    return notebook(*made[0]), notebook(*made[1]), notebook(*made[2])


@pytest.mark.parametrize(
    "make",
    [
        equal_lines,
        shuffled_lines,
        one_long_line,
        two_long_rewritten_lines,
        short_random_lines,
        empty_cells,
        equal_cells,
        shuffled_cells,
        rewritten_cells,
    ],
    ids=lambda make: make.__name__,
)
def test_ends_in_seconds(make: Callable[[], Three]) -> None:
    base, local, remote = make()
    start = time.process_time()
    merged = merge(base, local, remote)
    assert time.process_time() - start < LIMIT
    assert merged.cells


def calls(function: Callable[[], object]) -> int:
    """How many functions of nbmerge are called meanwhile: the same number on every machine."""
    called = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal called
        called += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(before)
    return called


def test_hard_texts_are_compared_once() -> None:
    """However many rules ask how two texts of a merge differ: eleven times would be 17 million calls."""
    files = short_random_lines()
    assert calls(lambda: merge(*files)) < 4_000_000


def test_clashes_outside_any_bracket_do_not_read_what_is_before_them() -> None:
    base = [f"line_{number} = {number}" for number in range(4_000)]
    local, remote = (
        [
            text
            for number, line in enumerate(base)
            for text in (line, *[f"{side}_{number}"] * (number % 4 == 0))
        ]
        for side in "lr"
    )
    texts = ["\n".join(lines) for lines in (base, local, remote)]
    assert calls(lambda: merge_text(*texts, code=True, accept=lambda text: True)) < 500_000
