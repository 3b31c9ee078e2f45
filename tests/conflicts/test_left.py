"""Markers that were forgotten when a conflict was settled by hand, and those that only look like it."""

from __future__ import annotations

from typing import Any

import pytest

from nbmerge.conflicts.finding import find, find_left
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from tests.helpers.build import code, conflict, markdown, notebook, raw
from tests.helpers.spelling import JUPYTER


def of(*cells: dict[str, Any], **fields: Any) -> Notebook:
    return read(JUPYTER.spell(notebook(*cells, **fields)))


def left_in(*cells: dict[str, Any], **fields: Any) -> list[tuple[int, int]]:
    """The cells and lines of the markers that are left."""
    return [(each.cell, each.line) for each in find_left(of(*cells, **fields))]


@pytest.mark.parametrize("make", [code, markdown, raw])
@pytest.mark.parametrize("line", ["<<<<<<< HEAD", ">>>>>>> topic", ">>>>>>>>>>> topic", "<<<<<<<"])
def test_one_marker(make: Any, line: str) -> None:
    assert left_in(make(f"x = 1\n{line}\ny = 2")) == [(0, 1)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_two_of_three(end: str) -> None:
    assert left_in(code(end.join(["<<<<<<< HEAD", "x = 1", ">>>>>>> topic"]))) == [(0, 0), (0, 2)]


@pytest.mark.parametrize("line", ["=======", "||||||| base"])
def test_the_inner_markers_are_some_in_python_code_alone(line: str) -> None:
    source = f"x = 1\n{line}\ny = 2"
    assert left_in(code(source)) == [(0, 1)]
    assert left_in(markdown(source), raw(source), code(f"%%markdown\n{source}")) == []
    julia = {"kernelspec": {"name": "julia", "language": "julia", "display_name": "Julia"}}
    assert left_in(code(source), metadata=julia) == []


def test_what_stands_in_a_whole_conflict_is_none() -> None:
    lesson = f"```\n{conflict(['x'], ['y'], 'HEAD', 'topic')}\n```"
    assert left_in(code(conflict([">>>>>>>>> longer", "x"], ["<<<<<<<< longer"])), markdown(lesson)) == []


def test_a_conflict_that_began_twice() -> None:
    source = f"<<<<<<< HEAD\n{conflict(['x'], ['y'])}"
    assert left_in(code(source)) == [(0, 0)]
    assert len(find(of(code(source)))) == 1


def test_what_nbdime_writes_above_a_deleted_cell_is_a_conflict_of_its_own() -> None:
    assert left_in(code("<<<<<<< LOCAL CELL DELETED >>>>>>>\nx = 1\n>>>>>>> topic")) == [(0, 2)]


@pytest.mark.parametrize(
    "cell",
    [
        markdown(
            "git begins a conflict like this:\n\n```\n<<<<<<< HEAD\n```\n\nand ends it so:\n\n    >>>>>>> x"
        ),
        markdown("The line `<<<<<<< HEAD` begins it, >>>>>>> ends it."),
        markdown("Title\n=======\n\n> quoted\n>> twice"),
        code('begins = """\n<<<<<<< HEAD\n"""\nprint(begins)'),
        code("print('<<<<<<< HEAD')  # >>>>>>> x"),
        code("# <<<<<<< HEAD"),
        code("ok", out="<<<<<<< HEAD\n=======\n>>>>>>> topic\n"),
    ],
)
def test_a_lesson_about_git_leaves_none(cell: dict[str, Any]) -> None:
    assert left_in(cell) == []


def test_what_is_left_beside_an_example() -> None:
    assert left_in(markdown("```\n<<<<<<< HEAD\n```\n>>>>>>> topic")) == [(0, 3)]
    assert left_in(code('a = """\n<<<<<<< HEAD\n"""\n>>>>>>> topic')) == [(0, 3)]
