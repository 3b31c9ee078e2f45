"""Lines moved to another cell by one side and edited by the other: the edit follows them."""

from __future__ import annotations

import pytest

from tests.helpers.build import Cell, Notebook, code, markdown, merge, notebook

LOAD = ["table = read_csv('spring.csv')", "table = table.dropna()", "table['mass'] *= 1000"]
PLOT = [
    "figure, axes = plt.subplots()",
    "axes.plot(table['mass'], table['age'])",
    "figure.savefig('mass.png')",
]
EDITED = [PLOT[0], "axes.scatter(table['mass'], table['age'])", PLOT[2]]
FIT = code("model.fit(table)", id="fit")


def text(*parts: list[str]) -> str:
    return "\n\n".join("\n".join(part) for part in parts)


def cells(*sources: str, kind: bool = True) -> list[Cell]:
    return [
        code(source, id=f"cell{number}") if kind else code(source) for number, source in enumerate(sources)
    ]


def one(ids: bool, *sources: str) -> Notebook:
    return notebook(*cells(*sources, kind=ids), FIT if ids else code("model.fit(table)"))


@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize("swapped", [False, True])
def test_an_edit_follows_its_lines_into_the_second_half_of_a_split_cell(ids: bool, swapped: bool) -> None:
    base, split = one(ids, text(LOAD, PLOT)), one(ids, text(LOAD), text(PLOT))
    edited = one(ids, text(LOAD, EDITED))
    merged = merge(base, edited, split) if swapped else merge(base, split, edited)
    assert merged.clean
    assert merged.sources == [text(LOAD), text(EDITED), "model.fit(table)"]
    assert not ids or any("edits went along" in found.reason for found in merged.result.decisions)


@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize("swapped", [False, True])
def test_an_edit_follows_a_cell_that_was_joined_to_the_one_before(ids: bool, swapped: bool) -> None:
    base, joined = one(ids, text(LOAD), text(PLOT)), one(ids, text(LOAD, PLOT))
    edited = one(ids, text(LOAD), text(EDITED))
    merged = merge(base, edited, joined) if swapped else merge(base, joined, edited)
    assert merged.clean
    assert merged.sources == [text(LOAD, EDITED), "model.fit(table)"]


@pytest.mark.parametrize("swapped", [False, True])
def test_an_edit_follows_lines_that_were_moved_to_a_cell_far_away(swapped: bool) -> None:
    def three(first: str, last: str) -> Notebook:
        return notebook(code(first, id="a"), FIT, markdown("# Figures", id="b"), code(last, id="c"))

    base, moved = (
        three(text(LOAD, PLOT), "save_all(folder)"),
        three(text(LOAD), text(PLOT, ["save_all(folder)"])),
    )
    edited = three(text(LOAD, EDITED), "save_all(folder)")
    merged = merge(base, edited, moved) if swapped else merge(base, moved, edited)
    assert merged.clean
    assert [merged.sources[0], merged.sources[3]] == [text(LOAD), text(EDITED, ["save_all(folder)"])]


def test_what_both_changed_in_a_moved_line_conflicts_where_it_stands_now() -> None:
    base = one(True, text(LOAD, PLOT))
    other = [PLOT[0], "axes.hist(table['mass'])", PLOT[2]]
    split = one(True, text(LOAD), text(other))
    merged = merge(base, split, one(True, text(LOAD, EDITED)))
    assert [(found.cell, found.local, found.remote) for found in merged.result.conflicts] == [
        (1, other[1], EDITED[1])
    ]
    assert merged.sources[0] == text(LOAD)


def test_an_edit_on_either_side_of_the_cut_stays_on_its_side() -> None:
    base, split = one(True, text(LOAD, PLOT)), one(True, text(LOAD), text(PLOT))
    both = one(True, text([*LOAD, "table = table.sort_index()"], [*EDITED, "plt.close(figure)"]))
    merged = merge(base, split, both)
    assert merged.clean
    assert merged.sources[:2] == [
        text([*LOAD, "table = table.sort_index()"]),
        text([*EDITED, "plt.close(figure)"]),
    ]


def test_a_cell_split_in_three_and_edited_in_two() -> None:
    save = ["table.to_parquet('spring.parquet')", "print('saved', len(table))"]
    saved = [save[0], "print('saved all of', len(table))"]
    base, split = one(True, text(LOAD, PLOT, save)), one(True, text(LOAD), text(PLOT), text(save))
    merged = merge(base, split, one(True, text(LOAD, EDITED, saved)))
    assert merged.clean
    assert merged.sources[:3] == [text(LOAD), text(EDITED), text(saved)]


def test_outputs_of_the_text_as_it_was_do_not_stand_under_the_edit() -> None:
    base = notebook(code(text(LOAD, PLOT), id="a", out="whole", count=1))
    split = notebook(
        code(text(LOAD), id="a", out="first", count=2), code(text(PLOT), id="b", out="second", count=3)
    )
    edited = notebook(code(text(LOAD, EDITED), id="a", out="edited", count=4))
    first, second = merge(base, split, edited).cells
    assert first["outputs"][0]["text"] == ["first"]
    assert second["outputs"] == []
    assert second["execution_count"] is None


def test_a_deleted_line_is_not_carried_along() -> None:
    base, split = one(True, text(LOAD, PLOT)), one(True, text(LOAD), text(PLOT))
    merged = merge(base, split, one(True, text(LOAD, [EDITED[0], EDITED[1]])))
    assert not merged.clean


def test_lines_that_both_moved_are_followed_on_neither_side() -> None:
    base = one(True, text(LOAD, PLOT), "first_step(table)", "second_step(table)")
    local = one(True, text(LOAD), text(["first_step(table)"], PLOT), "second_step(table)")
    remote = one(True, text(LOAD), "first_step(table)", text(["second_step(table)"], EDITED))
    merged = merge(base, local, remote)
    assert sum(source.count("axes.scatter") for source in merged.sources) == 1
    assert not merged.clean


def test_a_copied_block_is_no_moved_one() -> None:
    base = one(True, text(LOAD, PLOT), "first_step(table)")
    copied = one(True, text(LOAD, PLOT), text(["first_step(table)"], PLOT))
    merged = merge(base, copied, one(True, text(LOAD, EDITED), "first_step(table)"))
    assert merged.clean
    assert merged.sources[:2] == [text(LOAD, EDITED), text(["first_step(table)"], PLOT)]
