"""Conflicts between cells that are markers as a whole, as nbdev and databooks write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbmerge.conflicts.choosing import Resolution, choose
from nbmerge.conflicts.finding import find, find_left
from nbmerge.conflicts.known import Traced
from nbmerge.conflicts.signs import may_hold_conflicts
from nbmerge.conflicts.values import Absent, CellRuns, Choice, Edited, NotKnown, OpenConflict, ShownBy
from nbmerge.merge.markers import Labels
from nbmerge.merge.values import Terms
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from tests.helpers.build import code, markdown, notebook
from tests.helpers.spelling import JUPYTER

QUOTED = ("`<<<<<<< HEAD`", "`=======`", "`>>>>>>> topic`")
SHORT = ("`<<<<<< HEAD`", "`======`", "`>>>>>> topic`")
PLAIN = ("<<<<<<< HEAD", "=======", ">>>>>>> topic")
FORMS = [QUOTED, SHORT, PLAIN]
OURS, MORE = code("x = 1", id="ours", count=1, out="1"), markdown("more", id="more")
THEIRS = code("x = 2", id="theirs", count=2, out="2")
BEFORE, AFTER = code("a", id="before"), code("z", id="after")


def of(*cells: dict[str, Any]) -> Notebook:
    return read(JUPYTER.spell(notebook(*cells)))


def between(form: tuple[str, str, str], ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> Notebook:
    """Both sides' cells between marker cells, which get no ids from those who write them."""
    opening, middle, closing = (markdown(source) for source in form)
    return of(BEFORE, opening, *ours, middle, *theirs, closing, AFTER)


def settled(before: Notebook, choice: Choice | Edited) -> Resolution:
    return choose(before, {Traced(conflict): choice for conflict in find(before)})


def cells(after: Resolution) -> Any:
    return json.loads(write(after.notebook))["cells"]


@pytest.mark.parametrize("form", FORMS)
def test_the_cells_of_both_sides(form: tuple[str, str, str]) -> None:
    before = between(form, [OURS, MORE], [THEIRS])
    assert find(before) == (
        OpenConflict(
            CellRuns(1, 4, 6),
            None,
            ShownBy.NBDEV,
            Labels("HEAD", "", "topic"),
            Terms(Absent.UNKNOWN, "x = 1\n\nmore", "x = 2"),
        ),
    )
    assert find_left(before) == ()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("choice", "left"),
    [
        (Choice.LOCAL, [OURS, MORE]),
        (Choice.REMOTE, [THEIRS]),
        (Choice.BOTH, [OURS, MORE, THEIRS]),
        (Edited(""), []),
    ],
)
def test_what_is_chosen_is_all_that_is_left(
    form: tuple[str, str, str], choice: Choice | Edited, left: list[dict[str, Any]]
) -> None:
    """Cells keep their outputs, counts and metadata, as those who kept both sides have them."""
    after = settled(between(form, [OURS, MORE], [THEIRS]), choice)
    assert cells(after) == [BEFORE, *left, AFTER]
    assert find(after.notebook) == ()
    assert find_left(after.notebook) == ()


def test_base_is_not_known() -> None:
    with pytest.raises(NotKnown):
        settled(between(QUOTED, [OURS], [THEIRS]), Choice.BASE)


def test_a_side_without_cells() -> None:
    assert cells(settled(between(QUOTED, [], [THEIRS]), Choice.LOCAL)) == [BEFORE, AFTER]


def test_several_conflicts() -> None:
    opening, middle, closing = (markdown(source) for source in QUOTED)
    once = [opening, OURS, middle, THEIRS, closing]
    assert [conflict.place for conflict in find(of(*once, *once))] == [CellRuns(0, 2, 4), CellRuns(5, 7, 9)]


def test_both_sides_of_one_cell_get_ids_of_their_own() -> None:
    same = THEIRS | {"id": "ours"}
    after = settled(between(QUOTED, [OURS], [same]), Choice.BOTH)
    ids = [cell["id"] for cell in cells(after)]
    assert ids[:2] == ["before", "ours"]
    assert len(set(ids)) == 4
    assert [decision.path for decision in after.decisions] == ["/cells/2/id"]
    assert settled(between(QUOTED, [OURS], [same]), Choice.REMOTE).decisions == ()


def test_labels_with_blanks_and_backticks() -> None:
    """A rebase names a commit with its subject."""
    [found] = find(between((QUOTED[0], QUOTED[1], "`>>>>>>> 1a2b3c4 (mend `f` again)`"), [OURS], [THEIRS]))
    assert found.labels == Labels("HEAD", "", "1a2b3c4 (mend `f` again)")


def test_markers_that_a_notebook_escapes() -> None:
    data = write(between(SHORT, [OURS], [THEIRS]))
    assert may_hold_conflicts(data)
    assert may_hold_conflicts(data.replace(b"<", b"\\u003c"))
    assert not may_hold_conflicts(write(of(OURS, THEIRS)))


@pytest.mark.parametrize(
    "sources",
    [
        ("The marker `<<<<<<< HEAD` begins it", "`=======`", "`>>>>>>> topic`"),
        ("`<<<<<<< HEAD`", "`=======`", "`>>>>>> topic`"),  # of two lengths
        ("`<<<<<<< HEAD`", "=======", "`>>>>>>> topic`"),
        ("`<<<<<<< HEAD`", "`>>>>>>> topic`", "`=======`"),
        ("```\n<<<<<<< HEAD\n```", "```\n=======\n```", "```\n>>>>>>> topic\n```"),
    ],
)
def test_what_is_no_whole_conflict(sources: tuple[str, str, str]) -> None:
    assert find(between(sources, [OURS], [THEIRS])) == ()


def test_code_cells_and_raw_cells_are_no_marker_cells() -> None:
    assert find(of(*(code(source) for source in QUOTED))) == ()


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_marker_cells_that_were_left(gone: int) -> None:
    """A separator alone may be an ornament."""
    sources = [source for place, source in enumerate(QUOTED) if place != gone]
    left = find_left(of(OURS, *(markdown(source) for source in sources)))
    assert [each.text for each in left] == [source for source in sources if "=" not in source]


def test_a_marker_cell_of_nbdime_s_that_was_left() -> None:
    red = '<span style="color:red"><b>{}</b></span>'
    left = find_left(of(markdown(red.format("<<<<<<< local")), OURS, markdown(red.format("======="))))
    assert [each.cell for each in left] == [0, 2]
