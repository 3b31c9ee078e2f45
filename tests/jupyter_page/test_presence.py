"""Several people in one notebook in a real browser: who is seen, where, how soon; what stays untouched."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.helpers.build import Notebook, code, markdown, notebook
from tests.helpers.chromium import PROGRAM, needs_chromium
from tests.jupyter_page.lab import Server, Tab, server
from tests.jupyter_page.people import SEVERAL_PEOPLE, people, tab_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Enter = Callable[[str], Tab]
pytestmark = needs_chromium
APPEARS, MOVES, GONE = 1.0, 0.3, 30.0  # seconds
NAME = "river.ipynb"
HOSTILE = "<img src=x onerror=window.hit=1>" + "ご" * 168
LOOP = "for day in levels:\n    print(day, levels[day])\n    total += levels[day]"
# The carets of others in a cell, each as how far it is from a place in the text, in pixels: 0 if it is there.
_CARETS = """([cell, at]) => {
  const view = window.panel.content.widgets[cell].editor.editor;
  const wanted = view.coordsAtPos(at);
  return [...view.dom.querySelectorAll('.nbmerge-caret')].map(node => {
    const box = node.getBoundingClientRect();
    return Math.round(Math.abs(box.left + 1 - wanted.left) + Math.abs(box.top - wanted.top));
  });
}"""
_LABELS = """cell => {
  const view = window.panel.content.widgets[cell].editor.editor;
  return [...view.dom.querySelectorAll('.nbmerge-caret-label')].map(label => {
    const [box, around] = [label, view.scrollDOM].map(one => one.getBoundingClientRect());
    const isInside = box.top >= around.top && box.bottom <= around.bottom && box.right <= around.right;
    const {scrollWidth, clientWidth} = view.scrollDOM;
    return [label.textContent, isInside && box.height > 10, scrollWidth > clientWidth];
  });
}"""


def river(**other: str) -> Notebook:
    texts = {
        "title": "# Levels of the river",
        "read": "levels = read('levels.csv')",
        "loop": LOOP,
        "mean": "mean = total / len(levels)\nprint(mean)",
        "end": "Some *text*.",
    } | other
    prose = ("title", "end")
    return notebook(*((markdown if id in prose else code)(text, id=id) for id, text in texts.items()))


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("lab"), configuration=SEVERAL_PEOPLE) as found:
        yield found


@pytest.fixture
def enter(there: Server, chromium_program: Browser) -> Iterator[Enter]:
    """Opens a tab of somebody; at the end there was no error in any."""
    tabs: list[Tab] = []
    errors: list[str] = []

    def entered(name: str) -> Tab:
        tab = tab_of(chromium_program, there, name)
        tab.page.on("pageerror", lambda error: errors.append(str(error)))
        tabs.append(tab)
        return tab

    yield entered
    assert errors == []
    for tab in tabs:
        if not tab.page.is_closed():
            assert tab.page.evaluate("window.hit") is None
        tab.page.context.close()


@pytest.fixture
def both(there: Server, enter: Enter) -> tuple[Tab, Tab]:
    """The tabs of Ann and of somebody with a hostile name, who see each other."""
    there.put(NAME, river())
    ann, other = enter("Ann Lee"), enter(HOSTILE)
    ann.show(NAME)
    other.show(NAME)
    seen(ann, 1)
    return ann, other


def seen(tab: Tab, count: int, within: float = 10.0) -> float:
    """Until so many are in the toolbar; the seconds that it took."""
    before = time.monotonic()
    tab.page.wait_for_function(
        "count => window.panel.node.querySelectorAll('.nbmerge-person').length === count",
        arg=count,
        polling=20,
        timeout=within * 1000,
    )
    return time.monotonic() - before


def drawn(tab: Tab, cell: int, at: int) -> float:
    """Until another's caret is drawn at a place of a cell; the seconds that it took."""
    before = time.monotonic()
    tab.page.wait_for_function(
        f"(given) => {{ const found = ({_CARETS})(given); return found.length === 1 && found[0] <= 2; }}",
        arg=[cell, at],
        polling=10,
        timeout=5000,
    )
    return time.monotonic() - before


