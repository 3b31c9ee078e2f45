"""Conflicts settled: exactly the side that was chosen, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from nbmerge.conflicts.choosing import Resolution, choose
from nbmerge.conflicts.finding import find
from nbmerge.conflicts.known import KnownMerge, Traced, trace
from nbmerge.conflicts.values import Choice, Chosen, Edited, NotKnown
from nbmerge.merge.engine import merge
from nbmerge.merge.markers import ConflictStyle, MarkerStyle, render
from nbmerge.merge.values import Outputs, Policy, Terms
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from tests.helpers.build import (
    Cell,
    Notebook,
    cells_of,
    code,
    conflict,
    markdown,
    notebook,
    notebook3,
    printed,
    source_of,
)
from tests.helpers.spelling import JUPYTER, Spelling
from tests.helpers.validity import fault

SIDES = (Choice.BASE, Choice.LOCAL, Choice.REMOTE)
PLAIN = Policy()
MARKERS = MarkerStyle()
DIFF3 = MarkerStyle(ConflictStyle.DIFF3)
ODD = Spelling(indent="  ", ascii=True, newline="\r\n", tail="\n\n", colon=" : ")


@dataclass(frozen=True)
class Merge:
    """Three notebooks, and their merge as it stands in the file."""

    versions: Terms[Notebook]
    policy: Policy = PLAIN
    markers: MarkerStyle = MARKERS
    spelling: Spelling = JUPYTER

    @property
    def sides(self) -> Terms[Any]:
        return self.versions.map(lambda each: read(self.spelling.spell(each)))

    @property
    def data(self) -> bytes:
        three = self.sides
        return write(render(merge(three.base, three.local, three.remote, self.policy), self.markers).notebook)

    def settled(self, *choices: Chosen, knowing: bool = True, data: bytes | None = None) -> Notebook:
        """The notebook after these choices, in the order of the conflicts; one alone is for all."""
        found: Notebook = json.loads(write(self.settling(*choices, knowing=knowing, data=data).notebook))
        assert any(map(fault, self.versions)) or fault(found) is None
        return found

    def settling(self, *choices: Chosen, knowing: bool = True, data: bytes | None = None) -> Resolution:
        before = read(self.data if data is None else data)
        known = KnownMerge(self.sides) if knowing else None
        traced = trace(find(before, lambda: known, merging=knowing), before, known)
        return choose(before, _each(traced, choices))


def _each(traced: Sequence[Traced], choices: tuple[Chosen, ...]) -> dict[Traced, Chosen]:
    assert traced
    return dict(zip(traced, choices * (len(traced) if len(choices) == 1 else 1), strict=False))


def one_cell(*cells: Cell, policy: Policy = PLAIN, markers: MarkerStyle = MARKERS) -> Merge:
    """A cell that has these three versions, between two that nobody touched."""
    before, after = code("first = 1", id="first", out="1\n", count=1), markdown("# Last", id="last")
    base, local, remote = (notebook(before, {"id": "one", **cell}, after) for cell in cells)
    return Merge(Terms(base, local, remote), policy, markers)


def of(side: Choice, merge: Merge) -> Notebook:
    found: Notebook = getattr(merge.versions, side.value)
    return found


BOTH_RAN = (
    code("x = 1", count=1, out="one\n", metadata={"tags": ["a"]}),
    code("x = 2", count=2, out="two\n", metadata={"tags": ["b"]}),
    code("x = 3", count=3, out="three\n", metadata={"tags": ["c"]}),
)


# One side.


@pytest.mark.parametrize("style", ConflictStyle)
@pytest.mark.parametrize("side", SIDES)
def test_a_side_is_taken_with_all_that_is_under_it(side: Choice, style: ConflictStyle) -> None:
    """Outputs, count and metadata too."""
    merge = one_cell(*BOTH_RAN, markers=MarkerStyle(style))
    assert merge.settled(side) == of(side, merge)


@pytest.mark.parametrize("side", SIDES)
def test_text_is_taken_with_its_pictures(side: Choice) -> None:
    """Both sides attached another picture under one name: remote's has a new name in the merge."""
    texts = (
        markdown(f"{words} ![](attachment:a.png)", attachments={"a.png": {"image/png": pixels}})
        for words, pixels in (("A figure.", "AAAA"), ("My own figure!", "BBBB"), ("Theirs it is:", "CCCC"))
    )
    merge = one_cell(*texts)
    assert merge.settled(side) == of(side, merge)


