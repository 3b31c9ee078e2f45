"""Operations read like what a person did: their JSON form, by example."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbmerge.sync import apply
from tests.helpers.build import Cell, Notebook, code, markdown, notebook, notebook3
from tests.sync.copies import copy, exact, load

A, B, C, D = (code(f"{name} = 1\nprint({name})", id=name, count=1, out="1") for name in "abcd")


def between(sent: Notebook, merged: Notebook) -> list[Any]:
    return copy(sent, merged).forms


def test_a_changed_source_is_one_set_of_it() -> None:
    new = B | {"source": ["b = 2"]}
    assert between(notebook(A, B, C), notebook(A, new, C)) == [
        {"op": "set", "cell": "b", "field": "source", "value": ["b = 2"]}
    ]


def test_outputs_are_set_as_a_whole() -> None:
    new = B | {"execution_count": 7, "outputs": []}
    assert between(notebook(A, B), notebook(A, new)) == [
        {"op": "set", "cell": "b", "field": "execution_count", "value": 7},
        {"op": "set", "cell": "b", "field": "outputs", "value": []},
    ]


def test_a_new_cell_goes_behind_another_one() -> None:
    assert between(notebook(A, B), notebook(A, C, D, B)) == [
        {"op": "insert", "after": "a", "value": C},
        {"op": "insert", "after": "c", "value": D},
    ]


def test_a_new_first_cell_goes_behind_none() -> None:
    assert between(notebook(), notebook(A)) == [
        {"op": "set", "field": "nbformat_minor", "value": 5},
        {"op": "insert", "after": None, "value": A},
    ]


def test_a_deleted_cell() -> None:
    assert between(notebook(A, B, C), notebook(A, C)) == [{"op": "delete", "cell": "b"}]


@pytest.mark.parametrize(
    ("order", "moves"),
    [
        ((B, C, D, A), [{"op": "move", "cell": "a", "after": "d"}]),
        ((D, A, B, C), [{"op": "move", "cell": "d", "after": None}]),
        ((A, C, B, D), [{"op": "move", "cell": "b", "after": "c"}]),
        (
            (C, D, A, B),
            [{"op": "move", "cell": "a", "after": "d"}, {"op": "move", "cell": "b", "after": "a"}],
        ),
    ],
)
def test_as_few_cells_move_as_can_be(order: tuple[Cell, ...], moves: list[object]) -> None:
    assert between(notebook(A, B, C, D), notebook(*order)) == moves


def test_another_kind_of_cell_comes_first_and_takes_members_with_it() -> None:
    assert between(notebook(B), notebook(markdown("about b", id="b"))) == [
        {"op": "set", "cell": "b", "field": "cell_type", "value": "markdown"},
        {"op": "set", "cell": "b", "field": "execution_count"},
        {"op": "set", "cell": "b", "field": "outputs"},
        {"op": "set", "cell": "b", "field": "source", "value": ["about b"]},
    ]


def test_members_of_the_notebook_have_no_cell() -> None:
    assert between(notebook(A), notebook(A, metadata={"title": "T"})) == [
        {"op": "set", "field": "metadata", "value": {"title": "T"}}
    ]


def test_without_ids_a_cell_is_named_by_its_place_at_that_moment() -> None:
    one, two, three = (code(f"# {name}\nprint('the cell about {name}')") for name in ("rain", "snow", "wind"))
    new = code("import calendar, datetime")
    assert between(notebook(one, two, three), notebook(new, three, two | {"metadata": {"k": 1}})) == [
        {"op": "delete", "cell": 0},
        {"op": "move", "cell": 0, "after": 0},
        {"op": "insert", "after": None, "value": new},
        {"op": "set", "cell": 2, "field": "metadata", "value": {"k": 1}},
    ]


def test_a_cell_too_short_to_be_recognised_still_moves_if_it_is_equal() -> None:
    one, two, three = code("a"), code("b"), code("c", out="1")
    assert between(notebook(one, two, three), notebook(three, one, two)) == [
        {"op": "move", "cell": 2, "after": None}
    ]


def test_an_id_that_stands_twice_names_nothing() -> None:
    twin = B | {"id": "a"}
    assert between(notebook(A, twin, C), notebook(A, twin | {"metadata": {"k": 1}}, C)) == [
        {"op": "set", "cell": 1, "field": "metadata", "value": {"k": 1}}
    ]


def test_ids_that_shift_are_given_up_before_they_are_taken() -> None:
    old = [B | {"id": f"cell-{n}", "source": [f"the text of cell {n}"]} for n in range(3)]
    new = [cell | {"id": f"cell-{n + 1}"} for n, cell in enumerate(old)]
    assert between(notebook(*old), notebook(A | {"id": "cell-0"}, *new)) == [
        {"op": "set", "cell": "cell-2", "field": "id", "value": "cell-3"},
        {"op": "set", "cell": "cell-1", "field": "id", "value": "cell-2"},
        {"op": "set", "cell": "cell-0", "field": "id", "value": "cell-1"},
        {"op": "insert", "after": None, "value": A | {"id": "cell-0"}},
    ]


def test_a_copy_that_took_an_edit_does_not_take_the_id() -> None:
    """Ids are what front ends know cells by: content does not outweigh them."""
    old, rest = markdown("# About the rain in spring", id="a"), B
    new = old | {"source": ["something else altogether"]}
    assert between(notebook(old, rest), notebook(old | {"id": "new"}, new, rest)) == [
        {"op": "insert", "after": None, "value": old | {"id": "new"}},
        {"op": "set", "cell": "a", "field": "source", "value": ["something else altogether"]},
    ]


def test_notebooks_of_format_3_keep_their_cells_in_a_worksheet() -> None:
    one, two = code("print('one of them')"), code("print('two of them')")
    found = between(notebook3(one, two), notebook3(two))
    assert found == [{"op": "delete", "cell": 0}]


def test_another_format_is_another_notebook() -> None:
    assert between(notebook3(A), notebook(A)) == [{"op": "set", "value": notebook(A)}]


def test_numbers_are_told_apart_by_their_kind_and_keep_their_digits() -> None:
    before, after = (A | {"metadata": {"n": n}} for n in (1, 1.0))
    made = copy(notebook(before), notebook(after))
    assert made.forms == [{"op": "set", "cell": "a", "field": "metadata", "value": {"n": "float 1.0"}}]
    assert json.dumps(made.operations[0].as_json()).endswith('"value": {"n": 1.0}}')


def test_what_is_given_to_apply_stays_as_it_is() -> None:
    given = notebook(A, B)
    kept = exact(given)
    apply(given, between(given, notebook(B, A | {"metadata": {"k": 1}}, C, metadata={"k": 1})))
    assert exact(given) == kept


@pytest.mark.parametrize("operation", [{"op": "delete", "cell": "nobody"}, {"op": "swap"}])
def test_apply_refuses_what_it_cannot_do(operation: dict[str, Any]) -> None:
    with pytest.raises((LookupError, ValueError)):
        apply(notebook(A), [operation])


def test_many_cells_cost_little() -> None:
    cells = [code(f"value_{n} = compute({n})") for n in range(3000)]
    made = copy(notebook(*cells), notebook(*reversed(cells)))
    assert exact(apply(load(made.sent), made.forms)) == exact(load(made.merged))
