"""Owns: a server of JupyterLab and Notebook with nbmerge, and tabs of a real browser in it.

Must not know: what is tested.  Invariant: this checkout's extension is the one that is served; others that
change how notebooks are saved are off; the process that was started is gone at the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.helpers.build import Notebook, source_of
from tests.helpers.spelling import JUPYTER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
EXTENSIONS = ROOT / "data" / "share" / "jupyter" / "labextensions"
_CONFIG = """
c = get_config()
c.ServerApp.jpserver_extensions = {extensions!r}
c.ServerApp.root_dir = {root!r}
c.ServerApp.token = "t"
c.ServerApp.port = {port}
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.NbmergeExtension.state = {state!r}
c.LabApp.news_url = None
for app in (c.LabApp, c.JupyterNotebookApp):
    app.extra_labextensions_path = [{pages!r}]
    app.expose_app_in_browser = True
    app.user_settings_dir = {settings!r}
    app.workspaces_dir = {workspaces!r}
"""
_SETTINGS = {
    "apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin.jupyterlab-settings": {"autosave": False},
}
HAS_NOTEBOOK = find_spec("notebook") is not None
_OURS = {"nbmerge.jupyter": True, "jupyterlab": True, "jupyter_lsp": False, "notebook": HAS_NOTEBOOK}
# Other extensions by their names in the server, and what they have in the page: off unless asked for.
_OTHERS = {
    "jupyterlab_jupytext": ["jupyterlab-jupytext"],
    "nbdime": ["nbdime-jupyterlab"],
    "jupyter_server_ydoc": ["@jupyter/collaboration-extension", "@jupyter/docprovider-extension"],
}
_PATIENCE = 90.0  # seconds; machines may be busy
_WATCH = """
window.dialogs = [];
new MutationObserver(() => {
  for (const one of document.querySelectorAll('.jp-Dialog-header')) {
    const title = one.textContent;
    if (title === 'Select Kernel') one.closest('.jp-Dialog').querySelector('.jp-mod-reject').click();
    else if (title && !window.dialogs.includes(title)) window.dialogs.push(title);
  }
}).observe(document, {childList: true, subtree: true});
"""


@dataclass
class Server:
    """A server whose notebooks are in `folder`; `pid` is its process."""

    folder: Path
    url: str
    pid: int

    def put(self, name: str, notebook: Notebook) -> Path:
        """Write a notebook as a program that knows nothing of nbmerge."""
        path = self.folder / name
        path.write_bytes(JUPYTER.spell(notebook))
        return path

    def delete(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def sources(self, name: str) -> list[str]:
        return [source_of(cell) for cell in json.loads((self.folder / name).read_bytes())["cells"]]

    def settings(self, **values: object) -> None:
        """Set the settings of nbmerge's plugin, for pages that are opened afterwards."""
        self.ask("PUT", "lab/api/settings/nbmerge-on-save:plugin", {"raw": json.dumps(values)})

    def ask(self, method: str, path: str, body: object = None) -> None:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": "token t", "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.url}/{path}", data, headers, method=method)
        with urllib.request.urlopen(asked, timeout=_PATIENCE) as answer:
            answer.read()


