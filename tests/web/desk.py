"""Owns: somebody who settles conflicts in the browser: starts the command, chooses, types, saves, closes.

Must not know: what comes of it.  Invariant: nothing is asked of nbdime's page but what a person can do on
it; every process that was started is gone at the end.
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
SIDES = {"local": "cm-merge-left-editor", "base": "cm-central-editor", "remote": "cm-merge-right-editor"}
MERGED = "cm-merge-editor"
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S+")
_PATIENCE = 30.0  # seconds


@dataclass
class Tool:
    """A command that shows conflicts, and the page that it serves."""

    process: subprocess.Popen[str]
    url: str
    browser: Callable[[], Browser]
    page: Page | None = None

    def open(self, file: Path | None = None) -> Page:
        """Look at the page, once nbdime has drawn it; by way of a file, if there is one."""
        from tests.helpers.chromium import new_page

        self.page = new_page(self.browser(), width=1300, height=1000)
        self.page.goto(self.url if file is None else file.as_uri())
        self._drawn()
        return self.page

    def load_again(self) -> None:
        self.there().reload()
        self._drawn()

    def choose(self, cell: int, side: str, number: int = 0) -> None:
        """Press the arrow of a side's change, counted from 0 in a cell of the page."""
        self._press(cell, SIDES[side], "picker", number)

    def press_warning(self, cell: int, number: int = 0) -> None:
        """Press the sign with which nbdime warns of a conflict."""
        self._press(cell, MERGED, "conflict", number)

    def warnings(self) -> int:
        return self.there().locator(f".{MERGED} .jp-Merge-gutter-conflict").count()

    def type(self, cell: int, text: str, at: str = "") -> None:
        """Type into the merged text, before the first line (or at the first that begins so)."""
        content = self._cell(cell).locator(f".{MERGED} .cm-content")
        content.evaluate(
            """(content, at) => {
              const lines = [...content.querySelectorAll('.cm-line')];
              const line = lines.find(each => each.textContent.startsWith(at));
              content.focus();
              getSelection().collapse(line, 0);
              document.dispatchEvent(new Event('selectionchange'));
            }""",
            at,
        )
        keyboard = self.there().keyboard
        if text == "\n":
            keyboard.press("Enter")
        else:
            keyboard.insert_text(text)

    def merged(self, cell: int) -> str:
        """The text that nbdime would save for a cell, as it shows it."""
        return "\n".join(self._cell(cell).locator(f".{MERGED} .cm-line").all_text_contents())

    def delete(self, cell: int) -> None:
        """Tick `Delete cell`."""
        self._cell(cell).locator(".jp-Merge-delete-cell-toggle input").click()

    def resolve_cells(self) -> None:
        """Press the first `Resolve Conflict`."""
        self.there().locator(".jp-conflicted-cells-button").first.click()

    def save(self) -> str:
        """Press Save; what the page says to it."""
        page = self.there()
        page.evaluate("document.querySelectorAll('.alertify-logs > *').forEach(log => log.remove())")
        page.click("#nbdime-save")
        return page.locator(".alertify-logs > *").first.text_content() or ""

    def close(self) -> bool:
        """Press Close tool, and OK if nbdime asks; whether it did."""
        page = self.there()
        page.click("#nbdime-close")
        answer = page.locator(".alertify .ok")
        answer.or_(page.locator("#nbmerge-end")).wait_for(state="attached")
        asks = answer.count() > 0
        if asks:
            answer.click()
        return asks

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

    def _drawn(self) -> None:
        page = self.there()
        page.locator(".jp-Cell-merge").first.wait_for(state="attached")
        page.locator(".nbdime-spinner").wait_for(state="detached")
        # the editors are laid out in the frames that follow
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def _cell(self, number: int) -> Locator:
        return self.there().locator(".jp-Cell-merge").nth(number)

    def _press(self, cell: int, pane: str, what: str, number: int) -> None:
        signs = self._cell(cell).locator(f".{pane} .jp-Merge-gutter-{what}")
        signs.locator("visible=true").nth(number).click()
        self.there().evaluate("new Promise(done => setTimeout(() => requestAnimationFrame(done), 50))")


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
