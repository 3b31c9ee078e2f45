"""What is typed while VS Code takes over a file, and what its undo takes out of others' work, comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.helpers.build import code, notebook, source_of
from tests.helpers.node_process import needs_node
from tests.helpers.spelling import JUPYTER
from tests.vscode.windows import Windows, started, typed, windows_in, written

pytestmark = needs_node


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    with windows_in(tmp_path_factory.mktemp("windows")) as found:
        yield found


def test_what_is_typed_while_vs_code_takes_over_the_file_is_put_back(made: Windows) -> None:
    windows = started(made, 1)
    written(windows, 1, "theirs")
    windows.host.do("read", who=0)
    for word in ("mine", "too"):
        typed(windows, 0, 0, word)
    windows.host.do("reload", who=0)
    assert "mine" not in windows.read(0)["sources"][0]
    windows.pass_time(500)
    found = windows.read(0)
    assert "too, mine" in found["sources"][0]
    assert "theirs" in found["sources"][1]
    assert found["isDirty"]
    windows.settle()
    assert windows.held() == windows.read(0)["sources"]


def test_what_is_typed_on_just_behind_that_comes_behind_it(made: Windows) -> None:
    windows = started(made, 1)
    written(windows, 1, "theirs")
    windows.host.do("read", who=0)
    at = len("line_0_0 = [")
    windows.host.do("type", who=0, cell=0, at=at, text="ab")
    windows.host.do("reload", who=0)
    windows.host.do("type", who=0, cell=0, at=at, text="cd, ")
    windows.pass_time(500)
    assert windows.read(0)["sources"][0].startswith("line_0_0 = [abcd, 0]")
    windows.settle()
    assert windows.held() == windows.read(0)["sources"]


def test_what_is_typed_while_a_file_is_read_that_says_the_same_is_put_back(made: Windows) -> None:
    """Another window has written the same once more."""
    windows = started(made, 1)
    windows.path.write_bytes(windows.path.read_bytes() + b"\n")
    windows.host.do("read", who=0)
    typed(windows, 0, 0, "mine")
    windows.host.do("reload", who=0)
    windows.pass_time(500)
    assert "mine" in windows.read(0)["sources"][0]


def test_it_is_put_back_also_where_nobody_knows_the_version_that_vs_code_has_read(made: Windows) -> None:
    """A program has written once more before nbmerge has seen it."""
    windows = started(made, 1)
    written(windows, 1, "theirs")
    windows.host.do("read", who=0)
    typed(windows, 0, 0, "mine")
    written(windows, 2, "more")
    windows.host.do("reload", who=0)
    windows.pass_time(500)
    windows.settle()
    held = windows.held()
    words = ("mine", "theirs", "more")
    assert [source.count(word) for source, word in zip(held, words, strict=True)] == [1, 1, 1]
    assert windows.read(0)["sources"] == held


def test_a_cell_that_is_inserted_while_vs_code_takes_over_the_file_is_put_back(made: Windows) -> None:
    windows = started(made, 1)
    written(windows, 1, "theirs")
    windows.host.do("read", who=0)
    new = {"cell_type": "markdown", "id": "new", "metadata": {}, "source": ["mine"]}
    windows.host.do("insert", who=0, place=1, cell=new)
    windows.host.do("reload", who=0)
    windows.pass_time(500)
    found = windows.read(0)
    assert found["sources"][1] == "mine"
    assert "theirs" in found["sources"][2]


def test_an_undo_that_shows_an_older_version_is_none_that_vs_code_has_taken_over(made: Windows) -> None:
    windows = started(made, 1)
    new = {"cell_type": "markdown", "id": "new", "metadata": {}, "source": ["mine"]}
    windows.host.do("insert", who=0, place=1, cell=new)
    windows.host.do("save", who=0)
    windows.pass_time(1000)
    windows.host.do("undo", who=0)
    windows.pass_time(500)
    windows.settle()
    assert "mine" not in windows.held()
    assert windows.held() == windows.read(0)["sources"]


def test_what_somebody_reverts_is_not_put_back(made: Windows) -> None:
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    windows.pass_time(4000)
    written(windows, 1, "theirs")
    windows.host.do("revert", who=0)
    windows.pass_time(500)
    assert "mine" not in windows.read(0)["sources"][0]
    assert not windows.read(0)["isDirty"]


def test_undo_of_what_others_saved_does_not_take_it_out_of_the_file(made: Windows) -> None:
    windows = started(made, 1)
    typed(windows, 0, 0, "mine")
    written(windows, 0, "theirs")
    windows.host.do("noticed", who=0)
    windows.pass_time(500)
    assert "theirs" in windows.read(0)["sources"][0]
    windows.host.do("undo", who=0)
    assert "theirs" not in windows.read(0)["sources"][0]
    windows.host.do("save", who=0)
    windows.answer_all()
    windows.settle()
    assert "theirs" in windows.held()[0]
    assert "mine" in windows.held()[0]


def brought(windows: Windows, cells: int) -> None:
    """Others' word comes into so many cells, the first of them first, and a step each can be undone."""
    typed(windows, 0, 2, "mine")
    for cell in range(cells):
        written(windows, cell, "theirs")
    windows.host.do("noticed", who=0)
    windows.pass_time(500)
    assert all("theirs" in source for source in windows.read(0)["sources"][:cells])


