"""How often a merge is written for a writer who drops its other side again each time."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from nbmerge.lineage.insisting import Insisting
from nbmerge.lineage.judge import VersionContent
from nbmerge.lineage.versions import Graph, Origin, Version, Writer
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from tests.helpers.build import code, notebook

BASE = ("height = 1", "load(height)", "show(height)")
OTHER = ("height = 22  # metres", "load(height, 'all')", "show(height, 'pier')", "print('the end')")
MINE = ("height = 1", "load(height)", "show(height)", "mine = 1")
LATE = 10_000.0


def book(*sources: str) -> Notebook:
    cells = (code(source, id=f"cell-{number}") for number, source in enumerate(sources))
    return read(json.dumps(notebook(*cells)).encode())


def merges(
    parents: Mapping[int, tuple[int, ...]],
    shown: Mapping[int, tuple[str, ...]],
    tips: tuple[int, int],
    writers: Mapping[int, Writer] | None = None,
) -> tuple[Insisting, VersionContent]:
    """What is known of a notebook, and its second tip; saves are ten seconds apart."""
    known = writers or {}
    contents = [
        VersionContent(
            Version(
                number,
                f"{number:064x}",
                10.0 * number,
                Origin.SAVED,
                parents[number],
                known.get(number, Writer()),
            ),
            book(*sources),
            living=number in tips,
            pause=10.0,
        )
        for number, sources in sorted(shown.items())
    ]
    tip = next(one for one in contents if one.version.number == tips[1])
    return Insisting(Graph(parents), contents, max(parents)), tip


# Version 2 and the line of 3 were taken for two writers; each merge is dropped by the next save of that line.
ALONE = {1: (), 2: (1,), 3: (1,), 4: (2, 3), 5: (3,), 6: (2, 5), 7: (5,), 8: (2, 7), 9: (7,), 10: (2, 9)}
SHOWN = {1: BASE, 2: OTHER, 3: MINE, 9: (*MINE, "more = 9")}


def test_a_merge_is_refused_when_it_was_dropped_often_and_the_other_side_is_not_heard_of() -> None:
    """Also where the versions in between are not at hand any more: the graph tells what came from what."""
    insisting, tip = merges(ALONE, SHOWN, (2, 9))
    assert insisting.is_in_vain(tip, LATE)


def test_it_is_written_at_least_once_and_while_the_other_side_may_still_save() -> None:
    once = {number: parents for number, parents in ALONE.items() if number < 4}
    insisting, tip = merges(once, {1: BASE, 2: OTHER, 3: MINE}, (2, 3))
    assert not insisting.is_in_vain(tip, LATE)
    insisting, tip = merges(ALONE, SHOWN, (2, 9))
    assert not insisting.is_in_vain(tip, 60.0)


def test_who_saved_again_after_a_merge_is_another_writer() -> None:
    """A single author never goes on with what they dropped: the merge is never given up."""
    turns = {
        1: (),
        2: (1,),
        3: (1,),
        4: (2, 3),
        5: (2,),
        6: (5, 3),
        7: (3,),
        8: (5, 7),
        9: (7,),
        10: (5, 9),
        11: (9,),
    }
    shown = {1: BASE, 5: OTHER, 3: MINE, 11: (*MINE, "more = 11")}
    insisting, tip = merges(
        {**turns, 12: (5, 11), 13: (11,), 14: (5, 13)}, {**shown, 13: (*MINE, "n = 13")}, (5, 13)
    )
    assert not insisting.is_in_vain(tip, LATE)


@pytest.mark.parametrize("other", [Writer(name="Ann"), Writer(way="replaced")])
def test_what_is_known_to_be_another_writers_is_never_given_up(other: Writer) -> None:
    habits = {number: Writer(way="in place") for number in SHOWN} | {2: other}
    insisting, tip = merges(ALONE, SHOWN, (2, 9), habits)
    assert not insisting.is_in_vain(tip, LATE)
