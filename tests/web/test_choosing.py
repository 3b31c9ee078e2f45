"""What is chosen, typed and left on nbdime's page is what stands in the notebook afterwards."""

from __future__ import annotations

import json
import random

import pytest

from nbmerge.sync.api import open_notebook, save
from tests.helpers.build import code, markdown, notebook, source_of
from tests.helpers.spelling import JUPYTER, Spelling
from tests.web.desk import Desk, Tool
from tests.web.versions import SHARED, Sides, deleted, same, sides, unlike, work

CHAOS = Spelling(chaos=random.Random(4))
FIRST_CHOSEN = "import a\nfirst = 100\nprint(first)\n\nsecond = 20\nprint(second)"
SAVED = "Merged notebook saved successfully"
NONE_LEFT = "n.ipynb: no conflict is left\n"


def shown_by_git(desk: Desk, versions: Sides) -> Tool:
    """The page of `git mergetool`, which knows what was merged."""
    tool = desk.mergetool(*versions.files())
    tool.open()
    return tool


def shown_alone(desk: Desk, data: bytes) -> Tool:
    """The page of `resolve --web` on a notebook of which nothing else is known."""
    desk.path.write_bytes(data)
    tool = desk.resolve()
    tool.open()
    return tool


@pytest.mark.parametrize(
    ("ids", "spelling"), [(True, CHAOS), (False, JUPYTER)], ids=["4.5 with ids", "4.4 without"]
)
def test_choose_for_two_and_edit_a_third(desk: Desk, ids: bool, spelling: Spelling) -> None:
    versions = work(ids, spelling)
    tool = shown_by_git(desk, versions)
    tool.choose(1, "remote", 0)
    tool.choose(1, "local", 1)
    tool.choose(3, "local")
    tool.type(3, "what both say and ")
    assert tool.warnings() == 0  # nbdime wants them to be pressed one by one
    assert tool.save() == SAVED
    assert not tool.close()
    assert tool.ended() == (0, NONE_LEFT)
    assert unlike(versions.merged(), desk.path.read_bytes()) == [1, 3]
    assert desk.sources()[1] == FIRST_CHOSEN
    assert desk.sources()[3] == f"what both say and a sentence by local\n{SHARED}"


def test_what_was_there_before_is_not_known(desk: Desk) -> None:
    before = work(ids=False).merged()
    tool = shown_alone(desk, before)
    assert tool.there().evaluate("document.getElementById('nbdime-header-base').textContent") == "Merged"
    tool.choose(1, "remote", 0)
    tool.choose(1, "local", 1)
    assert tool.save() == SAVED
    assert tool.close()  # one is left, and nbdime asks
    exit_code, out = tool.ended()
    assert exit_code == 1
    assert "n.ipynb: 2 conflicts settled (1 remote, 1 local), 1 left" in out
    assert unlike(before, desk.path.read_bytes()) == [1]
    assert desk.sources()[1] == FIRST_CHOSEN


def test_a_side_that_is_chosen_throughout_comes_with_its_run(desk: Desk) -> None:
    tool = shown_by_git(desk, work())
    for number in (0, 1):
        tool.choose(1, "remote", number)
    tool.choose(3, "base")
    assert tool.save() == SAVED
    tool.close()
    assert tool.ended() == (0, NONE_LEFT)
    both = desk.cells()[1]
    assert (both["execution_count"], both["outputs"][0]["text"]) == (5, ["100"])
    assert desk.sources()[3] == f"one sentence about it\n{SHARED}"


@pytest.mark.slow
def test_nothing_chosen_is_nothing_changed(desk: Desk) -> None:
    before = work().merged()
    tool = shown_alone(desk, before)
    assert tool.warnings() == 3
    assert tool.save() == SAVED
    assert tool.close()
    assert tool.ended()[0] == 1
    assert desk.path.read_bytes() == before


def test_closing_the_tab_without_saving(desk: Desk) -> None:
    before = work().merged()
    tool = shown_alone(desk, before)
    tool.choose(1, "remote", 0)
    tool.leave()
    assert tool.ended() == (1, "n.ipynb: closed without saving, nothing was written\n")
    assert desk.path.read_bytes() == before


def test_the_file_that_a_browser_is_given_leads_to_the_page(desk: Desk) -> None:
    tool = desk.mergetool(*work().files())
    [file] = desk.folder.glob("nbmerge-*/open.html")
    assert tool.open(file).evaluate("location.href").startswith(tool.url)


def test_loading_the_page_again_is_the_same_visit(desk: Desk) -> None:
    tool = shown_by_git(desk, work())
    tool.choose(3, "remote")
    tool.load_again()
    assert tool.warnings() == 3  # the choice is gone, as nbdime warns
    tool.choose(1, "local", 0)
    tool.choose(1, "local", 1)
    tool.choose(3, "local")
    assert tool.save() == SAVED
    tool.close()
    assert tool.ended() == (0, NONE_LEFT)