@pytest.mark.parametrize("side", SIDES)
def test_the_type_of_a_cell_is_the_side_s(side: Choice) -> None:
    merge = one_cell(code("x = 1", count=1, out="1\n"), markdown("Some text."), code("x = 3"))
    assert merge.settled(side) == of(side, merge)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [False, True])
def test_line_ends_are_as_they_were(side: Choice, end: str, last: bool) -> None:
    merge = one_cell(*(code(f"a = 1{end}b = {n}{end}c = 1{end * last}") for n in (1, 2, 3)))
    assert merge.settled(side) == of(side, merge)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("as_strings", ["base", "local", "remote", "base local remote"])
def test_sources_are_lists_or_strings(side: Choice, as_strings: str) -> None:
    versions = Terms(*(code(f"a = {n}\nb", id="one", count=n, out=f"{n}") for n in (1, 2, 3)))
    for name in as_strings.split():
        cell = getattr(versions, name)
        cell["source"] = source_of(cell)
    merge = Merge(versions.map(notebook))
    assert merge.settled(side) == of(side, merge)


@pytest.mark.parametrize("side", SIDES)
def test_nbformat_3(side: Choice) -> None:
    """`input` and `prompt_number`."""
    merge = Merge(Terms(*(notebook3(markdown("T"), cell) for cell in BOTH_RAN)))
    assert merge.settled(side) == of(side, merge)


@pytest.mark.parametrize("side", SIDES)
def test_cells_without_ids(side: Choice) -> None:
    merge = Merge(Terms(*(notebook(markdown("T"), cell) for cell in BOTH_RAN)))
    assert merge.settled(side) == of(side, merge)


@pytest.mark.parametrize("side", SIDES)
def test_a_cell_is_the_side_s_but_for_its_id(side: Choice) -> None:
    """Both gave the notebook ids of their own; the merged cell keeps the one that it has."""
    versions = (notebook(cell | {"id": name}) for cell, name in zip(BOTH_RAN, "blr", strict=True))
    merge = Merge(Terms(*versions))
    [cell] = cells_of(json.loads(merge.data))
    [taken] = cells_of(merge.settled(side))
    assert taken == cells_of(of(side, merge))[0] | {"id": cell["id"]}


@pytest.mark.parametrize("side", SIDES)
def test_the_file_is_written_as_it_was(side: Choice) -> None:
    sources = (code(f"x = 'é' + {n}", metadata={"n": 1}) for n in (1, 2, 3))
    merge = replace(one_cell(*sources), spelling=ODD)
    assert write(merge.settling(side).notebook) == ODD.spell(of(side, merge))


def test_what_was_under_it_is_told() -> None:
    [told] = one_cell(*BOTH_RAN).settling(Choice.LOCAL).decisions
    assert (told.path, told.took, told.reason) == (
        "/cells/1",
        "local",
        "with its outputs, count and metadata",
    )


def test_the_lines_around_the_markers_stay() -> None:
    """Remote's other change is no conflict, and local's outputs do not belong to what comes out."""
    merge = one_cell(
        code("a = 1\nb = 1\nc = 1\nd = 1", count=1, out="1\n"),
        code("a = 1\nb = 1\nc = 1\nd = 2", count=2, out="2\n"),
        code("a = 3\nb = 1\nc = 1\nd = 3", count=3, out="3\n"),
    )
    _, local, _ = cells_of(merge.settled(Choice.LOCAL))
    assert (source_of(local), local["outputs"], local["execution_count"]) == (
        "a = 3\nb = 1\nc = 1\nd = 2",
        [],
        None,
    )
    assert merge.settled(Choice.REMOTE) == merge.versions.remote


