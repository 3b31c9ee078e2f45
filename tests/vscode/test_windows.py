"""Windows of VS Code that type, save, take over the file and undo, beside a program: nothing typed
or saved is lost or doubled, and VS Code is never left with a save that it has refused."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.build import code, notebook, printed
from tests.helpers.examples import tried
from tests.helpers.node_process import needs_node
from tests.helpers.spelling import JUPYTER
from tests.vscode.windows import (
    CELLS,
    MOST,
    PROGRAM,
    Windows,
    started,
    typed,
    windows_in,
    written,
)

pytestmark = needs_node


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    with windows_in(tmp_path_factory.mktemp("windows")) as found:
        yield found


KINDS = [*["type", "answer"] * 4, "insert", "program", "save", "save", "noticed", "read", "reload", "time"]
STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, MOST - 1), st.integers(0, CELLS - 1)),
    min_size=4,
    max_size=24,
)


@given(st.integers(1, MOST), STEPS)
@tried(30)
def test_all_end_with_all_that_was_typed(
    made: Windows, count: int, steps: list[tuple[str, int, int]]
) -> None:
    windows = started(made, count)
    words: list[str] = []
    for number, (what, somebody, cell) in enumerate(steps):
        who = somebody % count
        match what:
            case "type":
                words.append(f"«{number}»")
                typed(windows, who, cell, words[-1])
            case "insert":
                words.append(f"«{number}»")
                new = {"cell_type": "markdown", "id": f"new-{number}", "metadata": {}, "source": [words[-1]]}
                windows.host.do("insert", who=who, place=CELLS, cell=new)
            case "program":
                words.append(f"«{number}»")
                written(windows, cell, words[-1])
            case "answer" if windows.host.requests:
                windows.answer(windows.host.requests[somebody % len(windows.host.requests)])
            case "save" | "noticed" | "read" | "reload":
                windows.host.do(what, who=who)
            case "time":
                windows.host.do("advance", milliseconds=400)
    windows.answer_all()
    windows.settle()
    held = windows.held()
    for word in words:
        assert sum(source.count(word) for source in held) == 1, (word, held)
    for who in range(count):
        found = windows.read(who)
        assert found["sources"] == held
        assert not found["isDirty"]


def test_a_save_asks_nothing_where_a_program_has_saved(made: Windows) -> None:
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    written(windows, 0, "theirs")
    windows.host.do("save", who=0)
    windows.answer_all()
    found = windows.read(0)
    assert (found["refusals"], found["saves"]) == (0, 1)
    assert "line_0_0 = [mine, 0]" in windows.held()[0]
    assert f"line_{PROGRAM}_0 = [theirs, 0]" in windows.held()[0]
    assert found["sources"] == windows.held()


def test_a_key_between_the_two_writes_is_saved_by_the_next(made: Windows) -> None:
    windows = started(made, 1)
    typed(windows, 0, 0, "one")
    written(windows, 1, "theirs")
    windows.host.do("save", who=0)
    while windows.host.requests:
        windows.answer(windows.host.requests[0])
        if windows.asked[-1] == "save":
            typed(windows, 0, 2, "key")
    windows.answer_all()
    windows.pass_time(3000)
    assert windows.read(0)["sources"] == windows.held()
    assert "key" in windows.held()[2]
    assert not windows.read(0)["isDirty"]


def test_a_key_copies_no_notebook_while_nothing_is_saved(made: Windows) -> None:
    windows = started(made, 1)
    typed(windows, 0, 0, "first")
    before = windows.read(0)["copies"]
    typed(windows, 0, 0, "second")
    assert windows.read(0)["copies"] == before


def test_one_writer_alone_writes_once(made: Windows) -> None:
    windows = started(made, 1)
    windows.asked.clear()
    for word in ("one", "two", "three"):
        typed(windows, 0, 0, word)
        windows.host.do("save", who=0)
        windows.answer_all()
        windows.pass_time(1000)
    assert set(windows.asked) == {"hold", "head", "claim"}


def test_a_notebook_that_took_over_a_file_counts_nothing_of_it_as_its_own(made: Windows) -> None:
    """VS Code reloads by itself, somebody types at once, and the program saves once more."""
    windows = started(made, 1)
    written(windows, 1, "first")
    windows.host.do("noticed", who=0)
    windows.answer_all()
    windows.host.do("reload", who=0)
    typed(windows, 0, 0, "mine")
    path, found = windows.path, json.loads(windows.path.read_bytes())
    found["cells"][1]["source"] = [line.replace("first", "second") for line in found["cells"][1]["source"]]
    path.write_bytes(JUPYTER.spell(found))
    windows.pass_time(200)
    windows.host.do("save", who=0)
    windows.answer_all()
    windows.settle()
    assert not any("<<<<<<<" in source for source in windows.held())
    assert "second" in windows.held()[1]
    assert "mine" in windows.held()[0]


def age(windows: Windows) -> float:
    return time.time() - windows.path.stat().st_mtime


def test_a_file_looks_old_only_while_it_is_saved_over(made: Windows) -> None:
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    written(windows, 1, "theirs")
    windows.host.do("begin", who=0)
    windows.answer_all()
    assert age(windows) > 30
    windows.pass_time(12_000)  # VS Code has not written, and is asked again
    windows.answer_all()
    assert age(windows) < 30
    assert not windows.read(0)["isDirty"]
    assert windows.read(0)["sources"] == windows.held()


@pytest.mark.parametrize("closes", [False, True])
def test_nor_does_it_where_nbmerge_answers_no_more_or_the_notebook_is_closed(
    made: Windows, closes: bool
) -> None:
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    written(windows, 1, "theirs")
    windows.host.do("begin", who=0)
    while windows.host.requests[0].what in ("hold", "head"):
        windows.answer(windows.host.requests[0])
    windows.host.do("advance", milliseconds=1200)
    assert age(windows) > 30
    if closes:
        windows.host.do("close", who=0)
    for _ in range(30 * (not closes)):
        windows.host.do("advance", milliseconds=500)
    assert age(windows) < 30


def test_a_notebook_that_is_closed_while_a_save_is_prepared_leaves_the_file_its_age(made: Windows) -> None:
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    written(windows, 1, "theirs")
    windows.host.do("begin", who=0)
    while windows.asked[-1] != "save":
        windows.answer(windows.host.requests[0])
    assert windows.host.requests[0].what == "head"
    windows.host.do("close", who=0)
    windows.answer_all()
    windows.pass_time(3000)
    assert age(windows) < 30


def test_a_file_that_was_put_back_with_its_old_age_is_saved_over_without_asking(made: Windows) -> None:
    windows = started(made, 1)
    long_ago = time.time() - 86_400
    os.utime(windows.path, (long_ago, long_ago))
    windows.host.do("revert", who=0)
    windows.pass_time(500)
    typed(windows, 0, 0, "mine")
    written(windows, 1, "theirs")
    windows.host.do("save", who=0)
    windows.answer_all()
    assert windows.read(0)["refusals"] == 0
    assert "mine" in windows.held()[0]


def test_what_a_program_writes_just_before_vs_code_does_is_asked_about_no_more(made: Windows) -> None:
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    written(windows, 1, "theirs")
    windows.host.do("begin", who=0)
    windows.answer_all()
    written(windows, 2, "last")
    windows.host.do("heard", who=0)
    windows.answer_all()
    windows.host.do("write", who=0)
    windows.answer_all()
    assert windows.read(0)["refusals"] == 0
    windows.settle()
    for word, cell in (("mine", 0), ("theirs", 1), ("last", 2)):
        assert word in windows.held()[cell]
    assert windows.read(0)["sources"] == windows.held()


@pytest.mark.parametrize("key", ["", "k, "])
def test_what_vs_code_has_written_and_somebody_wrote_over_at_once_is_its_own(made: Windows, key: str) -> None:
    """Else it would go on from an older version, in conflict with what it has saved itself."""
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    windows.host.do("begin", who=0)
    windows.answer_all()
    found = json.loads(windows.path.read_bytes())
    found["cells"][1]["source"] = ["theirs"]
    windows.host.do("over", who=0, text=JUPYTER.spell(found).decode())
    windows.host.do("write", who=0)
    if key:
        windows.host.do("type", who=0, cell=0, at=len("line_0_0 = ["), text=key)
    windows.answer_all()
    windows.settle()
    held = windows.held()
    assert f"[{key}mine, 0]" in held[0]
    assert held[1] == "theirs"
    assert windows.read(0)["sources"] == held


def test_a_program_that_goes_on_at_once_from_half_a_word(made: Windows) -> None:
    """VS Code has written while somebody types, and the program has put a line of its own into that."""
    windows = started(made, 1)
    typed(windows, 0, 1, "mine")
    windows.host.do("begin", who=0)
    windows.answer_all()
    for letter in "half":
        place = windows.read(0)["sources"][0].index(", 0]" if letter != "h" else "0]")
        windows.host.do("type", who=0, cell=0, at=place, text=letter if letter != "h" else "h, ")
    found = json.loads(windows.path.read_bytes())
    for cell, source in zip(found["cells"], windows.read(0)["sources"], strict=True):
        cell["source"] = source
    found["cells"][2]["source"] = "theirs"
    windows.host.do("over", who=0, text=JUPYTER.spell(found).decode())
    windows.host.do("write", who=0)
    windows.host.do("type", who=0, cell=0, at=len("line_0_0 = [half"), text="way")
    windows.answer_all()
    windows.settle()
    held = windows.held()
    assert "[halfway, 0]" in held[0]
    assert held[2] == "theirs"
    assert windows.read(0)["sources"] == held


def test_a_save_of_a_large_notebook_is_waited_for(made: Windows) -> None:
    """While nobody else writes, VS Code is slow and has refused nothing."""
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    written(windows, 1, "theirs")
    windows.host.do("begin", who=0)
    windows.answer_all()
    windows.pass_time(5000)
    assert age(windows) > 30
    assert not windows.read(0)["saves"]


def test_a_save_of_somebody_in_between_is_seen(made: Windows) -> None:
    """Whoever writes after the file was made to look old makes it new."""
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    written(windows, 1, "theirs")
    windows.host.do("begin", who=0)
    windows.answer_all()
    written(windows, 2, "last")
    assert age(windows) < 30
    windows.settle()
    for word, cell in (("mine", 0), ("theirs", 1), ("last", 2)):
        assert word in windows.held()[cell]
    assert windows.read(0)["sources"] == windows.held()


def test_a_save_that_takes_too_long_asks_nothing_and_loses_nothing(made: Windows) -> None:
    """The machine is so busy that VS Code does not wait: it writes over what the history has already."""
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    written(windows, 1, "theirs")
    windows.host.do("save", who=0)
    while windows.host.requests[0].what in ("hold", "head"):
        windows.answer(windows.host.requests[0])
    for _ in range(4):
        windows.host.do("advance", milliseconds=400)
    found = windows.read(0)
    assert (found["refusals"], found["isDirty"]) == (0, False)
    assert "mine" in windows.held()[0]
    windows.answer_all()
    windows.settle()
    assert "theirs" in windows.held()[1]
    assert "mine" in windows.held()[0]
    assert windows.held() == windows.read(0)["sources"]
    assert not any("<<<<<<<" in source for source in windows.held())


def test_the_new_text_comes_into_a_cell_that_runs(made: Windows) -> None:
    windows = started(made, 1)
    windows.host.do("runs", who=0, cell=0)
    typed(windows, 0, 1, "mine")
    written(windows, 0, "theirs")
    windows.host.do("noticed", who=0)
    windows.pass_time(500)
    assert "theirs" in windows.read(0)["sources"][0]
    windows.host.do("save", who=0)
    windows.answer_all()
    found = windows.read(0)
    assert (found["refusals"], found["isDirty"]) == (0, False)
    assert "theirs" in windows.held()[0]
    assert found["sources"] == windows.held()


def test_keys_that_come_while_others_work_is_brought_in_are_carried_over(made: Windows) -> None:
    """Some come into the very cell, before what was meant for it as it was arrives."""
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    for cell in range(CELLS):
        written(windows, cell, "theirs")
    found = json.loads(windows.path.read_bytes())
    found["cells"].append(code("new", id="new"))
    windows.path.write_bytes(JUPYTER.spell(found))
    windows.host.do("noticed", who=0)
    at = len("line_0_0 = [")
    windows.host.do("keys", who=0, keys=[{"cell": n, "at": at, "text": "k, "} for n in (0, 0, 2, 1, 0)])
    windows.pass_time(50)
    sources = windows.read(0)["sources"]
    assert sources[3] == "new"
    for cell, keys in enumerate((3, 1, 1)):
        assert sources[cell].count("k, ") == keys
        assert sources[cell].count("theirs") == 1
    windows.settle()
    assert windows.held() == windows.read(0)["sources"]
    assert not any("<<<<<<<" in source for source in windows.held())


def test_where_both_type_in_one_place_nothing_is_half_brought_in(made: Windows) -> None:
    """Else what came would be taken for one's own, in conflict with what the others make of it."""
    windows = started(made, 1)
    windows.host.do("type", who=0, cell=0, at=0, text="x")
    for cell in range(CELLS):
        written(windows, cell, "theirs")
    windows.host.do("noticed", who=0)
    place = windows.read(0)["sources"][2].index(f"line_{PROGRAM}_2 = [") + len(f"line_{PROGRAM}_2 = [")
    windows.host.do("keys", who=0, keys=[{"cell": 2, "at": place, "text": "k"}])
    windows.host.do("advance", milliseconds=50)
    while windows.host.requests:
        windows.answer(windows.host.requests[0])
    assert not any("theirs" in source for source in windows.read(0)["sources"])


