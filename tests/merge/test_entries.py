"""Entries that both sides added to one enumeration are all kept, local's first."""

from __future__ import annotations

import pytest

from tests.helpers.build import Merged, merge_code, merge_prose

TABLE = "| name | size |\n|---|---|\n| a | 1 |"
PROSE = {
    "items": ("- one", "- one\n- two", "- one\n- three", "- one\n- two\n- three"),
    "links": (
        "# T",
        "# T\n- [a](x/a.md): new",
        "# T\n- [b](x/b.md): old",
        "# T\n- [a](x/a.md): new\n- [b](x/b.md): old",
    ),
    "an item of two lines": (
        "- one",
        "- one\n- two\n  more",
        "- one\n- three",
        "- one\n- two\n  more\n- three",
    ),
    "rows": (TABLE, f"{TABLE}\n| b | 2 |", f"{TABLE}\n| c | 3 |", f"{TABLE}\n| b | 2 |\n| c | 3 |"),
}
CODE = {
    "members": (
        "d = {\n 1: a,\n}",
        "d = {\n 1: a,\n 2: b,\n}",
        "d = {\n 1: a,\n 3: c,\n}",
        "d = {\n 1: a,\n 2: b,\n 3: c,\n}",
    ),
    "no last comma": (
        "d = {\n 1: a\n}",
        "d = {\n 1: a,\n 2: b\n}",
        "d = {\n 1: a,\n 3: c\n}",
        "d = {\n 1: a,\n 2: b,\n 3: c\n}",
    ),
    "elements": (
        "l = [\n 'a',\n]",
        "l = [\n 'a',\n 'b',\n]",
        "l = [\n 'a',\n 'c',\n]",
        "l = [\n 'a',\n 'b',\n 'c',\n]",
    ),
    "keyword arguments": ("f(\n x,\n)", "f(\n x,\n a=1,\n)", "f(\n x,\n b=2,\n)", "f(\n x,\n a=1,\n b=2,\n)"),
    "__all__": (
        "__all__ = ['a']",
        "__all__ = ['a', 'b']",
        "__all__ = ['a', 'c']",
        "__all__ = ['a', 'b', 'c']",
    ),
    "imported names": (
        "from m import a",
        "from m import a, b",
        "from m import a, c",
        "from m import a, b, c",
    ),
    "requirements": ("%pip install a", "%pip install a b>1", "%pip install a c", "%pip install a b>1 c"),
    "installations": ("x", "%pip install a\nx", "%pip install b\nx", "%pip install a\n%pip install b\nx"),
}


@pytest.mark.parametrize("kind", PROSE)
def test_items_and_rows_of_both_sides_are_kept(kind: str) -> None:
    base, local, remote, merged = PROSE[kind]
    assert_kept(merge_prose(base, local, remote), merged)


@pytest.mark.parametrize("kind", CODE)
def test_entries_of_both_sides_are_kept(kind: str) -> None:
    base, local, remote, merged = CODE[kind]
    assert_kept(merge_code(base, local, remote), merged)


def assert_kept(merged: Merged, expected: str) -> None:
    assert merged.sources == [expected]
    assert [
        decision.reason for decision in merged.result.decisions if decision.path == "/cells/0/source"
    ] == ["entries of both sides"]


@pytest.mark.parametrize(
    ("base", "local", "remote"),
    [
        ("- one", "- one\n- key: two", "- one\n- key: three"),
        ("- one", "- one\n- use the new reader for files", "- one\n- use the new reader for all files"),
        ("- one", "- one\n- two", "- one\n* three"),
        ("- one", "- one\n- two", "- one\nthree"),
        (TABLE, f"{TABLE}\n| b | 2 |", f"{TABLE}\n| b | 3 |"),
    ],
)
def test_what_may_be_one_item_conflicts(base: str, local: str, remote: str) -> None:
    assert not merge_prose(base, local, remote).clean


@pytest.mark.parametrize(
    ("base", "local", "remote"),
    [
        ("d = {\n 1: a,\n}", "d = {\n 1: a,\n 2: b,\n}", "d = {\n 1: a,\n 2: c,\n}"),
        ("f(\n x,\n)", "f(\n x,\n y,\n)", "f(\n x,\n z,\n)"),
        ("def f(\n x,\n): pass", "def f(\n x,\n a=1,\n): pass", "def f(\n x,\n b=2,\n): pass"),
        ("x = 1", "x = 1\na = f(),", "x = 1\nb = g(),"),
        ("from m import a, b", "from m import a", "from m import a, b, c"),
        ("%pip install a", "%pip install a b==1", "%pip install a b==2"),
        ("%pip install a", "%pip install a b", "%pip install -U a"),
        ("%pip install a", "%pip install -U a", "%pip install a b"),
    ],
)
def test_what_is_no_enumeration_or_changes_more_conflicts(base: str, local: str, remote: str) -> None:
    assert not merge_code(base, local, remote).clean