def test_a_comment_of_the_other_side_leaves_the_outputs_valid() -> None:
    merge = one_cell(
        code("a = 1\n\nb = 1\nc = 1", count=1, out="1\n"),
        code("a = 1\n\nb = 1\nc = 2", count=2, out="2\n"),
        code("# the start\na = 1\n\nb = 1\nc = 3", count=3, out="3\n"),
    )
    _, cell, _ = cells_of(merge.settled(Choice.LOCAL))
    assert source_of(cell) == "# the start\na = 1\n\nb = 1\nc = 2"
    assert (cell["outputs"], cell["execution_count"]) == ([printed("2\n")], 2)


def test_without_the_versions_only_the_source_is_known() -> None:
    merge = one_cell(*BOTH_RAN)
    _, cell, _ = cells_of(merge.settled(Choice.LOCAL, knowing=False))
    assert cell == code("x = 2", id="one", metadata={"tags": ["b", "c"]})


def test_base_that_nothing_tells_cannot_be_chosen() -> None:
    with pytest.raises(NotKnown, match="cell 2: what was there before both changes is not known"):
        one_cell(*BOTH_RAN).settled(Choice.BASE, knowing=False)
    shown = one_cell(*BOTH_RAN, markers=DIFF3)
    assert source_of(cells_of(shown.settled(Choice.BASE, knowing=False))[1]) == "x = 1"


@pytest.mark.parametrize("style", ConflictStyle)
def test_base_reaches_beyond_the_markers_where_they_were_narrowed(style: ConflictStyle) -> None:
    """Both sides begin and end alike there: those lines stand around the markers."""
    sources = ("a\n1\nz", "a\nnew\n2\nlast\nz", "a\nnew\n3\nlast\nz")
    merge = one_cell(*map(markdown, sources), markers=MarkerStyle(style))
    assert merge.settled(Choice.BASE) == merge.versions.base


# Both, and a text.


@pytest.mark.parametrize("style", ConflictStyle)
def test_both_is_local_s_lines_and_then_remote_s(style: ConflictStyle) -> None:
    merge = one_cell(*BOTH_RAN, markers=MarkerStyle(style))
    _, cell, _ = cells_of(merge.settled(Choice.BOTH))
    assert (source_of(cell), cell["outputs"], cell["execution_count"]) == ("x = 2\nx = 3", [], None)


@pytest.mark.parametrize(
    ("text", "source"), [("x = 23", "x = 23"), ("x = 5\ny = 6\n", "x = 5\ny = 6\n"), ("", "")]
)
def test_an_edited_text_takes_the_place_of_the_markers(text: str, source: str) -> None:
    _, cell, _ = cells_of(one_cell(*BOTH_RAN).settled(Edited(text)))
    assert (source_of(cell), cell["outputs"], cell["execution_count"]) == (source, [], None)


@pytest.mark.parametrize("side", SIDES)
def test_a_text_that_is_a_side_s_gets_its_outputs(side: Choice) -> None:
    merge = one_cell(*BOTH_RAN)
    expected = cells_of(of(side, merge))[1]
    _, cell, _ = cells_of(merge.settled(Edited(source_of(expected))))
    assert (cell["outputs"], cell["execution_count"]) == (expected["outputs"], expected["execution_count"])


def test_an_edit_in_a_cell_with_other_line_ends() -> None:
    merge = one_cell(*(code(f"a = 1\r\nb = {n}\r\n") for n in (1, 2, 3)))
    assert source_of(cells_of(merge.settled(Edited("b = 5\nb += 1")))[1]) == "a = 1\r\nb = 5\r\nb += 1\r\n"


# Several conflicts.

FAR = [f"# step {n}" for n in range(4)]


def two_in_a_cell() -> Merge:
    sources = ("\n".join([f"a = {n}", *FAR, f"z = {n}"]) for n in (1, 2, 3))
    return one_cell(*(code(each, count=n, out=f"{n}\n") for n, each in enumerate(sources, 1)))


@pytest.mark.parametrize("side", SIDES)
def test_one_side_throughout(side: Choice) -> None:
    merge = two_in_a_cell()
    assert merge.settled(side) == of(side, merge)


