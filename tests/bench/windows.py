"""Owns: what the extension costs in a real VS Code, measured in its page and in its processes.

Must not know: how it works.  Invariant: what is compared is done in the same way with and without it, on the
same machine, one after the other; a key's time is from the page's event to the end of the frame after it.

    python -m tests.bench.windows [--keys N] [--changes N]      wants code-server: see .ci/vscode
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from tests.helpers.build import Notebook, code, notebook
from tests.helpers.chromium import chromium
from tests.vscode.code_server import Window, code_server
from tests.vscode.test_in_code_server import changed

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CELLS, EACH = 300, 5  # every fifth cell has a picture of 180 KB
TYPED, OTHERS = 150, 7  # the cells in which somebody types, and which others change
PAUSE = 60  # milliseconds between keys
_TICK = os.sysconf("SC_CLK_TCK")
_KEYS = """() => {
  window.latencies = [];
  document.addEventListener('keydown', () => {
    const before = performance.now();
    requestAnimationFrame(() => setTimeout(() => window.latencies.push(performance.now() - before), 0));
  }, true);
}"""


@dataclass
class Costs:
    """In milliseconds: of each key, quietly and while others save; of others' changes until they are shown,
    and of the processors' time of the extensions and of nbmerge for each; of saves, until they are done."""

    quiet: list[float]
    busy: list[float]
    shown: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)
    saves: list[float] = field(default_factory=list)


def large() -> Notebook:
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "QUJD" * 45_000}}
    cells = [code(f"cell = {number}", id=f"c{number}") for number in range(CELLS)]
    for number in range(0, CELLS, EACH):
        cells[number]["outputs"] = [picture]
    return notebook(*cells)


def measured(browser: Browser, folder: Path, keys: int, changes: int, *, plain: bool) -> Costs:
    with code_server(folder, plain=plain) as here:
        path = here.put("large.ipynb", large())
        window = here.window(browser)
        window.show(path)
        time.sleep(5)
        window.focus(TYPED)
        window.page.evaluate(_KEYS)
        window.type("x")
        program = threading.Thread(target=_saves_now_and_then, args=(path, keys * PAUSE / 1000))
        found = Costs(typed(window, keys), [])
        program.start()
        found.busy = typed(window, keys)
        program.join()
        if plain:
            window.show(here.put("other.ipynb", large()))
            window.focus(TYPED)
        else:
            _shown(window, path, changes, found)
        _saves(window, found)
        return found


def typed(window: Window, keys: int) -> list[float]:
    window.page.evaluate("window.latencies.length = 0")
    for _ in range(keys):
        window.type("x")
        window.page.wait_for_timeout(PAUSE)
    latencies: list[float] = window.page.evaluate("window.latencies")
    return latencies


def _saves_now_and_then(path: Path, seconds: float) -> None:
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        changed(path, **{f"c{OTHERS}": f"cell = 7\nother = {number}"})
        time.sleep(1)


def _shown(window: Window, path: Path, changes: int, found: Costs) -> None:
    """Others change one cell while there are unsaved changes, now and again."""
    time.sleep(3)
    host = window.run("return process.pid")
    for number in range(changes):
        wanted = f"cell = 7\nlater = {number}"
        window.run(
            f"""const {{document}} = kept.notebook.cellAt({OTHERS});
            kept.at = 0;
            const look = vscode.workspace.onDidChangeTextDocument(() => {{
              if (!document.getText().endsWith('later = {number}')) return;
              kept.at = Date.now();
              look.dispose();
            }});"""
        )
        before = used(host)
        changed(path, **{f"c{OTHERS}": wanted})
        written = path.stat().st_mtime
        window.until("kept.at", 20)
        found.shown.append(window.run("return kept.at") - written * 1000)
        time.sleep(1)
        found.used.append(used(host) - before)
    assert "later" in window.sources()[OTHERS]


def _saves(window: Window, found: Costs) -> None:
    """Somebody saves what nobody else has changed."""
    for _ in range(4):
        window.type("y")
        begun = time.monotonic()
        window.save()
        window.until("!kept.notebook.isDirty", 20)
        found.saves.append((time.monotonic() - begun) * 1000)
        time.sleep(1)
    found.saves.pop(0)


def used(pid: int) -> float:
    """Milliseconds of the processors that a process and its children have used."""
    children = [
        one for file in Path(f"/proc/{pid}/task").glob("*/children") for one in file.read_text().split()
    ]
    total = 0.0
    for one in (str(pid), *children):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) * 1000 / _TICK
    return total


def in_words(times: list[float]) -> str:
    p95 = quantiles(times, n=20)[18] if len(times) > 1 else times[0]
    return f"{median(times):.1f} / {p95:.1f} ms (shortest {min(times):.1f}, {len(times)} times)"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=150)
    parser.add_argument("--changes", type=int, default=10)
    chosen = parser.parse_args()
    print(f"load of the machine {os.getloadavg()[0]:.1f}; median / 95 of 100")
    with chromium() as browser:
        for plain in (True, False):
            folder = Path(tempfile.mkdtemp()) / "home"
            found = measured(browser, folder, chosen.keys, chosen.changes, plain=plain)
            who = "without" if plain else "with"
            print(f"{who}: a key, nobody else saves: {in_words(found.quiet)}")
            print(f"{who}: a key, a program saves every second: {in_words(found.busy)}")
            print(f"{who}: Ctrl+S: {in_words(found.saves)}")
            if not plain:
                print(f"a change on the disk is in the editor: {in_words(found.shown)}")
                print(f"the same, processor time of extensions and serve: {in_words(found.used)}")


if __name__ == "__main__":
    main()