def test_people_come_move_and_go(there: Server, both: tuple[Tab, Tab]) -> None:
    ann, other = both
    took = []
    lines = [(1, 5), (2, 0), (2, len(LOOP)), (3, 3)]  # an only, a first and a last line
    for cell, at in lines:
        other.focus(cell, at)
        took.append(drawn(ann, cell, at))
        [(name, is_inside, scrolls)] = ann.page.evaluate(_LABELS, cell)
        assert (name, is_inside, scrolls) == (HOSTILE, True, False)
    assert min(took) < MOVES  # the others may have met a busy machine
    assert people(ann) == [f"{HOSTILE}, in cell 4"]
    held = json.loads((there.folder / NAME).read_bytes())
    held["cells"][3]["source"] = "# new\nmean = total / len(levels)\nprint(mean)"
    there.put(NAME, held)
    drawn(ann, 3, len("# new\n") + 3)  # it moves with what a program writes before it
    ann.page.wait_for_selector(".nbmerge-program")
    assert "A program saved this notebook" in people(ann)[1]
    there.put(
        NAME, held | {"cells": [*held["cells"][:3], held["cells"][3] | {"source": "m"}, held["cells"][4]]}
    )
    drawn(ann, 3, 1)  # its text is gone
    other.page.evaluate("window.panel.content.mode = 'command'; window.panel.content.activeCellIndex = 4")
    ann.page.wait_for_selector(".jp-MarkdownCell.jp-mod-rendered .nbmerge-here span")
    ann.page.locator(".nbmerge-people button").first.focus()
    ann.page.keyboard.press("Enter")
    assert ann.page.evaluate("window.panel.content.activeCellIndex") == 4
    other.page.close()
    assert seen(ann, 0) < APPEARS  # the program is still shown
    assert ann.page.locator(".nbmerge-program").count() == 1
    ann.page.wait_for_function("!document.querySelector('.nbmerge-here, .nbmerge-caret')", timeout=1000)
    assert ann.dialogs() == []


@pytest.mark.slow
def test_in_a_narrow_window_all_people_are_in_a_list(both: tuple[Tab, Tab], enter: Enter) -> None:
    ann, _ = both
    for name in ("Bob", "Carla"):
        enter(name).show(NAME)
    seen(ann, 3)
    ann.page.set_viewport_size({"width": 800, "height": 600})
    seen(ann, 1)
    more = ann.page.locator(".nbmerge-more")
    assert more.text_content() == "+2"
    ann.page.wait_for_timeout(700)  # until the toolbar has put away what has no room
    assert more.is_visible()
    for key, place in (("Escape", "jp-Toolbar"), ("Enter", "jp-Notebook")):
        more.focus()
        ann.page.keyboard.press("Enter")
        listed = ann.page.locator(".nbmerge-everybody button")
        assert listed.all_text_contents() == [HOSTILE, "Bob", "Carla"]
        ann.page.keyboard.press(key)
        ann.page.wait_for_function(
            """place => !document.querySelector('.nbmerge-everybody')
              && document.activeElement.closest('.jp-Toolbar, .jp-Notebook')?.className.includes(place)""",
            arg=place,
        )


@pytest.mark.slow
def test_nothing_of_it_reaches_the_notebook(there: Server, both: tuple[Tab, Tab]) -> None:
    ann, other = both
    ann.save()
    before = (there.folder / NAME).read_bytes()
    ann.type(2, "x", at=0)
    typed = ann.page.evaluate("JSON.stringify(window.panel.context.model.toJSON())")
    for at in range(0, 40, 4):
        other.focus(2, at)
        time.sleep(0.1)
    other.page.keyboard.press("Shift+ArrowLeft")
    ann.page.wait_for_selector(".nbmerge-selection")
    assert ann.page.evaluate("JSON.stringify(window.panel.context.model.toJSON())") == typed
    ann.page.keyboard.press("Control+z")
    assert ann.sources()[2] == LOOP
    ann.page.keyboard.press("Control+z")
    assert ann.sources()[2] == LOOP
    assert ann.caret() == (2, 0, True)
    ann.page.keyboard.press("Control+Shift+z")
    assert ann.sources()[2] == f"x{LOOP}"
    assert (there.folder / NAME).read_bytes() == before
    assert other.dirty() is True  # a fresh page, which has not saved


