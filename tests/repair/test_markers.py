"""Every way in which git's markers can stand in a notebook: styles, sizes, ends of lines, places."""

from __future__ import annotations

import pytest

from nbmerge.repair.rebuild import How
from tests.helpers.build import code, conflict, markdown, shown
from tests.repair.broken import Three, fixed, number_of, three, without_line

THREE = three(
    [code("a = 1\nb = 2", count=1, out="1\n"), markdown("text")],
    [code("a = 10\nb = 2", count=2, out="10\n"), markdown("text")],
    [code("a = 77\nb = 2", count=3, out="77\n"), markdown("text")],
)
CONFLICT = conflict(["a = 10"], ["a = 77"], "HEAD", "topic") + "\nb = 2"


@pytest.mark.parametrize("size", [7, 5, 15])
@pytest.mark.parametrize("knows", [True, False])
def test_a_conflict_stands_in_its_cell_alone(knows: bool, size: int) -> None:
    """Not in the outputs, of which none belongs to what is left in conflict."""
    found = fixed(THREE.text(size=size), THREE.sides() if knows else None)
    larger = CONFLICT.replace("<<<<<<<", "<" * max(size, 7)).replace(">>>>>>>", ">" * max(size, 7))
    assert found.sources == [larger.replace("=======", "=" * max(size, 7)), "text"]
    assert found.cells[0]["outputs"] == []
    assert len(found.made.conflicts) == 1
    assert found.how is (How.SIDES if knows else How.MARKERS)


@pytest.mark.parametrize("style", ["diff3", "zdiff3"])
@pytest.mark.parametrize("knows", [True, False])
def test_the_base_is_shown_where_git_shows_it(style: str, knows: bool) -> None:
    found = fixed(THREE.text(style), THREE.sides() if knows else None)
    with_base = ["<<<<<<< HEAD", "a = 10", "||||||| base", "a = 1", "=======", "a = 77", ">>>>>>> topic"]
    assert found.sources[0].split("\n") == [*with_base, "b = 2"]
    assert found.made.conflicts[0].base == "a = 1"


def test_the_base_that_markers_show_settles_what_one_side_changed() -> None:
    """git shows one conflict for both lines; with its base each change is one side's."""
    notebooks = three(
        [code("first(1)\nsecond(2)")], [code("first(10)\nsecond(2)")], [code("first(1)\nsecond(20)")]
    )
    assert fixed(notebooks.text("diff3")).sources == ["first(10)\nsecond(20)"]
    assert len(fixed(notebooks.text("merge")).made.conflicts) == 1


def test_crlf_stays() -> None:
    text = THREE.text().replace("\n", "\r\n")
    for sides in (None, THREE.sides()):  # git has converted what it stores
        found = fixed(text, sides)
        assert found.sources == [CONFLICT, "text"]
        assert found.made.data.count(b"\r\n") == found.made.data.count(b"\n") > 20


def test_a_byte_order_mark_stays() -> None:
    assert fixed("\ufeff" + THREE.text()).made.data.startswith(b"\xef\xbb\xbf{")


def test_pictures() -> None:
    """A conflict in base64 is none: the source is the same, and local's run counts as the later one."""
    notebooks = three(
        *([code("plot()", count=n) | {"outputs": [shown({"image/png": 300 * name})]}] for n, name in PICTURES)
    )
    text = notebooks.text()
    assert text.count("<<<<<<<") == 2
    found = fixed(text)
    assert not found.made.conflicts
    assert found.cells[0]["outputs"][0]["data"]["image/png"] == 300 * "LOCAL"
    assert found.made.decisions


PICTURES = [(1, "BASE"), (2, "LOCAL"), (3, "REMOTE")]


def test_indented_and_short_markers() -> None:
    text = (
        THREE.text().replace("=======", "=====").replace("<<<<<<<", "   <<<<<<<").replace(">>>>>>>", ">>>>")
    )
    assert fixed(text).sources == [CONFLICT, "text"]


@pytest.mark.parametrize("marker", ["<<<<<<<", "=======", ">>>>>>>"])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_missing_marker_where_git_knows(marker: str, which: int) -> None:
    """What else is there is what git wrote, so it is merged anew."""
    text = THREE.text()
    found = fixed(without_line(text, number_of(text, marker, which)), THREE.sides())
    assert (found.sources, found.how) == ([CONFLICT, "text"], How.SIDES)


@pytest.mark.parametrize("marker", ["<<<<<<<", "=======", ">>>>>>>"])
def test_a_missing_marker_in_a_source(marker: str) -> None:
    """Where the conflict begins or ends is not known; the others stay, for a person to see."""
    text = THREE.text()
    found = fixed(without_line(text, number_of(text, marker, 2)))
    expected = [line for line in CONFLICT.split("\n") if not line.startswith(marker)]
    assert found.sources == ["\n".join(expected), "text"]
    assert found.cells[0]["outputs"] == []
    assert len(found.made.stray) == 2


def test_a_missing_marker_elsewhere() -> None:
    """It is taken out, and said."""
    text = THREE.text()
    found = fixed(without_line(text, number_of(text, "=======", 0)))
    assert found.sources == [CONFLICT, "text"]
    assert found.made.stray == (5, 7 + 1)


def test_a_conflict_that_was_committed_and_merged_again() -> None:
    """One in the other: the outer markers are longer, and nothing is lost."""
    other = three([], [], [code("a = 99\nb = 2", count=9), markdown("text")]).remote
    again = Three(THREE.base, THREE.text().encode(), other)
    inner = CONFLICT.split("\n")[:-1]
    outer = ["<" * 11 + " HEAD", *inner, "=" * 11, "a = 99", ">" * 11 + " topic", "b = 2"]
    for sides in (None, again.sides()):
        found = fixed(again.text(), sides)
        assert found.sources == ["\n".join(outer), "text"]
        assert len(found.made.conflicts) == 1


def test_longer_markers_in_a_base() -> None:
    """As git writes them where the base itself is a merge with conflicts."""
    text = THREE.text("diff3")
    inner = '<<<<<<<<< one\n    "a = 1\\n",\n=========\n    "a = 0\\n",\n>>>>>>>>> two'
    found = fixed(text.replace('    "a = 1\\n",', inner))
    assert {"a = 10", "a = 77", "a = 1", "a = 0", "b = 2"} <= set(found.sources[0].split("\n"))
    assert len(found.made.conflicts) == 1


def test_labels_come_from_the_markers() -> None:
    text = THREE.text().replace("<<<<<<< HEAD", "<<<<<<< mine").replace(">>>>>>> topic", ">>>>>>>")
    assert "<<<<<<< mine\n" in fixed(text).sources[0]
    assert ">>>>>>> remote\n" in fixed(text).sources[0]
