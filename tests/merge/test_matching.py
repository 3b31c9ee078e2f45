"""Which cells correspond: by id where ids can be trusted, else by content, never by position alone."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TypeAlias

import pytest

from tests.helpers.build import Cell, Merged, code, markdown, merge, notebook

Made: TypeAlias = Callable[..., dict[str, object]]

LOAD = "# load the measurements\ntable = read('samples.csv')\ntable = clean(table)\ntable.head()"
FIT = "# fit the model\nmodel = Ridge(alpha=0.5)\nmodel.fit(inputs, target)\nscore(model)"
DRAW = "# draw the figure\nfigure, axes = subplots(2)\naxes[0].hist(weights)\nfigure.save('x')"
NEW = "# export for the journal\narchive(folder, compress=True)\nupload(folder)"


def edited(source: str, line: int, text: str) -> str:
    found = source.split("\n")
    found[line] = text
    return "\n".join(found)


LOAD_EDITED = edited(LOAD, 1, "table = read('all samples.csv')")
FIT_EDITED = edited(FIT, 1, "model = Ridge(alpha=0.9)")
DRAW_EDITED = edited(DRAW, 3, "figure.save('weights.pdf')")


def without_ids(*sources: str, minor: int = 4) -> dict[str, object]:
    return notebook(*(code(source) for source in sources), minor=minor)


def positional(*sources: str) -> dict[str, object]:
    return notebook(*(code(source, id=f"cell-{place}") for place, source in enumerate(sources)))


def own(*pairs: tuple[str, str]) -> dict[str, object]:
    return notebook(*(code(source, id=id) for id, source in pairs))


def fresh(name: str, *sources: str) -> dict[str, object]:
    return own(*((f"{name}{place}", source) for place, source in enumerate(sources)))


def assert_both_edits_once(merged: Merged) -> None:
    assert merged.clean
    assert merged.sources == [LOAD_EDITED, FIT, DRAW_EDITED]


def test_with_ids_a_wholly_rewritten_cell_is_still_the_same_cell() -> None:
    base = own(("a", LOAD), ("b", FIT))
    local = own(("a", NEW), ("b", FIT))
    remote = own(("a", LOAD), ("b", FIT), ("c", DRAW))
    merged = merge(base, local, remote)
    assert merged.clean
    assert merged.sources == [NEW, FIT, DRAW]


@pytest.mark.parametrize("made", [without_ids, positional, lambda *s: without_ids(*s, minor=5)])
def test_without_ids_that_tell_cells_are_known_by_their_content(made: object) -> None:
    assert callable(made)
    base = made(LOAD, FIT, DRAW)
    assert_both_edits_once(merge(base, made(LOAD_EDITED, FIT, DRAW), made(LOAD, FIT, DRAW_EDITED)))


def test_positional_ids_shifted_by_an_insertion_do_not_mislead() -> None:
    base = positional(LOAD, FIT, DRAW)
    local = positional(NEW, LOAD, FIT, DRAW)
    remote = positional(LOAD, FIT_EDITED, DRAW)
    merged = merge(base, local, remote)
    assert merged.clean
    assert merged.sources == [NEW, LOAD, FIT_EDITED, DRAW]


def test_positional_ids_shifted_by_a_deletion_do_not_mislead() -> None:
    merged = merge(positional(LOAD, FIT, DRAW), positional(FIT, DRAW), positional(LOAD, FIT, DRAW_EDITED))
    assert merged.clean
    assert merged.sources == [FIT, DRAW_EDITED]


def test_positional_ids_of_short_cells_do_not_mislead() -> None:
    merged = merge(positional("x", "y", "z"), positional("w", "x", "y", "z"), positional("x", "y", "z\nv"))
    assert merged.clean
    assert merged.sources == ["w", "x", "y", "z\nv"]


def test_wholesale_new_ids_on_one_side_do_not_mislead() -> None:
    base, local = fresh("old", LOAD, FIT, DRAW), fresh("new", LOAD_EDITED, FIT, DRAW)
    merged = merge(base, local, fresh("old", LOAD, FIT, DRAW_EDITED))
    assert_both_edits_once(merged)
    assert len({cell["id"] for cell in merged.cells}) == 3


def test_both_sides_upgraded_to_ids_of_their_own() -> None:
    base = without_ids(LOAD, FIT, DRAW)
    merged = merge(base, fresh("l", LOAD_EDITED, FIT, DRAW), fresh("r", LOAD, FIT, DRAW_EDITED))
    assert_both_edits_once(merged)
    assert merged.notebook["nbformat_minor"] == 5


def test_ids_that_went_round_to_other_cells_do_not_mislead() -> None:
    base = own(("a", LOAD), ("b", FIT), ("c", DRAW))
    local = own(("b", LOAD_EDITED), ("c", FIT), ("a", DRAW))
    merged = merge(base, local, own(("a", LOAD), ("b", FIT), ("c", DRAW_EDITED)))
    assert_both_edits_once(merged)


def test_an_id_held_twice_by_a_copy_does_not_mislead() -> None:
    base = own(("a", LOAD), ("b", FIT), ("c", DRAW))
    local = own(("a", LOAD), ("b", FIT), ("b", NEW), ("c", DRAW))
    merged = merge(base, local, own(("a", LOAD), ("b", FIT_EDITED), ("c", DRAW)))
    assert merged.clean
    assert merged.sources == [LOAD, FIT_EDITED, NEW, DRAW]


def test_nothing_is_lost_when_one_side_split_a_cell_that_the_other_edited() -> None:
    base = own(("a", LOAD + "\n" + FIT))
    local = own(("a", LOAD), ("b", FIT))
    merged = merge(base, local, own(("a", LOAD + "\n" + FIT_EDITED)))
    text = "\n".join(merged.sources)
    assert "table = clean(table)" in text
    assert "model = Ridge(alpha=0.9)" in text


def test_short_equal_cells_pair_in_order() -> None:
    base = without_ids("x", "y", "x")
    merged = merge(base, without_ids("x", "y", "x", "z"), without_ids("w", "x", "y", "x"))
    assert merged.clean
    assert merged.sources == ["w", "x", "y", "x", "z"]


def test_empty_cells_stay_as_many_as_they_are() -> None:
    base = without_ids("", LOAD, "", "")
    merged = merge(base, without_ids("", LOAD_EDITED, "", ""), without_ids("", LOAD, "", "", NEW))
    assert merged.clean
    assert merged.sources == ["", LOAD_EDITED, "", "", NEW]


def test_a_cell_alone_in_its_place_that_both_changed_is_one_conflict() -> None:
    """Local edited it and remote rewrote it: nobody deleted it, and it is not two cells."""
    merged = merge(without_ids(LOAD), without_ids(LOAD_EDITED), without_ids(NEW))
    assert len(merged.sources) == 1
    [conflict] = merged.result.conflicts
    assert (conflict.base, conflict.local, conflict.remote) == (LOAD, LOAD_EDITED, NEW)


@pytest.mark.parametrize("placeholder", ["pass", "...", "# your code here"])
@pytest.mark.parametrize("made", [without_ids, positional, lambda *s: own(*zip("kzb", s, strict=False))])
def test_a_placeholder_that_both_filled_is_one_conflict(made: Made, placeholder: str) -> None:
    base = made("import numpy", placeholder, "print(1)")
    merged = merge(base, made("import numpy", "x = 2", "print(1)"), made("import numpy", "y = 3", "print(1)"))
    assert len(merged.result.conflicts) == 1
    assert len(merged.sources) == 3


@pytest.mark.parametrize("made", [without_ids, positional, lambda *s: own(*zip("kzb", s, strict=False))])
def test_an_empty_cell_that_both_filled_is_an_insertion_by_both(made: Made) -> None:
    base = made("x = 1", "")
    merged = merge(base, made("x = 1", "print(x)"), made("x = 1", "z = 3"))
    assert merged.clean
    assert merged.sources == ["x = 1", "print(x)", "z = 3"]


def numbers(*sources: str) -> dict[str, object]:
    return notebook(*(code(source, id=str(place)) for place, source in enumerate(sources)))


def padded(*sources: str) -> dict[str, object]:
    return notebook(*(code(source, id=f"{place:08d}") for place, source in enumerate(sources)))


def hashed(*sources: str) -> dict[str, object]:
    ids = [sha256(bytes([place])).hexdigest()[:8] for place in range(len(sources))]
    return notebook(*(code(source, id=id) for id, source in zip(ids, sources, strict=True)))


@pytest.mark.parametrize("made", [numbers, padded, hashed, positional, without_ids])
def test_ids_that_follow_the_place_lead_no_edit_into_another_cell(made: Made) -> None:
    """What nbstripout's filter writes: the number of the place."""
    base = made("import os", "y.mean()", "df.head()")
    remote = made("import os", "# Data", "y.mean()", "df.head()")
    merged = merge(base, made("import os", "y.mean()", "df.head(20)"), remote)
    assert merged.clean
    assert merged.sources == ["import os", "# Data", "y.mean()", "df.head(20)"]


