"""Which version a save derives from: one table of what people do, one of what stale editors save."""

from __future__ import annotations

import json

import pytest

from nbmerge.lineage.judge import BaseJudgement, Save, Sequential, Stale, Unsure, VersionContent, judge
from nbmerge.lineage.versions import Context, Origin, Version, Writer
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from tests.helpers.build import code, notebook

LOAD = "import pandas as pd\nlevels = pd.read_csv('levels.csv')\nlevels.describe()"
MEAN = "mean = levels.height.mean()\nprint('mean height', mean)"
PLOT = "figure, axes = subplots()\naxes.plot(levels.height, color='navy')\nfigure.savefig('levels.png')"
PEAK = "peak = levels.height.max()\nday = levels.height.idxmax()\nprint('peak', peak, 'on', day)"
TREND = "slope = polyfit(levels.index, levels.height, 1)[0]\nprint('trend per day', slope)"
BUSY = Context(("a second writer is known",))


def book(*sources: str) -> Notebook:
    cells = (code(source, id=f"cell-{number}") for number, source in enumerate(sources))
    return read(json.dumps(notebook(*cells)).encode())


def version(number: int) -> Version:
    parents = (number - 1,) if number > 1 else ()
    return Version(number, f"{number:064x}", 120.0 * number, Origin.SAVED, parents)


def judged(*saves: Notebook, context: Context = Context(), living: int | None = None) -> BaseJudgement:
    """The last save, after the others, two minutes apart, each made from the one before."""
    shown = [
        VersionContent(
            Version(
                number, f"{number:064x}", 120.0 * number, Origin.SAVED, (number - 1,) if number > 1 else ()
            ),
            one,
            living=number == living,
        )
        for number, one in enumerate(saves[:-1], 1)
    ]
    save = Save(saves[-1], 120.0 * len(saves), Writer())
    return judge(save, shown[-1], shown[:-1], context)


BEFORE = book(LOAD, MEAN, PLOT)
GREW = book(LOAD, MEAN + "\nmedian = levels.height.median()\nprint('median height', median)", PLOT, PEAK)

IN_SEQUENCE: dict[str, tuple[Notebook, Notebook, Notebook]] = {
    "goes on": (BEFORE, GREW, book(LOAD, GREW.cells[1].source, PLOT, PEAK, TREND)),
    "edits what was just written": (
        BEFORE,
        GREW,
        book(LOAD, GREW.cells[1].source, PLOT, PEAK + "\nday.year"),
    ),
    "moves a cell": (BEFORE, GREW, book(LOAD, PLOT, GREW.cells[1].source, PEAK)),
    "takes one line back": (
        BEFORE,
        book(LOAD, MEAN + "\nprint(mean)", PLOT),
        book(LOAD, MEAN, PLOT, PEAK),
    ),
    "writes a line anew": (
        BEFORE,
        book(LOAD, MEAN.replace("mean height", "the mean"), PLOT),
        book(LOAD, MEAN.replace("mean height", "the mean height, in metres"), PLOT, PEAK),
    ),
    "deletes an old cell": (BEFORE, GREW, book(LOAD, GREW.cells[1].source, PEAK)),
}


@pytest.mark.parametrize("saves", IN_SEQUENCE.values(), ids=IN_SEQUENCE)
def test_one_author_is_believed(saves: tuple[Notebook, Notebook, Notebook]) -> None:
    assert not isinstance(judged(*saves), Stale)


def test_a_save_that_takes_nothing_back_follows_the_head_whoever_else_is_there() -> None:
    verdict = judged(BEFORE, GREW, book(LOAD, GREW.cells[1].source, PLOT, PEAK, TREND), context=BUSY)
    assert isinstance(verdict, Sequential)


STALE = book(LOAD, MEAN, PLOT.replace("navy", "teal").replace("levels.png", "heights.png"), TREND)


def test_an_editor_that_never_saw_the_head_is_found_out() -> None:
    """It lacks all of the head's work, in two cells, and has what the head changed as it was."""
    verdict = judged(BEFORE, GREW, STALE, context=BUSY)
    assert isinstance(verdict, Stale)
    assert verdict.base == 1
    assert isinstance(judged(BEFORE, GREW, STALE), Stale | Unsure)


def test_the_base_is_what_the_save_is_closest_to() -> None:
    later = book(LOAD, MEAN, PLOT, "notes = 'gauge moved in May'\nprint(notes)")
    head = book(LOAD, GREW.cells[1].source, PLOT, "notes = 'gauge moved in May'\nprint(notes)", PEAK)
    save = book(LOAD, MEAN, PLOT.replace("navy", "teal"), "notes = 'gauge moved in May'\nprint(notes)", TREND)
    verdict = judged(BEFORE, later, head, save, context=BUSY)
    assert isinstance(verdict, Stale)
    assert verdict.base == 2


def test_one_lost_line_alone_proves_nothing() -> None:
    head = book(LOAD, MEAN + "\nprint('checked')", PLOT)
    save = book(LOAD, MEAN, PLOT.replace("navy", "teal"))
    assert not isinstance(judged(BEFORE, head, save), Stale)


def test_what_evolved_from_the_head_was_made_in_sight_of_it() -> None:
    """The author went on from the head's lines, although the lines themselves are gone."""
    head = book(LOAD, MEAN + "\nspread = levels.height.quantile(0.75) - levels.height.quantile(0.25)", PLOT)
    save = book(LOAD, MEAN + "\nspread = levels.height.quantile(0.9) - levels.height.quantile(0.1)", PLOT)
    assert not isinstance(judged(BEFORE, head, save, context=BUSY), Stale)


def test_the_tip_of_a_lineage_that_has_not_seen_the_merge_is_taken_up_again() -> None:
    save = book(LOAD, MEAN, PLOT.replace("navy", "teal"))
    verdict = judged(BEFORE, GREW, save, living=1)
    assert isinstance(verdict, Stale)
    assert verdict.base == 1


def test_the_evidence_is_told_in_words() -> None:
    verdict = judged(BEFORE, GREW, STALE, context=BUSY)
    assert "version 2" in verdict.evidence
    assert verdict.evidence[0].islower()


def test_more_known_of_a_second_writer_never_makes_it_less_sure() -> None:
    order: list[type] = [Sequential, Unsure, Stale]
    for save in (STALE, *(saves[-1] for saves in IN_SEQUENCE.values())):
        quiet, busy = judged(BEFORE, GREW, save), judged(BEFORE, GREW, save, context=BUSY)
        assert order.index(type(quiet)) <= order.index(type(busy))


def test_who_works_between_the_markers_has_seen_the_merge() -> None:
    """An edit of one side's line takes back what the merge brought, and proves the contrary."""
    ours, theirs, mine = ("a = 5  # metres", "a = 9  # feet"), "a = 1", "a = 99  # feet"
    conflict = "<<<<<<< version 2\n{}\n=======\n{}\n>>>>>>> version 3"
    base, one, other = book(theirs, LOAD), book(ours[0], LOAD), book(ours[1], LOAD)
    merged = book(conflict.format(*ours), LOAD)
    shown = [
        VersionContent(version(1), base),
        VersionContent(version(2), one, living=True),
        VersionContent(version(3), other, living=True),
    ]
    head = VersionContent(Version(4, "4" * 64, 480.0, Origin.MERGED, (2, 3)), merged)
    for sides in ((ours[0], mine), (mine, ours[1]), (ours[0], "")):
        save = Save(book(conflict.format(*sides), LOAD), 600.0)
        assert isinstance(judge(save, head, shown, BUSY), Sequential)