def test_a_side_for_each() -> None:
    _, cell, _ = cells_of(two_in_a_cell().settled(Choice.LOCAL, Choice.REMOTE))
    assert source_of(cell) == "\n".join(["a = 2", *FAR, "z = 3"])
    assert (cell["outputs"], cell["execution_count"]) == ([], None)


def test_one_of_them_and_the_other_later() -> None:
    """What git or the history knows of the second is found although the first is gone."""
    merge = two_in_a_cell()
    half = merge.settling(Choice.LOCAL, Edited("z = 5"))
    assert find(half.notebook) == ()
    before = read(merge.data)
    known = KnownMerge(merge.sides)
    first, second = trace(find(before, lambda: known), before, known)
    after = choose(before, {first: Choice.LOCAL}).notebook
    [left] = find(after)
    assert (left.terms.local, left.terms.remote) == ("z = 2", "z = 3")
    [again] = trace([left], after, known)
    assert again.conflict.terms == second.conflict.terms
    assert json.loads(write(choose(after, {again: Choice.LOCAL}).notebook)) == merge.versions.local


# Conflicts that cross, since a third version was merged into lines that held markers.

CROSSED = "\n".join(
    [
        *("first = 1", "<<<<<<< version 2", "a", "<<<<<<<<<<< versions 2 and 3", "=======", "b"),
        *(">>>>>>> version 3", "===========", "c", ">>>>>>>>>>> version 4", "last = 1"),
    ]
)


def after_crossed(choice: Chosen) -> str:
    before = read(JUPYTER.spell(notebook(code(CROSSED, id="one"))))
    [found] = trace(find(before), before, None)
    [cell] = choose(before, {found: choice}).notebook.cells
    return cell.source


def test_the_later_one_is_settled_and_the_earlier_one_is_whole_again() -> None:
    inner = conflict(["a"], ["b"], "version 2", "version 3").split("\n")
    assert after_crossed(Choice.LOCAL).split("\n") == ["first = 1", *inner, "last = 1"]
    assert after_crossed(Choice.BOTH).split("\n") == ["first = 1", *inner, "c", "last = 1"]


@pytest.mark.parametrize(
    ("choice", "lines"), [(Choice.REMOTE, ["c"]), (Edited("d"), ["d"]), (Edited("=======\nd"), ["d"])]
)
def test_no_marker_is_left_alone(choice: Chosen, lines: list[str]) -> None:
    """The other lines of the earlier conflict stand there with the side that has them."""
    assert after_crossed(choice).split("\n") == ["first = 1", "a", *lines, "last = 1"]


# Deleted against edited.


@pytest.mark.parametrize("by", ["local", "remote"])
@pytest.mark.parametrize("choice", [*SIDES, Choice.BOTH])
@pytest.mark.parametrize("knowing", [True, False])
def test_deleted_against_edited(by: str, choice: Choice, knowing: bool) -> None:
    rest = markdown("# Last", id="last")
    versions = Terms(*(notebook({"id": "one", **cell}, rest) for cell in BOTH_RAN))
    gone = notebook(rest)
    versions = Terms(versions.base, *(gone if by == s else getattr(versions, s) for s in ("local", "remote")))
    merge = Merge(versions, markers=MARKERS if knowing else DIFF3)
    edited = versions.remote if by == "local" else versions.local
    expected = edited if choice is Choice.BOTH else of(choice, merge)
    settled = merge.settled(choice, knowing=knowing)
    if knowing or choice.value == by:
        assert settled == expected
    else:
        assert source_of(cells_of(settled)[0]) == source_of(cells_of(expected)[0])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("choice", SIDES)
def test_a_deleted_cell_with_line_ends_of_its_own(end: str, choice: Choice) -> None:
    rest = markdown("# Last", id="last")
    base, edited = (code(f"x = {n}{end}y = 1{end}", id="one", count=n) for n in (1, 2))
    merge = Merge(Terms(notebook(base, rest), notebook(edited, rest), notebook(rest)))
    assert merge.settled(choice) == of(choice, merge)


