"""The law for notebooks that are not valid nbformat: they are merged all the same, without a crash."""

from __future__ import annotations

import json

from hypothesis import assume, given
from hypothesis import strategies as st

from nbmerge.merge.engine import merge
from nbmerge.merge.files import merge_bytes
from nbmerge.notebook import read, write
from tests.helpers.build import Trio
from tests.helpers.edits import trios
from tests.helpers.examples import tried
from tests.helpers.oddities import damaged
from tests.helpers.spelling import JUPYTER


@st.composite
def damaged_trios(draw: st.DrawFn) -> Trio:
    trio = draw(trios(max_cells=3))
    base = draw(damaged(trio.base))
    return Trio(base, *(draw(damaged(item)) for item in (trio.local, trio.remote)))


@tried(80)
@given(damaged_trios())
def test_any_value_in_any_place_can_be_merged(trio: Trio) -> None:
    base, local, remote = (JUPYTER.spell(item) for item in trio.files())
    whole = merge_bytes(base, local, remote)
    assert "cells" in json.loads(whole.data, parse_int=str)
    assert write(read(whole.data)) == whole.data


@tried(60)
@given(damaged_trios(), st.booleans())
def test_any_value_changed_by_one_side_is_as_that_side_has_it(trio: Trio, by_remote: bool) -> None:
    assume(trio.local["nbformat_minor"] == trio.base["nbformat_minor"])  # else ids may have to come or go
    assume(len({type(cell.get("id")) for cell in trio.local["cells"]}) < 2)
    b, x = JUPYTER.spell(trio.base), JUPYTER.spell(trio.local)
    result = merge(read(b), read(b), read(x)) if by_remote else merge(read(b), read(x), read(b))
    assert write(result.notebook) == x
