"""Owns: tabs of JupyterLab, a script and git on one notebook, and what has to be true when all have saved.

Must not know: how any of it is saved.  Invariant: what is done depends on the seed alone; nobody types where
somebody else does, so that there is nothing to disagree about: any conflict is a fault, and so is every word
that is gone, or there twice, or torn, unless somebody took it out.

    python -m tests.jupyter_page.many_tabs [--seconds N] [--seed S] [--tabs N]
        [--without "run,write late"]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.helpers.build import Notebook, code, markdown, notebook, source_of
from tests.helpers.chromium import chromium
from tests.helpers.in_page import joined
from tests.helpers.spelling import JUPYTER
from tests.helpers.validity import fault
from tests.jupyter_page.lab import Server, Tab, new_tab, server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage

NAME = "crowd.ipynb"
SCRIPT = "script"
_CELLS = 8
_TORN = re.compile(r"\b(?!W[a-z]+Q\b)(?:W[a-z]*|[wqtgeu]+Q?)\b")
_LETTERS = "wqtgeu"  # of these none does anything to a cell if the caret is not in it
# How often each is done; a save begins, and is not waited for.
_TYPES = ("type",) * 10
_ACTS = (*_TYPES, "save", "save", "insert", "move", "delete", "run", "undo")
_OUTSIDE = ("write", "write", "write late", "commit", "check out")
_LATE = 5  # saves of others, after which a program may still write what it read; not many more are compared
_SETTLED = 20.0  # seconds until all show what the file holds
# Errors in the console that are not ours: files that a fresh profile lacks.
_USUAL = ("favicon", "/api/kernels/", "/api/sessions/", "net::ERR_ABORTED")
_GONE = re.compile(r" 404 .*/nbmerge/api/head/")  # git takes a file away for a moment
_HELP = """
window.crowd = {
  failed: [],
  async caret(marker, which) {
    const {content, context} = window.panel;
    const cells = [...context.model.sharedModel.cells];
    const own = cells.flatMap((cell, place) => cell.getSource().includes(marker) ? [place] : []);
    if (!own.length) return false;
    content.activeCellIndex = own[which % own.length];
    const cell = content.activeCell;
    await cell.ready;
    content.mode = 'edit';
    cell.editor.focus();
    const at = cell.model.sharedModel.getSource().indexOf(marker) + marker.length;
    cell.editor.setCursorPosition(cell.editor.getPositionAt(at));
    return cell.editor.hasFocus();
  },
  at(place) {
    const {content} = window.panel;
    content.activeCellIndex = place % content.widgets.length;
    content.mode = 'command';
  },
  async write(text) {
    const {content} = window.panel;
    await content.activeCell.ready;
    content.mode = 'edit';
    content.activeCell.editor.focus();
    content.activeCell.model.sharedModel.updateSource(0, 0, text);
  },
  save() {
    const {context} = window.panel;
    void context.save().catch(error => this.failed.push(String(error)));
  },
  runs() {
    const {content, sessionContext} = window.panel;
    const isWaiting = cell => cell.node.querySelector('.jp-InputPrompt')?.textContent.includes('*');
    return sessionContext.session?.kernel?.status === 'busy' || content.widgets.some(isWaiting);
  },
  cells() {
    const strip = cell => {
      const {trusted, ...metadata} = cell.metadata;
      if (!cell.attachments) delete cell.attachments;
      return {...cell, metadata};
    };
    return window.panel.context.model.sharedModel.toJSON().cells.map(strip);
  }
};
"""


def line_of(who: str) -> str:
    return f"# words of {who}: "


def start() -> Notebook:
    """Cells in which everybody has a line of their own, apart from the others'."""
    people = [*(f"tab{n}" for n in range(9)), SCRIPT]
    lines = "\n\n\n".join(f"{line_of(who)}.\n\nif {n}: ..." for n, who in enumerate(people))
    cells = [code(f"{lines}\n\nprint({n})", id=f"shared-{n}") for n in range(_CELLS - 2)]
    slow = "import time\nfor n in range(15):\n    print(n)\n    time.sleep(0.1)"
    return notebook(markdown("# Crowd", id="title"), *cells, code(f"{lines}\n\n{slow}", id="slow"))


