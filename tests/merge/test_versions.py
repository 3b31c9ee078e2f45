"""nbformat: merged three-way like any field; ids fit what comes out; older formats are taken in."""

from __future__ import annotations

import json

import pytest

from nbmerge.merge.files import merge_bytes
from tests.helpers.build import code, markdown, merge, merge_code, notebook, notebook3
from tests.helpers.spelling import JUPYTER
from tests.helpers.validity import fault

X, Y, Z = "x = load('samples.csv')", "y = fit(x, alpha=0.5)", "z = draw(y, colour='red')"


@pytest.mark.parametrize(
    ("base", "local", "remote", "merged"),
    [(2, 4, 2, 4), (2, 2, 4, 4), (1, 2, 4, 4), (1, 4, 2, 4), (4, 2, 4, 2)],
)
def test_the_minor_is_of_the_side_that_changed_it_else_the_higher(
    base: int, local: int, remote: int, merged: int
) -> None:
    files = [
        notebook(code(source), minor=minor)
        for source, minor in ((X, base), (f"{X}\n{Y}", local), (f"{Z}\n{X}", remote))
    ]
    found = merge(files[0], files[1], files[2])
    assert found.notebook["nbformat_minor"] == merged
    assert found.noted("/nbformat_minor", "higher") == (len({base, local, remote}) == 3)


def test_a_cell_without_an_id_in_a_4_5_result_gets_one_from_its_content() -> None:
    base, local = notebook(code(X)), notebook(code(X), code(Y))
    remote = notebook(code(X, id="a"))
    one, other = merge(base, local, remote), merge(base, local, remote)
    assert one.cells[0]["id"] == "a"
    assert one.data == other.data
    assert fault(one.notebook) is None


def test_equal_cells_get_different_ids() -> None:
    merged = merge(notebook(code(X)), notebook(code(X), code("x"), code("x")), notebook(code(X, id="a")))
    assert len({cell["id"] for cell in merged.cells}) == 3


def test_ids_are_given_where_no_cell_brought_one() -> None:
    merged = merge(notebook(), notebook(code(X)), notebook(minor=5))
    assert merged.notebook["nbformat_minor"] == 5
    assert fault(merged.notebook) is None


def test_ids_are_given_where_no_cell_with_one_is_left() -> None:
    base, remote = notebook(markdown("")), notebook(markdown("alpha"))
    merged = merge(base, notebook(markdown("", id="a")), remote)
    assert merged.notebook["nbformat_minor"] == 5
    assert fault(merged.notebook) is None


def test_ids_that_only_the_other_side_added_are_dropped_below_4_5() -> None:
    """A tool that writes ids without raising the minor: the file is not valid, the result is."""
    base = notebook(code(X), code(Y))
    remote = notebook(code(X, id="a"), code(f"{Y}\n{Z}", id="b"), minor=4)
    merged = merge(base, notebook(code(f"{Z}\n{X}"), code(Y)), remote)
    assert not any("id" in cell for cell in merged.cells)
    assert fault(merged.notebook) is None


@pytest.mark.parametrize("swapped", [False, True])
def test_no_ids_are_left_when_one_side_went_back_below_4_5(swapped: bool) -> None:
    base, old = notebook(code(X, id="a")), notebook(code(X))
    new = notebook(code(X, id="a"), code(Y, id="b"))
    merged = merge(base, new, old) if swapped else merge(base, old, new)
    assert merged.notebook["nbformat_minor"] == 4
    assert fault(merged.notebook) is None


def test_ids_of_both_upgrades_are_local_s() -> None:
    base = notebook(code(X), code(Y))
    local = notebook(code(X, id="l0"), code(f"{Y}\n{Z}", id="l1"))
    merged = merge(base, local, notebook(code(f"{Z}\n{X}", id="r0"), code(Y, id="r1")))
    assert [cell["id"] for cell in merged.cells] == ["l0", "l1"]


