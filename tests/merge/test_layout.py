"""Layout of code is no edit: it stays as the side that changed it has it, the other's edit in it."""

from __future__ import annotations

import pytest

from tests.helpers.build import merge_code

WRAPPED = "f(\n    a,\n    b,\n)"
MERGES = {
    "spaces removed": ("plot( x, y )", "plot(x, y)", "plot( x, z )", "plot(x, z)"),
    "spaces added": ("f(a,b)", "f(a, b)", "f(a,c)", "f(a, c)"),
    "a name before it": ("plot( x )", "plot(x)", "plt.plot( x )", "plt.plot(x)"),
    "wrapped, an argument changed": ("f(a, b)", WRAPPED, "f(a, z)", "f(\n    a,\n    z,\n)"),
    "wrapped, an argument added": ("f(a, b)", WRAPPED, "f(a, b, c=1)", "f(\n    a,\n    b,\n    c=1,\n)"),
    "wrapped, an argument removed": ("f(a, b)", WRAPPED, "f(a)", "f(\n    a,\n)"),
    "joined": (WRAPPED, "f(a, b)", "f(\n    a,\n    z,\n)", "f(a, z)"),
    "indented, a value changed": (
        "a = 1\nb = 2",
        "if x:\n    a = 1\n    b = 2",
        "a = 1\nb = 3",
        "if x:\n    a = 1\n    b = 3",
    ),
    "indented, a line inserted": (
        "a = 1\nb = 2\nc = 3",
        "if x:\n    a = 1\n    b = 2\n    c = 3",
        "a = 1\nnew = f(4)\nb = 2\nc = 3",
        "if x:\n    a = 1\n    new = f(4)\n    b = 2\n    c = 3",
    ),
    "a comment broken in two lines": (
        "# three points = 300 m in our case\nrun()",
        "# three points = 300 m\n# in our case\nrun()",
        "# four points = 300 m in our case\nrun()",
        "# four points = 300 m\n# in our case\nrun()",
    ),
    "spaces in a string are no layout": (
        "s = 'a  b'; f(x)",
        "s = 'a b'; f(x)",
        "s = 'a  b'; f(y)",
        "s = 'a b'; f(y)",
    ),
}


@pytest.mark.parametrize("name", MERGES)
def test_layout_on_one_side_and_an_edit_on_the_other_merge(name: str) -> None:
    base, local, remote, merged = MERGES[name]
    assert merge_code(base, local, remote).sources == [merged]
    assert merge_code(base, remote, local).sources == [merged]


CONFLICTS = {
    "commented out": ("x = foo(3)", "# x = foo(3)", "x = foo(4)"),
    "commented out, an argument removed": ("x = foo(3, 4)", "# x = foo(3, 4)", "x = foo(3)"),
    "two lines commented out": ("x = foo(3)\ny = 2", "# x = foo(3)\n# y = 2", "x = foo(3)\ny = 4"),
    "an argument removed and changed": ("f(a=1, b=2)", "f(a=1)", "f(a=1, b=3)"),
    "an argument removed and one added behind it": ("f(a=1, b=2)", "f(a=1)", "f(a=1, b=2, c=3)"),
    "a line that would end in a comment": ("f(x) # t\ny = 2", "f(x) # t y = 2", "f(x) # t\ny = 3"),
    "a line at the end of a block that is indented now": (
        "a = 1\nb = 2",
        "if x:\n    a = 1\n    b = 2",
        "a = 1\nb = 2\nnew = f(4)",
    ),
    "one expression": ("y = exp(x)", "y = exp(x + 2)", "y = exp(2 * x)"),
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_what_a_person_has_to_decide_conflicts(name: str) -> None:
    base, local, remote = CONFLICTS[name]
    assert not merge_code(base, local, remote).clean
    assert not merge_code(base, remote, local).clean


def test_the_same_edit_laid_out_in_two_ways_is_no_conflict() -> None:
    merged = merge_code("client = Client(n = 4)", "client = Client(m=1)", "client = Client(m = 1)")
    assert merged.sources == ["client = Client(m=1)"]


def test_an_insertion_that_one_side_made_longer_is_taken_whole() -> None:
    base = "from chem import Structure"
    merged = merge_code(base, "from chem.core import Structure", "from chem.core.parts import Structure")
    assert merged.sources == ["from chem.core.parts import Structure"]
