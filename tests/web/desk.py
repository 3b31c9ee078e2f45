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
    from tests.helpers.browser import Browser, Page

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
        self.page = self.browser().page(width=1300, height=1000)
        self.page.open(self.url if file is None else file)
        self._drawn()
        return self.page

    def load_again(self) -> None:
        page = self.there()
        before = page.loads
        page.call("Page.reload")
        page.until(lambda: page.loads > before, "it is loaded again")
        self._drawn()

    def choose(self, cell: int, side: str, number: int = 0) -> None:
        """Press the arrow of a side's change, counted from 0 in a cell of the page."""
        self._press(cell, SIDES[side], "picker", number)

    def press_warning(self, cell: int, number: int = 0) -> None:
        """Press the sign with which nbdime warns of a conflict."""
        self._press(cell, MERGED, "conflict", number)

    def warnings(self) -> int:
        found: int = self.there().evaluate(
            f"document.querySelectorAll('.{MERGED} .jp-Merge-gutter-conflict').length"
        )
        return found

    def type(self, cell: int, text: str, at: str = "") -> None:
        """Type into the merged text, before the first line (or at the first that begins so)."""
        page = self.there()
        where = json.dumps(at)
        page.evaluate(
            f"""(() => {{
              const content = document.querySelectorAll('.jp-Cell-merge')[{cell}]
                .querySelector('.{MERGED} .cm-content');
              const lines = [...content.querySelectorAll('.cm-line')];
              const line = lines.find(each => each.textContent.startsWith({where}));
              content.focus();
              getSelection().collapse(line, 0);
              document.dispatchEvent(new Event('selectionchange'));
            }})()"""
        )
        page.call("Runtime.getIsolateId")
        if text == "\n":
            page.press("Enter", 13, "\r")
        else:
            page.type(text)

    def merged(self, cell: int) -> str:
        """The text that nbdime would save for a cell, as it shows it."""
        found: str = self.there().evaluate(
            f"""[...document.querySelectorAll('.jp-Cell-merge')[{cell}]
              .querySelectorAll('.{MERGED} .cm-line')].map(l => l.textContent).join('\\n')"""
        )
        return found

    def delete(self, cell: int) -> None:
        """Tick `Delete cell`."""
        self._mark(
            f"document.querySelectorAll('.jp-Cell-merge')[{cell}]"
            ".querySelector('.jp-Merge-delete-cell-toggle input')"
        )
        self.there().click("#meant")

    def resolve_cells(self) -> None:
        """Press the first `Resolve Conflict`."""
        self.there().click(".jp-conflicted-cells-button")

    def save(self) -> str:
        """Press Save; what the page says to it."""
        page = self.there()
        page.evaluate("document.querySelectorAll('.alertify-logs > *').forEach(log => log.remove())")
        page.click("#nbdime-save")
        said: str = page.wait_for("document.querySelector('.alertify-logs > *')?.textContent")
        return said

    def close(self) -> bool:
        """Press Close tool, and OK if nbdime asks; whether it did."""
        page = self.there()
        page.click("#nbdime-close")
        asked = "document.querySelector('.alertify .ok')"
        page.wait_for(f"!!({asked} || document.getElementById('nbmerge-end'))")
        asks = bool(page.evaluate(f"!!{asked}"))
        if asks:
            self._mark(asked)
            page.evaluate("document.getElementById('meant').click()")
        return asks

    def leave(self) -> None:
        """Close the tab."""
        page = self.there()
        page.browser.call("Target.closeTarget", targetId=page.target)

    def ended(self) -> tuple[int, str]:
        """The command's exit code and what it printed once the page was shown."""
        out, _ = self.process.communicate(timeout=_PATIENCE)
        return self.process.returncode, out.removeprefix("save and close it there; Ctrl-C ends it here\n")

    def there(self) -> Page:
        assert self.page is not None
        return self.page

    def _drawn(self) -> None:
        page = self.there()
        page.wait_for(
            "document.querySelector('.jp-Cell-merge') && !document.querySelector('.nbdime-spinner')"
        )
        # the editors are laid out in the frames that follow
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def _press(self, cell: int, pane: str, what: str, number: int) -> None:
        page = self.there()
        self._mark(
            f"""[...document.querySelectorAll('.jp-Cell-merge')[{cell}]
              .querySelectorAll('.{pane} .jp-Merge-gutter-{what}')]
              .filter(sign => getComputedStyle(sign).visibility !== 'hidden')[{number}]"""
        )
        page.click("#meant")
        page.evaluate("new Promise(done => setTimeout(() => requestAnimationFrame(done), 50))")

    def _mark(self, element: str) -> None:
        """Give an element the id by which it can be clicked."""
        self.there().evaluate(
            f"""(() => {{ document.querySelectorAll('#meant').forEach(e => e.removeAttribute('id'));
              ({element}).id = 'meant'; }})()"""
        )


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
