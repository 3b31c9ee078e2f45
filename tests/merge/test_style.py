"""The file's style is merged too: from the side that changed it, else local's; new text follows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nbmerge.merge.files import merge_bytes
from tests.helpers.build import Notebook, code, notebook
from tests.helpers.spelling import JUPYTER, Spelling

BASE = notebook(code("a = 'ä'", id="a"), code("b = 1", id="b"))
LOCAL = notebook(code("a = 'ü'", id="a"), code("b = 1", id="b"))
REMOTE = notebook(code("a = 'ä'", id="a"), code("b = 2", id="b"), code("c = '☃'", id="c"))
MERGED = notebook(code("a = 'ü'", id="a"), code("b = 2", id="b"), code("c = '☃'", id="c"))

CHANGES: list[dict[str, Any]] = [
    {"indent": "    "},
    {"indent": "\t"},
    {"indent": None, "comma": ", "},
    {"indent": None, "comma": ",", "colon": ":"},
    {"indent": ""},
    {"comma": ", "},
    {"ascii": True},
    {"newline": "\r\n"},
    {"bom": True},
    {"tail": ""},
    {"tail": "\n\n"},
]


def name(change: dict[str, Any]) -> str:
    return " ".join(f"{key}={item!r}" for key, item in change.items())


def merged(base: Spelling, local: Spelling, remote: Spelling) -> bytes:
    return merge_bytes(base.spell(BASE), local.spell(LOCAL), remote.spell(REMOTE)).data


@pytest.mark.parametrize("change", CHANGES, ids=name)
def test_a_style_that_all_three_share_stays(change: dict[str, Any]) -> None:
    style = replace(JUPYTER, **change)
    assert merged(style, style, style) == style.spell(MERGED)


@pytest.mark.parametrize("change", CHANGES, ids=name)
def test_a_style_that_local_changed_is_the_result_s(change: dict[str, Any]) -> None:
    style = replace(JUPYTER, **change)
    assert merged(JUPYTER, style, JUPYTER) == style.spell(MERGED)


@pytest.mark.parametrize("change", CHANGES, ids=name)
def test_a_style_that_remote_changed_is_the_result_s(change: dict[str, Any]) -> None:
    style = replace(JUPYTER, **change)
    assert merged(JUPYTER, JUPYTER, style) == style.spell(MERGED)


@pytest.mark.parametrize("change", CHANGES, ids=name)
def test_a_style_that_both_changed_differently_is_local_s(change: dict[str, Any]) -> None:
    style, other = replace(JUPYTER, **change), replace(JUPYTER, indent="  ", colon=" : ")
    layout = {"indent", "comma", "colon", "ascii"} & set(change)
    found = merged(JUPYTER, style, other)
    expected = style if layout else replace(other, **change)
    assert found == expected.spell(MERGED)


def test_parts_of_the_style_changed_by_different_sides_are_all_changed() -> None:
    local, remote = replace(JUPYTER, newline="\r\n", tail=""), replace(JUPYTER, indent="  ", bom=True)
    both = replace(remote, newline="\r\n", tail="")
    assert merged(JUPYTER, local, remote) == both.spell(MERGED)


def test_sources_as_strings_or_lists_stay_as_each_cell_has_them() -> None:
    def as_string(found: Notebook, place: int) -> Notebook:
        cells = list(found["cells"])
        cells[place] = cells[place] | {"source": "".join(cells[place]["source"])}
        return found | {"cells": cells}

    files = [JUPYTER.spell(as_string(item, 1)) for item in (BASE, LOCAL, REMOTE)]
    assert merge_bytes(files[0], files[1], files[2]).data == JUPYTER.spell(as_string(MERGED, 1))


def test_a_changed_cell_keeps_the_spelling_of_what_did_not_change_in_it() -> None:
    odd = b'"zoom": 1E5, "note": "\\u00e4\\/", "big": ' + b"1" * 300
    files = [
        JUPYTER.spell(notebook(code(source, id="a", metadata={"odd": 1}, count=count)))
        for source, count in (("a\nb\nc", 1), ("a1\nb\nc", 1), ("a\nb\nc1", 1))
    ]
    files = [data.replace(b'"odd": 1', odd) for data in files]
    found = merge_bytes(files[0], files[1], files[2]).data
    assert odd in found
    assert b'"a1\\n"' in found
    assert b'"c1"' in found


ESCAPED = (b"b = 1", b"b \\u003d 1")  # the same value in a spelling that no tool would choose


def test_a_cell_that_remote_only_respelled_is_as_remote_has_it() -> None:
    base, local = JUPYTER.spell(BASE), JUPYTER.spell(LOCAL)
    merged = merge_bytes(base, local, base.replace(*ESCAPED)).data
    assert merged == local.replace(*ESCAPED)


def test_a_cell_in_the_layout_of_remote_is_as_remote_has_it() -> None:
    style = Spelling(indent="    ")
    remote = style.spell(BASE).replace(*ESCAPED)
    merged = merge_bytes(JUPYTER.spell(BASE), JUPYTER.spell(LOCAL), remote).data
    assert merged == style.spell(LOCAL).replace(*ESCAPED)


def test_a_source_that_one_side_made_a_string_becomes_one() -> None:
    def source(text: str | list[str]) -> bytes:
        return JUPYTER.spell(notebook(code("", id="a") | {"source": text}))

    lists = [source(text.splitlines(keepends=True)) for text in ("a\nb\nc", "a1\nb\nc", "a\nb\nc1")]
    strings = [source(text) for text in ("a\nb\nc", "a1\nb\nc", "a\nb\nc1", "a1\nb\nc1")]
    assert merge_bytes(lists[0], lists[1], strings[2]).data == strings[3]
    assert merge_bytes(lists[0], strings[1], lists[2]).data == strings[3]


def test_a_side_in_utf_16_merges_and_comes_out_as_utf_8_like_the_other_side() -> None:
    base, local, remote = (
        JUPYTER.spell(notebook(code(f"a = {a}\nb = 'é'\nc = {c}", id="a")))
        for a, c in ((1, 1), (2, 1), (1, 2))
    )
    in_utf_16 = b"\xff\xfe" + remote.decode().replace("\n", "\r\n").encode("utf-16-le")
    merged = merge_bytes(base, local, in_utf_16)
    assert "a = 2" in merged.data.decode()
    assert "c = 2" in merged.data.decode()
    assert ("", "local") in [(decision.path, decision.took) for decision in merged.result.decisions]
    all_in_utf_16 = [b"\xff\xfe" + data.decode().encode("utf-16-le") for data in (base, local, remote)]
    merged = merge_bytes(all_in_utf_16[0], all_in_utf_16[1], all_in_utf_16[2])
    assert "a = 2" in merged.data.decode("utf-16")
