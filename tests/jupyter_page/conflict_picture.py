"""Owns: the picture of a cell in conflict in docs/jupyter.md, taken from two tabs as they run.

Must not know: how anything of it is done.  Invariant: nothing is drawn; the tab shows what it shows, without
its tools.

    pip install pillow && python -m tests.jupyter_page.conflict_picture [--dark] [--size 900x450] [FILE]
"""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.helpers.chromium import chromium
from tests.jupyter_page.lab import ROOT, Server, Tab, new_tab, server
from tests.jupyter_page.picture import COLOURS, NAME, river

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_RUN = """([text, count]) => {
  const shared = window.panel.context.model.sharedModel.cells[2];
  shared.setOutputs([{output_type: 'stream', name: 'stdout', text}]);
  shared.execution_count = count;
}"""
_ALONE = """async dark => {
  const {shell, commands} = window.jupyterapp;
  if (dark) await commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'});
  shell.collapseLeft();
  shell.collapseRight();
  for (const side of document.querySelectorAll('.jp-SideBar, #jp-top-panel')) {
    side.style.display = 'none';
  }
  window.dispatchEvent(new Event('resize'));
}"""


def change(tab: Tab, line: str, count: int) -> None:
    """Somebody types something else in the last cell, and runs it."""
    tab.type(2, "", at=0)
    tab.page.keyboard.press("Control+a")
    tab.page.keyboard.type(f"m = mean(levels)\n{line}")
    tab.page.evaluate(_RUN, ["4.2\n", count])


def shot(there: Server, browser: Browser, dark: bool, width: int, height: int) -> bytes:
    """What the one who saved last sees."""
    there.put(NAME, river())
    ann, bob = new_tab(browser, there), new_tab(browser, there)
    for tab in (ann, bob):
        tab.show(NAME)
    change(ann, "print('mean', round(m, 1))", 3)
    change(bob, "print(f'{m:.1f} m')", 4)
    ann.save()
    bob.page.wait_for_timeout(1500)  # so that their times differ
    bob.save()
    bob.page.wait_for_selector(".nbmerge-conflict")
    bob.page.set_viewport_size({"width": width, "height": height})
    bob.page.evaluate(_ALONE, dark)
    bob.page.keyboard.press("F8")
    bob.page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
    bob.page.wait_for_timeout(1500)
    bar = bob.page.locator(".jp-NotebookPanel").bounding_box()
    assert bar is not None
    top = bar["y"]
    return bob.page.screenshot(clip={"x": 0, "y": top, "width": width, "height": height - top})


def main() -> None:
    """Write the picture."""
    from PIL import Image

    parser = argparse.ArgumentParser()
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="900x450")
    parser.add_argument(
        "file", nargs="?", type=Path, default=ROOT / "docs" / "images" / "jupyter-conflict.png"
    )
    chosen = parser.parse_args()
    width, height = map(int, chosen.size.split("x"))
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as there, chromium() as browser:
        data = shot(there, browser, chosen.dark, width, height)
    picture = Image.open(io.BytesIO(data)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(chosen.file, optimize=True)
    print(f"{chosen.file}: {chosen.file.stat().st_size // 1000} KB")


if __name__ == "__main__":
    main()
