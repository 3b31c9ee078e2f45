"""Order: base's, with each side's moves; a moved and edited cell is at the new place, once."""

from __future__ import annotations

from tests.helpers.build import Cell, Notebook, code, merge, notebook

TEXTS = {
    "A": "# load the measurements\ntable = read('samples.csv')\ntable = clean(table)",
    "B": "# fit the model\nmodel = Ridge(alpha=0.5)\nmodel.fit(inputs, target)",
    "C": "# draw the figure\nfigure, axes = subplots(2)\naxes[0].hist(weights)",
    "D": "# export for the journal\narchive(folder, compress=True)\nupload(folder)",
    "N": "# notes of the author\nremember = 'to check the units of pressure'",
    "M": "# the appendix\nprint(versions(), platform(), licences())",
}
EDIT = "  # edited"


def _cell(letter: str, edited: bool, ids: bool) -> Cell:
    return code(TEXTS[letter] + (EDIT if edited else ""), id=f"id-{letter}" if ids else None)


def made(order: str, *, edited: str = "", ids: bool = True) -> Notebook:
    return notebook(*(_cell(letter, letter in edited, ids) for letter in order))


def order_of(sources: list[str]) -> str:
    """The letters of the cells; small where the cell is edited."""
    found = ""
    for source in sources:
        letter = next(letter for letter, text in TEXTS.items() if source.startswith(text.split("\n")[0]))
        found += letter.lower() if source.endswith(EDIT) else letter
    return found


def test_a_cell_moved_by_one_side_and_edited_by_the_other_is_at_the_new_place_once() -> None:
    for ids in (True, False):
        merged = merge(made("ABCD", ids=ids), made("BCDA", ids=ids), made("ABCD", edited="A", ids=ids))
        assert merged.clean
        assert order_of(merged.sources) == "BCDa"


def test_a_cell_moved_and_edited_by_one_side_takes_the_edit_of_the_other() -> None:
    for ids in (True, False):
        local = made("BCA", ids=ids)
        local["cells"][2]["source"][1] = "table = read('all samples.csv')\n"
        merged = merge(made("ABC", ids=ids), local, made("ABC", edited="A", ids=ids))
        assert merged.clean
        assert order_of(merged.sources) == "BCa"
        assert "table = read('all samples.csv')" in merged.sources[2]


def test_a_short_cell_moved_by_one_side_and_run_by_the_other_is_run_at_the_new_place() -> None:
    a, b, c = (code(text) for text in ("figure.save('weights.pdf')", TEXTS["B"], TEXTS["C"]))
    ran = a | code("figure.save('weights.pdf')", count=9, out="saved\n")
    merged = merge(notebook(a, b, c), notebook(b, c, a), notebook(ran, b, c))
    assert merged.clean
    assert merged.outs == ["", "", "saved\n"]


def test_moves_of_different_cells_are_both_made() -> None:
    merged = merge(made("ABCD"), made("BACD"), made("ABDC"))
    assert merged.clean
    assert order_of(merged.sources) == "BADC"


def test_a_cell_moved_by_both_to_one_place_is_there() -> None:
    merged = merge(made("ABCD"), made("BCDA"), made("BCDA"))
    assert order_of(merged.sources) == "BCDA"
    assert not merged.result.decisions


def test_a_cell_moved_to_different_places_is_at_local_s_and_that_is_noted() -> None:
    merged = merge(made("ABCD"), made("BCAD"), made("BCDA"))
    assert merged.clean
    assert order_of(merged.sources) == "BCAD"
    assert merged.noted("/cells/2", "local")


def test_a_block_moved_by_one_side_keeps_its_order_and_the_other_side_s_edits() -> None:
    merged = merge(made("ABCD"), made("CDAB"), made("ABCD", edited="AD"))
    assert merged.clean
    assert order_of(merged.sources) == "CdaB"


def test_an_insertion_stays_with_the_cells_around_it_when_others_move() -> None:
    merged = merge(made("ABCD"), made("DABC"), made("ABNCD"))
    assert merged.clean
    assert order_of(merged.sources) == "DABNC"


def test_an_insertion_behind_a_deleted_cell_stays_at_its_place() -> None:
    merged = merge(made("ABCD"), made("ACD"), made("ABNCD"))
    assert merged.clean
    assert order_of(merged.sources) == "ANCD"


def test_a_moved_cell_that_the_other_side_deleted_is_gone() -> None:
    merged = merge(made("ABCD"), made("BCDA"), made("BCD"))
    assert merged.clean
    assert order_of(merged.sources) == "BCD"
    assert merged.noted("base:/cells/0", "remote")


def test_a_copy_is_an_insertion() -> None:
    base = made("ABC", ids=False)
    merged = merge(base, made("ABCA", ids=False), made("ABC", edited="B", ids=False))
    assert merged.clean
    assert order_of(merged.sources) == "AbCA"


def test_a_reversed_notebook_takes_edits_of_every_cell() -> None:
    merged = merge(made("ABCD"), made("DCBA"), made("ABCD", edited="ABCD"))
    assert merged.clean
    assert order_of(merged.sources) == "dcba"


def test_insertions_of_both_sides_are_at_their_own_places() -> None:
    merged = merge(made("ABCD"), made("NABCD"), made("ABCMD"))
    assert merged.clean
    assert order_of(merged.sources) == "NABCMD"
