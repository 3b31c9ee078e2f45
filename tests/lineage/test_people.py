"""The measure of what people's work comes to: it counts what is lost, and finds nothing where nothing is."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from random import Random

import pytest

from tests.bench.people import main
from tests.helpers.build import code, notebook
from tests.simulation.page import AGENT, JUPYTER, Page
from tests.simulation.people import WORLDS, Figures, figures
from tests.simulation.truth import Truth, dropped, result_of
from tests.simulation.watched import Nbmerge, Nobody
from tests.simulation.words import Shown, Words, formatted, shown_by, tuned, without_markers

MADE = ("saves", "stood", "words", "removed", "results")  # what people did; the rest is what became of it


def measured(world: str, saves: int = 26, seed: int = 0, told: bool = False) -> Figures:
    """Without the notebooks that lie beside the checkout: the same everywhere."""
    return figures(world, saves, seed, partial(Nbmerge, told=told), others=())


@pytest.mark.parametrize("world", WORLDS)
def test_whoever_is_told_every_base_loses_nothing(world: str) -> None:
    found = measured(world, told=True)
    assert found.words > 10
    assert {name: count for name, count in asdict(found).items() if count and name not in MADE} == {}


@pytest.mark.parametrize("world", ["two-never", "three-raw", "agent-never", "rollback"])
def test_a_file_that_nobody_watches_loses_work_in_silence(world: str) -> None:
    found = figures(world, 100, 0, Nobody, others=())
    assert found.lost > 0 or world == "rollback"  # the page itself rescues what it still shows
    assert (found.against, found.doubted, found.named) == (0, 0, 0)


def test_one_person_loses_nothing_where_nobody_interferes() -> None:
    found = figures("one", 50, 0, Nobody, others=())
    assert {name for name, count in asdict(found).items() if count} == set(MADE)


def test_a_seed_gives_the_same_figures() -> None:
    assert measured("two") == measured("two")
    unwatched = [figures("two", 26, seed, Nobody, others=()) for seed in (0, 0, 1)]
    assert unwatched[0] == unwatched[1] != unwatched[2]


def test_the_table_holds_what_was_counted(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--worlds", "one", "--saves", "1", "--made", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["world"] == "one"
    assert found["saves"] >= 1
    main(["--worlds", "one", "--saves", "1", "--made"])
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[0] == "world"
    assert row.split()[:2] == ["one", str(found["saves"])]


def shown(*words: str, disputed: frozenset[str] = frozenset()) -> Shown:
    return Shown(frozenset(words) | disputed, frozenset(words))


class TestTruth:
    """What follows from what people saved and saw."""

    @pytest.fixture
    def truth(self) -> Truth:
        truth = Truth({"dog", "cat"})
        for who in (1, 2):
            truth.loaded(who, shown())
        truth.saved(1, shown("dog", "cat", "print"))
        return truth

    def test_what_somebody_typed_is_expected(self, truth: Truth) -> None:
        assert truth.expected == {"dog", "cat"}

    def test_only_who_had_a_word_can_remove_it(self, truth: Truth) -> None:
        truth.saved(2, shown())
        assert truth.expected == {"dog", "cat"}
        truth.loaded(2, shown("dog"))
        truth.saved(2, shown())
        assert truth.expected == {"cat"}
        assert truth.removed == {"dog": {2}}

    def test_an_undone_removal_is_none(self, truth: Truth) -> None:
        truth.saved(1, shown("dog"))
        truth.saved(1, shown("dog", "cat"))
        assert truth.removed == {}

    def test_who_brings_back_an_old_version_brings_back_what_others_removed(self, truth: Truth) -> None:
        truth.saved(1, shown("dog"))
        truth.saved(2, shown("cat"), knowingly=True)
        assert truth.removed == {}

    def test_a_removed_word_comes_back(self, truth: Truth) -> None:
        for _ in range(2):
            truth.saved(1, shown("dog"))
            truth.settled(shown("dog", "cat"))
            assert truth.loaded(1, shown("dog", "cat")) == {"cat"}
        assert (truth.shown, truth.again) == ({"cat"}, 1)

    def test_a_word_that_stays_away_is_not_back(self, truth: Truth) -> None:
        truth.saved(1, shown("dog"))
        truth.settled(shown("dog"))
        assert (truth.removed, truth.shown, truth.again) == ({"cat": {1}}, set(), 0)

    def test_a_conflict_shows_what_somebody_removed_until_it_is_settled(self, truth: Truth) -> None:
        truth.saved(1, shown("dog"))
        in_conflict = shown("dog", disputed=frozenset({"cat"}))
        truth.settled(in_conflict)
        truth.loaded(2, in_conflict)
        assert truth.shown == set()
        truth.saved(2, shown("dog", "cat"))
        assert truth.removed == {}

    def test_a_result_is_undone_where_its_source_stands_without_it(self) -> None:
        old, new = code("a", out="old"), code("a", out="new")
        result = result_of(new)
        assert dropped({result}, [new, code("b")]) == set()
        assert dropped({result}, [old]) == {result}
        assert dropped({result}, [code("a")]) == {result}
        assert dropped({result}, [code("a + 1", out="old")]) == set()
        assert dropped({result, result_of(old)}, [old]) == set()


class TestPage:
    """What an editor can do."""

    @pytest.fixture
    def page(self) -> Page:
        start = notebook(code("a = 1\nb = 2", id="one", count=3, out="old"), code("c = 3", id="two"))
        return Page(json.dumps(start).encode(), JUPYTER, Random(0), set())

    def test_undo_brings_sources_back_and_no_outputs(self, page: Page) -> None:
        first, second = page.cells
        page.remember()
        page.write(first, ["print(a)"])
        page.run(first)
        page.remember()
        page.cut(1)
        assert page.cells == [first]
        assert page.take_back(2)
        assert page.cells == [first, second]
        assert "".join(first["source"]) == "a = 1\nb = 2"
        assert first["execution_count"] == 4
        assert not page.take_back()

    @pytest.mark.parametrize("fresh", [True, False])
    def test_a_cut_cell_is_pasted_with_its_id_or_another(self, page: Page, fresh: bool) -> None:
        page.cut(0)
        page.paste_cut(1, fresh)
        assert [cell["source"] for cell in page.cells] == [["c = 3"], ["a = 1\n", "b = 2"]]
        assert (page.cells[1]["id"] == "one") is not fresh

    def test_programs_spell_differently(self, page: Page) -> None:
        assert b'\n   "source": [\n    "a = 1\\n",\n' in page.save()
        page.program = AGENT
        assert b'"source": "a = 1\\nb = 2"' in page.save()

    def test_words_are_given_out_once(self) -> None:
        words = Words(Random(0), ["taken"])
        lines = [words.line(kind) + "\n" for kind in ("code", "markdown") for _ in range(100)]
        found = shown_by([{"source": lines}]).words
        assert len(words.given & found) == len(words.given)
        assert "taken" not in words.given

    def test_formatting_and_tuning_keep_the_words(self) -> None:
        lines = ["x = f('one', two=2)", "if y == 'z': pass"]
        assert formatted(lines) == ["x=f(", '    "one",', "    two=2,", ")", 'if y == "z": pass']
        assert shown_by([{"source": formatted(lines)}]).words == shown_by([{"source": lines}]).words
        assert tuned("a = 1 + 22", Random(1)).startswith("a = 1 + ")

    def test_a_conflict_is_settled_with_any_of_its_sides(self) -> None:
        lines = [
            "a",
            "<<<<<<< version 2",
            "b",
            "||||||| version 1",
            "c",
            "=======",
            "d",
            ">>>>>>> version 3",
            "=",
        ]
        assert without_markers(lines) == ["a", "="]
        assert without_markers(lines, {True}) == ["a", "b", "="]
        assert without_markers(lines, {True, False}) == ["a", "b", "d", "="]
        found = shown_by([{"source": "\n".join(lines)}])
        assert found.plain == {"a"}
        assert {"b", "d"} < found.disputed
