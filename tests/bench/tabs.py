"""Owns: what large notebooks cost in two open tabs of JupyterLab, and what of one's own stays in place.

Must not know: how it is done.  Invariant: times are taken in the pages themselves, by one clock.

    python -m tests.bench.tabs [CELLS]
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from tests.helpers.build import Notebook, code, markdown, notebook
from tests.helpers.chromium import chromium
from tests.jupyter_page.lab import Server, Tab, new_tab, server

NAME = "large.ipynb"
ROUNDS = 30
_WATCH = """
window.applied = [];
window.seen = {};
const json = Response.prototype.json;
Response.prototype.json = async function () {
  const found = await json.call(this);
  if (found?.operations?.length) {
    const before = performance.now();
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => window.applied.push(performance.now() - before);
    port2.postMessage(0);  // arrives when all that waits for the answer is done
  }
  return found;
};
window.panel.context.model.sharedModel.cells[window.watched].changed.connect(cell => {
  const word = cell.getSource().split(' ').pop();
  window.seen[word] ??= Date.now() / 1000;
});
"""


@contextmanager
def opened(count: int, people: int, **settings: bool) -> Iterator[tuple[Server, list[Tab]]]:
    """So many tabs with a notebook of so many cells, 240 bytes each."""
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as there, chromium() as browser:
        there.put(NAME, large(count))
        there.settings(**settings)
        tabs = [new_tab(browser, there) for _ in range(people)]
        for tab in tabs:
            tab.show(NAME, kernel=True)
            tab.page.evaluate("place => void (window.watched = place)", count // 2)
            tab.page.evaluate(_WATCH)
            tab.save()
        yield there, tabs


def large(count: int, **other: str) -> Notebook:
    """Code and markdown; some cells say something else."""
    cells = []
    for number in range(count):
        id = f"cell-{number}"
        text = other.get(id, f"value_{number} = 'something about {number}'\nprint(value_{number})")
        cells.append(markdown(f"## {text}", id=id) if number % 5 == 0 else code(text, id=id, out="1\n" * 40))
    return notebook(*cells)


def main() -> None:
    """Print the figures."""
    count = int(next((word for word in sys.argv[1:] if word.isdigit()), "500"))
    with opened(count, 1, enabled=False) as (_, [ann]):  # beside a second tab it would be asked what to do
        print(f"a save without nbmerge: {figures(alone(ann, count))} ms")
    with opened(count, 2) as (there, [ann, bob]):
        print(f"{count} cells, {(there.folder / NAME).stat().st_size // 1000} KB")
        print("kept:", stays(there, ann, count))
        before = processor(there)
        saves, seen = between(ann, bob, count)
        work = (processor(there) - before) / len(saves)
        print(f"a save: {figures(alone(ann, count))} ms")
        print(
            f"while the other tab takes it in: {figures(saves)} ms; shown there {figures(seen)} ms after it"
        )
        print(f"processor time of the server for a save and what follows in the other tab: {work:.0f} ms")
        print(f"seen after a program wrote it: {figures(outside(there, ann, count))} ms")
        for tab in (ann, bob):
            print(f"brought in: {figures(tab.page.evaluate('window.applied'))} ms")
        print(f"by Revert: {reverted(ann)}")


def processor(there: Server) -> float:
    """Milliseconds of processor time that the server has taken."""
    words = Path(f"/proc/{there.pid}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def figures(values: list[float]) -> str:
    """In words: median, 95 of 100, longest."""
    return f"median {median(values):.0f}, p95 {quantiles(values, n=20)[-1]:.0f}, longest {max(values):.0f}"


def stays(there: Server, tab: Tab, count: int) -> dict[str, object]:
    """What of one's own is as it was after a program has written another cell, while a cell prints."""
    tab.page.evaluate(
        """place => {
          const {sharedModel} = window.panel.context.model;
          const lines = ['import time', 'for n in range(60):', '    print(n)', '    time.sleep(0.05)'];
          sharedModel.cells[place].setSource(lines.join(String.fromCharCode(10)));
        }""",
        count // 2 + 2,
    )
    tab.save()
    tab.type(count // 2 + 1, "typed")
    tab.page.evaluate(
        """place => {
          const {content} = window.panel;
          window.done = content.widgets[place].model;
          const code = window.done.sharedModel.getSource();
          const future = window.panel.sessionContext.session.kernel.requestExecute({code});
          content.widgets[place].outputArea.future = future;
          window.finished = future.done;
          const {editor} = content.activeCell;
          editor.setSelection({start: {line: 0, column: 2}, end: {line: 0, column: 7}});
        }""",
        count // 2 + 2,
    )
    time.sleep(0.5)
    tab.mark_editors()
    before = _own(tab)
    word = "outside"
    there.put(NAME, _with(there, count // 2, word))
    tab.page.wait_for_function("word => window.seen[word]", arg=word)
    time.sleep(0.3)
    after = _own(tab)
    tab.page.evaluate("window.finished")
    printed = tab.outputs(count // 2 + 2)[0]["text"].split()
    tab.page.keyboard.press("Control+z")
    undone = "typed" not in tab.sources()[count // 2 + 1] and word in tab.sources()[count // 2]
    return {
        "editors": len(tab.page.evaluate("window.editors")),
        "editors made anew": tab.lost_editors(),
        "caret, focus, scroll, selection": before == after,
        "scrolled to": before[-1],
        "lines that were printed": f"{len(printed)} of 60",
        "Ctrl-Z took back only the typing": undone,
    }


def _own(tab: Tab) -> list[object]:
    selection, scroll = tab.page.evaluate(
        """() => {
          const {content} = window.panel;
          const scrolled = content.node.querySelector('.jp-WindowedPanel-outer') ?? content.node;
          return [content.activeCell.editor.getSelection(), scrolled.scrollTop];
        }"""
    )
    return [tab.caret(), str(selection), scroll]


def _with(there: Server, place: int, word: str) -> Notebook:
    found: Notebook = json.loads((there.folder / NAME).read_bytes())
    found["cells"][place]["source"] = [*found["cells"][place]["source"], f" {word}"]
    return found


def alone(tab: Tab, count: int) -> list[float]:
    """Milliseconds of each save of a tab."""
    saves = []
    for number in range(ROUNDS):
        tab.type(count // 2, f" word{number}")
        saves.append(tab.save())
    return saves


def between(ann: Tab, bob: Tab, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each save of one tab, and from its end until the other tab shows it."""
    saves, seen = [], []
    for number in range(ROUNDS):
        word = f"word{number}"
        ann.type(count // 2, f" {word}")
        bob.type(count // 4, ".")
        saves.append(ann.save())
        saved = ann.page.evaluate("Date.now() / 1000")
        bob.page.wait_for_function("word => window.seen[word]", arg=word)
        seen.append(max(0.0, 1000 * (bob.page.evaluate("word => window.seen[word]", word) - saved)))
        if number % 5 == 4:
            saves.append(bob.save())
    return saves, seen


def outside(there: Server, tab: Tab, count: int) -> list[float]:
    """Milliseconds from a program's write until a tab shows it."""
    seen = []
    for number in range(ROUNDS):
        word = f"outside{number}"
        there.put(NAME, _with(there, count // 2, word))
        written = time.time()
        tab.page.wait_for_function("word => window.seen[word]", arg=word)
        seen.append(1000 * (tab.page.evaluate("word => window.seen[word]", word) - written))
        time.sleep(0.7)
    return seen


def reverted(tab: Tab) -> str:
    """What stock JupyterLab's only way costs."""
    tab.mark_editors()
    before = time.monotonic()
    tab.reload()
    took = time.monotonic() - before
    return f"{1000 * took:.0f} ms, {tab.lost_editors()} editors lost"


if __name__ == "__main__":
    main()
