"""VS Code without the extension, beside the watcher: what a person sees, and what is kept.

What docs/vscode.md says of it is held here.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.helpers.chromium import needs_chromium
from tests.vscode.code_server import ENTRY, ROOT, CodeServer, Window, code_server
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


def nbmerge(state: Path, *command: str) -> str:
    """What a command prints that looks at the watcher's history."""
    words = [sys.executable, "-m", "nbmerge", *command, "--state", str(state)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def until_named(state: Path, path: Path, within: float = 10.0) -> None:
    """Until `status` says with which command the other save is merged."""
    end = time.monotonic() + within
    while f"recover {path}" not in (told := nbmerge(state, "status")) and time.monotonic() < end:
        time.sleep(0.2)
    assert f"recover {path}" in told


def until_held(path: Path, *words: str, within: float = 10.0) -> None:
    end = time.monotonic() + within
    while time.monotonic() < end and not all(word in "\n".join(on_disk(path)) for word in words):
        time.sleep(0.1)
    for word in words:
        assert word in "\n".join(on_disk(path)), on_disk(path)


def over_another_save(here: CodeServer, window: Window, name: str, *, by_rename: bool) -> Path:
    """The window has a change of its own, and overwrites what a program saved meanwhile."""
    path = here.put(name, start())
    window.show(path)
    window.focus(0)
    window.type("00")
    if by_rename:
        other = path.with_suffix(".new")
        other.write_bytes(path.read_bytes())
        changed(other, b="two = 22")
        other.replace(path)
    else:
        changed(path, b="two = 22")
    time.sleep(2)
    assert window.sources()[1] == "two = 2"  # nothing is shown
    window.save()
    window.until("true")
    answered(window, "Overwrite")
    return path


def test_it_asks_and_overwrite_is_merged_where_the_other_writes_in_another_way(
    here: CodeServer, chromium: Browser
) -> None:
    window = here.window(chromium)
    path = over_another_save(here, window, "plain.ipynb", by_rename=True)
    until_held(path, "one = 100", "two = 22")
    window.until_shows(["one = 100", "two = 22", "three = 3", "# Text"])


def test_where_both_write_alike_what_overwrite_replaced_is_named_and_recover_merges_it(
    here: CodeServer, chromium: Browser, tmp_path: Path
) -> None:
    """One line changed back, and another edited: one author does that, too."""
    window = here.window(chromium)
    path = over_another_save(here, window, "alike.ipynb", by_rename=False)
    until_held(path, "one = 100", "two = 2")
    until_named(tmp_path / "state", path)
    nbmerge(tmp_path / "state", "recover", str(path))
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
