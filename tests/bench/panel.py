"""Owns: how long the history of a large notebook takes to show in JupyterLab's side panel.

Must not know: how it is shown.  Invariant: time is taken in the page, from the command to the first row.

    python -m tests.bench.panel [VERSIONS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from random import Random
from statistics import median

from nbmerge.history.opening import open_store
from nbmerge.service.cache import NotebookCache
from nbmerge.service.record import Recorder, Saved
from tests.helpers.build import Notebook
from tests.helpers.chromium import chromium
from tests.helpers.spelling import JUPYTER
from tests.jupyter_page.lab import Server, Tab, new_tab, server

NAME = "large.ipynb"
CELLS, ROUNDS = 500, 6
_OPENED = """async () => {
  const {commands, shell} = window.jupyterapp;
  shell.collapseRight();
  await new Promise(done => setTimeout(done, 1500));
  const before = performance.now();
  void commands.execute('nbmerge:show-history');
  const shown = () => document.querySelector('.nbmerge-list .nbmerge-row')?.checkVisibility();
  while (!shown()) await new Promise(requestAnimationFrame);
  return performance.now() - before;
}"""


def past(there: Server, count: int) -> None:
    """A notebook that was saved so often, a cell more or less each time."""
    from tests.bench.tabs import large

    state = there.folder.parent / "state"
    state.mkdir(mode=0o700, exist_ok=True)
    store = open_store(str(state), time.time).store
    recorder = Recorder(store, NotebookCache(store))
    path = str(there.folder / NAME)
    chance, content, now = Random(1), large(CELLS), time.time()
    for number in range(count):
        _change(content, chance, number)
        saved = Saved(JUPYTER.spell(content), now - 60.0 * (count - number))
        recorder.record_save(store.adopt(path), saved)
    there.put(NAME, content)
    store.close()


def _change(content: Notebook, chance: Random, number: int) -> None:
    cell = chance.choice(content["cells"])
    cell["source"] = [*cell["source"][:1], f"saved_{number} = {chance.random()}"]


def opened(tab: Tab) -> list[float]:
    """Milliseconds of each opening."""
    return [tab.page.evaluate(_OPENED) for _ in range(ROUNDS)]


def main() -> None:
    """Print the figures."""
    count = int(next((word for word in sys.argv[1:] if word.isdigit()), "1000"))
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as there, chromium() as browser:
        past(there, count)
        tab = new_tab(browser, there)
        tab.show(NAME)
        first, *rest = opened(tab)
        print(
            f"{count} versions of {CELLS} cells; the panel shows them after {first:.0f} ms the first time, "
        )
        print(f"then {median(rest):.0f} ms, at most {max(rest):.0f} ms")


if __name__ == "__main__":
    main()
