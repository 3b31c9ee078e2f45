"""Owns: the moving picture of the README: two tabs and an agent on one notebook, as they run.

Must not know: how anything of it is done.  Invariant: nothing is drawn but captions; the tabs show what they
show, without their tools.

    pip install pillow && python -m tests.jupyter_page.picture [--dark] [--size 1440x900] [FILE]
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.helpers.build import Notebook, code, markdown, notebook
from tests.helpers.chromium import chromium, new_page
from tests.jupyter_page.lab import ROOT, Server, server

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

NAME = "river.ipynb"
PEOPLE = ("Ann", "Bob")
COLOURS = 64
_STAGE = """
<!doctype html><meta charset="utf-8"><title>stage</title>
<style>
  body {{ margin: 0; display: grid; grid: auto 1fr auto / 1fr 1fr; gap: 6px 10px; height: 100vh; padding: 8px;
    box-sizing: border-box; font: 600 15px system-ui, sans-serif; background: {back}; color: {front}; }}
  iframe {{ width: 100%; height: 100%; border: 1px solid #8888; border-radius: 4px; box-sizing: border-box; }}
  #agent {{ grid-column: 1 / 3; font: 14px monospace; background: #222; color: #ddd; padding: 7px 10px;
    border-radius: 4px; min-height: 1.3em; }}
</style>
<div id="Ann">Ann's tab</div><div id="Bob">Bob's tab</div>
<iframe name="Ann" src="doc/workspaces/ann/tree/{name}?token=t"></iframe>
<iframe name="Bob" src="doc/workspaces/bob/tree/{name}?token=t"></iframe>
<div id="agent"></div>
"""
_READY = """async dark => {
  while (!window.jupyterapp?.shell?.currentWidget?.context) await new Promise(done => setTimeout(done, 100));
  const {shell, commands} = window.jupyterapp;
  window.panel = shell.currentWidget;
  await window.panel.context.ready;
  await window.panel.revealed;
  await window.panel.sessionContext.ready;
  if (dark) await commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'});
  shell.collapseLeft();
  shell.collapseRight();
  document.querySelector('.jp-NotebookPanel-toolbar').style.display = 'none';
  for (const side of document.querySelectorAll('.jp-SideBar')) side.style.display = 'none';
  window.dispatchEvent(new Event('resize'));
}"""
_TO_END = """() => {
  const {editor} = window.panel.content.activeCell;
  editor.setCursorPosition(editor.getPositionAt(editor.model.sharedModel.getSource().length));
}"""


def river() -> Notebook:
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    found = notebook(
        markdown("# Levels of the river", id="title"),
        code("levels = read('levels.csv')", id="read"),
        code("print('mean', mean(levels))", id="mean"),
    )
    return found | {"metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}}


@dataclass
class Film:
    """The frames so far, each with the milliseconds that it stays."""

    page: Page
    frames: list[tuple[bytes, int]] = field(default_factory=list)

    def take(self, stays: int) -> None:
        time.sleep(0.15)
        self.frames.append((self.page.screenshot(), stays))

    def tab(self, who: str) -> Frame:
        found = self.page.frame(name=who)
        assert found is not None
        return found

    def type(self, who: str, text: str) -> None:
        """Keys of somebody whose tab has the focus."""
        for number, word in enumerate(text.split(" ")):
            self.page.keyboard.type(f" {word}" if number else word)
            self.take(140)

    def focus(self, who: str, place: int) -> None:
        """Click into a cell, at its end."""
        tab = self.tab(who)
        tab.locator(".jp-Notebook .jp-Cell").nth(place).locator(".cm-content").click()
        tab.evaluate(_TO_END)

    def say(self, agent: str = "", **people: str) -> None:
        for who, what in people.items():
            self.page.evaluate("([id, text]) => document.getElementById(id).textContent = text", [who, what])
        self.page.evaluate("text => document.getElementById('agent').textContent = text", agent)

    def until(self, who: str, text: str) -> None:
        self.tab(who).wait_for_function(
            "text => window.panel.context.model.sharedModel.cells.some(c => c.getSource().includes(text))",
            arg=text,
        )


def play(film: Film, there: Server, dark: bool) -> None:
    """What is to be seen."""
    for who in PEOPLE:
        film.tab(who).evaluate(_READY, dark)
        film.tab(who).evaluate("window.panel.context.save()")
    time.sleep(2)
    film.say(agent="$")
    film.take(1200)
    film.focus("Bob", 2)
    film.type("Bob", "\nprint('peak', max(levels))")
    film.focus("Ann", 1)
    film.type("Ann", "[1:]  # no header")
    film.say(agent="$", Ann="Ann's tab: Ctrl-S", Bob="Bob's tab: Ctrl-S")
    film.take(900)
    for who in PEOPLE:
        film.tab(who).evaluate("window.panel.context.save()")
    film.until("Ann", "peak")
    film.until("Bob", "no header")
    film.say(agent="$", Ann="Ann's tab: saved", Bob="Bob's tab: saved")
    film.take(2200)
    film.say(agent="$ agent: adds a plot to river.ipynb", Ann="Ann's tab", Bob="Bob's tab")
    film.take(900)
    found = json.loads((there.folder / NAME).read_bytes())
    plot = [markdown("## Day by day", id="day"), code("plot(levels)", id="plot")]
    there.put(NAME, found | {"cells": [*found["cells"], *plot]})
    for who in PEOPLE:
        film.until(who, "plot(")
    film.take(600)
    film.focus("Ann", 1)
    film.type("Ann", ", no units")
    film.take(3500)


def shot(dark: bool, width: int, height: int) -> list[tuple[bytes, int]]:
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as there, chromium() as browser:
        there.put(NAME, river())
        page = new_page(browser, width=width, height=height)
        colours = {"back": "#111", "front": "#eee"} if dark else {"back": "#fff", "front": "#222"}
        stage = _STAGE.format(name=NAME, **colours)
        page.route("**/stage", lambda route: route.fulfill(body=stage, content_type="text/html"))
        page.goto(f"{there.url}/stage")
        film = Film(page)
        play(film, there, dark)
        return film.frames


def moving(frames: list[tuple[bytes, int]], file: Path) -> None:
    """Write the frames as one GIF."""
    from PIL import Image

    pictures: list[Any] = [Image.open(io.BytesIO(data)).convert("RGB") for data, _ in frames]
    palette = pictures[-1].quantize(COLOURS, dither=Image.Dither.NONE)
    first, *others = (one.quantize(palette=palette, dither=Image.Dither.NONE) for one in pictures)
    stays = [stays for _, stays in frames]
    first.save(file, save_all=True, append_images=others, duration=stays, loop=0, optimize=True)


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="1280x600")
    parser.add_argument("file", nargs="?", type=Path, default=ROOT / "docs" / "images" / "jupyter.gif")
    chosen = parser.parse_args()
    width, height = map(int, chosen.size.split("x"))
    frames = shot(chosen.dark, width, height)
    if chosen.file.suffix == ".png":
        chosen.file.write_bytes(frames[-1][0])
    else:
        moving(frames, chosen.file)
    print(f"{chosen.file}: {len(frames)} frames, {chosen.file.stat().st_size // 1000} KB")


if __name__ == "__main__":
    main()
