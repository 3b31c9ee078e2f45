"""Lists of strings (tags) merge as sets: every case of three names, in every order of two sides."""

from __future__ import annotations

from itertools import permutations, product

from tests.helpers.build import merge, notebook

LISTS = [list(found) for size in range(4) for found in permutations("abc", size)]
SETS = [found for found in LISTS if found == sorted(found)]


def test_added_is_added_removed_is_removed_in_the_order_of_local() -> None:
    cases = [case for case in product(SETS, LISTS, LISTS) if case[1] != case[0] != case[2] != case[1]]
    assert len(cases) > 1000
    base, local, remote = (
        notebook(metadata={str(number): case[side] for number, case in enumerate(cases)}) for side in range(3)
    )
    merged = merge(base, local, remote)
    assert merged.clean
    found = merged.notebook["metadata"]
    for number, (b, l, r) in enumerate(cases):
        kept = [x for x in l if x in r or x not in b]
        assert found[str(number)] == kept + [x for x in r if x not in b and x not in l], (b, l, r)
