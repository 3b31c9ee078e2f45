"""What ids are good for: without them, or with ids that follow the place, a merge gives the same sources."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from random import Random
from typing import TypeAlias

import pytest

from tests.helpers.build import Merged, code, merge, notebook

Sources: TypeAlias = list[tuple[str, str]]  # true id and source
Naming: TypeAlias = Callable[[int, str], str | None]


def true_ids(place: int, id: str) -> str | None:
    return id


KINDS: dict[str, Naming] = {
    "none": lambda place, id: None,
    "numbers": lambda place, id: str(place),
    "padded": lambda place, id: f"{place:08d}",
    "from one": lambda place, id: str(place + 1),
    "cell-N": lambda place, id: f"cell-{place}",
    "hashed": lambda place, id: sha256(bytes([place])).hexdigest()[:8],
}
WORDS = ("alpha", "beta", "gamma", "table", "frame", "mean", "load", "score", "model", "width", "price")
TRIES = {6: 60, 25: 25}  # by the number of cells


def line(random: Random) -> str:
    name, call, argument = (random.choice(WORDS) for _ in range(3))
    return f"{name}_{random.randint(0, 99)} = {call}({argument}, {random.randint(0, 9999)})"


def source(random: Random, long: bool) -> str:
    """Long ones have lines; short ones are one word that no other cell has."""
    if long:
        return "\n".join(line(random) for _ in range(random.randint(1, 5)))
    return f"{random.choice(WORDS)}{random.randint(0, 99999)}"


def edited(random: Random, cells: Sources, name: str, long: bool) -> Sources:
    """What somebody made of the cells in one to three steps."""
    cells = list(cells)
    for step in range(random.randint(1, 3)):
        what = random.choice(["insert", "insert", "edit", "edit", "delete", "move"])
        at = random.randrange(len(cells)) if cells else 0
        if what == "insert" or not cells:
            cells.insert(at, (f"{name}{step}{random.random()}"[:12], source(random, long)))
        elif what == "edit":
            cells[at] = (cells[at][0], f"{cells[at][1]} + {random.randint(0, 999)}")
        else:
            cell = cells.pop(at)
            if what == "move":
                cells.insert(random.randint(0, len(cells)), cell)
    return cells


def built(cells: Sources, naming: Naming) -> dict[str, object]:
    named = [code(text, id=naming(place, id)) for place, (id, text) in enumerate(cells)]
    return notebook(*named, minor=4 if naming is KINDS["none"] else 5)


def merged(sides: tuple[Sources, Sources, Sources], naming: Naming) -> Merged:
    base, local, remote = (built(cells, naming) for cells in sides)
    return merge(base, local, remote)


@pytest.mark.parametrize("size", [6, 25])
@pytest.mark.parametrize("long", [True, False], ids=["long", "short"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_sources_are_those_of_true_ids_or_there_is_a_conflict(kind: str, long: bool, size: int) -> None:
    other, needless = 0, 0
    for seed in range(TRIES[size]):
        random = Random(f"{seed} {size} {long}")
        base = [(f"b{n}{random.random()}"[:12], source(random, long)) for n in range(size)]
        sides = (base, edited(random, base, "l", long), edited(random, base, "r", long))
        true, found = merged(sides, true_ids), merged(sides, KINDS[kind])
        needless += true.clean and not found.clean
        other += true.clean and found.clean and true.sources != found.sources
    assert needless <= TRIES[size] * 0.04
    # What nothing but an id can tell, in small notebooks: which of two cells that changed places has moved,
    # and whether a short cell was rewritten or replaced, beside insertions.
    assert other <= TRIES[size] * (0.02 if size < 10 else 0)