@pytest.mark.parametrize("by", ["local", "remote"])
def test_a_deleted_cell_that_is_edited_stays(by: str) -> None:
    rest = [code("y = 1", id="two")]
    sides = {"local": [code("x = 2", id="one"), *rest], "remote": [code("x = 3", id="one"), *rest], by: rest}
    base = [code("x = 1", id="one"), *rest]
    merge = Merge(Terms(*(notebook(*cells) for cells in (base, sides["local"], sides["remote"]))))
    assert [source_of(cell) for cell in cells_of(merge.settled(Edited("x = 5")))] == ["x = 5", "y = 1"]
    assert [source_of(cell) for cell in cells_of(merge.settled(Edited("")))] == ["", "y = 1"]


def test_the_empty_side_of_a_cell_is_no_deleted_one() -> None:
    merge = one_cell(code("x = 1"), code(""), code("x = 3"))
    assert merge.settled(Choice.LOCAL) == merge.versions.local


def test_a_cell_that_both_inserted_is_gone_with_its_base() -> None:
    same = {"id": "new"}
    versions = Terms(
        notebook(markdown("T", id="t")),
        notebook(markdown("T", id="t"), code("x = compute(1)", count=1) | same),
        notebook(markdown("T", id="t"), code("x = compute(2)", count=2) | same),
    )
    merge = Merge(versions)
    for side in SIDES:
        assert merge.settled(side) == of(side, merge)


# Nothing else changes.


def test_other_cells_keep_their_bytes() -> None:
    cells = [code(f"x_{n} = 'ü'\n", id=f"c{n}", metadata={"n": n}) for n in range(5)]
    marked = [*cells[:2], code(conflict(["a = 'ä'"], ["b"]), id="it"), *cells[2:]]
    text = ODD.spell(notebook(*marked)).decode().replace('"n" : 3', '"n" :    3.50e0')
    before = read(text.encode())
    [found] = trace(find(before), before, None)
    after = write(choose(before, {found: Choice.LOCAL}).notebook).decode()
    spelled = ODD.spell(notebook(*cells[:2], code("a = 'ä'", id="it"), *cells[2:])).decode()
    assert after == spelled.replace('"n" : 3', '"n" :    3.50e0')


def test_lines_outside_of_the_markers_keep_their_bytes() -> None:
    source = "\n".join(["a = 'ü' # é", conflict(["b"], ["c"]), "=======", ">>>>>>> no", "\t\n"])
    odd = JUPYTER.spell(notebook(code(source, id="it"))).decode().replace("# é", "# \\u00E9").split("\n")
    before = read("\n".join(odd).encode())
    [found] = trace(find(before), before, None)
    after = write(choose(before, {found: Choice.REMOTE}).notebook).decode().split("\n")
    opening = next(at for at, line in enumerate(odd) if "<<<<<<<" in line)
    assert after == [*odd[:opening], *odd[opening + 3 : opening + 4], *odd[opening + 5 :]]


def test_cells_in_which_nothing_was_chosen_stay_the_same_objects() -> None:
    before = read(JUPYTER.spell(notebook(*(code(conflict([f"a{n}"], ["b"]), id=f"c{n}") for n in range(3)))))
    _, second, _ = trace(find(before), before, None)
    after = choose(before, {second: Choice.REMOTE}).notebook
    assert after.cells[0] is before.cells[0]
    assert after.cells[2] is before.cells[2]
    assert [each.cell for each in find(after)] == [0, 2]


def test_nothing_chosen_is_nothing_done() -> None:
    before = read(one_cell(*BOTH_RAN).data)
    assert write(choose(before, {}).notebook) == write(before)


def test_what_an_earlier_choice_brought_under_a_cell_stays() -> None:
    """`--outputs local` was asked for: settling for a mixture takes none of that away."""
    merge = one_cell(*BOTH_RAN, policy=Policy(outputs=Outputs.LOCAL))
    _, cell, _ = cells_of(merge.settled(Choice.BOTH))
    assert cell["outputs"] == BOTH_RAN[1]["outputs"]
