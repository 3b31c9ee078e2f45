"""Any bytes come back exactly; what two versions share is kept once."""

from __future__ import annotations

import json
import random
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.history.pieces import (
    FINE,
    HUGE,
    LONGEST,
    QUICK,
    THOROUGH,
    cut,
    cut_again,
    pack,
    pack_ids,
    unpack,
    unpack_ids,
)
from tests.helpers.examples import tried
from tests.history.stores import PATH, contents, fresh, save

# Texts in which cuts are likely, and any bytes; repeated so that some are long.
SNIPPETS = st.sampled_from([b"},\n  {", b"\n", b"\\n", b'"', b",", b"word ", b"}, {", b"\xff\x00"])
PARTS = st.one_of(SNIPPETS, st.binary(max_size=40), st.builds(bytes.__mul__, SNIPPETS, st.integers(1, 4000)))
BYTES = st.lists(PARTS, max_size=20).map(b"".join)


def parts_of(data: bytes, ends: list[int]) -> list[bytes]:
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def notebook(cells: int, seed: int = 1) -> list[list[str]]:
    words = random.Random(seed)
    return [
        [f"x{words.getrandbits(40)} = {words.getrandbits(70)}\n" for _ in range(words.randint(1, 12))]
        for _ in range(cells)
    ]


def text_of(cells: list[list[str]]) -> bytes:
    return json.dumps(
        {"cells": [{"cell_type": "code", "metadata": {}, "source": lines} for lines in cells]}, indent=1
    ).encode()


@given(BYTES)
@tried(150)
def test_pieces_joined_are_the_bytes(data: bytes) -> None:
    pieces = parts_of(data, cut(data))
    assert b"".join(pieces) == data
    assert all(0 < len(piece) <= LONGEST for piece in pieces)


@pytest.mark.parametrize("line", [b"\\n", b"x = 1\\n", b"x = 1\\n\\n", b"\n", b" \n", b'",\n"'], ids=repr)
def test_lines_that_repeat_are_few_pieces(line: bytes) -> None:
    """Whatever the checksum of one of them is: a cell of a million blank lines was a million pieces."""
    for number in range(12):
        repeated = line.replace(b"1", b"%d" % number) * (60_000 // len(line))
        assert len(cut(b'{"source": ["' + repeated + b'"]}')) < 60


@given(st.data(), BYTES, BYTES, BYTES, BYTES)
@tried(150)
def test_pieces_cut_again_are_the_bytes_and_name_only_equal_ones(
    choice: st.DataObject, before: bytes, old: bytes, new: bytes, after: bytes
) -> None:
    known = parts_of(before + old + after, cut(before + old + after))
    some = choice.draw(st.lists(st.sampled_from(known), max_size=5)) if known else []
    data = before + new + b"".join(some) + after
    again = list(cut_again(data, known))
    assert b"".join(piece for piece, _ in again) == data
    assert all(piece == known[same] for piece, same in again if same is not None)
    assert all(piece for piece, _ in again)


def test_an_edit_moves_only_the_cuts_around_it() -> None:
    cells = notebook(400)
    before = text_of(cells)
    for place in range(0, 400, 40):
        edited = [*cells[:place], [*cells[place], "a_new_line()\n"], ["a new cell"], *cells[place + 1 :]]
        after = text_of(edited)
        old = parts_of(before, cut(before))
        fresh_pieces = [piece for piece in parts_of(after, cut(after)) if piece not in old]
        new_pieces = [piece for piece, same in cut_again(after, old) if same is None]
        assert len(fresh_pieces) <= 3
        assert len(new_pieces) <= 3


def test_two_edits_far_apart_leave_what_is_between() -> None:
    cells = notebook(400)
    old = parts_of(text_of(cells), cut(text_of(cells)))
    edited = text_of([["first\n"], *cells[1:399], ["last\n"]])
    assert sum(same is None for _, same in cut_again(edited, old)) <= 6


def test_what_is_large_stands_alone() -> None:
    picture = "iVBORw0" * 20000
    cells = [["a = 1\n"], [picture], ["b = 2\n"]]
    pieces = parts_of(text_of(cells), cut(text_of(cells)))
    edited = text_of([["a = 2\n"], [picture], ["b = 3\n"]])
    stored_anew = [piece for piece in parts_of(edited, cut(edited)) if piece not in pieces]
    assert sum(map(len, stored_anew)) < FINE


@given(st.lists(st.integers(1, 1 << 62)))
def test_ids_come_back(ids: list[int]) -> None:
    assert unpack_ids(pack_ids(ids)) == ids


@given(BYTES, st.sampled_from([QUICK, THOROUGH]))
def test_a_piece_comes_back(piece: bytes, level: int) -> None:
    assert unpack(pack(piece, level)) == piece
    assert len(pack(piece, level)) <= len(piece) + 1


def test_what_does_not_shrink_is_not_shrunk() -> None:
    noise = random.Random(3).randbytes(1 << 15)
    assert len(pack(noise, QUICK)) == len(noise) + 1


@given(st.lists(BYTES, max_size=6))
@tried(40)
def test_versions_come_back(versions: list[bytes]) -> None:
    store = fresh()
    notebook_id = store.adopt(PATH)
    saved = {save(store, notebook_id, data).number: data for data in versions}
    assert contents(store, notebook_id) == saved
    store.close()


def test_a_copy_shares_the_pieces() -> None:
    store = fresh()
    data = text_of(notebook(300))
    save(store, store.adopt(PATH), data)
    before = store.totals().bytes
    save(store, store.adopt("/home/ada/copy.ipynb"), data)
    assert store.totals().bytes - before < len(data) / 5


def test_a_huge_notebook_comes_back() -> None:
    """Above HUGE the pieces are larger and nothing is held in memory."""
    line = b'    "%d lines of text that are not all alike\\n",\n'
    data = b"".join(line % number for number in range(2 * HUGE // len(line)))
    assert len(data) > HUGE
    store = fresh()
    notebook_id = store.adopt(PATH)
    save(store, notebook_id, data)
    save(store, notebook_id, b"[" + data)
    assert contents(store, notebook_id) == {1: data, 2: b"[" + data}
    sizes = [len(piece) for piece, _ in cut_again(data, [])]
    assert max(accumulate(sizes)) == len(data)
    assert len(data) / len(sizes) > 4 * FINE
