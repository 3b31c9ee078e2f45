"""Beside other extensions of JupyterLab: each keeps what it does, and nobody is asked anything."""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.build import Notebook, code, notebook
from tests.helpers.chromium import needs_chromium
from tests.jupyter_page.lab import Tab, new_tab, server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [needs_chromium, pytest.mark.slow]
NAME = "nb.ipynb"
ROOMS = "jupyter_server_ydoc"
_needs_rooms = pytest.mark.skipif(
    find_spec("jupyter_collaboration") is None,
    reason="run with --slow where jupyter-collaboration is installed",
)


def two(**metadata: object) -> Notebook:
    start = notebook(code("one = 1", id="one"), code("two = 2", id="two"))
    return start | {"metadata": start["metadata"] | metadata}


def opened(tab: Tab) -> Tab:
    tab.show(NAME)
    tab.page.evaluate("window.panel.context.ready")
    return tab


@pytest.mark.parametrize(
    ("other", "configuration"),
    [
        ("nbdime", ""),
        pytest.param(ROOMS, "c.YDocExtension.disable_rtc = True", marks=_needs_rooms),
    ],
)
def test_tabs_merge(chromium: Browser, tmp_path: Path, other: str, configuration: str) -> None:
    with server(tmp_path, other, configuration) as there:
        path = there.put(NAME, two())
        ann, bob = (opened(new_tab(chromium, there)) for _ in range(2))
        ann.type(0, "0")
        bob.type(1, "2")
        ann.save()
        bob.save()
        wanted = ["one = 10", "two = 22"]
        ann.wait(wanted)
        assert there.sources(path.name) == bob.sources() == wanted
        assert ann.dialogs() == bob.dialogs() == []


@_needs_rooms
def test_rooms_go_first(chromium: Browser, tmp_path: Path) -> None:
    with server(tmp_path, ROOMS) as there:
        there.put(NAME, two())
        ann, bob = (opened(new_tab(chromium, there)) for _ in range(2))
        ann.type(0, "0")
        bob.wait(["one = 10", "two = 2"])
        ann.save()
        assert there.sources(NAME) == ["one = 10", "two = 2"]
        assert ann.asked == bob.asked == []
        assert any("documents are shared" in line for line in ann.said)
        assert ann.dialogs() == bob.dialogs() == []


@_needs_rooms
def test_a_room_loses_nothing_to_what_a_program_read_long_ago(chromium: Browser, tmp_path: Path) -> None:
    """Two people type each second, and the room does not save; a script writes what it read 17 s before."""
    with server(tmp_path, ROOMS) as there:
        settings = tmp_path / "settings" / "@jupyterlab" / "docmanager-extension"
        (settings / "plugin.jupyterlab-settings").write_text(json.dumps({"autosave": True}))
        path = there.put(NAME, two())
        ann, bob = (opened(new_tab(chromium, there)) for _ in range(2))
        bob.wait(["one = 1", "two = 2"])
        read = json.loads(path.read_bytes())
        for number in range(24):
            ann.type(0, f"\na{number} = 1")
            bob.type(1, f"\nb{number} = 1")
            if number == 17:
                there.put(NAME, read | {"cells": [*read["cells"], code("three = 3", id="three")]})
            time.sleep(0.7)
        wanted = [
            "\n".join(["one = 1", *(f"a{number} = 1" for number in range(24))]),
            "\n".join(["two = 2", *(f"b{number} = 1" for number in range(24))]),
            "three = 3",
        ]
        for tab in (ann, bob):
            tab.wait(wanted)
        end = time.monotonic() + 10
        while there.sources(NAME) != wanted and time.monotonic() < end:
            time.sleep(0.2)
        assert there.sources(NAME) == wanted
        assert ann.dialogs() == bob.dialogs() == []


@_needs_rooms
def test_a_room_shows_both_where_a_program_changed_the_same_line(chromium: Browser, tmp_path: Path) -> None:
    with server(tmp_path, ROOMS) as there:
        settings = tmp_path / "settings" / "@jupyterlab" / "docmanager-extension"
        (settings / "plugin.jupyterlab-settings").write_text(json.dumps({"autosave": True}))
        there.put(NAME, two())
        ann = opened(new_tab(chromium, there))
        ann.wait(["one = 1", "two = 2"])
        time.sleep(1)
        ann.type(0, "0")
        there.put(NAME, notebook(code("one = 15", id="one"), code("two = 2", id="two")))
        ann.page.wait_for_function(
            "window.panel.context.model.sharedModel.cells[0].getSource().includes('<<<<<<<')"
        )
        [text, other] = ann.sources()
        assert {"one = 10", "one = 15"} <= set(text.splitlines())
        assert other == "two = 2"
        end = time.monotonic() + 10
        while there.sources(NAME) != ann.sources() and time.monotonic() < end:
            time.sleep(0.2)
        assert there.sources(NAME) == ann.sources()


def test_pairs_are_saved_by_jupytext(chromium: Browser, tmp_path: Path) -> None:
    with server(tmp_path, "jupyterlab_jupytext") as there:
        path = there.put(NAME, two(jupytext={"formats": "ipynb,py:percent"}))
        ann = opened(new_tab(chromium, there))
        ann.type(0, "0")
        ann.save()
        assert there.sources(NAME) == ["one = 10", "two = 2"]
        assert "one = 10" in path.with_suffix(".py").read_text()
        assert any("is saved as it is without nbmerge" in line for line in ann.said)
        ann.page.evaluate("void window.jupyterapp.commands.execute('nbmerge:show-history')")
        ann.page.get_by_text("This notebook has no history here").wait_for()
        assert ann.dialogs() == []
