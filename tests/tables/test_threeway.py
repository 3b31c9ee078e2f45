"""The three-way law on every case of three letters."""

from __future__ import annotations

from itertools import product

import pytest

from nbmerge.merge.values import Clash, Decided, decide

CASES = list(product("abc", repeat=3))


@pytest.mark.parametrize(("base", "local", "remote"), CASES)
def test_law(base: str, local: str, remote: str) -> None:
    changed = {side for side in (local, remote) if side != base}
    match sorted(changed):
        case []:
            expected: object = Decided(base)
        case [one]:
            expected = Decided(one)
        case _:
            expected = Clash(base, local, remote)
    assert decide(base, local, remote) == expected


@pytest.mark.parametrize(("base", "local", "remote"), list(product(["a", "A", "b"], repeat=3)))
def test_spelling_alone_never_clashes(base: str, local: str, remote: str) -> None:
    found = decide(base, local, remote, plain=str.lower)
    plain = decide(base.lower(), local.lower(), remote.lower())
    if isinstance(plain, Clash):
        assert found == Clash(base, local, remote)
    else:
        assert isinstance(found, Decided)
        assert found.value.lower() == plain.value
        assert found.value in (local, remote)