@pytest.mark.parametrize(
    "where",
    [
        ("id",),
        ("nbgrader", "grade_id"),
        ("cell_id",),
        ("azdata_cell_guid",),
        ("application/vnd.databricks.v1+cell", "nuid"),
    ],
)
def test_ids_that_tools_keep_in_the_metadata_tell_cells(where: tuple[str, ...]) -> None:
    def made(*cells: tuple[str, str]) -> dict[str, object]:
        return notebook(*(code(source, metadata=nested(where, id)) for id, source in cells), minor=4)

    base = made(("uno", LOAD), ("due", FIT), ("tre", DRAW))
    local = made(("uno", LOAD), ("x9", "y = 1"), ("due", NEW), ("tre", DRAW))
    remote = made(("uno", LOAD), ("due", FIT_EDITED), ("tre", DRAW))
    [conflict] = merge(base, local, remote).result.conflicts
    assert (conflict.cell, conflict.base, conflict.local, conflict.remote) == (2, FIT, NEW, FIT_EDITED)


def nested(path: tuple[str, ...], value: str) -> dict[str, object]:
    return {path[0]: value if len(path) == 1 else nested(path[1:], value)}


def test_the_parameters_that_papermill_put_in_are_one_cell() -> None:
    def ran(id: str, number: int) -> dict[str, object]:
        injected = code(f"# Parameters\nn = {number}\n", id=id, metadata={"tags": ["injected-parameters"]})
        return notebook(code("n = 1", id="a"), injected, code("run(n)", id="b"))

    merged = merge(notebook(code("n = 1", id="a"), code("run(n)", id="b")), ran("p", 5), ran("q", 7))
    assert len(merged.cells) == 3
    assert len(merged.result.conflicts) == 1


