"""Conflicts of nbdime's that are none, that cannot be known, or that somebody has been at since."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbmerge.conflicts.nbdime import find_nbdime, settle_nbdime
from nbmerge.conflicts.signs import may_hold_conflicts
from nbmerge.conflicts.values import (
    Absent,
    CellRuns,
    Choice,
    Chosen,
    Edited,
    InMetadata,
    InOutputs,
    NotKnown,
    OpenConflict,
)
from nbmerge.merge.values import Terms
from nbmerge.notebook import read, write
from tests.conflicts.by_nbdime import merged
from tests.helpers.build import Cell, Notebook, Trio, code, lines, markdown, notebook, printed, shown
from tests.helpers.spelling import JUPYTER, Literal

MARKERS = OPENING, SEPARATOR, CLOSING = "<<<<<<< local", "=======", ">>>>>>> remote"
A, B, C = (code(f"{name} = compute({name})", id=name) for name in "abc")


def span(marker: str) -> str:
    return f'<span style="color:red"><b>{marker}</b></span>'


def cell_marker(marker: str, id: str) -> Cell:
    return markdown(span(marker), id=id)


def stderr(text: str) -> dict[str, Any]:
    return printed(text) | {"name": "stderr"}


def found(*cells: Cell, metadata: dict[str, Any] | None = None) -> tuple[OpenConflict, ...]:
    return find_nbdime(read(JUPYTER.spell(notebook(*cells, metadata=metadata))))


def settled(before: Notebook, choice: Chosen, only: type | None = None) -> Notebook:
    """The notebook with one choice for all its conflicts, or those of one kind."""
    whole = read(JUPYTER.spell(before))
    chosen = {one: choice for one in find_nbdime(whole) if only is None or isinstance(one.place, only)}
    after: Notebook = json.loads(write(settle_nbdime(whole, chosen)))
    return after


def ids(settled: Notebook) -> list[str]:
    return [cell["id"] for cell in settled["cells"]]


@pytest.mark.parametrize(
    "cell",
    [
        markdown(f"nbdime writes\n```\n{span(OPENING)}\n{span(SEPARATOR)}\n{span(CLOSING)}\n```", id="x"),
        markdown(f"{span(OPENING)}\nmine\n{span(SEPARATOR)}\nyours\n{span(CLOSING)}", id="x"),
        markdown("A cell that was deleted says `<<<<<<< LOCAL CELL DELETED >>>>>>>`", id="x"),
        markdown("```\n<<<<<<< LOCAL CELL DELETED >>>>>>>\n```", id="x"),
        code("x", id="x", outputs=[stderr(f"{OPENING}\n")]),
        code("x", id="x", outputs=[printed(f"{OPENING}\na\n{SEPARATOR}\nb\n{CLOSING}\n")]),
        code("x", id="x", outputs=[stderr("<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n")]),
        code("x", id="x", outputs=[stderr(f"{CLOSING}\n"), stderr(f"{SEPARATOR}\n"), stderr(f"{OPENING}\n")]),
        code("x", id="x", metadata={"local_metadata": {"a": 1}, "metadata": {"a": 2}}),
        code("x", id="x", metadata={"local_metadata": "a", "remote_metadata": "b"}),
        code("x", id="x", metadata={"local_id": "a", "remote_id": "b"}),
        code("x", id="x", metadata={"nbdime-conflicts": "none that I know of"}),
        code("x", id="x", metadata={"nbdime-conflicts": {"local_diff": []}}),
        code("x", id="x", metadata={"conflicts": {"local_diff": [], "remote_diff": []}}),
        markdown("![x](attachment:x)", id="x", attachments={"LOCAL_x": {}, "REMOTE_x": {}}),
    ],
)
def test_what_only_looks_like_it_is_no_conflict(cell: Cell) -> None:
    assert found(A, cell, B) == ()


def test_marker_cells_that_do_not_make_a_whole_conflict_are_cells() -> None:
    opening, separator, closing = (
        cell_marker(marker, f"m{number}") for number, marker in enumerate((OPENING, SEPARATOR, CLOSING))
    )
    assert found(opening, A) == found(opening, A, separator, B) == found(closing, separator, opening) == ()
    assert found(opening, A, closing) == found(A, code(span(OPENING), id="o"), separator, B, closing) == ()


def test_nothing_costs_a_notebook_that_nbdime_never_saw() -> None:
    """It need not even be parsed."""
    assert not may_hold_conflicts(
        JUPYTER.spell(notebook(A, markdown("a == b < c, caf\u00e9 \u00a0", id="x")))
    )
    assert not may_hold_conflicts(
        json.dumps(notebook(markdown("caf\u00e9 \u00a0 \u2028 \x1b[0m", id="x"))).encode()
    )


NESTED = notebook(
    *(cell_marker(OPENING, "o1"), A, cell_marker(OPENING, "o2"), B, cell_marker(SEPARATOR, "s2")),
    *(C, cell_marker(CLOSING, "c2"), cell_marker(SEPARATOR, "s1")),
    *(code("d", id="d"), cell_marker(CLOSING, "c1"), code("e", id="e")),
)


def test_runs_in_runs_are_conflicts_of_their_own() -> None:
    places = [one.place for one in find_nbdime(read(JUPYTER.spell(NESTED)))]
    assert places == [CellRuns(0, 7, 9), CellRuns(2, 4, 6)]
    assert ids(settled(NESTED, Choice.LOCAL)) == ["a", "b", "e"]
    assert ids(settled(NESTED, Choice.REMOTE)) == ["d", "e"]
    assert ids(settled(NESTED, Choice.BOTH)) == ["a", "b", "c", "d", "e"]


def test_an_inner_run_is_settled_and_the_outer_one_stays() -> None:
    whole = read(JUPYTER.spell(NESTED))
    outer, inner = find_nbdime(whole)
    after = settle_nbdime(whole, {inner: Choice.REMOTE})
    assert [one.place for one in find_nbdime(after)] == [CellRuns(0, 3, 5)]
    for choice, left in ((Choice.LOCAL, ["a", "b", "e"]), (Choice.REMOTE, ["d", "e"])):
        both = settle_nbdime(whole, {outer: choice, inner: Edited("f")})
        assert [cell.id for cell in both.cells] == left


def test_markers_stand_in_order_and_each_belongs_to_the_nearest() -> None:
    texts = ("=======", ">>>>>>> remote", "<<<<<<< local", "1", "=======", "=======", "2", ">>>>>>> remote")
    outputs = [stderr(f"{text}\n") for text in texts]
    before = notebook(code("x", id="x", outputs=outputs))
    assert [one.place for one in found(*before["cells"])] == [InOutputs(0, 2, 4, 7)]
    assert settled(before, Choice.LOCAL)["cells"][0]["outputs"] == [*outputs[:2], outputs[3]]
    assert settled(before, Choice.REMOTE)["cells"][0]["outputs"] == [*outputs[:2], *outputs[5:7]]


def test_a_marker_cell_may_have_got_a_line_end() -> None:
    cells = (markdown(f"{span(marker)}\n", id=f"m{place}") for place, marker in enumerate(MARKERS))
    assert [one.place for one in found(*cells)] == [CellRuns(0, 1, 2)]


RAN: dict[str, Any] = {"outputs": [shown({"text/plain": ["7"]})], "execution_count": 3}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a = compute(a)\n\nb = compute(b)", ["a", "b"]),  # what local has
        ("c = compute(c)", ["c"]),  # what remote has
        ("a = compute(a)\n\nb = compute(b)\n\nc = compute(c)", ["a", "b", "c"]),
        ("both = compute(a, b, c)", ["a"]),
        ("", []),
    ],
)
def test_a_text_in_place_of_runs_of_cells_is_one_cell_unless_it_is_theirs(text: str, left: list[str]) -> None:
    local, remote = (A | RAN, B | RAN), (C | RAN,)
    before = notebook(
        *(cell_marker(OPENING, "o"), *local, cell_marker(SEPARATOR, "s"), *remote, cell_marker(CLOSING, "c"))
    )
    after = settled(before, Edited(text))
    assert ids(after) == left
    theirs = text in (
        "\n\n".join("".join(cell["source"]) for cell in run) for run in (local, remote, local + remote)
    )
    for cell in after["cells"]:
        assert (cell["outputs"], cell["execution_count"]) == ((RAN["outputs"], 3) if theirs else ([], None))


def test_a_text_in_place_of_a_deleted_cell_is_its_source() -> None:
    first = "<<<<<<< REMOTE CELL DELETED >>>>>>>\n"
    cell = code(f"{first}x = 1", id="x", **RAN, metadata={"k": 1})
    assert settled(notebook(cell), Edited("x = 1")) == notebook(cell | {"source": ["x = 1"]})
    stale = {"source": ["x = 2\n", "y"], "outputs": [], "execution_count": None}
    assert settled(notebook(cell), Edited("x = 2\ny")) == notebook(cell | stale)


def test_outputs_cannot_be_written_by_hand() -> None:
    outputs = [stderr(f"{OPENING}\n"), printed("1"), stderr(f"{SEPARATOR}\n"), stderr(f"{CLOSING}\n")]
    with pytest.raises(NotKnown, match=r"^cell 2: outputs cannot be edited: choose local, remote or both$"):
        settled(notebook(A, code("x", id="x", outputs=outputs)), Edited("2"))


def joined_streams(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Outputs as JupyterLab has them: streams of one name that follow each other are one."""
    after: list[dict[str, Any]] = []
    for output in outputs:
        if after and output.get("name", 1) == after[-1].get("name"):
            after[-1] = after[-1] | {"text": after[-1]["text"] + output["text"]}
        else:
            after.append(output)
    return after


