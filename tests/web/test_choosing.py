"""What is chosen, written and left on the page is what stands in the notebook afterwards, in a real browser.

One of these runs always; the others on demand: what they are about is tested without a browser, too.
"""

from __future__ import annotations

import json
import random

import pytest

from nbmerge.sync.api import open_notebook, save
from tests.helpers.build import code, markdown, notebook, source_of
from tests.helpers.chromium import listen_to
from tests.helpers.spelling import JUPYTER, Spelling
from tests.web.desk import Desk, Tool
from tests.web.versions import SHARED, Sides, deleted, same, sides, unlike, work

CHAOS = Spelling(chaos=random.Random(4))
FIRST_CHOSEN = "import a\nfirst = 100\nprint(first)\n\nsecond = 20\nprint(second)"
SAVED = "Saved; no conflict is left. You can close this page."
NONE_LEFT = "n.ipynb: no conflict is left\n"


def shown_by_git(desk: Desk, versions: Sides) -> Tool:
    """The page of `git mergetool`, which knows what was merged."""
    tool = desk.mergetool(*versions.files())
    tool.open()
    return tool


def shown_alone(desk: Desk, data: bytes, *arguments: str) -> Tool:
    """The page of `resolve --web` on a notebook of which nothing else is known."""
    desk.path.write_bytes(data)
    tool = desk.resolve(*arguments)
    tool.open()
    return tool


@pytest.mark.slow
def test_settle_come_back_and_save(desk: Desk) -> None:
    """The whole way: two are chosen, the tab is closed by accident, the rest is written the next time."""
    before = work().merged()
    tool = shown_alone(desk, before)
    heard = listen_to(tool.there())
    tool.choose(0, "remote")
    tool.choose(1, "remote")
    tool.there().click("#undo")
    tool.counts("1 of 3")
    tool.choose(1, "local")
    tool.type(2, "half a")
    tool.leave()
    exit_code, out = tool.ended()
    assert exit_code == 1
    assert out.startswith("3 choices not saved, but kept for a day")
    assert out.endswith("n.ipynb: closed without saving, nothing was written\n")
    assert desk.path.read_bytes() == before
    tool = desk.resolve()
    tool.open()
    tool.counts("3 of 3")
    assert tool.text(2) == "half a"
    tool.type(2, "both say")
    assert tool.save() == SAVED
    exit_code, out = tool.ended()
    assert exit_code == 0
    assert "n.ipynb: 3 conflicts settled (1 remote, 1 local, 1 edited), none left" in out
    assert unlike(before, desk.path.read_bytes()) == [1, 3]
    assert desk.sources()[1] == FIRST_CHOSEN
    assert desk.sources()[3] == f"both say\n{SHARED}"
    assert heard.messages == []
    assert heard.violations == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ids", "spelling"), [(True, CHAOS), (False, JUPYTER)], ids=["4.5 with ids", "4.4 without"]
)
def test_choose_for_two_and_edit_a_third(desk: Desk, ids: bool, spelling: Spelling) -> None:
    versions = work(ids, spelling)
    tool = shown_by_git(desk, versions)
    tool.choose(0, "remote")
    tool.choose(1, "local")
    tool.choose(2, "local")
    tool.type(2, "what both say and a sentence by local")
    assert tool.save() == SAVED
    assert tool.ended() == (0, NONE_LEFT)
    assert unlike(versions.merged(), desk.path.read_bytes()) == [1, 3]
    assert desk.sources()[1] == FIRST_CHOSEN
    assert desk.sources()[3] == f"what both say and a sentence by local\n{SHARED}"


@pytest.mark.slow
def test_with_keys_alone(desk: Desk) -> None:
    tool = shown_by_git(desk, work())
    page = tool.there()
    tool.press("j 2")
    tool.counts("1 of 3")
    tool.press("n 1 j 0")
    tool.counts("3 of 3")
    tool.press("u")
    tool.counts("2 of 3")
    tool.press("k p")
    assert page.evaluate("document.activeElement.id") == "conflict-1"
    tool.press("o")  # the only one that is open
    assert page.evaluate("document.activeElement.id") == "conflict-3"
    tool.press("e")
    page.locator("textarea:focus").wait_for()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("j k 1: letters are typed here")
    tool.press("Escape")
    assert page.evaluate("document.activeElement.id") == "conflict-3"
    tool.press("? ")
    page.locator("dialog[open]").wait_for()
    tool.press("j Escape")
    page.locator("dialog[open]").wait_for(state="detached")
    page.keyboard.press("Control+s")
    assert tool.said() == SAVED
    assert tool.ended() == (0, NONE_LEFT)
    assert desk.sources()[1] == FIRST_CHOSEN
    assert desk.sources()[3] == f"j k 1: letters are typed here\n{SHARED}"


@pytest.mark.slow
def test_tab_leads_to_every_button_and_keys_can_be_switched_off(desk: Desk) -> None:
    tool = shown_by_git(desk, work())
    page = tool.there()
    page.evaluate("document.getElementById('conflict-2').focus()")
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent || document.activeElement.tagName"))
    assert reached[:6] == [
        *("Take mine", "Take theirs", "Both, mine first", "Both, theirs first", "Base", "Edit as text")
    ]
    assert "TEXTAREA" in reached
    page.click("#help")
    page.click("#with-keys")
    page.click("#help-close")
    tool.press("1 2 3")
    page.wait_for_timeout(200)
    tool.counts("0 of 3")


