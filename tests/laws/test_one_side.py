"""The first law: where one side changed nothing, or both did the same, the result is the other's bytes.

It is tried twice: on files, where equal bytes settle it, and on the engine, which must come to the same
bytes the long way: order, cells, layout and all.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nbmerge.merge.engine import merge
from nbmerge.merge.files import merge_bytes
from nbmerge.notebook import read, write
from tests.helpers.build import Trio
from tests.helpers.edits import trios
from tests.helpers.examples import tried
from tests.helpers.spelling import Spelling
from tests.helpers.strategies import notebooks, odd_spellings, spellings


@tried(40)
@given(trios(), spellings() | odd_spellings(), spellings() | odd_spellings())
def test_files_of_any_style(trio: Trio, before: Spelling, after: Spelling) -> None:
    b, x = before.spell(trio.base), after.spell(trio.local)
    assert merge_bytes(b, x, b).data == x
    assert merge_bytes(b, b, x).data == x
    assert merge_bytes(b, x, x).data == x


def engine(base: bytes, local: bytes, remote: bytes) -> bytes:
    """The merge without a look at equal files."""
    result = merge(read(base), read(local), read(remote))
    assert result.clean
    return write(result.notebook)


@tried(60)
@given(trios(), spellings(), spellings())
def test_engine_when_only_local_changed(trio: Trio, before: Spelling, after: Spelling) -> None:
    b, x = before.spell(trio.base), after.spell(trio.local)
    assert engine(b, x, b) == x


@tried(60)
@given(trios(), spellings(), spellings())
def test_engine_when_only_remote_changed(trio: Trio, before: Spelling, after: Spelling) -> None:
    b, x = before.spell(trio.base), after.spell(trio.local)
    assert engine(b, b, x) == x


@tried(60)
@given(trios(), spellings(), spellings())
def test_engine_when_both_changed_alike(trio: Trio, before: Spelling, after: Spelling) -> None:
    b, x = before.spell(trio.base), after.spell(trio.local)
    assert engine(b, x, x) == x


@tried(40)
@given(notebooks(), notebooks(), st.booleans())
def test_engine_on_notebooks_that_share_nothing_but_ids(
    base: dict[str, object], other: dict[str, object], swapped: bool
) -> None:
    b, x = Spelling().spell(base), Spelling().spell(other)
    assert (engine(b, b, x) if swapped else engine(b, x, b)) == x
    assert engine(b, x, x) == x
