"""Since git wrote it: untouched, settled by hand in part, edited elsewhere; versions of something else."""

from __future__ import annotations

import json

import pytest

from nbmerge.merge.files import merge_bytes
from nbmerge.merge.markers import Labels, MarkerStyle
from nbmerge.repair.rebuild import How, Sides, Sound, rebuild
from tests.helpers.build import code, conflict, markdown, notebook
from tests.helpers.spelling import JUPYTER
from tests.repair.broken import Three, fixed, number_of, three, without_line

LABELLED = MarkerStyle(labels=Labels("HEAD", "base", "topic"))
BASE = ["one = compute(1)", "two = compute(2)", "three = compute(3)", "four = compute(4)", "five = 5"]


def cells(**changed: str) -> list[str]:
    """The sources of base, some of them changed."""
    return [changed.get(source.split()[0], source) for source in BASE]


def notebooks(base: list[str], local: list[str], remote: list[str]) -> Three:
    return three(*([code(source) for source in sources] for sources in (base, local, remote)))


THREE = notebooks(
    BASE,
    cells(one="one = mine(1)", two="two = mine(2)", five="five = 50"),
    cells(one="one = theirs(1)", two="two = theirs(2)", three="three = theirs(3)"),
)
ONE = conflict(["one = mine(1)"], ["one = theirs(1)"], "HEAD", "topic")
TWO = conflict(["two = mine(2)"], ["two = theirs(2)"], "HEAD", "topic")


def settled(text: str, which: int, kept: str) -> str:
    """The text with its first or second conflict settled for these lines."""
    lines = text.split("\n")
    start, end = number_of(text, "<<<<<<<", which) - 1, number_of(text, ">>>>>>>", which)
    return "\n".join([*lines[:start], *kept.split("\n"), *lines[end:]])


@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_untouched(style: str, again: bool) -> None:
    """The same as if git had asked nbmerge, also where git cannot merge in the same way once more."""
    found = fixed(THREE.text(style), THREE.sides(again))
    assert found.how is How.SIDES
    assert found.sources[2:] == ["three = theirs(3)", "four = compute(4)", "five = 50"]
    if style == "merge":
        assert found.made.data == merge_bytes(THREE.base, THREE.local, THREE.remote, markers=LABELLED).data


def test_untouched_means_the_outputs_of_the_sides() -> None:
    """What lines make of them, half one run and half the other, is nobody's."""
    sources = ("x = 1", "x = 1", "x = 1")
    outs = ("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n")
    sides = three(
        *([code(source, out=out, count=n)] for n, (source, out) in enumerate(zip(sources, outs, strict=True)))
    )
    text = sides.text()
    assert '"A\\n"' in text
    assert '"D\\n"' in text
    [cell] = fixed(text, sides.sides()).cells
    assert "".join(cell["outputs"][0]["text"]) == "A\nb\nc\nd\n"


@pytest.mark.parametrize(
    "kept", ['    "one = mine(1)"', '    "one = theirs(1)"', '    "one = both\\n",\n    "of = them"']
)
def test_what_was_settled_by_hand_stays_settled(kept: str) -> None:
    text = settled(THREE.text(), 0, kept)
    for sides in (THREE.sides(), THREE.sides(again=False), None):
        found = fixed(text, sides)
        assert found.sources[0] == "".join(json.loads(line.strip(" ,")) for line in kept.split("\n"))
        assert found.sources[1:] == [TWO, "three = theirs(3)", "four = compute(4)", "five = 50"]
        assert found.how is (How.MARKERS if sides is None else How.TEXT)


def test_both_sides_kept_by_hand_are_no_conflict_any_more() -> None:
    both = '    "one = mine(1)\\n",\n    "one = theirs(1)"'
    for sides in (THREE.sides(), THREE.sides(again=False)):
        found = fixed(settled(THREE.text(), 0, both), sides)
        assert found.sources[:2] == ["one = mine(1)\none = theirs(1)", TWO]