@pytest.mark.slow
def test_a_warning_before_it_is_closed_and_none_after_a_save(desk: Desk) -> None:
    tool = shown_by_git(desk, work())
    page = tool.there()
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.type))
    tool.choose_all("remote")
    tool.counts("3 of 3")
    page.reload()
    tool.drawn()
    assert asked == ["beforeunload"]
    tool.counts("3 of 3")
    tool.there().click("[data-conflict='0'] [data-reopen]")
    tool.counts("2 of 3")
    assert tool.save().startswith("Saved: 2 conflicts settled")
    assert asked == ["beforeunload"]
    tool.close()
    assert tool.ended()[0] == 1


@pytest.mark.slow
def test_what_is_typed_just_before_the_end_is_kept(desk: Desk) -> None:
    """The tab goes in the moment in which the last key is pressed."""
    tool = shown_alone(desk, work().merged())
    tool.type(2, "typed at the very end")
    with tool.there().expect_event("close"):
        tool.there().close(run_before_unload=True)
    assert tool.ended()[0] == 1
    tool = desk.resolve()
    tool.open()
    assert tool.text(2) == "typed at the very end"


@pytest.mark.slow
def test_nothing_chosen_is_nothing_changed(desk: Desk) -> None:
    before = work().merged()
    tool = shown_alone(desk, before)
    assert tool.there().locator("#save:disabled").count() == 1
    tool.close()
    assert tool.ended() == (1, "n.ipynb: closed without saving, nothing was written\n")
    assert desk.path.read_bytes() == before


@pytest.mark.slow
def test_loading_the_page_again_is_the_same_visit(desk: Desk) -> None:
    tool = shown_by_git(desk, work())
    tool.choose(2, "remote")
    tool.load_again()
    tool.counts("1 of 3")
    tool.choose_all("local")
    assert tool.save() == SAVED
    assert tool.ended() == (0, NONE_LEFT)


@pytest.mark.slow
def test_saving_more_than_once(desk: Desk) -> None:
    before = work().merged()
    tool = shown_alone(desk, before)
    tool.choose(0, "remote")
    assert tool.save().startswith("Saved: 1 conflict settled")
    assert desk.sources()[1].startswith("import a\nfirst = 100\nprint(first)\n\n<<<<<<<")
    tool.choose_all("local")
    assert tool.save() == SAVED
    exit_code, out = tool.ended()
    assert exit_code == 0
    assert "n.ipynb: 3 conflicts settled (1 remote, 2 local), none left" in out
    assert "restore n.ipynb@1\n" in out
    assert unlike(before, desk.path.read_bytes()) == [1, 3]


@pytest.mark.slow
def test_two_tabs_of_one_visit(desk: Desk) -> None:
    tool = shown_alone(desk, work().merged())
    one = tool.there()
    tool.page = other = one.context.new_page()
    other.goto(tool.url)
    tool.drawn()
    tool.choose(0, "remote")
    tool.page = one
    tool.counts("1 of 3")
    assert tool.text(0) == "first = 100"
    assert tool.save().startswith("Saved: 1 conflict settled")
    tool.page = other
    tool.counts("0 of 2")
    tool.choose_all("local")
    tool.page = one
    tool.counts("2 of 2")
    assert tool.save() == SAVED
    assert tool.ended()[0] == 0