def test_kind_is_part_of_what_makes_cells_equal() -> None:
    text: Cell = markdown("The same words in prose and in code, twice.")
    other: Cell = code("The same words in prose and in code, twice.")
    base = notebook(text, other)
    merged = merge(base, notebook(other), notebook(text, other, code("x = 1")))
    assert merged.clean
    assert [cell["cell_type"] for cell in merged.cells] == ["code", "code"]


def test_a_cell_both_rewrote_alike_is_one_cell() -> None:
    merged = merge(without_ids(LOAD, FIT), without_ids(NEW, FIT), without_ids(NEW, FIT_EDITED))
    assert merged.clean
    assert merged.sources == [NEW, FIT_EDITED]


def test_a_cell_that_one_side_rewrote_in_place_and_the_other_rewrote_alike_and_moved_is_one_cell() -> None:
    rewritten = "# load the measurements\ntable = fetch(server, query)\ntable = clean(table)"
    for local, remote in (
        ([rewritten, FIT, DRAW], [FIT, DRAW, rewritten]),
        ([FIT, DRAW, rewritten], [rewritten, FIT, DRAW]),
    ):
        merged = merge(without_ids(LOAD, FIT, DRAW), without_ids(*local), without_ids(*remote))
        assert merged.clean
        assert merged.sources == [FIT, DRAW, rewritten]


def test_equal_cells_are_told_apart_by_their_counts() -> None:
    first, second = code("plot()", count=1, out="1"), code("plot()", count=2, out="2")
    merged = merge(notebook(first, second), notebook(second), notebook(first, second | code("plot(table)")))
    assert merged.clean
    assert merged.sources == ["plot(table)"]


def test_a_cell_that_was_only_reindented_is_the_same_cell() -> None:
    base, reindented = "if ready:\n  go()", "if ready:\n    go()"
    merged = merge(without_ids(base, "x"), without_ids(reindented, "x"), without_ids("y", base, "x"))
    assert merged.clean
    assert merged.sources == ["y", reindented, "x"]
