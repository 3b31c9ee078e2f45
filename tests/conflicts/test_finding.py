"""Which conflicts stand in a notebook, and which markers are only an example of some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from nbmerge.conflicts.finding import find, find_in_text
from nbmerge.conflicts.known import KnownMerge
from nbmerge.conflicts.signs import may_hold_conflicts
from nbmerge.conflicts.values import Absent, InFile, OpenConflict, ShownBy
from nbmerge.merge.engine import merge
from nbmerge.merge.markers import DELETED, ConflictStyle, Labels, MarkerStyle, render
from nbmerge.merge.values import Terms
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from tests.helpers.build import code, conflict, markdown, notebook, notebook3, raw
from tests.helpers.spelling import JUPYTER

GIT = Labels("HEAD", "1a2b3c4", "topic")
IN_GIT = MarkerStyle(labels=GIT)
LESSON = conflict(["x = 1"], ["x = 2"], "HEAD", "feature")
FENCED = f"git shows a conflict like this:\n\n```\n{LESSON}\n```\n\nChoose one of them."
QUOTED = f'example = """\n{LESSON}\n"""\nprint(example)'


def of(*cells: dict[str, Any], **fields: Any) -> Notebook:
    return read(JUPYTER.spell(notebook(*cells, **fields)))


def texts(found: tuple[OpenConflict, ...]) -> list[tuple[Any, Any]]:
    """What local and remote have, conflict by conflict."""
    return [(each.terms.local, each.terms.remote) for each in found]


@dataclass(frozen=True)
class Merged:
    """Three notebooks and what their merge left in the file."""

    known: KnownMerge
    notebook: Notebook

    def found(self) -> tuple[OpenConflict, ...]:
        """The conflicts while git still has the three."""
        return find(self.notebook, lambda: self.known, merging=True)

    def found_later(self) -> tuple[OpenConflict, ...]:
        """The conflicts when nothing but the file is left."""
        return find(self.notebook)


def merged(*three: list[dict[str, Any]], markers: MarkerStyle = IN_GIT) -> Merged:
    base, local, remote = (of(*cells) for cells in three)
    result = render(merge(base, local, remote), markers)
    return Merged(KnownMerge(Terms(base, local, remote)), read(write(result.notebook)))


def one_cell(*sources: str, make: Any = code, markers: MarkerStyle = IN_GIT) -> Merged:
    """A merge of notebooks with one cell."""
    return merged(*([make(source, id="one")] for source in sources), markers=markers)


# Where a conflict stands, and what it shows.


@pytest.mark.parametrize("style", ConflictStyle)
def test_each_style_of_ours(style: ConflictStyle) -> None:
    sources = "a = 1\nb = 1\nc = 1", "a = 1\nb = 2\nc = 1", "a = 1\nb = 3\nc = 1"
    [found] = one_cell(*sources, markers=MarkerStyle(style, GIT)).found()
    shows_base = style is not ConflictStyle.MERGE
    assert found.terms == Terms("b = 1" if shows_base else Absent.UNKNOWN, "b = 2", "b = 3")
    assert found.labels == Labels("HEAD", "1a2b3c4" if shows_base else "", "topic")
    assert (found.cell, found.id, found.writer) == (0, "one", ShownBy.NBMERGE)


def test_several_in_one_cell_and_in_several_cells() -> None:
    two = f"{conflict(['a'], ['b'])}\nx = 1\n{conflict(['c'], ['d'])}"
    found = find(of(code("ok = 1"), code(two), markdown(conflict(["e"], [])), raw(conflict([], ["f"]))))
    assert [each.cell for each in found] == [1, 1, 2, 3]
    assert texts(found) == [("a", "b"), ("c", "d"), ("e", ""), ("", "f")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_are_no_part_of_the_terms(end: str, last: bool) -> None:
    source = end.join(["x = 0", *conflict(["a", "b"], ["c"]).split("\n")]) + end * last
    [found] = find(of(code(source)))
    assert texts((found,)) == [("a\nb", "c")]
    assert found.labels == Labels("local", "", "remote")


def test_nbformat_3() -> None:
    source = conflict(["a"], ["b"])
    [found] = find(read(JUPYTER.spell(notebook3(code("x = 1"), code(source)))))
    assert (found.cell, found.id, texts((found,))) == (1, None, [("a", "b")])


@pytest.mark.parametrize("minor", [4, 5])
def test_a_cell_without_an_id_is_named_by_its_place(minor: int) -> None:
    [found] = find(of(markdown("# T"), code(conflict(["a"], ["b"])), minor=minor))
    assert (found.cell, found.id) == (1, None)


def test_a_source_that_is_one_string() -> None:
    cell = code("") | {"source": conflict(["a"], ["b"])}
    assert texts(find(of(cell))) == [("a", "b")]


@pytest.mark.parametrize("side", ["local", "remote"])
def test_a_side_that_deleted_the_cell(side: str) -> None:
    base, edited = [code("x = 1", id="one"), code("y = 1", id="two")], [code("x = 2", id="one")]
    sides = {"local": edited + base[1:], "remote": edited + base[1:], side: base[1:]}
    [found] = merged(base, sides["local"], sides["remote"]).found()
    assert getattr(found.terms, side) is Absent.DELETED
    assert set(*texts((found,))) == {"x = 2", Absent.DELETED}
    assert found.labels == Labels("HEAD", "", "topic")


def test_who_wrote_into_a_deleted_side_wants_the_cell() -> None:
    [found] = find(of(code(conflict(["typed"], ["x"], f"HEAD {DELETED}"))))
    assert texts((found,)) == [("typed", "x")]


def test_a_merge_of_bases_shows_its_own_markers_inside() -> None:
    """As git's diff3 style does after a criss-cross: they belong to the base."""
    inner = conflict(["x = 1"], ["x = 2"], "Temporary merge branch 1", "Temporary merge branch 2")
    inner = inner.replace("<<<<<<<", "<" * 9).replace("=======", "=" * 9).replace(">>>>>>>", ">" * 9)
    lines = ["<<<<<<< HEAD", "x = 3", "||||||| merged", *inner.split("\n"), "=======", "x = 4", ">>>>>>> t"]
    [found] = find(of(code("\n".join(lines))))
    assert found.terms == Terms(inner, "x = 3", "x = 4")


