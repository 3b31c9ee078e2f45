"""Owns: the pictures of the history's panel in docs/jupyter.md, as it runs.

Must not know: how anything of it is done.  Invariant: nothing is drawn; each is small enough for a page.

    pip install pillow && python -m tests.jupyter_page.history_pictures [FOLDER]
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.helpers.chromium import chromium
from tests.jupyter_page.history_scene import doubt, play
from tests.jupyter_page.lab import ROOT, new_tab, server

if TYPE_CHECKING:
    from tests.jupyter_page.lab import Tab

_COLOURS = 64
_MOST = 60_000  # bytes


def take(tab: Tab, file: Path) -> None:
    """A picture of what the tab shows."""
    from PIL import Image

    tab.page.wait_for_timeout(500)
    picture: Any = Image.open(io.BytesIO(tab.page.screenshot())).convert("RGB")
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    assert file.stat().st_size < _MOST, file
    print(f"{file}: {file.stat().st_size // 1000} KB")


def main() -> None:
    """Write the pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    with tempfile.TemporaryDirectory() as place, server(Path(place)) as there, chromium() as browser:
        tab = new_tab(browser, there)
        tab.page.set_viewport_size({"width": 1000, "height": 620})
        play(there, tab)
        doubt(there, 4, by=5)
        tab.page.evaluate("(window.jupyterapp.shell.collapseLeft(), window.panel.context.save())")
        tab.page.evaluate("void window.jupyterapp.commands.execute('nbmerge:show-history')")
        tab.page.wait_for_selector(".nbmerge-doubts li")
        tab.page.evaluate("document.activeElement.blur()")
        take(tab, folder / "history.png")
        tab.page.locator(".nbmerge-list .nbmerge-row").last.click()
        tab.page.wait_for_selector("dialog.nbmerge-version .nbmerge-report")
        take(tab, folder / "history-version.png")
        tab.page.keyboard.press("Escape")
        tab.page.evaluate("void window.jupyterapp.commands.execute('nbmerge:show-lost')")
        tab.page.wait_for_selector(".nbmerge-list pre")
        tab.page.evaluate("document.activeElement.blur()")
        take(tab, folder / "history-lost.png")


if __name__ == "__main__":
    main()
