"""The aligner: against brute force on every small input, and in time on the worst large ones."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from itertools import pairwise, product

import pytest

from nbmerge.merge.sequences import align, longest_rising

TEXTS = ["".join(letters) for size in range(6) for letters in product("ab", repeat=size)]
WORDS = ["".join(letters) for size in range(5) for letters in product("abc", repeat=size)]


def longest_common(a: Sequence[object], b: Sequence[object]) -> int:
    """The length of a longest common subsequence, by the table of the textbook."""
    above = [0] * (len(b) + 1)
    for item in a:
        row = [0]
        for j, other in enumerate(b):
            row.append(above[j] + 1 if item == other else max(above[j + 1], row[j]))
        above = row
    return above[-1]


def check(a: Sequence[object], b: Sequence[object]) -> int:
    """The pairs rise, pair equal elements and leave no common element between them; their number."""
    pairs = align(a, b)
    assert all(a[i] == b[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))
    for (i, j), (k, m) in pairwise([(-1, -1), *pairs, (len(a), len(b))]):
        assert not set(a[i + 1 : k]) & set(b[j + 1 : m]), (a, b, pairs)
    return len(pairs)


@pytest.mark.parametrize("texts", [TEXTS, WORDS], ids=["two letters", "three letters"])
def test_every_pair_of_small_texts(texts: list[str]) -> None:
    found = best = 0
    for a, b in product(texts, repeat=2):
        length = longest_common(a, b)
        assert check(a, b) <= length
        found += len(align(a, b))
        best += length
    assert found >= 0.97 * best  # anchors may cost a pair; they keep code from being matched by its braces


def test_a_longest_alignment_where_nothing_is_unique() -> None:
    """Without anchors it is Myers' algorithm, which is exact."""
    for a, b in product(["".join(x) for x in product("ab", repeat=4)], repeat=2):
        doubled_a, doubled_b = a + a, b + b
        assert check(doubled_a, doubled_b) == longest_common(doubled_a, doubled_b)


def test_longest_rising_against_brute_force() -> None:
    for values in product(range(4), repeat=5):
        chosen = [values[i] for i in longest_rising(values)]
        assert all(x < y for x, y in pairwise(chosen))
        assert len(chosen) == longest_common(values, sorted(set(values)))


def _chance() -> random.Random:
    return random.Random(7)


def _shuffled(size: int) -> list[int]:
    found = list(range(size))
    _chance().shuffle(found)
    return found


PATHOLOGICAL: dict[str, tuple[Sequence[int], Sequence[int]]] = {
    "20,000 equal elements": ([1] * 20_000, [1] * 19_000),
    "20,000 equal elements, some changed": ([1] * 20_000, [i if i % 50 == 0 else 1 for i in range(20_000)]),
    "a shuffle of 6,000": (range(6_000), _shuffled(6_000)),
    "a shuffle of 3,000 pairs": (list(range(3_000)) * 2, _shuffled(3_000) * 2),
    "reversed": (range(6_000), range(5_999, -1, -1)),
    "random binary 20,000": (_chance().choices([0, 1], k=20_000), _chance().choices([1, 0, 1], k=20_000)),
    "ten letters 20,000": (_chance().choices(range(10), k=20_000), _chance().choices(range(9), k=20_000)),
    "nothing in common": (range(20_000), range(20_000, 40_000)),
}


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_pathological_sizes_end_in_seconds(name: str) -> None:
    a, b = PATHOLOGICAL[name]
    start = time.process_time()
    pairs = align(a, b)
    assert time.process_time() - start < 5
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))
    assert bool(pairs) == bool(set(a) & set(b))