def test_a_conflict_in_which_another_one_stands_is_one() -> None:
    inner = conflict(["x = 1"], ["x = 2"])
    [found] = find(of(code(conflict(inner.split("\n"), ["x = 3"]))))
    assert texts((found,)) == [(inner, "x = 3")]


def test_markers_that_are_not_whole_are_lines() -> None:
    assert find(of(code("<<<<<<< HEAD\nx = 1\n>>>>>>> topic"), markdown("Title\n======="))) == ()


def test_markers_of_any_length_from_seven_on() -> None:
    merge = one_cell("x = 1", "x = 2", "x = 3", markers=MarkerStyle(size=12))
    assert texts(merge.found()) == [("x = 2", "x = 3")]


# Files that are no notebooks any more.


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_markers_that_git_leaves_in_a_file(end: bytes) -> None:
    data = end.join([b"{", b"<<<<<<< HEAD", b' "a": 1', b"=======", b' "a": 2', b">>>>>>> topic", b"}", b""])
    [found] = find_in_text(data)
    assert (found.place, found.cell, found.writer) == (InFile(2), None, ShownBy.GIT)
    assert texts((found,)) == [(' "a": 1', ' "a": 2')]
    assert found.labels == Labels("HEAD", "", "topic")


def test_lines_are_counted_as_editors_count_them() -> None:
    data = '{"a": "\u2028"}\n<<<<<<< HEAD\n=======\n>>>>>>> topic\n'.encode()
    assert [each.place for each in find_in_text(data)] == [InFile(2)]


# What need not be read.


@pytest.mark.parametrize("source", [conflict(["a"], ["b"]), FENCED])
@pytest.mark.parametrize("escaped", [b"\\u003c", b"\\u003C", b"<"])
def test_bytes_with_markers_are_worth_reading(source: str, escaped: bytes) -> None:
    data = JUPYTER.spell(notebook(code(source)))
    assert may_hold_conflicts(data.replace(b"<", escaped))


def test_bytes_without_markers_are_not() -> None:
    assert not may_hold_conflicts(JUPYTER.spell(notebook(code("if a << 3 < b:\n    x = 1"), markdown("# é"))))


# Examples: nothing but the file is known.


@pytest.mark.parametrize(
    "cell",
    [
        markdown(FENCED),
        markdown(FENCED.replace("```", "~~~~")),
        code(QUOTED),
        code(QUOTED.replace('"""', "'''")),
        code(f"%matplotlib inline\n!git merge feature\n{QUOTED}"),
    ],
)
def test_a_lesson_about_git_is_no_conflict(cell: dict[str, Any]) -> None:
    assert find(of(cell)) == ()


@pytest.mark.parametrize(
    "cell",
    [
        markdown(LESSON),
        markdown(f"```\ncode\n```\n{LESSON}\n```\nmore\n```"),
        markdown(f"```\n{LESSON.replace('x = 1', '```')}"),
        markdown(f"```\n{LESSON}"),
        code(LESSON),
        code(f'"""a text"""\n{LESSON}'),
        code(f"# it's\n{LESSON}\n# it's"),
        raw(f"```\n{LESSON}\n```"),
        code(f"%%bash\n{QUOTED}"),
    ],
)
def test_markers_that_the_cell_does_not_quote_are_a_conflict(cell: dict[str, Any]) -> None:
    assert [each.terms.remote for each in find(of(cell))] == ["x = 2"]


def test_only_python_has_strings_that_we_know() -> None:
    julia = {"kernelspec": {"display_name": "Julia", "language": "julia", "name": "julia"}}
    assert len(find(of(code(QUOTED), metadata=julia))) == 1


@pytest.mark.parametrize(
    "labels",
    [("local", "remote"), ("version 2, jupyterlab", "version 13"), ("versions 2 and 3", "version 4, agent")],
)
def test_labels_that_nbmerge_gives_are_no_lesson(labels: tuple[str, str]) -> None:
    shown = conflict(["x = 1"], ["x = 2"], *labels)
    assert len(find(of(markdown(f"```\n{shown}\n```")))) == 1


