"""Owns: somebody who settles conflicts in the browser: starts the command, chooses, types, saves, closes.

Must not know: what comes of it.  Invariant: nothing is asked of the page but what a person can do on it;
every process that was started is gone at the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).parents[2]
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S+")
_PATIENCE = 30.0  # seconds


@dataclass
class Tool:
    """A command that shows conflicts, and the page that it serves."""

    process: subprocess.Popen[str]
    url: str
    browser: Callable[[], Browser]
    page: Page | None = None

    def open(self, file: Path | None = None, width: int = 1300) -> Page:
        """Look at the page, once it has asked what is chosen; by way of a file, if there is one."""
        from tests.helpers.chromium import new_page

        self.page = new_page(self.browser(), width=width, height=1000)
        self.page.goto(self.url if file is None else file.as_uri())
        self.drawn()
        return self.page

    def drawn(self) -> None:
        self.there().locator("body[data-ready]").wait_for(state="attached")

    def load_again(self) -> None:
        self.there().reload()
        self.drawn()

    def choose(self, conflict: int, way: str) -> None:
        """Press a button of a conflict, counted from 0."""
        button = self.card(conflict).locator(f"[data-way={way}]")
        button.click()
        self.card(conflict).locator(f"[data-way={way}][aria-pressed=true]").wait_for()

    def choose_all(self, way: str) -> None:
        """Press one for all that are left."""
        self.there().click(f"[data-all={way}]")

    def type(self, conflict: int, text: str) -> None:
        """Press `Edit as text`, and write that instead of all that is there."""
        self.card(conflict).locator("[data-edit]").click()
        field = self.card(conflict).locator("textarea:focus")
        field.wait_for()
        field.fill(text)

    def text(self, conflict: int) -> str:
        """What stands in the result of a conflict."""
        return self.card(conflict).locator("textarea").input_value()

    def counts(self, words: str) -> None:
        """Wait until so many are settled, as the page says."""
        self.there().locator("#count", has_text=words).wait_for()

    def card(self, conflict: int) -> Locator:
        return self.there().locator(f"[data-conflict='{conflict}']")

    def press(self, keys: str) -> None:
        for key in keys.split():
            self.there().keyboard.press(key)

    def save(self) -> str:
        """Press Save; what the page says to it."""
        page = self.there()
        page.evaluate("document.querySelectorAll('[data-news]').forEach(each => each.remove())")
        page.click("#save:enabled")
        return self.said()

    def said(self) -> str:
        """What the page says when it is over, has failed or is made anew."""
        found = self.there().locator("#over, #failed:visible, body[data-ready] [data-news]").first
        return found.text_content() or ""

    def close(self) -> None:
        """Press Close."""
        self.there().click("#close")
        self.there().locator("#over").wait_for()

    def leave(self) -> None:
        """Close the tab."""
        self.there().close()

    def ended(self) -> tuple[int, str]:
        """The command's exit code and what it printed once the page was shown."""
        out, _ = self.process.communicate(timeout=_PATIENCE)
        return self.process.returncode, out.removeprefix("save and close it there; Ctrl-C ends it here\n")

    def there(self) -> Page:
        assert self.page is not None
        return self.page


@dataclass
class Desk:
    """A folder with a notebook, and commands that run in it."""

    folder: Path
    browser: Callable[[], Browser]
    tools: list[Tool] = field(default_factory=list)
    name: str = "n.ipynb"

    @property
    def path(self) -> Path:
        return self.folder / self.name

    def cells(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.path.read_bytes())["cells"]
        return found

    def sources(self) -> list[str]:
        return ["".join(cell["source"]) for cell in self.cells()]

    def environment(self) -> dict[str, str]:
        ours = {
            "NBMERGE_BROWSER": "none",
            "NBMERGE_STATE_DIR": str(self.folder / "state"),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
            "TMPDIR": str(self.folder),
        }
        return os.environ | ours

    def resolve(self, *arguments: str) -> Tool:
        """`nbmerge resolve n.ipynb --web`."""
        return self.start([sys.executable, "-m", "nbmerge", "resolve", self.name, "--web", *arguments])

    def mergetool(self, base: bytes, local: bytes, remote: bytes, *more: str) -> Tool:
        """`nbmerge mergetool`, as git calls it, with `n.ipynb` for the result."""
        files = []
        for name, data in (("BASE", base), ("LOCAL", local), ("REMOTE", remote)):
            (self.folder / f"n_{name}.ipynb").write_bytes(data)
            files.append(f"n_{name}.ipynb")
        return self.start([sys.executable, "-m", "nbmerge", "mergetool", *files, self.name, *more])

    def start(self, command: Sequence[str], environment: dict[str, str] | None = None) -> Tool:
        """A command in the folder that shows conflicts."""
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment or self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,  # for all that it starts
        )
        assert process.stdout is not None
        watchdog = threading.Timer(_PATIENCE, process.kill)
        watchdog.start()
        said = ""
        while not (found := _ADDRESS.search(said)):
            line = process.stdout.readline()
            assert line, said
            said += line
        watchdog.cancel()
        tool = Tool(process, found.group(), self.browser)
        self.tools.append(tool)
        return tool

    def clear(self) -> None:
        for tool in self.tools:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(tool.process.pid, signal.SIGKILL)
            tool.process.communicate()