def test_an_id_changed_by_one_side_is_changed() -> None:
    merged = merge(
        notebook(code(X, id="a")), notebook(code(X, id="new")), notebook(code(f"{X}\n{Y}", id="a"))
    )
    assert [cell["id"] for cell in merged.cells] == ["new"]


def test_a_file_with_an_id_twice_keeps_what_it_had() -> None:
    """Not valid before, so nothing to repair: the other side's edit is all that changes."""
    base = notebook(code(X, id="a"), code(Y, id="a"), code(Z, id="c"))
    merged = merge(
        base, base | {"metadata": {"title": "New"}}, notebook(*base["cells"][:2], code("z", id="c"))
    )
    assert [cell["id"] for cell in merged.cells] == ["a", "a", "c"]


def test_three_files_of_nbformat_3_are_merged_as_they_are() -> None:
    base = notebook3(code(X, count=1, out="1\n"), markdown("Text."))
    local = notebook3(code(f"{X}\n{Y}", count=4, out="2\n"), markdown("Text."))
    remote = notebook3(code(X, count=1, out="1\n"), markdown("Better text."))
    merged = merge(base, local, remote)
    assert merged.clean
    assert merged.notebook["nbformat"] == 3
    assert merged.sources == [f"{X}\n{Y}", "Better text."]
    assert merged.cells[0]["prompt_number"] == 4
    assert not merged.result.decisions


def test_nbformat_3_headings_and_languages_are_kept() -> None:
    base = notebook3(code(X), markdown("# Text"))
    for cell in base["worksheets"][0]["cells"][1:]:
        cell.update(cell_type="heading", level=2)
    remote = json.loads(json.dumps(base).replace("Text", "Better text"))
    local = json.loads(json.dumps(base).replace("load(", "read("))
    merged = merge(base, local, remote)
    assert merged.clean
    assert merged.cells[0]["language"] == "python"
    assert merged.cells[1]["level"] == 2
    assert merged.sources[1] == "# Better text"


def test_a_mixture_of_majors_becomes_4_and_that_is_noted() -> None:
    base, local = notebook3(code(X), code(Y)), notebook(code(X), code(f"{Y}\n{Z}"))
    merged = merge(base, local, notebook3(code(f"{Z}\n{X}"), code(Y)))
    assert merged.clean
    assert merged.notebook["nbformat"] == 4
    assert merged.sources == [f"{Z}\n{X}", f"{Y}\n{Z}"]
    assert merged.noted("/nbformat")


def test_a_conversion_brings_in_nothing_random() -> None:
    files = [notebook3(code(X)), notebook(code(f"{X}\n{Y}"), minor=5), notebook3(code(X), code(Z))]
    data = [JUPYTER.spell(item) for item in files]
    found = {merge_bytes(data[0], data[1], data[2]).data for _ in range(3)}
    assert len(found) == 1


def test_nbformat_2_is_taken_in() -> None:
    def old(source: str) -> dict[str, object]:
        cell = {"cell_type": "code", "input": source, "language": "python", "outputs": [], "collapsed": False}
        return {"metadata": {"name": "n"}, "nbformat": 2, "worksheets": [{"cells": [cell]}]}

    merged = merge(old(f"a = 1\nb = 2\n{X}"), old(f"a = 5\nb = 2\n{X}"), old(f"a = 1\nb = 2\n{X}\n{Y}"))
    assert merged.clean
    assert merged.notebook["nbformat"] == 4
    assert merged.sources == [f"a = 5\nb = 2\n{X}\n{Y}"]
    assert merged.noted("/nbformat")


@pytest.mark.parametrize("side", [notebook, notebook3])
def test_an_empty_base_is_an_empty_notebook(side: object) -> None:
    assert callable(side)
    local, remote = JUPYTER.spell(side(code(X))), JUPYTER.spell(side(code(X), code(Y)))
    whole = merge_bytes(b"", local, remote)
    assert whole.result.clean
    assert whole.data == remote


def test_merging_code_says_nothing_about_nbformat() -> None:
    assert not merge_code("a\nb\nc", "a1\nb\nc", "a\nb\nc1").result.decisions
