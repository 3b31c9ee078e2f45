"""Owns: the picture of people in one notebook, as docs/jupyter.md shows it.

Must not know: how anything of it is done.  Invariant: nothing is drawn; it is what a tab shows while others
are in its notebook.

    pip install pillow && python -m tests.jupyter_page.people_picture [--dark] [--size 1280x520] [FILE]
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
from pathlib import Path

from tests.helpers.build import Notebook, code, markdown, notebook
from tests.helpers.chromium import chromium
from tests.jupyter_page.lab import ROOT, Tab, server
from tests.jupyter_page.people import SEVERAL_PEOPLE, tab_of

NAME = "river.ipynb"
COLOURS = 64
_ALONE = """async dark => {
  const {shell, commands} = window.jupyterapp;
  if (dark) await commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'});
  shell.mode = 'single-document';
  shell.collapseLeft();
  shell.collapseRight();
  for (const side of document.querySelectorAll('.jp-SideBar')) side.style.display = 'none';
  window.dispatchEvent(new Event('resize'));
}"""


def river() -> Notebook:
    return notebook(
        markdown("# Levels of the river", id="title"),
        code("levels = read('levels.csv')", id="read"),
        code("for day in levels:\n    total += levels[day]\n    print(day, levels[day])", id="loop"),
        code("mean = total / len(levels)\nprint(mean)", id="mean"),
        markdown("In the *spring* the river is high.", id="end"),
    )


def shot(dark: bool, width: int, height: int) -> bytes:
    """A PNG of Ann's tab, with Bob, Carla and Mei in her notebook, after a program has saved it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder), configuration=SEVERAL_PEOPLE) as there,
        chromium() as browser,
    ):
        there.put(NAME, river())
        names = ("Ann Lee", "Bob", "Carla Diaz", "Mei Tanaka")
        ann, *others = (tab_of(browser, there, name, size=f"{width}x{height}") for name in names)
        for tab in (ann, *others):
            tab.show(NAME)
        ann.page.evaluate(_ALONE, dark)
        ann.page.wait_for_function("document.querySelectorAll('.nbmerge-person').length === 3")
        held = json.loads((there.folder / NAME).read_bytes())
        held["cells"][3]["source"] = "mean = total / len(levels)\nprint('mean', mean)"
        there.put(NAME, held)
        ann.page.wait_for_selector(".nbmerge-program")
        time.sleep(1.5)
        play(*others)
        time.sleep(0.6)
        return ann.page.screenshot()


def play(bob: Tab, carla: Tab, mei: Tab) -> None:
    """Who is where."""
    mei.page.evaluate("window.panel.content.mode = 'command'; window.panel.content.activeCellIndex = 4")
    carla.focus(2, len("for day in levels:\n    total"))
    bob.focus(3, len("mean = "))
    for _ in range(5):
        bob.page.keyboard.press("Shift+ArrowRight")


def small(data: bytes) -> bytes:
    """The picture with as few colours as it needs."""
    from PIL import Image

    made = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        made, "PNG", optimize=True
    )
    return made.getvalue()


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="1000x460")
    parser.add_argument("file", nargs="?", type=Path, default=ROOT / "docs" / "images" / "people.png")
    chosen = parser.parse_args()
    width, height = map(int, chosen.size.split("x"))
    chosen.file.write_bytes(small(shot(chosen.dark, width, height)))
    print(f"{chosen.file}: {chosen.file.stat().st_size // 1000} KB")


if __name__ == "__main__":
    main()