def test_what_was_written_elsewhere_stays() -> None:
    text = THREE.text().replace('"four = compute(4)"', '"four = by(hand)\\n",\n    "and = more"')
    found = fixed(text, THREE.sides())
    assert found.sources == [ONE, TWO, "three = theirs(3)", "four = by(hand)\nand = more", "five = 50"]


def test_what_was_deleted_elsewhere_is_gone() -> None:
    text = THREE.text()
    assert fixed(without_line(text, number_of(text, '    "four')), THREE.sides()).sources[3] == ""


def test_git_tells_what_each_side_changed() -> None:
    """Without its base all that differs is a conflict; with it, the side that changed a line counts."""
    base, local = ["first(1)\nsecond(2)", "x = 1"], ["first(10)\nsecond(2)", "x = 2"]
    sides = notebooks(base, local, ["first(1)\nsecond(20)", "x = 3"])
    text = settled(sides.text(), 1, '    "x = 4"')
    assert fixed(text, sides.sides()).sources == ["first(10)\nsecond(20)", "x = 4"]
    assert len(fixed(text).made.conflicts) == 1


def test_edited_between_the_markers() -> None:
    """What base is to such a line nobody can say; so it is shown against the other side's."""
    text = THREE.text().replace('"one = mine(1)"', '"one = mine(1) + by(hand)"')
    found = fixed(text, THREE.sides())
    assert found.sources[0] == conflict(["one = mine(1) + by(hand)"], ["one = theirs(1)"], "HEAD", "topic")
    assert found.how is How.MARKERS


def test_a_line_outside_of_markers_is_never_deleted() -> None:
    """Not even where base says that a side has deleted it: the text has it."""
    base = ["keep = this(line)", "x = 1"]
    sides = notebooks(base, ["x = 2"], ["keep = this(line)", "x = 3"])
    text = notebooks(base, ["keep = this(line)", "x = 2"], ["keep = this(line)", "x = 3"]).text()
    assert fixed(text, sides.sides()).sources[0] == "keep = this(line)"


def test_versions_of_another_time_say_nothing() -> None:
    other = notebooks(["a = 1"], ["a = 2"], ["a = 3"])
    found = fixed(THREE.text(), other.sides())
    assert found.how is How.MARKERS
    assert found.sources[:2] == [ONE, TWO]


def test_no_common_version() -> None:
    """Both added the notebook."""
    text = Three(b"", THREE.local, THREE.remote).text()
    found = fixed(text, Sides(None, THREE.local, THREE.remote, LABELLED.labels))
    assert found.how is How.SIDES
    assert "four = compute(4)" in found.sources


def test_a_side_that_is_broken_itself() -> None:
    """It was committed with its markers, and then git had no more conflicts with it."""
    later = notebooks(BASE, BASE, cells(four="four = later(4)")).remote
    text = THREE.text().replace("four = compute(4)", "four = later(4)")
    found = fixed(text, Sides(THREE.base, THREE.text().encode(), later))
    assert found.sources == [ONE, TWO, "three = theirs(3)", "four = later(4)", "five = 50"]


def test_cells_of_both_sides_at_one_place() -> None:
    """git mixes them, for the lines around are the same; the versions that it merged do not."""
    first, mine, theirs = markdown("first"), code("mine = 1\nmore = 2"), code("theirs = 3")
    sides = three([first], [first, mine], [first, theirs])
    assert fixed(sides.text(), sides.sides()).sources == ["first", "mine = 1\nmore = 2", "theirs = 3"]
    found = fixed(sides.text())
    assert {"mine = 1", "more = 2", "theirs = 3"} <= set("\n".join(found.sources).split("\n"))


def test_nothing_to_do() -> None:
    def nobody() -> Sides:
        raise AssertionError("git was asked about a notebook that is sound")

    assert rebuild(JUPYTER.spell(notebook(markdown("<<<<<<< HEAD"))), nobody) == Sound()