def answer_until(windows: Windows, what: str) -> None:
    while windows.host.requests[0].what != what:
        windows.answer(windows.host.requests[0])


def test_what_is_undone_while_a_save_is_prepared_is_not_forgotten(made: Windows) -> None:
    windows = started(made, 1)
    brought(windows, 2)
    windows.host.do("undo", who=0)
    windows.host.do("save", who=0)
    answer_until(windows, "merge")
    windows.host.do("undo", who=0)
    assert not any("theirs" in source for source in windows.read(0)["sources"])
    windows.answer_all()
    windows.settle()
    assert all(source.count("theirs") == 1 for source in windows.held()[:2])
    assert windows.read(0)["sources"] == windows.held()


def test_what_comes_back_beside_own_typing_is_not_doubled_where_the_rest_has_to_wait(made: Windows) -> None:
    windows = started(made, 1)
    brought(windows, 2)
    for _ in range(2):
        windows.host.do("undo", who=0)
    at = [windows.read(0)["sources"][cell].index(f"line_3_{cell} = [") + 12 for cell in range(2)]
    windows.host.do("type", who=0, cell=1, at=at[1], text="a, ")
    windows.host.do("save", who=0)
    answer_until(windows, "merge")
    windows.answer(windows.host.requests[0])
    answer_until(windows, "merge")
    windows.host.do("type", who=0, cell=1, at=at[1], text="b, ")
    windows.host.do("type", who=0, cell=0, at=at[0], text="c, ")
    windows.answer_all()
    windows.settle()
    assert [source.count("theirs") for source in windows.held()[:2]] == [1, 1]
    assert windows.read(0)["sources"] == windows.held()


def test_it_comes_back_although_a_key_comes_just_before_it(made: Windows) -> None:
    windows = started(made, 1)
    brought(windows, 1)
    windows.host.do("undo", who=0)
    at = windows.read(0)["sources"][0].index("line_3_0 = [") + 12
    windows.host.do("type", who=0, cell=0, at=at, text="a, ")
    windows.host.do("save", who=0)
    answer_until(windows, "merge")
    windows.host.do("keys", who=0, keys=[{"cell": 0, "at": at, "text": "b, "}])
    windows.answer_all()
    windows.settle()
    assert all(windows.held()[0].count(word) == 1 for word in ("theirs", "a, ", "b, "))


