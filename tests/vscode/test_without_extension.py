"""VS Code without the extension, beside the watcher: what a person sees, and what is kept.

What docs/vscode.md says of it is held here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.helpers.chromium import needs_chromium
from tests.vscode.code_server import ENTRY, CodeServer, Window, code_server
from tests.vscode.many_windows import watching
from tests.vscode.test_in_code_server import changed, on_disk, start

pytestmark = [
    needs_chromium,
    pytest.mark.slow,
    pytest.mark.skipif(
        not ENTRY.exists(), reason="run with --slow where code-server is installed: .ci/vscode does both"
    ),
]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[CodeServer]:
    with code_server(tmp_path / "home", plain=True) as found:
        (tmp_path / "state").mkdir()
        with watching(found.folder, tmp_path / "state"):
            yield found


def answered(window: Window, word: str) -> None:
    window.page.get_by_role("button", name=word, exact=True).first.click(timeout=10_000)


def until_held(path: Path, *words: str, within: float = 10.0) -> None:
    end = time.monotonic() + within
    while time.monotonic() < end and not all(word in "\n".join(on_disk(path)) for word in words):
        time.sleep(0.1)
    for word in words:
        assert word in "\n".join(on_disk(path)), on_disk(path)


def test_it_asks_and_overwrite_loses_nothing(here: CodeServer, chromium: Browser) -> None:
    path = here.put("plain.ipynb", start())
    window = here.window(chromium)
    window.show(path)
    window.focus(0)
    window.type("00")
    changed(path, b="two = 22")
    time.sleep(2)
    assert window.sources()[1] == "two = 2"  # nothing is shown
    window.save()
    window.until("true")
    answered(window, "Overwrite")
    until_held(path, "one = 100", "two = 22")
    window.until_shows(["one = 100", "two = 22", "three = 3", "# Text"])


def test_two_windows_that_type_at_once(here: CodeServer, chromium: Browser) -> None:
    """Each answers *Overwrite* when it is asked; then all letters are there, perhaps between markers."""
    path = here.put("two.ipynb", start())
    windows = [here.window(chromium) for _ in range(2)]
    for cell, window in enumerate(windows):
        window.configure(files__autoSave="afterDelay", files__autoSaveDelay=400)
        window.show(path)
        window.focus(cell)
        window.type("\n# ")
    for letter in LETTERS:
        for window in windows:
            window.type(letter)
            time.sleep(0.1)
    time.sleep(2)
    shown = [window.sources()[cell] for cell, window in enumerate(windows)]
    asked = [len(window.asked()) for window in windows]
    for window in windows:
        button = window.page.get_by_role("button", name="Overwrite", exact=True).first
        if button.is_visible():
            button.click()
            time.sleep(3)
    time.sleep(3)
    print(f"asked {asked}, in the windows {shown}, in the file {on_disk(path)}")
    assert any(asked)
    assert LETTERS in "\n".join(on_disk(path))