@contextlib.contextmanager
def server(folder: Path, beside: str = "", configuration: str = "") -> Iterator[Server]:
    """A server that answers, with one of the other extensions, and more lines for its configuration."""
    for name, values in _SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    (folder / "labconfig").mkdir()
    off = {page: name != beside for name, pages in _OTHERS.items() for page in pages}
    (folder / "labconfig" / "page_config.json").write_text(json.dumps({"disabledExtensions": off}))
    root = folder / "root"
    root.mkdir()
    port = _free_port()
    config = folder / "jupyter_server_config.py"
    names = {name: str(folder / name) for name in ("state", "settings", "workspaces")}
    names |= {"root": str(root), "pages": str(EXTENSIONS)}
    extensions = _OURS | {name: name == beside for name in _OTHERS}
    config.write_text(_CONFIG.format(port=port, extensions=extensions, **names) + configuration)
    ours = {name: str(folder / name) for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    environment = os.environ | ours | {"JUPYTER_CONFIG_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", f"--config={config}"],
            cwd=root,
            env=environment,
            stdout=log,
            stderr=log,
            process_group=0,  # for the kernels that it starts
        )
        try:
            yield _answering(Server(root, f"http://127.0.0.1:{port}", process.pid), process, folder / "log")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _answering(found: Server, process: subprocess.Popen[bytes], log: Path) -> Server:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError):
            found.ask("GET", "nbmerge/api/about")
            return found
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@dataclass
class Tab:
    """A page with a notebook in it, as somebody sees and uses it.

    `said`: what it wrote to its console; `asked`: what of nbmerge's part in the server.
    """

    page: Page
    name: str = ""
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def show(self, name: str, kernel: bool = False) -> None:
        """Open a notebook, beside what is open already; with a kernel that starts."""
        self.name = name
        self.page.evaluate(
            """async ([name, kernel]) => {
              const kernelPreference = kernel ? {name: 'python3'} : {shouldStart: false};
              const widget = await window.jupyterapp.commands.execute(
                'docmanager:open', {path: name, factory: 'Notebook', kernelPreference});
              await widget.context.ready;
              await widget.revealed;
              window.panel = widget;
              do await new Promise(done => setTimeout(done, 100));
              while (document.querySelector('.jp-Dialog'));
              if (kernel) await widget.sessionContext.ready;
            }""",
            [name, kernel],
        )

    def type(self, cell: int, text: str, at: int | None = None) -> None:
        """Click into a cell and type, at its end or behind so many characters."""
        self.focus(cell, at)
        self.page.keyboard.type(text)

    def focus(self, cell: int, at: int | None = None) -> None:
        self.page.evaluate(
            """async ([cell, at]) => {
              const notebook = window.panel.content;
              notebook.activeCellIndex = cell;
              await notebook.activeCell.ready;
              notebook.mode = 'edit';
              const editor = notebook.activeCell.editor;
              editor.focus();
              const offset = at ?? editor.model.sharedModel.getSource().length;
              editor.setCursorPosition(editor.getPositionAt(offset));
            }""",
            [cell, at],
        )

    def save(self) -> float:
        """Press Ctrl-S; the milliseconds until it is saved."""
        took: float = self.page.evaluate(
            """async () => {
              const before = performance.now();
              await window.panel.context.save();
              return performance.now() - before;
            }"""
        )
        return took

    def reload(self) -> None:
        """File > Reload Notebook from Disk."""
        self.page.evaluate(
            """async () => {
              await window.panel.context.revert();
              await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
            }"""
        )

    def sources(self) -> list[str]:
        found: list[str] = self.page.evaluate(
            "window.panel.context.model.sharedModel.cells.map(cell => cell.getSource())"
        )
        return found

    def outputs(self, cell: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate(
            "place => window.panel.context.model.sharedModel.cells[place].getOutputs()", cell
        )
        return found

    def shown(self, cell: int) -> str:
        """What the editor of a cell shows."""
        return "\n".join(self._cells().nth(cell).locator(".cm-line").all_text_contents())

    def dirty(self) -> bool:
        return bool(self.page.evaluate("window.panel.context.model.dirty"))

    def dialogs(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.dialogs")
        return found

    def mark_editors(self) -> None:
        """Remember the editors that there are now."""
        self.page.evaluate(
            "window.editors = window.panel.content.widgets.map(one => one.editorWidget?.node).filter(Boolean)"
        )

    def lost_editors(self) -> int:
        """How many of the marked editors are gone."""
        found: int = self.page.evaluate("window.editors.filter(node => !node.isConnected).length")
        return found

    def caret(self) -> tuple[int, int, bool]:
        """The active cell, the place in its text, and whether it has the focus."""
        place, offset, focused = self.page.evaluate(
            """() => {
              const {content} = window.panel, {editor} = content.activeCell;
              const offset = editor.getOffsetAt(editor.getCursorPosition());
              return [content.activeCellIndex, offset, editor.hasFocus()];
            }"""
        )
        return place, offset, focused

    def note(self) -> str:
        return self.page.locator(".nbmerge-status").text_content() or ""

    def wait(self, sources: list[str]) -> float:
        """Until the notebook shows this; the seconds that it took."""
        before = time.monotonic()
        self.page.wait_for_function(
            """wanted => JSON.stringify(window.panel.context.model.sharedModel.cells.map(c => c.getSource()))
              === wanted""",
            arg=json.dumps(sources, separators=(",", ":"), ensure_ascii=False),
            polling=20,
            timeout=5000,
        )
        return time.monotonic() - before

    def _cells(self) -> Any:
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell")


def new_tab(browser: Browser, there: Server, prepare: Callable[[Page], None] = lambda _: None) -> Tab:
    """A tab in a profile of its own, with JupyterLab loaded."""
    tab = _tab(browser, f"{there.url}/lab?token=t&reset", prepare)
    tab.page.evaluate("window.jupyterapp.restored")
    return tab


def notebook_tab(browser: Browser, there: Server, name: str) -> Tab:
    """A tab in a profile of its own, in which Notebook shows a notebook."""
    tab = _tab(browser, f"{there.url}/notebooks/{name}?token=t", lambda _: None)
    tab.name = name
    tab.page.evaluate(
        """async () => {
          await window.jupyterapp.restored;
          window.panel = window.jupyterapp.shell.currentWidget;
          await window.panel.context.ready;
          await window.panel.revealed;
        }"""
    )
    return tab


def _tab(browser: Browser, url: str, prepare: Callable[[Page], None]) -> Tab:
    from tests.helpers.chromium import new_page

    tab = Tab(new_page(browser))
    tab.page.on("console", lambda message: tab.said.append(message.text))
    tab.page.on("request", lambda one: tab.asked.append(one.url) if "nbmerge/api" in one.url else None)
    tab.page.add_init_script(_WATCH)
    prepare(tab.page)
    tab.page.goto(url)
    tab.page.wait_for_function("window.jupyterapp?.shell?.currentWidget !== undefined")
    return tab