@pytest.mark.slow
def test_others_save_meanwhile(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBMERGE_STATE_DIR", str(desk.folder / "state"))
    tool = shown_alone(desk, work().merged())
    tool.choose(0, "remote")
    opened = open_notebook(str(desk.path))
    save(str(desk.path), opened.content.replace(b"last = 1", b"last = 2"), opened.version)
    page = tool.there()
    page.locator("#changed:visible").wait_for()
    page.click("#again")
    assert "1 of your 1 choices are here." in tool.said()
    tool.drawn()
    tool.counts("1 of 3")
    tool.choose_all("remote")
    assert tool.save() == SAVED
    assert tool.ended()[0] == 0
    assert desk.sources()[4] == "last = 2"
    assert "first = 100" in desk.sources()[1]


@pytest.mark.slow
def test_a_save_that_cannot_be_written_is_said(desk: Desk) -> None:
    tool = shown_by_git(desk, work())
    desk.path.mkdir()
    tool.choose(2, "remote")
    assert "cannot be " in tool.save()
    tool.close()
    exit_code, out = tool.ended()
    assert exit_code == 1
    assert "nbmerge: not saved: n.ipynb: " in out


@pytest.mark.slow
@pytest.mark.parametrize(("by_local", "lines"), [(True, 30), (False, 2)])
def test_deleted_and_edited(desk: Desk, by_local: bool, lines: int) -> None:
    versions = deleted(by_local, lines)
    tool = shown_by_git(desk, versions)
    gone, kept = ("local", "remote") if by_local else ("remote", "local")
    tool.choose(0, gone)
    assert tool.card(0).locator("textarea:visible").count() == 0
    assert "The cell is taken out." in (tool.card(0).text_content() or "")
    tool.choose(0, kept)
    assert tool.text(0) == source_of(json.loads(getattr(versions, kept))["cells"][1])
    tool.choose(0, gone)
    assert tool.save() == SAVED
    assert tool.ended() == (0, NONE_LEFT)
    assert json.loads(desk.path.read_bytes()) == json.loads(getattr(versions, gone))


@pytest.mark.slow
def test_one_cell_alone(desk: Desk) -> None:
    before = work().merged()
    tool = shown_alone(desk, before, "--cell", "words")
    tool.counts("0 of 1")
    tool.choose(0, "remote")
    assert tool.save() == "Saved; conflicts of other cells are left. You can close this page."
    assert tool.ended()[0] == 1  # the other cell's
    assert unlike(before, desk.path.read_bytes()) == [3]


@pytest.mark.slow
def test_characters_that_a_page_would_not_give_back(desk: Desk) -> None:
    kept = "a\rb\u2028c\u2029d\x0c \U0001f600 \ud83d\n"
    cells = [
        markdown(f"{kept}one {side}\n{kept}\n", id="odd") for side in ("zero", "two\rthree", "four\rfive")
    ]
    spelling = Spelling(ascii=True)
    versions = sides((cells[0], cells[1], cells[2]), spelling=spelling)
    tool = shown_by_git(desk, versions)
    tool.choose(0, "local")
    text = tool.text(0)
    tool.type(0, f"{text}!")
    tool.counts("1 of 1")
    tool.type(0, "")
    tool.type(0, text.replace("two\u240dthree", "four\u240dfive"))
    assert tool.save() == SAVED
    assert tool.ended() == (0, NONE_LEFT)
    assert desk.path.read_bytes() == versions.remote


@pytest.mark.slow
def test_lines_that_end_as_on_windows(desk: Desk) -> None:
    texts = [f"import a\r\nx = {number}\r\nend" for number in (1, 2, 3)]
    base, local, remote = (code(text, id="one") for text in texts)
    versions = sides(same(markdown("# Title", id="title")), (base, local, remote), spelling=CHAOS)
    tool = shown_by_git(desk, versions)
    tool.type(0, "# typed\nx = 3")
    assert tool.save() == SAVED
    assert tool.ended() == (0, NONE_LEFT)
    assert desk.sources()[1] == "import a\r\n# typed\r\nx = 3\r\nend"


@pytest.mark.slow
@pytest.mark.parametrize("width", [500, 800, 1280, 1700])
def test_nothing_is_wider_than_the_window(desk: Desk, width: int) -> None:
    long = "a_very_long_name_without_a_space_" * 30
    row = tuple(code(f"x = {long}{each}", id="long", count=1, out=long) for each in ("", "l", "r"))
    jp = tuple(markdown(f"長い文章です。{each}" * 60, id="jp") for each in "一二三")
    tool = desk.mergetool(*sides((row[0], row[1], row[2]), (jp[0], jp[1], jp[2])).files())
    page = tool.open(width=width)
    tool.choose_all("both")
    tool.counts("2 of 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_five_hundred_conflicts(desk: Desk) -> None:
    rows = [
        tuple(
            code(f"def part_{n}(a):\n    return {x}", id=f"c{n}", count=n, out=f"{n}\n")
            for x in ("a", "a+1", "a-1")
        )
        for n in range(500)
    ]
    tool = shown_by_git(desk, sides(*((a, b, c) for a, b, c in rows)))
    tool.choose(499, "remote")
    tool.choose_all("local")
    tool.counts("500 of 500")
    tool.there().click("#undo")
    tool.counts("1 of 500")
    tool.choose_all("local")
    tool.counts("500 of 500")
    assert tool.save() == SAVED
    assert tool.ended() == (0, NONE_LEFT)
    assert desk.sources()[498:] == ["def part_498(a):\n    return a+1", "def part_499(a):\n    return a-1"]


def test_the_page_and_its_keys_work_with_one_conflict_in_a_notebook_of_git(desk: Desk) -> None:
    """The shortest way: one key, and save."""
    versions = sides(same(markdown("# Title")), tuple(code(f"a = {n}", id="a") for n in range(3)), ids=True)  # type: ignore[arg-type]
    tool = shown_by_git(desk, versions)
    tool.press("j 3")
    tool.counts("1 of 1")
    tool.there().keyboard.press("Control+s")
    assert tool.said() == SAVED
    assert tool.ended() == (0, NONE_LEFT)
    assert desk.sources()[1] == "a = 1\na = 2"


@pytest.mark.slow
def test_a_notebook_without_cells_beside_the_conflict(desk: Desk) -> None:
    tool = shown_alone(desk, JUPYTER.spell(notebook(code("<<<<<<< a\n1\n=======\n2\n>>>>>>> b"))))
    tool.choose(0, "both-remote")
    assert tool.save() == SAVED
    assert tool.ended()[0] == 0
    assert desk.sources() == ["2\n1"]