def test_no_cell_comes_where_a_text_that_belongs_to_it_does_not(made: Windows) -> None:
    windows = started(made, 1)
    windows.host.do("type", who=0, cell=0, at=0, text="x")
    written(windows, 2, "theirs")
    found = json.loads(windows.path.read_bytes())
    found["cells"].append(code("new", id="new"))
    windows.path.write_bytes(JUPYTER.spell(found))
    windows.host.do("noticed", who=0)
    place = windows.read(0)["sources"][2].index(f"line_{PROGRAM}_2 = [") + len(f"line_{PROGRAM}_2 = [")
    windows.host.do("keys", who=0, keys=[{"cell": 2, "at": place, "text": "k"}])
    windows.host.do("advance", milliseconds=50)
    windows.answer_all()
    assert len(windows.read(0)["sources"]) == CELLS


def test_a_cell_that_has_run_meanwhile_is_not_made_anew_without_what_it_printed(made: Windows) -> None:
    """As many outputs as before, and the same source: the cell is not as it was for all that."""
    windows = started(made, 1, notebook(code("a", id="a", out="old"), code("b", id="b")))
    windows.host.do("type", who=0, cell=1, at=1, text="c")
    theirs = notebook(code("a", id="a", out="theirs"), code("b", id="b"))
    windows.path.write_bytes(JUPYTER.spell(theirs))
    windows.host.do("noticed", who=0)
    windows.host.do("advance", milliseconds=50)
    while windows.asked[-1] != "pull":
        if windows.host.requests[0].what == "pull":
            windows.host.do("ran", who=0, cell=0, outputs=[printed("mine")])
        windows.answer(windows.host.requests[0])
    assert windows.read(0)["outputs"][0] == [printed("mine")]
    windows.settle()
    assert json.loads(windows.path.read_bytes())["cells"][0]["outputs"] == [printed("mine")]