@pytest.mark.parametrize("local", [[stderr("one\ntwo\n")], [], [printed("1\n"), stderr("one\n")]])
@pytest.mark.parametrize("remote", [[stderr("three\n")], [printed("3\n")], [stderr("= 3\n"), shown({})]])
@pytest.mark.parametrize("around", [[], [stderr("warning\n")]])
def test_markers_that_have_become_lines_of_their_neighbours(
    local: list[Any], remote: list[Any], around: list[Any]
) -> None:
    marks = [
        stderr(f"{text}\n")
        for text in (f"{OPENING} <modified: text/plain>", SEPARATOR, f"{CLOSING} <removed>")
    ]
    outputs = [*around, marks[0], *local, marks[1], *remote, marks[2], *around]
    before = notebook(code("x", id="x", outputs=joined_streams(outputs)))
    assert [type(one.place) for one in found(*before["cells"])] == [InOutputs]
    for choice, run in ((Choice.LOCAL, local), (Choice.REMOTE, remote), (Choice.BOTH, local + remote)):
        after = settled(before, choice)["cells"][0]["outputs"]
        assert joined_streams(after) == joined_streams([*around, *run, *around])


def test_outputs_in_conflict_inside_outputs_in_conflict() -> None:
    inner = [
        stderr(f"{OPENING}\n"),
        printed("1"),
        stderr(f"{SEPARATOR}\n"),
        printed("2"),
        stderr(f"{CLOSING}\n"),
    ]
    outputs = [
        stderr(f"{OPENING} <a>\n"),
        printed("0"),
        stderr(f"{SEPARATOR}\n"),
        *inner,
        stderr(f"{CLOSING}\n"),
    ]
    before = notebook(code("x", id="x", outputs=outputs))
    assert [one.place for one in found(*before["cells"])] == [InOutputs(0, 0, 2, 8), InOutputs(0, 3, 5, 7)]
    assert settled(before, Choice.LOCAL)["cells"][0]["outputs"] == [printed("0")]
    assert settled(before, Choice.REMOTE)["cells"][0]["outputs"] == [printed("2")]