def test_saving_more_than_once(desk: Desk) -> None:
    before = work().merged()
    tool = shown_alone(desk, before)
    tool.choose(1, "remote", 0)
    assert tool.save() == SAVED
    assert desk.sources()[1].startswith("import a\nfirst = 100\nprint(first)\n\n<<<<<<<")
    tool.choose(1, "local", 0)
    tool.choose(1, "local", 1)
    tool.choose(3, "local")
    assert tool.save() == SAVED
    assert not tool.close()
    assert tool.ended()[0] == 0
    assert desk.sources()[1] == "import a\nfirst = 10\nprint(first)\n\nsecond = 20\nprint(second)"
    assert unlike(before, desk.path.read_bytes()) == [1, 3]


def test_what_others_save_meanwhile_is_merged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBMERGE_STATE_DIR", str(desk.folder / "state"))
    tool = shown_alone(desk, work().merged())
    opened = open_notebook(str(desk.path))
    save(str(desk.path), opened.content.replace(b"last = 1", b"last = 2"), opened.version)
    tool.choose(1, "remote", 0)
    assert tool.save() == SAVED
    assert desk.sources()[4] == "last = 2"
    assert "first = 100" in desk.sources()[1]
    tool.choose(3, "remote")  # the page knows nothing of the other save
    assert "not able to save" in tool.save()
    tool.close()
    exit_code, out = tool.ended()
    assert exit_code == 1
    assert "not saved: n.ipynb: others have saved it meanwhile" in out


def test_a_save_that_cannot_be_written_is_said(desk: Desk) -> None:
    tool = shown_by_git(desk, work())
    desk.path.mkdir()
    tool.choose(3, "remote")
    assert "not able to save" in tool.save()
    assert tool.close()
    exit_code, out = tool.ended()
    assert exit_code == 1
    assert "nbmerge: not saved: n.ipynb: cannot be written" in out


@pytest.mark.parametrize("typed", ["# by hand\n", "\n"], ids=["text", "a key"])
def test_typing_is_not_lost_when_a_warning_is_pressed(desk: Desk, typed: str) -> None:
    tool = shown_by_git(desk, work())
    tool.choose(1, "remote", 0)
    tool.type(1, typed)
    tool.press_warning(1, 0)  # nbdime itself would write the text anew
    assert tool.merged(1).startswith(f"{typed}import a\nfirst = 100\n")
    assert tool.save() == SAVED
    tool.close()
    assert tool.ended()[0] == 1
    assert desk.sources()[1].startswith(f"{typed}import a\nfirst = 100\nprint(first)\n\n<<<<<<<")


def test_a_choice_that_takes_back_what_was_typed_asks_first(desk: Desk) -> None:
    tool = shown_by_git(desk, work())
    tool.type(3, "typed ")
    tool.there().evaluate("window.confirm = (words) => { window.asked = words; return false; }")
    tool.choose(3, "remote")
    assert "takes back what you typed" in tool.there().evaluate("window.asked")
    assert tool.merged(3).startswith("typed ")
    tool.there().evaluate("window.confirm = () => true")
    tool.choose(3, "remote")
    assert tool.merged(3).startswith("something that remote says")


@pytest.mark.parametrize(
    ("by_local", "lines"),
    [(True, 30), pytest.param(False, 2, marks=pytest.mark.slow)],
    ids=["local deleted", "remote deleted"],
)
def test_deleted_and_edited_is_deleted(desk: Desk, by_local: bool, lines: int) -> None:
    versions = deleted(by_local, lines)
    tool = shown_by_git(desk, versions)
    tool.delete(1)
    assert tool.save() == SAVED
    assert not tool.close()
    assert tool.ended() == (0, NONE_LEFT)
    left = json.loads(versions.local if by_local else versions.remote)
    assert json.loads(desk.path.read_bytes()) == left


@pytest.mark.parametrize(
    "known", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["base known", "base not known"]
)
def test_deleted_and_edited_is_kept(desk: Desk, known: bool) -> None:
    versions = deleted(lines=30)
    tool = shown_by_git(desk, versions) if known else shown_alone(desk, versions.merged())
    tool.resolve_cells()
    assert tool.save() == SAVED
    assert not tool.close()
    assert tool.ended()[0] == 0
    if known:
        assert desk.path.read_bytes() == versions.remote
    assert desk.sources()[1] == source_of(json.loads(versions.remote)["cells"][1])


