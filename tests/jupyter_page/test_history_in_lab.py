"""The history's panel in a real browser: looked at, used by keys, attacked, checked for accessibility."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nbmerge.sync import open_notebook, save
from tests.helpers.axe import serious
from tests.helpers.build import code, notebook
from tests.helpers.chromium import needs_chromium
from tests.helpers.spelling import JUPYTER
from tests.jupyter_page.history_scene import HOSTILE, NAME, doubt, hostile, play, river
from tests.jupyter_page.lab import HAS_NOTEBOOK, Server, Tab, new_tab, notebook_tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = [needs_chromium, pytest.mark.slow]
DIALOG = "dialog.nbmerge-version"


@pytest.fixture(scope="module")
def played(there: Server, chromium_program: Browser) -> Tab:
    tab = new_tab(chromium_program, there)
    play(there, tab)
    doubt(there, 4, by=5)
    return tab


@pytest.fixture
def tab(played: Tab) -> Iterator[Tab]:
    """A tab with the notebook, and the panel with its history."""
    played.page.set_viewport_size({"width": 1280, "height": 800})
    played.show(NAME)
    give(played, "show-history")
    played.page.wait_for_selector(".nbmerge-row")
    yield played
    assert played.dialogs() == []


def give(tab: Tab, command: str) -> None:
    tab.page.evaluate("name => void window.jupyterapp.commands.execute(`nbmerge:${name}`)", command)


def rows(tab: Tab) -> Locator:
    return tab.page.locator(".nbmerge-list .nbmerge-row")


def said(tab: Tab, text: str) -> None:
    tab.page.wait_for_function(
        "text => document.querySelector('.nbmerge-said').textContent.includes(text)", arg=text
    )


def theme(tab: Tab, name: str) -> None:
    tab.page.evaluate(
        "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name
    )
    tab.page.wait_for_selector("#jupyterlab-splash", state="detached")
    light = "true" if name.endswith("Light") else "false"
    tab.page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=light)


@pytest.mark.parametrize("look", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize("width", [1280, 800])
def test_every_control_has_a_name_and_can_be_read(tab: Tab, look: str, width: int, tmp_path: Path) -> None:
    """Pictures of each are left where NBMERGE_SCREENSHOTS says, to be looked at."""
    folder = Path(os.environ.get("NBMERGE_SCREENSHOTS", tmp_path))
    theme(tab, look)
    tab.page.set_viewport_size({"width": width, "height": 800})
    name = f"{look.rsplit(maxsplit=1)[-1].lower()}-{width}"
    tab.page.screenshot(path=folder / f"{name}-versions.png")
    found = serious(tab.page, "#nbmerge-history")
    give(tab, "show-lost")
    tab.page.wait_for_selector(".nbmerge-list pre")
    tab.page.screenshot(path=folder / f"{name}-lost.png")
    found += serious(tab.page, "#nbmerge-history")
    give(tab, "show-history")
    rows(tab).last.click()
    tab.page.wait_for_selector(f"{DIALOG} .nbmerge-report")
    tab.page.screenshot(path=folder / f"{name}-version.png")
    found += serious(tab.page, DIALOG)
    tab.page.keyboard.press("Escape")
    theme(tab, "JupyterLab Light")
    assert found == []


def test_the_checker_finds_what_is_wrong(tab: Tab) -> None:
    panel = tab.page.locator("#nbmerge-history")
    panel.evaluate("panel => panel.append(Object.assign(document.createElement('button'), {id: 'wrong'}))")
    assert [found.split(":")[0] for found in serious(tab.page, "#nbmerge-history")] == ["button-name"]
    panel.evaluate("panel => panel.querySelector('#wrong').remove()")


def test_all_by_keys(there: Server, tab: Tab) -> None:
    """The shortcut, the list, a version, one cell of it, and back."""
    before = there.sources(NAME)
    keys = tab.page.keyboard
    tab.focus(1)
    keys.press("Control+Alt+h")
    tab.page.wait_for_function("document.activeElement.matches('.nbmerge-filter')")
    keys.type("@1")
    tab.page.wait_for_function("document.querySelectorAll('.nbmerge-list .nbmerge-row').length === 1")
    keys.press("Tab")
    keys.press("Enter")
    tab.page.wait_for_selector(f"{DIALOG} .nbmerge-report")
    for _ in range(12):
        keys.press("Tab")
        focused = tab.page.evaluate("document.activeElement.shadowRoot?.activeElement?.textContent ?? ''")
        if focused == "Restore this cell":
            break
    keys.press("Enter")
    said(tab, "is as in version @1 again")
    assert there.sources(NAME) != before
    tab.wait(there.sources(NAME))
    tab.page.locator(".nbmerge-said button").focus()
    keys.press("Space")
    said(tab, "is restored")
    assert there.sources(NAME) == before
    tab.wait(before)


def test_what_is_unsaved_is_saved_before_something_is_restored(there: Server, tab: Tab) -> None:
    tab.type(0, " and lakes")
    rows(tab).last.click()
    tab.page.locator(f"{DIALOG} button", has_text="Restore this version").click()
    said(tab, "Version @1 is restored")
    tab.wait(there.sources(NAME))
    assert tab.sources()[0] == "# Levels of the river"
    give(tab, "restore-previous")
    said(tab, "Restored what was before")
    tab.wait(there.sources(NAME))
    assert tab.sources()[0] == "# Levels of the river and lakes"


def test_what_is_lost_is_found_and_put_back(there: Server, tab: Tab) -> None:
    give(tab, "show-lost")
    tab.page.locator(".nbmerge-filter").fill("mean(levels), 'm'")
    tab.page.wait_for_function("document.querySelectorAll('.nbmerge-list pre').length === 1")
    tab.page.locator("button", has_text="Put back").click()
    said(tab, "Put back")
    assert any("mean(levels), 'm'" in source for source in there.sources(NAME))
    tab.wait(there.sources(NAME))


def test_a_doubt_is_dismissed(there: Server, tab: Tab) -> None:
    doubt(there, 4, by=5)
    there.put(NAME, river("print('mean')"))
    dismiss = tab.page.locator('.nbmerge-doubts [data-key="dismiss-4"]')
    dismiss.click()
    said(tab, "@4 stays in the history")
    dismiss.wait_for(state="detached")


def test_nothing_runs(there: Server, tab: Tab) -> None:
    """Names of people and files, sources, outputs, attachments and metadata that would if they could."""
    name = "<img src=x onerror=window.canary=1>.ipynb"
    path = there.put(name, hostile())
    state = str(there.folder.parent / "state")
    for text in ("one", HOSTILE, "three"):
        version = open_notebook(str(path), state=state).version
        made = hostile() if text == HOSTILE else notebook(code(text, id="c"))
        save(str(path), JUPYTER.spell(made), version, HOSTILE, state)
    doubt(there, 3, by=4, name=name)
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.show(name)
    give(tab, "show-history")
    tab.page.wait_for_selector(".nbmerge-doubts li")
    give(tab, "show-lost")
    tab.page.wait_for_selector(".nbmerge-list pre")
    give(tab, "show-history")
    for place in range(rows(tab).count()):
        rows(tab).nth(place).click()
        tab.page.wait_for_selector(f"{DIALOG} .nbmerge-report")
        tab.page.evaluate(
            """() => {
              const {shadowRoot} = document.querySelector('.nbmerge-report');
              for (const fold of shadowRoot.querySelectorAll('details')) fold.open = true;
            }"""
        )
        if folder := os.environ.get("NBMERGE_SCREENSHOTS"):
            tab.page.screenshot(path=Path(folder) / f"hostile-{place}.png")
        elements = tab.page.evaluate(
            """() => {
              const {shadowRoot} = document.querySelector('.nbmerge-report');
              return [...shadowRoot.querySelectorAll('script, iframe, svg, a, link, object, form')].length;
            }"""
        )
        assert elements == 0
        tab.page.keyboard.press("Escape")
    panel = tab.page.locator(".nbmerge-history")
    assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    assert tab.page.evaluate("window.canary") is None
    assert [url for url in asked if not url.startswith((there.url, "data:"))] == []
    assert [url for url in asked if url.endswith("/x")] == []


@pytest.mark.skipif(not HAS_NOTEBOOK, reason="Notebook is not installed")
def test_in_notebook_7(there: Server, chromium_program: Browser, tmp_path: Path) -> None:
    name = "in-notebook.ipynb"
    there.put(name, river())
    tab = notebook_tab(chromium_program, there, name)
    tab.page.set_viewport_size({"width": 1280, "height": 800})
    tab.type(1, "[1:]")
    tab.save()
    give(tab, "show-history")
    tab.page.wait_for_selector(".nbmerge-row")
    tab.page.screenshot(path=Path(os.environ.get("NBMERGE_SCREENSHOTS", tmp_path)) / "notebook-7.png")
    rows(tab).last.click()
    tab.page.locator(f"{DIALOG} button", has_text="Restore this version").click()
    said(tab, "Version @1 is restored")
    tab.wait(there.sources(name))
    assert tab.sources()[1] == "levels = read('levels.csv')"
    tab.page.close()