def test_what_people_see_of_outputs() -> None:
    local = [
        shown({"image/png": "iVBO" * 300, "text/plain": ["<Figure>"]}),
        {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": ["..."]},
    ]
    outputs = [
        stderr(f"{OPENING}\n"),
        *local,
        stderr(f"{SEPARATOR}\n"),
        printed("1\n2\n"),
        stderr(f"{CLOSING}\n"),
    ]
    [one] = found(code("x", id="x", outputs=outputs))
    assert one.terms == Terms(
        Absent.UNKNOWN, "<image/png, 1,200 characters>\n<Figure>\nKeyError: 'x'", "1\n2"
    )


def of_metadata(*values: Any) -> Notebook:
    """What nbdime makes of three values of one key of the notebook's metadata."""
    return merged(Trio(*(notebook(A, metadata={"k": value}) for value in values))).notebook


@pytest.mark.parametrize(
    ("values", "stands"),
    [
        # local's first line is merged; the place of the conflict is still counted without it
        (("one\ntwo\nthree\n", "zero\none\n2\nthree\n", "one\nzwei\nthree\n"), "zero\none\ntwo\nthree\n"),
        (([1, 2, 3], [0, 1, 7, 3], [1, 8, 3]), [0, 1, 2, 3]),
        (([1], [0, 2, 1], [0, 3, 1]), [0, 1]),
    ],
)
def test_a_side_is_not_guessed_where_what_was_merged_may_have_moved_it(values: Any, stands: Any) -> None:
    before = of_metadata(*values)
    [one] = found(*before["cells"], metadata=before["metadata"])
    assert (one.terms.local, one.terms.remote) == (Absent.UNKNOWN, Absent.UNKNOWN)
    for choice in (Choice.LOCAL, Choice.REMOTE, Choice.BOTH):
        with pytest.raises(
            NotKnown, match=r"^the notebook's metadata: .* not known: choose another side, or edit$"
        ):
            settled(before, choice)
    assert settled(before, Choice.BASE)["metadata"] == {"k": stands}


def test_places_are_trusted_where_one_side_s_are_still_at_the_end() -> None:
    before = of_metadata([1, 2], [1, 7, 2], [1, 8])
    assert settled(before, Choice.LOCAL)["metadata"] == {"k": [1, 7, 2]}
    assert settled(before, Choice.REMOTE)["metadata"] == {"k": [1, 8]}


def test_a_long_line_is_not_compared() -> None:
    """It would take minutes."""
    change = [{"op": "patch", "key": 0, "diff": [{"op": "addrange", "key": 0, "valuelist": "b"}]}]
    record = [{"op": "patch", "key": "k", "diff": change}]
    known = {"k": "ab" * 40_000, "nbdime-conflicts": {"local_diff": record, "remote_diff": record}}
    [one] = found(A, metadata=known)
    assert one.terms.local is Absent.UNKNOWN


def test_a_line_that_one_changed_and_the_other_replaced_leaves_nothing_to_trust() -> None:
    before = of_metadata("A study", "A big study", "The study of x")
    assert before["metadata"]["k"] == "The study of xA study"  # nbdime's own slip
    [one] = found(*before["cells"], metadata=before["metadata"])
    assert one.terms == Terms(Absent.UNKNOWN, Absent.UNKNOWN, Absent.UNKNOWN)
    assert settled(before, Edited('{"k": "The big study of x"}'))["metadata"] == {"k": "The big study of x"}


BEYOND = {"op": "patch", "key": 99, "diff": []}


@pytest.mark.parametrize(
    "diff",
    [
        [{"op": "patch", "key": "not there", "diff": []}],
        [{"op": "replace", "key": "k"}],
        [{"op": "patch", "key": "k", "diff": [{"op": "removerange", "key": 0, "length": 9}]}],
        [{"op": "patch", "key": "k", "diff": [{"op": "addrange", "key": 1, "valuelist": [1]}]}],
        [{"op": "patch", "key": "k", "diff": [{"op": "addrange", "key": -1, "valuelist": ["a"]}]}],
        [{"op": "patch", "key": "k", "diff": [{"op": "addrange", "key": 1e99, "valuelist": ["a"]}]}],
        [{"op": "patch", "key": "n", "diff": []}],
        [{"op": "patch", "key": "k", "diff": [{"op": "patch", "key": 0, "diff": [BEYOND]}]}],
        [{"op": "patch", "key": "l", "diff": [{"op": "removerange", "key": k, "length": 1} for k in (1, 0)]}],
        [{"op": "invented", "key": "k"}],
        [{"key": "k"}],
        ["k"],
        [None],
    ],
)
def test_a_record_that_does_not_fit_is_a_conflict_with_unknown_sides(diff: Any) -> None:
    record = {"local_diff": diff, "remote_diff": [{"op": "replace", "key": "n", "value": 2}]}
    stands = {"k": "one line", "l": [1, 2], "n": 1}
    before = notebook(A, metadata=stands | {"nbdime-conflicts": record})
    [one] = found(A, metadata=before["metadata"])
    assert one.place == InMetadata(None)
    assert (one.terms.local, one.terms.remote) == (Absent.UNKNOWN, Absent.UNKNOWN)
    assert settled(before, Choice.BASE)["metadata"] == stands


KERNELS = ("Python [conda env:a3-19.10]", "Python [conda env:a3-20.01]", "Python [conda env:a3-20.01] *")


@pytest.mark.parametrize(
    ("values", "since"),
    [(KERNELS, KERNELS[1]), (KERNELS, KERNELS[2]), (("3.10.1", "3.11.1", "3.12.1"), "3.11.1")],
)
def test_a_side_is_not_guessed_where_somebody_changed_since_what_stands_there(
    values: tuple[str, str, str], since: str
) -> None:
    """Jupyter writes the kernel that the notebook is opened with, and leaves the record where it is."""
    before = of_metadata(*values)
    assert settled(before, Choice.LOCAL)["metadata"] == {"k": values[1]}
    before["metadata"]["k"] = since
    [one] = found(A, metadata=before["metadata"])
    assert (one.terms.local, one.terms.remote) == (Absent.UNKNOWN, Absent.UNKNOWN)
    assert settled(before, Choice.BASE)["metadata"] == {"k": since}


def test_a_value_that_is_recorded_whole_is_known_whatever_stands_there() -> None:
    before = of_metadata(1, 2, [3])
    before["metadata"]["k"] = 4
    for choice, value in ((Choice.LOCAL, 2), (Choice.REMOTE, [3]), (Choice.BASE, 4)):
        assert settled(before, choice)["metadata"] == {"k": value}


def test_metadata_that_somebody_writes_takes_the_place_of_the_keys_that_clash() -> None:
    before = merged(
        Trio(*(notebook(A, metadata={"a": value, "b": 1.50, "c": value}) for value in (1, 2, 3)))
    ).notebook
    after = settled(before, Edited(' {"z": [1], "a": 7} '))
    assert after["metadata"] == {"a": 7, "b": 1.5, "z": [1]}
    for text in ("", "[1]", '{"a": 1} more', '{"a": '):
        with pytest.raises(NotKnown, match=r"^the notebook's metadata: what was written is no JSON"):
            settled(before, Edited(text))


def test_numbers_are_shown_and_kept_as_they_are_spelled() -> None:
    local = {"op": "replace", "key": "n", "value": Literal("1E5")}
    record = {"local_diff": [local], "remote_diff": [{"op": "remove", "key": "n"}]}
    data = JUPYTER.spell(notebook(A, metadata={"n": Literal("1.00"), "nbdime-conflicts": record}))
    whole = read(data)
    [one] = find_nbdime(whole)
    assert one.terms == Terms('{\n  "n": 1.00\n}', '{\n  "n": 1E5\n}', "{}")
    assert b'"n": 1E5' in write(settle_nbdime(whole, {one: Choice.LOCAL}))


def test_the_metadata_of_an_output_where_outputs_were_to_be_local_s() -> None:
    """With `--output-strategy use-local` nbdime records it in the output."""
    trio = Trio(
        *(notebook(A, code("x", id="x", outputs=[shown({"text/plain": ["1"]}, width=n)])) for n in (1, 2, 3))
    )
    before = merged(trio, outputs="use-local").notebook
    [one] = found(*before["cells"])
    assert one.place == InMetadata(1, 0)
    assert settled(before, Choice.LOCAL) == trio.local
    assert settled(before, Choice.REMOTE) == trio.remote
    assert settled(before, Choice.BASE) == trio.base


def test_metadata_that_tools_added_since_to_that_of_both_sides_stays() -> None:
    both = {"local_metadata": {"k": 1, "tags": ["a"]}, "remote_metadata": {"k": 2}}
    before = notebook(code("x", id="x", metadata=both | {"collapsed": True}))
    assert settled(before, Choice.LOCAL)["cells"][0]["metadata"] == {"collapsed": True, "k": 1, "tags": ["a"]}
    assert settled(before, Choice.REMOTE)["cells"][0]["metadata"] == {"collapsed": True, "k": 2}
    assert settled(before, Edited('{"k": 3}'))["cells"][0]["metadata"] == {"collapsed": True, "k": 3}


def test_markers_nested_a_hundred_deep_are_settled_level_by_level() -> None:
    depth = 100
    outputs = [
        *(stderr(f"{text}\n") for _ in range(depth) for text in (OPENING, SEPARATOR)),
        *(stderr(f"{CLOSING}\n") for _ in range(depth)),
    ]
    before = notebook(code("x", id="x", outputs=outputs))
    levels = len(found(*before["cells"]))
    assert 0 < levels < depth
    after = settled(before, Choice.BOTH)
    assert len(after["cells"][0]["outputs"]) == 3 * (depth - levels)
    assert len(found(*after["cells"])) == levels


def test_a_cell_that_was_settled_otherwise_is_left_alone() -> None:
    marks = [stderr(f"{marker}\n") for marker in MARKERS]
    record: dict[str, Any] = {"nbdime-conflicts": {"local_diff": [], "remote_diff": []}}
    cell = code("x", id="x", outputs=[*marks, shown({}, None, **record)], metadata=record)
    deleted = markdown("<<<<<<< LOCAL CELL DELETED >>>>>>>", id="d")
    chosen = dict.fromkeys(found(cell, deleted), Choice.LOCAL)
    assert len(chosen) == 4
    other = read(JUPYTER.spell(notebook(A | {"source": lines("x")}, B)))
    assert write(settle_nbdime(other, chosen)) == write(other)