@dataclass
class Crowd:
    """`words` have to be there, `gone` were taken out by somebody, and `read` the script read a while ago."""

    there: Server
    tabs: list[Tab]
    chance: random.Random
    words: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    read: bytes = b""
    read_at: int = 0
    without: tuple[str, ...] = ()
    log: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.there.folder / NAME

    def run(self, seconds: float) -> None:
        """Everybody does this and that until the time is over; then all save."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.chance.random() < 0.06:
                what = self.chance.choice(_OUTSIDE)
                if what not in self.without:
                    self.note("outside", what)
                    self.outside(what)
            else:
                who = self.chance.randrange(len(self.tabs))
                what = self.chance.choice(_ACTS)
                if what not in self.without:
                    self.note(f"tab{who}", what)
                    self.act(what, self.tabs[who], f"tab{who}")

    def note(self, who: str, what: str) -> None:
        self.done[what] += 1
        self.log.append(f"{time.time():.3f} {who} {what}")

    def listen(self, tab: Tab, who: str) -> None:
        """Errors that a tab tells."""

        def hear(message: ConsoleMessage) -> None:
            text = f"{message.text} {message.location.get('url', '')}"
            if message.type == "error" and not any(one in text for one in _USUAL) and not _GONE.search(text):
                self.errors.append(f"{who} said: {text}")

        tab.page.on("console", hear)
        tab.page.on("pageerror", lambda error: self.errors.append(f"{who}: {error}"))

    # What people do in a tab.

    def act(self, what: str, tab: Tab, who: str) -> None:
        match what:
            case "type":
                self.type(tab, line_of(who))
            case "save":
                tab.page.evaluate("window.crowd.save()")
            case "insert":
                self.command(tab, "insert-cell-below", self.any_place())
                tab.page.evaluate("text => window.crowd.write(text)", f"{mine(who)}\n\nprint()")
                self.type(tab, mine(who))
            case "move":
                self.command(tab, self.chance.choice(["move-cell-up", "move-cell-down"]), self.any_place())
            case "delete":
                self.takes_out(tab, lambda: self.delete(tab, mine(who)))
            case "run":
                self.command(tab, "run-cell", self.any_place())
            case "undo":
                self.takes_out(tab, lambda: tab.page.keyboard.press("Control+z"))

    def any_place(self) -> int:
        return self.chance.randrange(100)

    def command(self, tab: Tab, name: str, place: int) -> None:
        tab.page.evaluate(
            """([name, place]) => {
              window.crowd.at(place);
              void window.jupyterapp.commands.execute(`notebook:${name}`);
            }""",
            [name, place],
        )

    def delete(self, tab: Tab, marker: str) -> None:
        """Take out a cell that nobody else writes in; in one step, since places change."""
        tab.page.evaluate(
            """([marker, which]) => {
              const {content: {model}} = window.panel;
              const own = [...model.sharedModel.cells].flatMap(
                (cell, place) => cell.getSource().includes(marker) ? [place] : []);
              if (!own.length) return;
              window.crowd.at(own[which % own.length]);
              void window.jupyterapp.commands.execute('notebook:delete-cell');
            }""",
            [marker, self.any_place()],
        )

    def type(self, tab: Tab, marker: str) -> None:
        if not tab.page.evaluate(
            "([marker, which]) => window.crowd.caret(marker, which)", [marker, self.any_place()]
        ):
            return
        word = self.new_word()
        self.log.append(f"    {word}")
        tab.page.keyboard.type(f"{word} ", delay=self.chance.choice([0, 0, 5, 20]))
        if word in "\n".join(tab.sources()):
            self.words.add(word)
        elif tab.page.evaluate("window.panel.content.activeCell?.editor?.hasFocus()"):
            torn = _TORN.findall("\n".join(tab.sources()))
            self.errors.append(f"{word} was torn while it was typed: {torn}")

    def new_word(self) -> str:
        number, letters = len(self.words | self.gone) + self.done["type"] * 7, ""
        while number or not letters:
            number, digit = divmod(number, len(_LETTERS))
            letters += _LETTERS[digit]
        return f"W{letters}Q"

    def takes_out(self, tab: Tab, work: Any) -> None:
        before = "\n".join(tab.sources())
        work()
        after = "\n".join(tab.sources())
        self.take({word for word in self.words if word in before and word not in after})

    def take(self, words: set[str]) -> None:
        self.gone |= words
        self.words -= words

    # What happens to the file.

    def outside(self, what: str) -> None:
        match what:
            case "write":
                self.script(self.path.read_bytes())
            case "write late":
                if self.read and self.done["save"] - self.read_at <= _LATE:
                    self.script(self.read)
                else:
                    self.read, self.read_at = self.path.read_bytes(), self.done["save"]
            case "commit":
                self.git("commit", "-qam", "some more")
            case "check out":
                self.check_out()

    def script(self, data: bytes) -> None:
        """A program that puts a word into what it read, a moment ago or a while ago, but since it wrote."""
        self.read = b""
        with contextlib.suppress(ValueError):
            found = json.loads(data)
            marker = line_of(SCRIPT)
            own = [cell for cell in found["cells"] if marker in source_of(cell)]
            if own:
                word = self.new_word()
                self.log.append(f"    {word}")
                cell = self.chance.choice(own)
                text = source_of(cell).replace(marker, f"{marker}{word} ", 1)
                cell["source"] = text.splitlines(keepends=True)
                self.path.write_bytes(JUPYTER.spell(found))
                self.words.add(word)

    def check_out(self) -> None:
        """An older version, when all have saved: what has come since is taken out, also of the pages."""
        self.settle()
        self.git("commit", "-qam", "before")
        self.git("checkout", "-q", "HEAD~1", "--", NAME)
        held = self.path.read_text()
        self.take({word for word in self.words if word not in held})
        self.read = b""
        self.git("commit", "-qam", "back")
        self.wait()
        self.errors += [f"after git checkout: {one}" for one in self.differences()]

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.there.folder, check=False, capture_output=True)

    # What has to be true.

    def settle(self) -> None:
        """All save, twice: what the first got of the others' typing is in the second.

        When nothing runs any more: what a run brings after the last save, a tab keeps as unsaved work.
        """
        self.until(lambda: not any(tab.page.evaluate("window.crowd.runs()") for tab in self.tabs))
        for _ in range(2):
            for tab in self.tabs:
                tab.page.evaluate("window.panel.context.save()")
        self.wait()

    def wait(self) -> None:
        """Until all show what the file holds, but not for ever."""
        self.until(lambda: not self.differences())

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + _SETTLED
        while time.monotonic() < end and not true():
            time.sleep(0.1)

    def differences(self) -> list[str]:
        held = joined(json.loads(self.path.read_bytes()))
        found = []
        for number, tab in enumerate(self.tabs):
            cells = tab.page.evaluate("window.crowd.cells()")
            if len(cells) != len(held):
                found.append(f"tab{number} has {len(cells)} cells, the file {len(held)}")
            found += [
                f"tab{number}, cell {place}: {one} instead of {other}"
                for place, (one, other) in enumerate(zip(cells, held, strict=False))
                if one != other
            ]
        return found

    def faults(self) -> Iterator[str]:
        """What is not as it has to be."""
        found = json.loads(self.path.read_bytes())
        text = "\n".join(map(source_of, found["cells"]))
        yield from self.errors
        yield from self.differences()
        if why := fault(found):
            yield f"invalid: {why}"
        for word in sorted(self.words | self.gone):
            count = text.count(word)
            if count > 1 or (count < 1 and word in self.words):
                yield f"{word} is there {count} times"
        if "<<<<<<<" in text:
            yield f"markers: {text[text.index('<<<<<<<') :][:600]}"
        for number, tab in enumerate(self.tabs):
            yield from (f"tab{number} asked: {title}" for title in tab.dialogs())
            yield from (f"tab{number}: {why}" for why in tab.page.evaluate("window.crowd.failed"))


def mine(who: str) -> str:
    return f"# only {who}: "


@contextlib.contextmanager
def crowd(browser: Browser, folder: Path, seed: int, count: int = 3) -> Iterator[Crowd]:
    """Tabs that show one notebook in a repository, with a kernel."""
    with server(folder) as there:
        found = Crowd(there, [], random.Random(seed))
        there.put(NAME, start())
        found.git("init", "-q")
        found.git("config", "user.email", "ann@example.org")
        found.git("config", "user.name", "Ann")
        found.git("add", NAME)
        found.git("commit", "-qm", "first")
        for number in range(count):
            tab = new_tab(browser, there)
            found.listen(tab, f"tab{number}")
            tab.show(NAME, kernel=True)
            tab.page.evaluate(_HELP)
            found.tabs.append(tab)
        yield found


def main() -> int:
    """One run; 1 if anything was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tabs", type=int, default=3)
    parser.add_argument("--without", type=lambda text: tuple(text.split(",")), default=())
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    with chromium() as browser, crowd(browser, folder, chosen.seed, chosen.tabs) as found:
        found.without = chosen.without
        found.run(chosen.seconds)
        found.settle()
        faults = list(found.faults())
        (folder / "acts").write_text("\n".join(found.log))
    done = ", ".join(f"{count} {what}" for what, count in sorted(found.done.items()))
    print(f"seed {chosen.seed}: {len(found.words)} words kept, {len(found.gone)} taken out; {done}")
    for one in faults:
        print(f"FAULT {one[:1500]}")
    print(folder if faults else "nothing was wrong")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
