"""Lines: every pair of change, delete, insert on a text of up to three lines, as code and as prose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import pytest

from tests.helpers.build import Merged, merge_code, merge_prose

BASE = ("weights = read('samples.csv')", "draw(histogram)", "for unit in laboratory: measure(unit)")
CHANGED = {
    "local": ["import first", "second.close()", "assert third > limit"],
    "remote": ["del one", "two, zwei = deux", "raise Three"],
}
NEW = {"local": "print('a line of the local side')", "remote": "global_counter += 1"}


@dataclass(frozen=True)
class Did:
    """What one side did: `at` is a line for change and delete, a gap for insert."""

    what: str
    at: int = 0


def everything_one_can_do(size: int) -> Iterator[Did]:
    yield Did("nothing")
    for at in range(size):
        yield from (Did("change", at), Did("delete", at))
    for at in range(size + 1):
        yield Did("insert", at)


def applied(size: int, **sides: Did) -> str:
    """The text with what the sides did, each at its place in base; local's insertion first."""
    found = []
    for at in range(size + 1):
        found += [NEW[name] for name, did in sides.items() if did == Did("insert", at)]
        if at < size and Did("delete", at) not in sides.values():
            changes = [CHANGED[name][at] for name, did in sides.items() if did == Did("change", at)]
            found += changes or [BASE[at]]
    return "\n".join(found)


def one_place(one: Did, other: Did) -> bool:
    """Both sides did something to one line, or inserted at one point, and not the same."""
    match one.what, other.what:
        case ("nothing", _) | (_, "nothing"):
            return False
        case ("delete", "delete"):
            return False
        case ("insert", "insert") | ("change" | "delete", "change" | "delete"):
            return one.at == other.at
        case "delete", "insert":
            return other.at in (one.at, one.at + 1)
        case "insert", "delete":
            return one.at in (other.at, other.at + 1)
    return False


def beside(one: Did, other: Did) -> bool:
    """An insertion at the edge of a changed line: DESIGN leaves it open whether that is a conflict."""
    insert, change = (one, other) if one.what == "insert" else (other, one)
    return (insert.what, change.what) == ("insert", "change") and insert.at in (change.at, change.at + 1)


@pytest.mark.parametrize("merge", [merge_code, merge_prose])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_every_pair_of_operations(size: int, merge: Callable[[str, str, str], Merged]) -> None:
    wrong = []
    for local, remote in product(everything_one_can_do(size), repeat=2):
        merged = merge(applied(size), applied(size, local=local), applied(size, remote=remote))
        conflict = one_place(local, remote)
        if merged.clean and merged.sources != [applied(size, local=local, remote=remote)]:
            wrong.append(f"{local} + {remote}: {merged.sources}")
        elif merged.clean == conflict and not beside(local, remote):
            wrong.append(f"{local} + {remote}: {'conflict' if conflict else 'clean'} expected")
    assert not wrong, "\n".join(wrong)


def test_neighbouring_lines_changed_by_two_sides_merge_and_are_noted() -> None:
    local, remote = Did("change", 0), Did("change", 1)
    merged = merge_prose(applied(3), applied(3, local=local), applied(3, remote=remote))
    assert merged.clean
    assert merged.noted("/cells/0/source", "both")