def test_unsaved_typing_that_vs_code_brings_back_is_merged_with_later_saves(
    made: Windows,
) -> None:
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    windows.pass_time(5000)
    windows.host.do("again", who=0)
    written(windows, 0, "theirs")
    windows.answer_all()
    windows.pass_time(1000)
    assert "mine" in windows.read(0)["sources"][0]
    assert "theirs" in windows.read(0)["sources"][0]
    windows.settle()
    assert windows.held() == windows.read(0)["sources"]


def test_where_the_version_is_forgotten_vs_code_asks_and_nothing_is_merged_by_guess(made: Windows) -> None:
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    written(windows, 0, "theirs")
    before = windows.path.read_bytes()
    windows.host.do("again", who=0, forgets=True)
    windows.answer_all()
    windows.pass_time(1000)
    windows.host.do("save", who=0)
    windows.answer_all()
    assert windows.read(0)["refusals"] == 1
    assert windows.path.read_bytes() == before
    assert "theirs" not in windows.read(0)["sources"][0]


def test_where_nbmerge_fails_vs_code_saves_as_without_it(made: Windows) -> None:
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    windows.host.do("save", who=0)
    for _ in range(20):
        for request in list(windows.host.requests):
            windows.host.requests.remove(request)
            windows.host.do("fail", id=request.id, reason="ended")
    assert "mine" in windows.held()[0]
    assert windows.host.errors
