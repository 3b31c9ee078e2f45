"""Owns: the pictures of what a person sees of nbmerge in VS Code, the one in the manual among them.

Must not know: how anything of it is done.  Invariant: nothing is drawn; the window shows what it shows.

    pip install pillow && python -m tests.vscode.picture [FILE]     the conflict, for docs/vscode.md
    python -m tests.vscode.picture --all FOLDER     each state, wide and narrow, dark and light
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.helpers.build import code, markdown, notebook
from tests.helpers.chromium import chromium
from tests.vscode.code_server import ROOT, CodeServer, Window, code_server
from tests.vscode.test_in_code_server import changed, opened, start

THEMES = {"dark": "Default Dark Modern", "light": "Default Light Modern"}
WIDTHS = {1440: 900, 1024: 768}
PICTURE = ROOT / "docs" / "images" / "vscode-conflict.png"
COLOURS = 48
_DRAWN = 700  # milliseconds until all is drawn


def river(here: CodeServer, name: str) -> Path:
    """A notebook on which somebody and an agent disagree about one line."""
    level = 'levels = readings.resample("D").mean()\nlevels.plot(title="Daily level")'
    return here.put(
        name,
        notebook(
            markdown("# River levels at the old bridge", id="title"),
            code('import pandas as pd\nreadings = pd.read_csv("levels.csv", index_col=0)', id="read"),
            code(level, id="plot"),
            code("levels.describe()", id="sum"),
        ),
    )


def disagreed(window: Window, path: Path) -> None:
    """Somebody has typed and saved what an agent had changed otherwise; and the agent did more."""
    opened(window, path)
    window.focus(2, 0, 0)
    window.page.keyboard.press("Shift+End")
    window.type('levels = readings.resample("D").median()')
    weekly = 'levels = readings.resample("W").max()\nlevels.plot(title="Daily level")'
    changed(path, plot=weekly, sum="levels.describe().round(2)")
    window.save()
    window.until("kept.notebook.cellAt(2).document.getText().includes('<<<<<<<') && !kept.notebook.isDirty")
    window.page.locator(".codelens-decoration").first.wait_for()


def states(here: CodeServer, window: Window, theme: str) -> dict[str, Callable[[], None]]:
    """What there is to be seen, and how one comes to it; each begins where the one before ended."""

    def came() -> None:
        path = here.put(f"{theme}-came.ipynb", start())
        opened(window, path)
        window.focus(0)
        window.type("00")
        changed(path, b="two = 2\nmore = 3", e="new = 5")
        window.until("kept.notebook.cellCount === 5")

    def undone() -> None:
        window.focus(1)
        window.page.keyboard.press("Control+z")

    def conflict() -> None:
        disagreed(window, river(here, f"{theme}-river.ipynb"))

    def command(name: str) -> Callable[[], None]:
        def run() -> None:
            window.page.keyboard.press("Escape")
            window.run(f"void vscode.commands.executeCommand({json.dumps(name)})")
            time.sleep(2)

        return run

    return {
        "came": came,
        "undone": undone,
        "conflict": conflict,
        "history": command("nbmerge.history"),
        "lost": command("nbmerge.lost"),
        "changes": command("nbmerge.changes"),
    }


def dressed(here: CodeServer, theme: str) -> None:
    """A quiet window: nothing at its sides, no agents, no tips."""
    settings = here.user / "User" / "settings.json"
    quiet = {
        "workbench.colorTheme": THEMES[theme],
        "window.commandCenter": False,
        "workbench.secondarySideBar.defaultVisibility": "hidden",
        "workbench.layoutControl.enabled": False,
    }
    settings.write_text(json.dumps(json.loads(settings.read_text()) | quiet))


def small(png: bytes) -> bytes:
    """The same picture with few colours."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        out = io.BytesIO()
        image.convert("RGB").quantize(COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path, nargs="?", default=PICTURE)
    parser.add_argument("--all", type=Path)
    chosen = parser.parse_args()
    with code_server(Path(tempfile.mkdtemp()) / "home") as here, chromium() as browser:
        for theme in THEMES if chosen.all else ("light",):
            dressed(here, theme)
            window = here.window(browser)
            window.run("await vscode.commands.executeCommand('workbench.action.closeSidebar')")
            if not chosen.all:
                window.page.set_viewport_size({"width": 820, "height": 560})
                states(here, window, theme)["conflict"]()
                window.page.wait_for_timeout(_DRAWN)
                chosen.file.write_bytes(small(window.page.screenshot()))
                continue
            for name, come in states(here, window, theme).items():
                come()
                for width, height in WIDTHS.items():
                    window.page.set_viewport_size({"width": width, "height": height})
                    window.page.wait_for_timeout(_DRAWN)
                    window.page.screenshot(path=chosen.all / f"{name}-{theme}-{width}.png")


if __name__ == "__main__":
    main()