@pytest.mark.parametrize("labels", [GIT, Labels()])
def test_a_true_conflict_beside_the_lesson(labels: Labels) -> None:
    """The markers of the merge are longer than those that stood there."""
    markers = MarkerStyle(labels=labels)
    sources = (f"{FENCED}\n\n{word}" for word in ("one.", "First of all.", "Second!"))
    merge = one_cell(*sources, make=markdown, markers=markers)
    assert texts(merge.found_later()) == texts(merge.found()) == [("First of all.", "Second!")]


def test_a_true_conflict_in_the_code_beside_the_lesson() -> None:
    merge = one_cell(*(f"{QUOTED}\nx = {n}" for n in (1, 2, 3)))
    assert texts(merge.found_later()) == texts(merge.found()) == [("x = 2", "x = 3")]


def test_a_true_conflict_that_was_there_before_is_not_hidden_by_a_new_one() -> None:
    """Somebody committed markers, and the next merge left longer ones in the same cell."""
    left = conflict(["a"], ["b"], "HEAD", "old")
    merge = one_cell(*(f"{left}\nx = {n}" for n in (1, 2, 3)))
    assert texts(merge.found_later()) == [("a", "b"), ("x = 2", "x = 3")]


# Examples: the merged versions are known.


@pytest.mark.parametrize("lesson", [markdown(FENCED, id="l"), code(QUOTED, id="l")])
@pytest.mark.parametrize("sides", ["b l r", "l", "r", "l r"])
def test_a_lesson_in_versions_that_were_merged(lesson: dict[str, Any], sides: str) -> None:
    three = ([lesson] if side in sides.split() else [] for side in "blr")
    rest = ([code("x = 1", id="x")], [code("x = 2", id="x")], [code("x = 3", id="x")])
    merge = merged(*(first + last for first, last in zip(three, rest, strict=True)))
    assert texts(merge.found()) == [("x = 2", "x = 3")]


@pytest.mark.parametrize("lesson", [markdown(LESSON, id="l"), code(LESSON, id="l"), raw(LESSON, id="l")])
def test_markers_that_all_versions_have_are_none_of_the_merge_s(lesson: dict[str, Any]) -> None:
    rest = ([code("x = 1", id="x")], [code("x = 2", id="x")], [code("x = 3", id="x")])
    merge = merged(*([lesson, *cells] for cells in rest))
    assert texts(merge.found()) == [("x = 2", "x = 3")]


def test_markers_that_one_side_brought_are_judged_by_what_they_look_like() -> None:
    merge = merged([], [code(LESSON, id="l")], [code("x = 2", id="x")])
    assert texts(merge.found()) == [("x = 1", "x = 2")]


IN_A_FENCE = tuple(f"```\n{line}\n```" for line in ("git merge", "git merge --no-ff topic", "git pull"))
IN_A_STRING = tuple(f'def area():\n    """\n{line}\n    """' for line in ("one", "the first", "a second"))


@pytest.mark.parametrize(("sources", "make"), [(IN_A_FENCE, markdown), (IN_A_STRING, code)])
def test_a_true_conflict_that_looks_like_a_lesson(sources: tuple[str, ...], make: Any) -> None:
    merge = one_cell(*sources, make=make)
    _, local, remote = (source.split("\n")[-2] for source in sources)
    assert texts(merge.found()) == [(local, remote)]
    assert merge.found_later() == ()  # nobody could tell


@pytest.mark.parametrize(("sources", "make"), [(IN_A_FENCE, markdown), (IN_A_STRING, code)])
@pytest.mark.parametrize("named", [True, False])
def test_the_same_after_somebody_worked_on_it(sources: tuple[str, ...], make: Any, named: bool) -> None:
    """It is not as the merge left it, but no version has such markers and the merge has them there."""
    merge = merged(*([make(source, id="one" if named else None)] for source in sources))
    [cell] = merge.notebook.cells
    edited = of(make(cell.source.replace("=======", "and more\n=======")) | ({"id": "one"} if named else {}))
    [found] = Merged(merge.known, edited).found()
    assert str(found.terms.local).endswith("\nand more")


def test_a_lesson_that_somebody_works_on_while_git_waits() -> None:
    lessons = (QUOTED, QUOTED, QUOTED)
    rest = ([code("x = 1", id="x")], [code("x = 2", id="x")], [code("x = 3", id="x")])
    merge = merged(*([code(lesson, id="l"), *cells] for lesson, cells in zip(lessons, rest, strict=True)))
    first, second = merge.notebook.cells
    edited = of(code(first.source.replace("x = 1", "x = 7"), id="l"), code(second.source, id="x"))
    assert texts(Merged(merge.known, edited).found()) == [("x = 2", "x = 3")]


def test_what_was_merged_is_asked_for_only_where_it_tells_something() -> None:
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)

    find(of(code(LESSON), code("x = 1")), ask)
    assert not asked
    find(of(markdown(FENCED), markdown(FENCED), code(QUOTED)), ask)
    assert len(asked) == 1
