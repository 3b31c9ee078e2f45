"""What a writer who takes part has just saved is never dropped in silence by one who says nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nbmerge.lineage.derivation import SHORTLY, Candidates, by_judgement
from nbmerge.lineage.heads import Derivation
from nbmerge.lineage.judge import Sequential
from nbmerge.service.notebook_service import open_service
from nbmerge.service.record import Saved
from tests.helpers.build import Cell, code, notebook
from tests.helpers.spelling import JUPYTER
from tests.sync.writers import Desk

START = "# the first cell\nalpha = load_the_data(1)\nbeta = clean_the_data(2)\ngamma = plot_the_data(3)"
TOLD = "answer_of_ann = compute_the_mean(17)"
MORE = "question_of_bob = ask_for_the_median(23)"


def cells(one: str = "", two: str = "") -> list[Cell]:
    return [code(START + one, id="one"), code(START.upper() + two, id="two"), code("quiet = 1", id="three")]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "notebooks").mkdir()
    return Desk(tmp_path / "notebooks", str(tmp_path / "state"))


@pytest.fixture
def told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> int:
    """Ann has saved a line, and then Bob another one: the version of Ann's.  Whatever an editor saves from
    now on that says nothing is taken to go on from what the file holds, as judgement may err."""
    desk.put(notebook(*cells()))
    for name, cell, line in (("ann", "one", TOLD), ("bob", "two", MORE)):
        writer = desk.writer(name)
        writer.add(cell, line)
        writer.save()

    def erring(candidates: Candidates, *_: object) -> Derivation:
        head = candidates.heads.head
        return by_judgement(Sequential("shows what came before"), head, candidates.heads)

    monkeypatch.setattr(Candidates, "_by_content", erring)
    return desk.versions()[-2].number


def untold(desk: Desk, *saved: Cell, after: float = 0.0) -> None:
    """An editor that says nothing saves, so many seconds later."""
    now = desk.versions()[-1].time + after
    data = JUPYTER.spell(notebook(*saved))
    desk.path.write_bytes(data)
    with open_service(desk.state, lambda: now) as service:
        path = os.path.realpath(desk.path)
        with service.store.lock(path):
            service.recorder.record_save(service.store.adopt(path), Saved(data, now))


def test_a_line_that_a_program_has_told_of_and_an_editor_drops_is_named_and_can_be_had_back(
    desk: Desk, told: int
) -> None:
    untold(desk, *cells(two=f"\n{MORE}\nthe_editor_itself = 5"))
    assert desk.open_tips() == [told]
    with open_service(desk.state) as service:
        service.reopen(str(desk.path))
    assert desk.sources() == [
        f"{START}\n{TOLD}",
        f"{START.upper()}\n{MORE}\nthe_editor_itself = 5",
        "quiet = 1",
    ]
    assert desk.open_tips() == []


@pytest.mark.parametrize(
    "shown",
    [
        f"\n{TOLD}",
        f"\n{TOLD.replace('17', '18')}",
        f"\n{TOLD} + 1",
        f"\n    {TOLD}",
    ],
)
def test_a_line_that_the_editor_kept_or_went_on_from_is_not_lost(desk: Desk, told: int, shown: str) -> None:
    untold(desk, *cells(shown, f"\n{MORE}\nthe_editor_itself = 5"))
    assert desk.open_tips() == []


def test_what_is_in_another_cell_now_is_not_lost(desk: Desk, told: int) -> None:
    untold(desk, *cells(two=f"\n{MORE}\nthe_editor_itself = 5\n{TOLD}"))
    assert desk.open_tips() == []


def test_what_was_there_for_long_can_be_taken_out(desk: Desk, told: int) -> None:
    untold(desk, *cells(f"\n{TOLD}", f"\n{MORE}\nthe_editor_itself = 5"), after=2)
    untold(desk, *cells(two=f"\n{MORE}\nthe_editor_itself = 5\nand_more = 6"), after=SHORTLY)
    assert desk.open_tips() == []


def test_what_its_own_writer_took_out_is_not_lost(desk: Desk, told: int) -> None:
    ann = desk.writer("ann")
    ann.type("one", START)
    ann.save()
    untold(desk, *cells(two=f"\n{MORE}\nthe_editor_itself = 5"), after=2)
    assert desk.open_tips() == []


def test_what_was_dropped_before_its_writer_told_of_it_is_named_when_they_do(desk: Desk, told: int) -> None:
    """As when saves waited for a store that was away, and others saw the files."""
    ann = desk.writer("ann")
    late = cells(f"\n{TOLD}", f"\n{MORE}\nlate_answer_of_ann = compute_the_rest(29)")
    untold(desk, *late, after=1)
    written = desk.versions()[-1].number
    untold(desk, *cells(f"\n{TOLD}", f"\n{MORE}\nthe_editor_itself = 5"), after=2)
    assert desk.open_tips() == []
    with desk.participation() as calls:
        calls.claim(str(desk.path), ann.version, JUPYTER.spell(notebook(*late)), "ann")
    assert desk.open_tips() == [written]
    with open_service(desk.state) as service:
        service.reopen(str(desk.path))
    assert "late_answer_of_ann" in desk.sources()[1]
    assert "the_editor_itself" in desk.sources()[1]


def test_what_an_editor_drops_again_and_again_is_named_once(desk: Desk, told: int) -> None:
    for number in range(3):
        untold(desk, *cells(two=f"\n{MORE}\nthe_editor_itself = {number}5"), after=30)
    assert desk.open_tips() == [told]


def test_that_a_line_is_named_does_not_change_what_its_editor_had_seen(desk: Desk) -> None:
    """It took a line out of what Ann had just saved; when Ann's page, which has it, saves something else,
    it stays out, and there is no conflict."""
    steps = [
        f"step_{n} = compute_the_{word}({n})"
        for n, word in enumerate(("mean", "mode", "rank", "range", "sum"))
    ]
    desk.put(notebook(*cells()))
    ann = desk.writer("ann")
    for step in steps:
        ann.add("one", step)
    ann.save()
    kept = "\n".join(("", *steps[:2], *steps[3:]))
    untold(desk, *cells(f"{kept}\nthe_editor_itself = 5"), after=20.0)
    assert desk.open_tips() == [2]
    ann.type("three", "quiet = 2")
    ann.save(check=False)
    assert desk.sources() == [f"{START}{kept}\nthe_editor_itself = 5", START.upper(), "quiet = 2"]


def test_a_copy_of_a_line_that_was_told_of_is_lost_like_any_other(desk: Desk) -> None:
    desk.put(notebook(*cells()))
    ann = desk.writer("ann")
    ann.add("two", "gamma = plot_the_data(3)")
    ann.save()
    untold(desk, *cells(two="\nthe_editor_itself = 5"))
    assert desk.open_tips()