def test_what_somebody_takes_out_by_hand_stays_out(made: Windows) -> None:
    windows = started(made, 1, notebook(code("a = 1", id="a"), code("b = 2", id="b")))
    windows.host.do("type", who=0, cell=0, at=5, text="0")
    windows.path.write_bytes(JUPYTER.spell(notebook(code("a = 1", id="a"), code("b = 2\nc = 3", id="b"))))
    windows.host.do("noticed", who=0)
    windows.pass_time(500)
    assert windows.read(0)["sources"] == ["a = 10", "b = 2\nc = 3"]
    windows.host.do("replace", who=0, cell=1, text="b = 2")
    windows.settle()
    assert windows.held() == ["a = 10", "b = 2"]


def moved(windows: Windows) -> None:
    """A program puts the last cell first, with a new line in it."""
    found = json.loads(windows.path.read_bytes())
    found["cells"] = [found["cells"].pop(), *found["cells"]]
    found["cells"][0]["source"] = "# theirs\n" + source_of(found["cells"][0])
    windows.path.write_bytes(JUPYTER.spell(found))


def test_undo_of_a_cell_that_others_moved_does_not_take_their_text_out_of_the_file(made: Windows) -> None:
    windows = started(made, 1)
    typed(windows, 0, 1, "mine")
    moved(windows)
    windows.host.do("noticed", who=0)
    windows.pass_time(500)
    assert "# theirs" in windows.read(0)["sources"][0]
    windows.host.do("undo", who=0)
    found = windows.read(0)
    assert "# theirs" not in "".join(found["sources"])
    assert found["said"] == ["undone"]
    windows.settle()
    held = windows.held()
    assert "# theirs" in held[0]
    assert sum(source.count("mine") for source in held) == 1


def test_the_same_of_a_notebook_that_has_no_unsaved_changes(made: Windows) -> None:
    """VS Code says only behind the undo that it has some again."""
    windows = started(made, 1)
    typed(windows, 0, 1, "mine")
    moved(windows)
    windows.host.do("noticed", who=0)
    windows.pass_time(500)
    windows.host.do("save", who=0)
    windows.pass_time(1000)
    assert not windows.read(0)["isDirty"]
    windows.host.do("undo", who=0)
    windows.pass_time(500)
    assert windows.read(0)["said"] == ["undone"]
    windows.settle()
    held = windows.held()
    assert "# theirs" in held[0]
    assert sum(source.count("mine") for source in held) == 1
    assert windows.read(0)["sources"] == held


def test_a_cell_that_others_inserted_and_that_goes_is_named(made: Windows) -> None:
    windows = started(made, 1, notebook(code("a = 1", id="a")))
    windows.host.do("type", who=0, cell=0, at=5, text="0")
    new = notebook(code("a = 1", id="a"), code("theirs", id="b"))
    windows.path.write_bytes(JUPYTER.spell(new))
    windows.host.do("noticed", who=0)
    windows.pass_time(500)
    assert windows.read(0)["sources"] == ["a = 10", "theirs"]
    windows.host.do("undo", who=0)
    assert windows.read(0)["said"] == ["gone"]
    windows.settle()
    assert windows.held() == ["a = 10"]


def test_an_undo_that_goes_by_stale_places_is_mended_at_once(made: Windows) -> None:
    """VS Code puts the cell back in the place of another, which nobody has touched."""
    windows = started(made, 1, notebook(*(code(f"line_{n} = 1", id=f"c{n}") for n in range(4))))
    windows.host.do("type", who=0, cell=0, at=10, text="0")
    moved(windows)
    windows.host.do("noticed", who=0)
    windows.pass_time(500)
    windows.host.do("save", who=0)
    windows.pass_time(1000)
    found = json.loads(windows.path.read_bytes())
    found["cells"].insert(0, code("new", id="new"))
    windows.path.write_bytes(JUPYTER.spell(found))
    windows.look(0)
    windows.host.do("type", who=0, cell=1, at=0, text="# mine\n")
    before = windows.read(0)["sources"]
    windows.host.do("undoByPlaces", who=0)
    assert windows.read(0)["sources"] != before
    windows.pass_time(500)
    assert windows.read(0)["sources"] == before
    windows.settle()
    assert windows.held() == before
