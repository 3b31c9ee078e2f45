"""Order: every pair of edit, delete, move, insert on notebooks of up to three cells.

The specification is written here a second time, in terms of sequences of letters: A, B, C are base's
cells, L and R what local and remote inserted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product

import pytest

from tests.helpers.build import Cell, Merged, Notebook, code, merge, notebook
from tests.helpers.strategies import Ids, identified, with_id

TEXTS = {
    "A": [
        "# load the measurements",
        "table = read('samples.csv')",
        "",
        "table = clean(table)",
        "table.head()",
    ],
    "B": ["# fit the model", "model = Ridge(alpha=0.5)", "", "model.fit(inputs, target)", "score(model)"],
    "C": ["# draw the figure", "figure, axes = subplots(2)", "", "axes[0].hist(weights)", "figure.save('x')"],
    "L": ["# notes of the first author", "remember = 'to check the units of pressure'"],
    "R": ["# export for the journal", "archive(folder, compress=True)"],
}
EDITED_LINE = {"local": 1, "remote": 4}


@dataclass(frozen=True)
class Did:
    """One side: what it did, to which letter, and the letters that came out."""

    what: str
    letter: str
    order: str


def everything_one_can_do(base: str, new: str) -> Iterator[Did]:
    yield Did("nothing", "", base)
    for place, letter in enumerate(base):
        rest = base[:place] + base[place + 1 :]
        yield Did("edit", letter, base)
        yield Did("delete", letter, rest)
    moved = {rest[:to] + x + rest[to:] for x, rest, to in _moves(base)}
    for order in sorted(moved - {base}):
        yield Did("move", "", order)
    for place in range(len(base) + 1):
        yield Did("insert", new, base[:place] + new + base[place:])


def _moves(base: str) -> Iterator[tuple[str, str, int]]:
    for place, letter in enumerate(base):
        rest = base[:place] + base[place + 1 :]
        yield from ((letter, rest, to) for to in range(len(base)))


def fault(base: str, local: Did, remote: Did, found: str) -> str:
    """What is wrong with the merged order, or ''."""
    kept = [letter for letter in base + "LR" if _stays(letter, base, local, remote)]
    if sorted(found) != sorted(kept):
        return "each cell once"
    match local.what, remote.what:
        case "insert", "insert":
            right = found == _both_inserted(base, local, remote)
        case ("insert", "move") | ("move", "insert"):
            insert, move = (local, remote) if local.what == "insert" else (remote, local)
            right = _beside_a_neighbour(insert, found) and found.replace(insert.letter, "") == move.order
        case "move", "move":
            right = _agrees_with_both(base, local.order, remote.order, found)
        case _:
            leader = remote if local.order == base or local.what == "delete" else local
            right = found == "".join(letter for letter in leader.order if letter in kept) or (
                leader.what == "delete" and found == "".join(letter for letter in base if letter in kept)
            )
    return "" if right else "order"


def _stays(letter: str, base: str, local: Did, remote: Did) -> bool:
    if letter not in base:
        return letter in local.order + remote.order
    deleted = any(letter not in did.order for did in (local, remote))
    edited = any(did.what == "edit" and did.letter == letter for did in (local, remote))
    return edited or not deleted


def _both_inserted(base: str, local: Did, remote: Did) -> str:
    places = sorted([(local.order.index("L"), "L"), (remote.order.index("R"), "R")], reverse=True)
    found = base
    for place, letter in places:
        found = found[:place] + letter + found[place:]
    return found


def _beside_a_neighbour(insert: Did, found: str) -> bool:
    edges = set(pairwise(f"^{insert.order}$"))
    return any(insert.letter in edge and edge in edges for edge in pairwise(f"^{found}$"))


def _agrees_with_both(base: str, local: str, remote: str, found: str) -> bool:
    """Some one letter moved on each side (AB to BA can be either): each is where its side put it.

    The same letter on both sides: local's place.  Two letters at one place: in any order.
    """
    if local == remote:
        return found == local
    return any(
        found == local if x == y else _without(y, found, local) and _without(x, found, remote)
        for x, y in product(_moved(base, local), _moved(base, remote))
    )


def _moved(base: str, order: str) -> list[str]:
    return [letter for letter in base if _without(letter, base, order)]


def _without(letter: str, one: str, other: str) -> bool:
    return one.replace(letter, "") == other.replace(letter, "")


def test_the_specification_knows_wrong_orders() -> None:
    nothing, moved = Did("nothing", "", "ABC"), Did("move", "", "CAB")
    assert fault("ABC", moved, nothing, "CAB") == ""
    assert fault("ABC", moved, nothing, "ABC") == "order"
    assert fault("ABC", moved, nothing, "CABC") == "each cell once"
    assert fault("ABC", Did("insert", "L", "LABC"), Did("insert", "R", "RABC"), "RLABC") == "order"


def side(order: str, did: Did, name: str, ids: Ids) -> Notebook:
    cells = [_cell(letter, name if did.what == "edit" and did.letter == letter else None) for letter in order]
    made = notebook(*cells, minor=4)
    return identified(made, ids) if ids is Ids.POSITIONAL else _with_letters(made, order, ids)


def _cell(letter: str, edited_by: str | None) -> Cell:
    text = list(TEXTS[letter])
    if edited_by is not None:
        text[EDITED_LINE[edited_by]] += f"  # {edited_by}"
    return code("\n".join(text), count=1, out=letter)


def _with_letters(made: Notebook, order: str, ids: Ids) -> Notebook:
    if ids is Ids.NONE:
        return made
    cells = [with_id(cell, f"cell-{letter}") for cell, letter in zip(made["cells"], order, strict=True)]
    return made | {"cells": cells, "nbformat_minor": 5}


def letters(merged: Merged) -> str:
    """The merged order; a cell in conflict is known by the lines between its markers."""
    return "".join(
        letter for source in merged.sources for letter, text in TEXTS.items() if text[0] in source.split("\n")
    )


def edits(merged: Merged) -> set[str]:
    return {name for name in EDITED_LINE for source in merged.sources if f"  # {name}" in source}


@pytest.mark.parametrize("ids", [Ids.OWN, Ids.NONE, Ids.POSITIONAL], ids=lambda ids: ids.name)
@pytest.mark.parametrize("base", ["", "A", "AB", "ABC"])
def test_every_pair_of_operations(base: str, ids: Ids) -> None:
    wrong = []
    for local, remote in product(everything_one_can_do(base, "L"), everything_one_can_do(base, "R")):
        merged = merge(
            side(base, Did("nothing", "", base), "base", ids),
            side(local.order, local, "local", ids),
            side(remote.order, remote, "remote", ids),
        )
        reason = fault(base, local, remote, letters(merged)) or _wrong_content(local, remote, merged)
        if reason:
            wrong.append(f"{local} + {remote} = {letters(merged)}: {reason}")
    assert not wrong, "\n".join(wrong)


def _wrong_content(local: Did, remote: Did, merged: Merged) -> str:
    edited = {name for name, did in (("local", local), ("remote", remote)) if did.what == "edit"}
    if edits(merged) != edited:
        return "an edit is missing"
    whats = {local.what, remote.what}
    contested = whats == {"edit", "delete"} and local.letter == remote.letter
    return "" if merged.clean != contested else "clean or conflict"