@pytest.mark.slow
def test_going_to_somebody_under_a_closed_heading_leaves_it_closed(both: tuple[Tab, Tab]) -> None:
    ann, other = both
    other.focus(2, 0)
    drawn(ann, 2, 0)
    ann.page.evaluate("window.panel.content.widgets[0].headingCollapsed = true")
    ann.page.wait_for_function("window.panel.content.widgets[2].isHidden")
    ann.page.evaluate("window.panel.content.activeCellIndex = 4")
    held = ann.page.evaluate("JSON.stringify(window.panel.context.model.toJSON())")
    ann.page.locator(".nbmerge-people button").first.focus()
    ann.page.keyboard.press("Enter")
    ann.page.wait_for_function("window.panel.content.activeCellIndex === 0")
    ann.page.wait_for_timeout(700)  # JupyterLab unfolds a little later
    assert ann.page.evaluate("window.panel.content.widgets[2].isHidden")
    assert ann.page.evaluate("JSON.stringify(window.panel.context.model.toJSON())") == held


@pytest.mark.slow
def test_typing_that_is_not_saved_moves_no_others_caret_astray(there: Server, both: tuple[Tab, Tab]) -> None:
    ann, other = both
    other.type(2, "# twenty characters!\n", at=0)
    other.focus(2, len("# twenty characters!\n") + 5)
    drawn(ann, 2, 5)
    ann.type(2, "abc", at=0)
    drawn(ann, 2, 8)
    other.save()
    drawn(ann, 2, len("# twenty characters!\n") + 8)


@pytest.mark.slow
def test_a_notebook_without_ids(there: Server, both: tuple[Tab, Tab]) -> None:
    old = river() | {"nbformat_minor": 4}
    for cell in old["cells"]:
        del cell["id"]
    there.put("old.ipynb", old)
    ann, other = both
    for tab in both:
        tab.show("old.ipynb")
    seen(ann, 1)
    other.focus(3, 4)
    drawn(ann, 3, 4)
    there.put(
        "old.ipynb",
        old | {"cells": [markdown("new") | {"id": None}, *old["cells"]]} | {"cells": old["cells"][1:]},
    )
    drawn(ann, 2, 4)


@pytest.mark.slow
def test_a_tab_that_is_frozen_or_killed_is_gone_soon(
    there: Server, both: tuple[Tab, Tab], chromium_program: Browser
) -> None:
    ann, other = both
    other.page.close()
    seen(ann, 0)
    for kind, longest in ((signal.SIGSTOP, GONE), (signal.SIGKILL, APPEARS)):
        with contextlib.closing(another(chromium_program)) as browser:
            bob = tab_of(browser, there, "Bob")
            bob.show(NAME)
            seen(ann, 1)
            time.sleep(1)
            session = browser.new_browser_cdp_session()
            processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
            pids = [one["id"] for one in processes if one["type"] == "renderer"]
            for pid in pids:
                os.kill(pid, kind)
            took = seen(ann, 0, within=40)
            print(f"{kind.name}: gone after {took:.1f} s")
            assert took < longest
            for pid in pids if kind == signal.SIGSTOP else ():
                os.kill(pid, signal.SIGCONT)
            if kind == signal.SIGSTOP:
                seen(ann, 1)  # it is back


@pytest.mark.slow
def test_how_soon_three_tabs_see_each_other(there: Server, both: tuple[Tab, Tab], enter: Enter) -> None:
    ann, other = both
    bob = enter("Bob")
    appeared = []
    for _ in range(8):
        ann.page.evaluate(_NOTE_PEOPLE, 2)
        shown = bob.page.evaluate(_OPEN, NAME)
        appeared.append((ann.page.evaluate("window.noted") - shown) / 1000)
        bob.page.evaluate("window.panel.context.model.dirty = false; window.panel.close()")
        seen(ann, 1)
    bob.show(NAME)
    seen(ann, 2)
    moved: list[float] = []
    for number in range(40):
        cell, at = (2, 3 + number % 7) if number % 2 else (3, 2 + number % 5)
        waiting = ann.page.evaluate(_NOTE_CARETS, [cell, at])
        assert waiting is None
        then = bob.page.evaluate(_GO, [cell, at])
        moved.append((ann.page.evaluate("window.noted") - then) / 1000)
        time.sleep(0.05 * (number % 9))
    report("appears", appeared)
    report("moves", moved)
    assert statistics.median(appeared) < APPEARS
    assert statistics.median(moved) < MOVES
    assert people(other)


