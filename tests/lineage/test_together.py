"""Saves that are judged together: whose they are, what a mistake would cost, and what is told of it.

A story is a list of saves: each is a notebook, and the way in which a program wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from nbmerge.history.opening import open_store
from nbmerge.lineage.heads import Outcome
from nbmerge.lineage.versions import Context, Writer
from nbmerge.service.cache import NotebookCache
from nbmerge.service.record import Recorder, Saved
from nbmerge.service.replay import Replay, Step
from tests.helpers.build import code, notebook

Book = dict[str, Any]
CELLS = {
    "read": "rows = list(csv.DictReader(open('pier.csv')))\nlen(rows)",
    "levels": "levels = [float(row['cm']) for row in rows]\nhigh = max(levels)\nprint(high)",
    "mean": "mean = statistics.mean(levels)\nprint('mean', mean)",
    "plot": "figure, axes = subplots()\naxes.plot(levels, color='navy')",
    "end": "figure.savefig('levels.png')\nprint('saved the figure')",
}


def book(changed: dict[str, str] | None = None, without: tuple[str, ...] = (), **more: str) -> Book:
    """The notebook with other sources, without some cells, and with more at its end."""
    sources = {**CELLS, **(changed or {}), **more}
    return notebook(*(code(source, id=name) for name, source in sources.items() if name not in without))


def spelled(one: Book) -> bytes:
    return (json.dumps(one, indent=1) + "\n").encode()


def replayed(*saves: Book | bytes, busy: bool = False) -> tuple[list[Step], str]:
    """What is done about each save, and the sources that the file holds in the end."""
    store = open_store(None, lambda: 0.0).store
    try:
        replay = Replay(store, 1.0 if busy else 120.0, second_writer=busy)
        steps = list(replay.run(one if isinstance(one, bytes) else spelled(one) for one in saves))
        cells = json.loads(replay.file.data)["cells"]
        return steps, "\n".join("".join(cell["source"]) for cell in cells)
    finally:
        store.close()


def outcomes(steps: list[Step]) -> list[Outcome]:
    return [step.action for step in steps[1:]]


BEFORE = book()
FIRST = book({"mean": "mean = statistics.fmean(levels)\nprint('mean', round(mean, 1))"})
FORMATTED = book(
    {
        "read": 'rows = list(\n    csv.DictReader(open("pier.csv")),\n)\nlen(rows)',
        "levels": 'levels = [\n    float(row["cm"])\n    for row in rows\n]\nhigh=max(levels)\nprint(high)',
        "plot": 'figure,axes=subplots()\naxes.plot(\n    levels,\n    color="navy",\n)',
    }
)


@pytest.mark.parametrize("gone", list(CELLS))
def test_a_cell_that_was_deleted_and_put_back_stays(gone: str) -> None:
    """Undo, and something else with it: the page shows the cell, and that is what counts."""
    other = next(name for name in CELLS if name != gone)
    edited = book({other: CELLS[other] + "\nprint('and this')"})
    steps, shown = replayed(BEFORE, book(without=(gone,)), edited)
    assert Outcome.MERGE not in outcomes(steps)
    assert CELLS[gone] in shown
    assert "and this" in shown


def test_a_formatter_that_is_undone_brings_nothing_back() -> None:
    """It only spelled otherwise what was there: there is nothing to lose."""
    steps, shown = replayed(BEFORE, FORMATTED, book({"end": CELLS["end"] + "\nplt.close(figure)"}))
    assert outcomes(steps) == [Outcome.ACCEPT, Outcome.ACCEPT]
    assert 'float(row["cm"])' not in shown


def test_results_beside_what_is_only_spelled_otherwise_are_no_loss() -> None:
    """A formatter is undone, and the cells have the results that they had all the time."""

    def calls(call: str, *more: str) -> Book:
        sources = [call.format(number) for number in range(10)]
        cells = [code(text, id=f"c{n}", count=n, out=f"result {n}") for n, text in enumerate(sources, 1)]
        return notebook(*cells, *(code(text, id="end") for text in more))

    typed = "levels_{0} = levels_of(pier_{0}, unit='cm')\nplot(levels_{0}, color='navy')"
    formatted = (
        'levels_{0}=levels_of(\n  pier_{0},\n  unit="cm",\n)\nplot(\n  levels_{0},\n  color="navy",\n)'
    )
    steps, shown = replayed(calls(typed), calls(formatted), calls(typed, "figure.savefig('levels.png')"))
    assert outcomes(steps) == [Outcome.ACCEPT, Outcome.ACCEPT]
    assert 'unit="cm"' not in shown


@pytest.mark.parametrize("name", ["levels", "mean", "plot"])
@pytest.mark.parametrize("more", [1, 3, 8])
def test_who_takes_back_what_was_run_has_seen_it(name: str, more: int) -> None:
    """Undo brings texts back and no results: those of the run stand beside the older text then, and nobody
    else has them."""
    typed = CELLS[name] + "".join(f"\ncheck_{number} = verify(rows, {number})" for number in range(more))
    before = {
        one: code(text, id=one, count=n, out=f"result {n}") for n, (one, text) in enumerate(CELLS.items())
    }
    ran = before | {name: code(typed, id=name, count=6, out="result 6")}
    taken_back = ran | {
        name: code(CELLS[name], id=name, count=6, out="result 6"),
        "more": code("and_this()", id="more"),
    }
    steps, shown = replayed(*(notebook(*cells.values()) for cells in (before, ran, taken_back)))
    assert outcomes(steps) == [Outcome.ACCEPT, Outcome.ACCEPT]
    assert "check_0" not in shown


@pytest.mark.parametrize("times", [2, 3])
def test_doubled_cells_that_are_taken_out_stay_out(times: int) -> None:
    doubled = notebook(
        *(code(source, id=f"{name}{n}") for n in range(times) for name, source in CELLS.items())
    )
    once = notebook(*(code(source, id=f"{name}0") for name, source in CELLS.items()))
    steps, shown = replayed(BEFORE, doubled, once)
    assert Outcome.MERGE not in outcomes(steps)
    assert all(shown.count(source) == 1 for source in CELLS.values())


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_page_is_not_stripped_of_what_a_wiped_file_lacks(left: int) -> None:
    """An old, partial or empty notebook lands in the file; the page that still shows all of it saves."""
    wiped = book(without=tuple(list(CELLS)[left:]))
    rescued = book({"read": CELLS["read"] + "\nprint(rows[0])"})
    steps, shown = replayed(BEFORE, FIRST, wiped, rescued)
    assert Outcome.MERGE not in outcomes(steps)[1:]
    assert all(source in shown for name, source in CELLS.items() if name not in ("read", "mean"))


def test_another_notebook_is_never_mixed_with_this_one() -> None:
    other = notebook(
        *(code(f"tides_{n} = harbour.read({n})\ntides_{n}.describe()", id=f"o{n}") for n in range(4))
    )
    steps, shown = replayed(BEFORE, FIRST, other)
    assert outcomes(steps)[-1] is Outcome.AMBIGUOUS
    assert "statistics" not in shown
    again = notebook(*other["cells"], code("print(tides_0)", id="one more"))
    steps, shown = replayed(BEFORE, FIRST, other, again)
    assert outcomes(steps)[-1] is Outcome.ACCEPT
    assert "statistics" not in shown


def test_the_same_as_before_is_accepted_and_named() -> None:
    """Nothing tells an undo from a tab that is saved unchanged."""
    steps, shown = replayed(BEFORE, FIRST, BEFORE)
    assert outcomes(steps) == [Outcome.ACCEPT, Outcome.AMBIGUOUS]
    assert "fmean" not in shown


def test_a_small_cell_that_a_stale_save_dropped_comes_back_when_two_are_known() -> None:
    """A's cell is dropped by B's save, and A's page still has it: a later save changes what is thought of
    the earlier one."""
    a, b = "hello_a = cohort('A', 1)", "bonjour_b = kohorte('B', 1)"
    _, shown = replayed(
        BEFORE, book(a=a), book(b=b), book(a=a, again="hello_again = cohort('A', 2)\nhello_again.show()")
    )
    assert a in shown
    assert b in shown
    assert "hello_again" in shown


MINE = book({"read": CELLS["read"] + "\nprint(rows[0])", "plot": CELLS["plot"].replace("navy", "teal")})
THEIRS = book(
    {
        "mean": "mean = median(levels)\nprint(mean, 'cm')",
        "levels": CELLS["levels"] + "\nlow = min(levels)\nprint(low)",
    }
)


def test_somebody_elses_edit_is_merged_when_the_evidence_is_plain() -> None:
    steps, shown = replayed(BEFORE, THEIRS, MINE)
    assert outcomes(steps)[-1] is Outcome.MERGE
    assert "low = min(levels)" in shown
    assert "teal" in shown


@dataclass(frozen=True)
class _Written:
    data: bytes
    way: str


def told(*saves: _Written, compared_only: bool = False, restarting: bool = False) -> Iterator[Outcome]:
    """What is done about saves that were written in these ways; `compared_only`: as a watcher reads them,
    `restarting`: by a new one each time."""
    store = open_store(None, lambda: 0.0).store
    recorder = Recorder(store, NotebookCache(store, compared_only=compared_only))
    notebook_id = store.adopt("/n.ipynb")
    for number, save in enumerate(saves):
        if restarting:
            recorder = Recorder(store, NotebookCache(store, compared_only=compared_only))
        done = recorder.record_save(
            notebook_id, Saved(save.data, 60.0 * number, Writer(way=save.way)), Context()
        )
        yield done.outcome
    store.close()


JUPYTER, SYNC = "in place with a copy", "renamed"


def test_what_a_sync_tool_puts_back_is_named_and_not_carried_out() -> None:
    """An older version to the byte, in a way of no editor: nobody has it open."""
    mean = "mean = statistics.fmean(levels)\nprint('mean', round(mean, 1))"
    closed = CELLS["end"] + "\nplt.close(figure)\nprint('closed')"
    first, second = spelled(FIRST), spelled(book({"mean": mean, "end": closed}))
    page = spelled(book({"mean": mean, "end": closed + "\nprint('all done')"}))
    found = list(
        told(
            _Written(spelled(BEFORE), JUPYTER),
            _Written(first, JUPYTER),
            _Written(second, JUPYTER),
            _Written(first, SYNC),
            _Written(page, JUPYTER),
        )
    )
    assert found[3] is Outcome.AMBIGUOUS
    assert found[4] is not Outcome.MERGE


def test_a_small_addition_by_another_program_is_merged_at_once() -> None:
    """The habits are those of another hand, so one line is enough."""
    grid = CELLS["plot"] + "\naxes.grid(True)"
    first, page = book({"plot": grid}), book({"plot": grid, "read": CELLS["read"] + "\nprint(rows[0])"})
    job = notebook(*first["cells"], code("checked = True  # by the nightly job", id="job"))
    cells = [{**one, "source": "".join(one["source"])} for one in job["cells"]]
    as_one_string = json.dumps({**job, "cells": cells}, indent=2).encode()
    found = list(
        told(
            _Written(spelled(BEFORE), JUPYTER),
            _Written(spelled(first), JUPYTER),
            _Written(as_one_string, "in place"),
            _Written(spelled(page), JUPYTER),
        )
    )
    assert found[3] is Outcome.MERGE


STORIES: dict[str, list[Book]] = {
    "merged": [BEFORE, THEIRS, MINE],
    "goes on": [BEFORE, FIRST, book({"mean": FIRST["cells"][2]["source"][0] + "print(mean)"})],
    "undo": [BEFORE, FIRST, BEFORE],
    "formatter undone": [BEFORE, FORMATTED, book({"end": CELLS["end"] + "\nplt.close(figure)"})],
    "rescue": [BEFORE, FIRST, book(without=tuple(CELLS)), FIRST],
    "two": [BEFORE, book(a="hello_a = cohort('A', 1)"), book(b="bonjour_b = kohorte('B', 1)")],
}


@pytest.mark.parametrize("story", STORIES)
def test_a_watcher_that_is_started_again_judges_the_same(story: str) -> None:
    """What is thought of a notebook follows from its versions."""
    saves = [_Written(spelled(one), JUPYTER) for one in STORIES[story]]
    assert list(told(*saves, restarting=True)) == list(told(*saves))


@pytest.mark.parametrize("story", STORIES)
def test_pictures_do_not_change_what_is_judged(story: str) -> None:
    """Long outputs, which a watcher holds as bytes, and no author of a story touches."""
    picture = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"image/png": "iVBORw0KGgo" * 20_000, "text/plain": ["<Figure>"]},
    }
    shown = code("axes.plot(levels)\nfigure", id="picture") | {"execution_count": 7, "outputs": [picture]}
    saves = [_Written(spelled(one | {"cells": [*one["cells"], shown]}), JUPYTER) for one in STORIES[story]]
    assert list(told(*saves, compared_only=True)) == list(told(*saves))


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("typed", ["print('mean'", "print('mean', mean", "print('me')"])
def test_a_save_of_what_was_half_typed_that_comes_late_is_gone_on_from(typed: str, busy: bool) -> None:
    """Two saves of one editor land in the wrong order; its next one holds all that both have."""
    begun = book({"mean": f"mean = statistics.mean(levels)\n{typed}"})
    done = {"mean": "mean = statistics.mean(levels)\nprint('mean', mean, len(levels))"}
    last = book({**done, "end": "figure.savefig('tides.png')"}, rest="rest = [one - mean for one in levels]")
    first = book(done, rest="rest = [one - mean for one in levels]")
    steps, shown = replayed(BEFORE, first, begun, last, busy=busy)
    assert outcomes(steps)[2] is Outcome.ACCEPT
    assert shown == "\n".join("".join(cell["source"]) for cell in last["cells"])


MEAN_OF_ALL = CELLS["mean"].replace("'mean'", "'mean of all'")


def test_what_was_typed_while_doubled_cells_went_is_not_lost_to_an_old_page() -> None:
    """The doubles had nothing to lose; the result that the old page brings back was typed by nobody."""
    ran = [
        (name, code(source, id=name, count=n, out=f"{name}\n"))
        for n, (name, source) in enumerate(CELLS.items(), 1)
    ]
    before = notebook(*(cell for _, cell in ran))
    mine = json.loads(json.dumps(before))
    mine["cells"][2] = code(MEAN_OF_ALL, id="mean", count=9, out="mean of all 744\n")
    old = json.loads(json.dumps(before))
    old["cells"][4] = code(CELLS["end"] + "\nprint('in png')", id="end", count=12, out="in png\n")
    doubled = {**before, "cells": [*before["cells"], *before["cells"]]}
    steps, shown = replayed(before, doubled, mine, old)
    assert outcomes(steps)[2] is Outcome.MERGE
    assert shown.count("of all") == shown.count("in png") == shown.count("axes.plot(levels") == 1


@pytest.mark.parametrize("rows", ["rows[:{}]", "rows[::2][:{}]  # 'of all'"])
def test_a_value_that_is_tuned_save_after_save_is_no_doubt(rows: str) -> None:
    tuned = [book({"read": f"{CELLS['read']}\npart = {rows.format(n)}"}) for n in (10, 20, 35, 50, 80)]
    steps, _ = replayed(BEFORE, *tuned)
    assert outcomes(steps) == [Outcome.ACCEPT] * len(tuned)


@pytest.mark.parametrize("changed", [("mean",), ("mean", "plot", "end")])
def test_text_that_is_back_with_a_cell_run_anew_is_at_most_a_doubt(changed: tuple[str, ...]) -> None:
    """Undo leaves results: text that is back without any of its own, but with other results, may be one."""
    later = book({name: CELLS[name].replace("levels", "tides") + "\nprint('more')" for name in changed})
    again = book()
    again["cells"][0]["outputs"] = [{"name": "stdout", "output_type": "stream", "text": ["744\n"]}]
    steps, shown = replayed(BEFORE, later, again)
    assert outcomes(steps) == [Outcome.ACCEPT, Outcome.AMBIGUOUS]
    assert "'more'" not in shown


def test_an_old_page_that_only_ran_a_cell_does_not_undo_an_evening() -> None:
    """Nobody undoes so many saves in one go."""
    steps_of = [f"step_{one} = levels[{one}:]\nprint(len(step_{one}))" for one in range(6)]
    evening = [book({f"step{n}": steps_of[n] for n in range(size)}) for size in range(1, 7)]
    again = book()
    again["cells"][0]["outputs"] = [{"name": "stdout", "output_type": "stream", "text": ["744\n"]}]
    steps, shown = replayed(BEFORE, *evening, again)
    assert outcomes(steps)[-1] is Outcome.MERGE
    assert all(f"step_{number} =" in shown for number in range(6))