@pytest.mark.parametrize(
    "known", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["base known", "base not known"]
)
def test_deleted_and_edited_is_left_open(desk: Desk, known: bool) -> None:
    versions = deleted()
    tool = shown_by_git(desk, versions) if known else shown_alone(desk, versions.merged())
    assert tool.save() == SAVED
    assert tool.close()
    assert tool.ended()[0] == 1
    assert desk.path.read_bytes() == versions.merged()


def test_deleted_and_edited_is_edited_again(desk: Desk) -> None:
    tool = shown_by_git(desk, deleted())
    tool.type(1, "and more\n", at="the end")
    assert tool.save() == SAVED
    assert not tool.close()
    assert tool.ended() == (0, NONE_LEFT)
    assert desk.sources()[1] == "first\nline 0\nline 1\nand more\nthe end is here"


@pytest.mark.slow
def test_a_whole_cell_with_conflicts_is_taken_out(desk: Desk) -> None:
    versions = work()
    tool = shown_by_git(desk, versions)
    tool.delete(1)
    tool.choose(3, "local")
    assert tool.save() == SAVED
    assert not tool.close()
    assert tool.ended() == (0, NONE_LEFT)
    assert [cell["id"] for cell in desk.cells()] == ["title", "plot", "words", "last"]


@pytest.mark.slow
def test_one_cell_alone(desk: Desk) -> None:
    before = work().merged()
    desk.path.write_bytes(before)
    tool = desk.resolve("--cell", "words")
    tool.open()
    assert tool.warnings() == 1
    tool.choose(1, "remote")
    assert tool.save() == SAVED
    assert not tool.close()
    assert tool.ended()[0] == 1  # the other cell's
    assert unlike(before, desk.path.read_bytes()) == [3]


def test_characters_that_a_page_would_not_give_back(desk: Desk) -> None:
    kept = "a\rb\u2028c\u2029d\x0c \U0001f600 \ud83d\n"
    cells = [markdown(f"{kept}one {side}\n{kept}\n", id="odd") for side in ("zero", "two three", "four five")]
    spelling = Spelling(ascii=True)
    versions = sides((cells[0], cells[1], cells[2]), spelling=spelling)
    tool = shown_by_git(desk, versions)
    tool.choose(0, "remote")
    assert tool.save() == SAVED
    assert not tool.close()
    assert tool.ended() == (0, NONE_LEFT)
    assert desk.path.read_bytes() == versions.remote


def test_lines_that_end_as_on_windows(desk: Desk) -> None:
    texts = [f"import a\r\nx = {number}\r\nend" for number in (1, 2, 3)]
    base, local, remote = (code(text, id="one") for text in texts)
    versions = sides(same(markdown("# Title", id="title")), (base, local, remote), spelling=CHAOS)
    tool = shown_by_git(desk, versions)
    tool.choose(1, "remote")
    tool.type(1, "# typed\n", at="x")
    assert tool.save() == SAVED
    assert not tool.close()
    assert tool.ended() == (0, NONE_LEFT)
    assert desk.sources()[1] == "import a\r\n# typed\r\nx = 3\r\nend"


def runs() -> bytes:
    """nbdime's two runs of cells, which were inserted at one place."""

    def mark(text: str) -> str:
        return f'<span style="color:red"><b>{text}</b></span>'

    inserted = (
        *(markdown(mark("<<<<<<< local")), code("l = 1"), code("l = 2")),
        *(markdown(mark("=======")), code("r = 1"), markdown("*remote*")),
        markdown(mark(">>>>>>> remote")),
    )
    return JUPYTER.spell(notebook(markdown("# Title"), *inserted, code("last = 1")))


@pytest.mark.parametrize(
    ("out", "left"),
    [
        pytest.param((3, 4), ["l = 1", "l = 2"], marks=pytest.mark.slow),
        pytest.param((1, 2), ["r = 1", "*remote*"], marks=pytest.mark.slow),
        pytest.param((), ["l = 1", "l = 2", "r = 1", "*remote*"], marks=pytest.mark.slow),
        ((2, 4), ["l = 1", "r = 1"]),
        pytest.param((1, 2, 3, 4), [], marks=pytest.mark.slow),
    ],
    ids=["local", "remote", "both", "some of each", "none"],
)
def test_two_runs_of_cells(desk: Desk, out: tuple[int, ...], left: list[str]) -> None:
    tool = shown_alone(desk, runs())
    for cell in out:
        tool.delete(cell)
    tool.resolve_cells()
    assert tool.save() == SAVED
    assert not tool.close()
    assert tool.ended()[0] == 0
    assert desk.sources() == ["# Title", *left, "last = 1"]


@pytest.mark.slow
def test_two_runs_of_cells_are_left_open(desk: Desk) -> None:
    tool = shown_alone(desk, runs())
    assert tool.save() == SAVED
    assert tool.close()
    assert tool.ended()[0] == 1
    assert desk.path.read_bytes() == runs()