@pytest.mark.slow
def test_typing_is_not_slowed(there: Server, both: tuple[Tab, Tab], enter: Enter) -> None:
    """In processor time of the page for a key: turned off, alone, and with two who move in the same cell."""
    ann, other = both
    bob = enter("Bob")
    bob.show(NAME)
    seen(ann, 2)
    there.put("alone.ipynb", river())
    there.settings(presence=False)
    off = enter("Off")
    there.settings(presence=True)
    alone = enter("Alone")
    for tab in (off, alone):
        tab.show("alone.ipynb")
    others = (bob, other)
    figures: dict[str, list[float]] = {"off": [], "alone": [], "two others": []}
    for _ in range(6):
        for tab, name in zip((off, alone, ann), figures, strict=True):
            for one in others if tab is ann else ():
                one.focus(2, 3)
                one.page.evaluate(_WANDER)
            figures[name].append(per_key(tab))
            for one in others:
                one.page.evaluate("clearInterval(window.wandering)")
    for name, found in figures.items():
        report(f"processor for a key, ms, {name}", found)
    assert statistics.median(figures["alone"]) < statistics.median(figures["off"]) + 1.0
    assert statistics.median(figures["two others"]) < statistics.median(figures["off"]) + 3.0


def another(browser: Browser) -> Browser:
    """A browser with processes of its own."""
    return browser.browser_type.launch(executable_path=PROGRAM, args=["--no-sandbox", "--disable-gpu"])


def per_key(tab: Tab) -> float:
    """Milliseconds of the page's thread for a key."""
    tab.focus(2, 10)
    session = tab.page.context.new_cdp_session(tab.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        return float(found["TaskDuration"])

    before = spent()
    tab.page.keyboard.type("abcdefghij" * 6, delay=30)
    took = (spent() - before) * 1000 / 60
    session.detach()
    for _ in range(3):
        tab.page.keyboard.press("Control+z")
    return took


def report(what: str, figures: list[float]) -> None:
    ordered = sorted(figures)
    print(f"{what}: median {statistics.median(ordered):.3f}, worst {ordered[-1]:.3f}, of {len(ordered)}")


@pytest.mark.slow
def test_turned_off_a_page_shows_nobody_and_is_shown_to_nobody(
    there: Server, both: tuple[Tab, Tab], enter: Enter
) -> None:
    ann, _ = both
    there.settings(presence=False)
    off = enter("Off")
    there.settings(presence=True)
    off.show(NAME)
    time.sleep(1)
    shown = [one for one in people(ann) if not one.startswith("A program")]  # that put it there
    assert len(shown) == 1
    assert "Off" not in shown[0]
    assert [url for url in off.asked if "presence" in url] == []
    assert off.page.locator(".nbmerge-people").count() == 0


_NOTED = "performance.timeOrigin + performance.now()"
_NOTE_PEOPLE = f"""count => {{
  window.noted = new Promise(done => {{
    const bar = window.panel.node.querySelector('.nbmerge-people');
    const look = () => {{
      if (bar.querySelectorAll('.nbmerge-person').length !== count) return;
      watching.disconnect();
      done({_NOTED});
    }};
    const watching = new MutationObserver(look);
    watching.observe(bar, {{childList: true}});
  }});
}}"""
_NOTE_CARETS = f"""([cell, at]) => {{
  const carets = {_CARETS};
  window.noted = new Promise(done => {{
    const look = () => {{
      if (carets([cell, at]).some(one => one <= 2)) done({_NOTED});
      else requestAnimationFrame(look);
    }};
    look();
  }});
  return null;
}}"""
_GO = f"""async ([cell, at]) => {{
  const {{content}} = window.panel;
  content.activeCellIndex = cell;
  await content.activeCell.ready;
  content.mode = 'edit';
  const {{editor}} = content.activeCell;
  editor.focus();
  editor.setCursorPosition(editor.getPositionAt(at));
  return {_NOTED};
}}"""
_OPEN = f"""async path => {{
  window.panel = await window.jupyterapp.commands.execute('docmanager:open', {{path, factory: 'Notebook'}});
  await window.panel.context.ready;
  return {_NOTED};
}}"""
_WANDER = """() => {
  let at = 0;
  const {editor} = window.panel.content.activeCell;
  window.wandering = setInterval(() => editor.setCursorPosition(editor.getPositionAt(3 + at++ % 40)), 100);
}"""
