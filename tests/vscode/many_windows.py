"""Owns: windows of VS Code and a script on one notebook, and what has to be true when all have saved.

Must not know: how any of it is saved.  Invariant: what is done depends on the seed alone; nobody types where
somebody else does, so that there is nothing to disagree about: any conflict is a fault, and so is every word
that is gone, or there twice, or torn, unless somebody took it out; at the end two disagree about one line,
and that is one conflict.

    python -m tests.vscode.many_windows [--seconds N] [--seed S] [--windows N] [--lab] [--watch]
        [--without "run,write late"]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
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
from tests.vscode.code_server import ROOT, CodeServer, Window, code_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.jupyter_page.lab import Tab

NAME = "crowd.ipynb"
SCRIPT = "script"
TAB = "tab"
_CELLS = 6
_LETTERS = "wqtgeu"  # of these none does anything to a cell if the cursor is not in it
# How often each is done; a save begins, and is not waited for.
_ACTS = (*("type",) * 10, "save", "save", "insert", "move", "delete", "run", "undo", "undo cells", "autosave")
_OUTSIDE = ("write", "write", "write late", "run elsewhere")
_LATE = 5  # saves of others, after which a program may still write what it read; not many more are compared
_SHOWN = 3.0  # seconds until a window's extensions know what was typed
_SETTLED = 30.0  # seconds until all show what the file holds
_AUTOSAVES = (300, 1000)  # milliseconds
_HELP = """
const cells = () => kept.notebook.getCells();
const wait = milliseconds => new Promise(done => setTimeout(done, milliseconds));
kept.remade = 0;
vscode.workspace.onDidChangeNotebookDocument(event => {
  if (event.notebook !== kept.notebook) return;
  for (const {removedCells} of event.contentChanges) kept.remade += removedCells.includes(kept.typed) ? 1 : 0;
});
kept.own = (marker, which) => {
  const own = cells().filter(cell => cell.document.getText().includes(marker));
  return own.length ? own[which % own.length] : undefined;
};
kept.select = place => {
  const range = new vscode.NotebookRange(place, place + 1);
  vscode.window.activeNotebookEditor.selections = [range];
  return range;
};
kept.caret = async (marker, which) => {
  kept.typed = undefined;
  const cell = kept.own(marker, which);
  if (!cell) return false;
  kept.typed = cell;
  kept.select(cell.index);
  await vscode.commands.executeCommand('notebook.cell.edit');
  for (let i = 0; i < 50 && vscode.window.activeTextEditor?.document !== cell.document; i++) await wait(20);
  const editor = vscode.window.activeTextEditor;
  if (editor?.document !== cell.document) return false;
  const at = cell.document.positionAt(cell.document.getText().indexOf(marker) + marker.length);
  editor.selection = new vscode.Selection(at, at);
  await vscode.commands.executeCommand('setContext', 'tests.crowd', true); // the page answers in order
  await wait(50);
  const active = vscode.window.activeTextEditor;
  const {document, selection} = active ?? {};
  return document === cell.document && document.offsetAt(selection.active) === at0(document, marker);
};
const at0 = (document, marker) => document.getText().indexOf(marker) + marker.length;
kept.insert = async (place, text) => {
  const data = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, text, 'python');
  const edit = new vscode.WorkspaceEdit();
  edit.set(kept.notebook.uri, [vscode.NotebookEdit.insertCells(place % cells().length, [data])]);
  await vscode.workspace.applyEdit(edit);
};
kept.exported = async () => {
  const data = new vscode.NotebookData(cells().map(cell => {
    const one = new vscode.NotebookCellData(cell.kind, cell.document.getText(), cell.document.languageId);
    const {metadata, executionSummary} = cell;
    return Object.assign(one, {metadata, outputs: [...cell.outputs], executionSummary});
  }));
  data.metadata = kept.notebook.metadata;
  const {exportNotebook} = await vscode.extensions.getExtension('vscode.ipynb').activate();
  return exportNotebook(data);
};
await vscode.commands.executeCommand('notebook.selectKernel', {id: 'counting', extension: 'tests.probe'});
"""


def line_of(who: str) -> str:
    return f"# words of {who}: "


def mine(who: str) -> str:
    return f"# only {who}: "


def window_name(number: int) -> str:
    return "window " + "abcdefghi"[number]  # a digit would tell the kernel how often to print


def start() -> Notebook:
    """Cells in which everybody has a line of their own, apart from the others'; a run prints 12 numbers."""
    people = [*map(window_name, range(4)), TAB, SCRIPT]
    lines = "\n\n\n".join(f"{line_of(who)}.\n\nif True: ..." for who in people)
    cells = [code(f"12, 150\n\n{lines}\n\nend", id=f"shared-{n}") for n in range(_CELLS)]
    return notebook(markdown("# Crowd", id="title"), *cells, code("agreed = 0", id="agreed"))


@dataclass
class WindowCrowd:
    """`words` have to be there, `gone` were taken out by somebody, and `read` the script read a while ago."""

    path: Path
    windows: list[Window]
    chance: random.Random
    tab: Tab | None = None
    words: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    swallowed: list[str] = field(default_factory=list)
    authors: dict[str, str] = field(default_factory=dict)
    read: bytes = b""
    read_at: int = 0
    without: tuple[str, ...] = ()
    log: list[str] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Everybody does this and that until the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            chosen = self.chance.random()
            if chosen < 0.1:
                what = self.chance.choice(_OUTSIDE)
                if self.may(SCRIPT, what):
                    self.outside(what)
            elif chosen < 0.25 and self.tab is not None:
                what = self.chance.choice(["type", "type", "save"])
                if self.may(TAB, what):
                    self.act_in_tab(what, self.tab)
            else:
                who = self.chance.randrange(len(self.windows))
                what = self.chance.choice(_ACTS)
                if self.may(window_name(who), what):
                    self.act(what, self.windows[who], window_name(who))

    def may(self, who: str, what: str) -> bool:
        if what in self.without:
            return False
        self.done[what] += 1
        self.log.append(f"{time.time():.3f} {who} {what}")
        return True

    # What people do in a window.

    def act(self, what: str, window: Window, who: str) -> None:
        match what:
            case "type":
                self.type(window, line_of(who), who)
            case "save":
                window.save()
            case "insert":
                self.run_in(window, "await kept.insert({}, {})", self.any_place(), f"3, 100\n{mine(who)}\n")
                self.type(window, mine(who), who)
            case "move":
                way = self.chance.choice(["Up", "Down"])
                self.select(window)
                self.run_in(window, "await vscode.commands.executeCommand({})", f"notebook.cell.move{way}")
            case "delete":
                self.takes_out(window, lambda: self.delete(window, mine(who)))
            case "run":
                place = f"{self.any_place()} % kept.notebook.cellCount"
                window.run(
                    f"""void vscode.commands.executeCommand('notebook.cell.execute',
                      {{ranges: [{{start: {place}, end: {place} + 1}}], document: kept.notebook.uri}});"""
                )
            case "undo" if self.caret(window, line_of(who)):
                self.takes_out(window, lambda: window.page.keyboard.press("Control+z"))
            case "undo cells" if not window.run("return kept.running"):  # it may take out one that runs
                self.select(window)
                window.page.keyboard.press("Escape")
                self.takes_out(window, lambda: window.page.keyboard.press("Control+z"), cells=True)
            case "autosave":
                self.toggle(window)

    def toggle(self, window: Window) -> None:
        if window.run("return vscode.workspace.getConfiguration().get('files.autoSave')") == "off":
            delay = self.chance.choice(_AUTOSAVES)
            window.configure(files__autoSaveDelay=delay, files__autoSave="afterDelay")
        else:
            window.configure(files__autoSave="off")

    def run_in(self, window: Window, js: str, *values: object) -> Any:
        return window.run(js.format(*map(json.dumps, values)))

    def any_place(self) -> int:
        return self.chance.randrange(100)

    def select(self, window: Window) -> None:
        window.run(f"kept.select({self.any_place()} % kept.notebook.cellCount)")

    def caret(self, window: Window, marker: str) -> bool:
        """Put the cursor behind a marker; whether it is there, and keys go there."""
        if not self.run_in(window, "return kept.caret({}, {})", marker, self.any_place()):
            return False
        has_keys = "Boolean(document.activeElement?.closest('.cell-editor-container'))"
        return self.within(0.5, lambda: bool(window.page.evaluate(has_keys)))

    def delete(self, window: Window, marker: str) -> None:
        """Take out a cell that nobody else writes in."""
        js = """const cell = kept.own({}, {});
        if (cell) {{
          const edit = new vscode.WorkspaceEdit();
          const range = new vscode.NotebookRange(cell.index, cell.index + 1);
          edit.set(kept.notebook.uri, [vscode.NotebookEdit.deleteCells(range)]);
          await vscode.workspace.applyEdit(edit);
        }}"""
        self.run_in(window, js, marker, self.any_place())

    def type(self, window: Window, marker: str, who: str) -> None:
        before = window.run("return kept.remade")
        if not self.caret(window, marker):
            return
        word = self.new_word()
        self.log.append(f"    {word}")
        window.type(f"{word} ", delay=self.chance.choice([0, 5, 20, 80]))
        if self.within(_SHOWN, lambda: word in "\n".join(window.sources())):
            self.words.add(word)
            self.authors[word] = who
        elif window.run("return kept.remade") > before:
            self.swallowed.append(word)  # VS Code has made the cell anew just then, and loses keys by that
        else:
            torn = [text for text in window.sources() if word[1:3] in text]
            self.errors.append(f"{word} was torn while it was typed: {torn}")

    def new_word(self) -> str:
        number, letters = self.done["type"] * 7 + len(self.log), ""
        while number or not letters:
            number, digit = divmod(number, len(_LETTERS))
            letters += _LETTERS[digit]
        return f"W{letters}Q"

    def takes_out(self, window: Window, work: Callable[[], object], *, cells: bool = False) -> None:
        """Words that somebody takes out may be gone; an undo of text is to take out one's own alone."""
        before = self.texts(window)
        work()
        self.within(0.5, lambda: self.texts(window) != before)
        after = self.texts(window)
        lost = {id for id in before if id not in after}
        old = "\n".join(text for id, text in before.items() if not cells or id in lost)
        now = "\n".join(after.values())
        taken = {word for word in self.words if word in old and word not in now}
        self.log.append(f"    took out {sorted(taken)}, cells {sorted(lost)}")
        self.take({word for word in taken if cells or self.is_own(word, window)})

    def is_own(self, word: str, window: Window) -> bool:
        return self.authors[word] == window_name(self.windows.index(window))

    def texts(self, window: Window) -> dict[str, str]:
        """The cells by their ids."""
        found: dict[str, str] = window.run(
            """return Object.fromEntries(kept.notebook.getCells().map(
              (cell, place) => [cell.metadata.id ?? place, cell.document.getText()]))"""
        )
        return found

    def take(self, words: set[str]) -> None:
        self.gone |= words
        self.words -= words

    def act_in_tab(self, what: str, tab: Tab) -> None:
        """Somebody uses JupyterLab."""
        marker = line_of(TAB)
        own = [place for place, text in enumerate(tab.sources()) if marker in text]
        if what == "save":
            tab.save()
        elif own:
            place, word = self.chance.choice(own), self.new_word()
            self.log.append(f"    {word}")
            tab.type(place, f"{word} ", at=tab.sources()[place].index(marker) + len(marker))
            if word in "\n".join(tab.sources()):
                self.words.add(word)
                self.authors[word] = TAB
            else:
                self.errors.append(f"{word} was torn while it was typed in JupyterLab")

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
            case "run elsewhere":
                self.script(self.path.read_bytes(), runs=True)

    def script(self, data: bytes, *, runs: bool = False) -> None:
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
                if runs:
                    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [f"{word}\n"]}]
                    cell["execution_count"] = self.any_place()
                self.path.write_bytes(JUPYTER.spell(found))
                self.words.add(word)
                self.authors[word] = SCRIPT

    # What has to be true.

    def within(self, seconds: float, true: Callable[[], bool]) -> bool:
        end = time.monotonic() + seconds
        while not (found := true()) and time.monotonic() < end:
            time.sleep(0.05)
        return found

    def settle(self) -> None:
        """All save, twice, when nothing runs: what the first got of the others' typing is in the second."""
        for window in self.windows:
            window.configure(files__autoSave="off")
        self.within(_SETTLED, lambda: not any(window.run("return kept.running") for window in self.windows))
        for _ in range(2):
            for window in self.windows:
                window.run("await kept.notebook.save()")
            if self.tab is not None:
                self.tab.save()
            self.within(_SETTLED, lambda: not list(self.differences()))

    def held(self) -> Notebook:
        found: Notebook = {}

        def is_whole() -> bool:
            with contextlib.suppress(ValueError):
                found.update(json.loads(self.path.read_bytes()))
            return bool(found)

        self.within(2, is_whole)
        return found

    def differences(self) -> Iterator[str]:
        held = joined(self.held())
        shown = {
            window_name(number): joined(json.loads(window.run("return kept.exported()")))
            for number, window in enumerate(self.windows)
        }
        for who, cells in shown.items():
            if len(cells) != len(held):
                yield f"{who} has {len(cells)} cells, the file {len(held)}"
            for place, (one, other) in enumerate(zip(cells, held, strict=False)):
                if one != other:
                    yield f"{who}, cell {place}: {one} instead of {other}"
        for number, window in enumerate(self.windows):
            if window.dirty():
                yield f"{window_name(number)} has unsaved changes"
        if self.tab is not None and self.tab.sources() != [cell["source"] for cell in held]:
            yield f"JupyterLab shows {self.tab.sources()}"

    def faults(self) -> Iterator[str]:
        """What is not as it has to be."""
        found = self.held()
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
        for number, window in enumerate(self.windows):
            times = window.page.evaluate("window.askedAt")
            told = zip(window.asked(), times, strict=True)
            yield from (f"{window_name(number)} asked at {at:.3f}: {title}" for title, at in told)
            if cancelled := window.run("return kept.cancels"):
                yield f"{window_name(number)}: {cancelled} runs were cancelled"
        if self.tab is not None:
            yield from (f"JupyterLab asked: {title}" for title in self.tab.dialogs())

    def disagree(self) -> Iterator[str]:
        """Two change one line before either saves: one conflict, which both show."""
        asked = [len(window.asked()) for window in self.windows]
        for number, window in enumerate(self.windows[:2]):
            self.caret(window, "agreed = ")
            window.page.keyboard.press("Shift+End")
            window.type("12"[number] * 3)
        self.within(_SHOWN, lambda: "222" in "".join(self.windows[1].sources()))
        self.settle()
        yield from self.differences()
        cells = [source_of(cell) for cell in self.held()["cells"] if "agreed = " in source_of(cell)]
        text = "\n".join(cells)
        if [text.count(one) for one in ("<<<<<<<", ">>>>>>>", "111", "222")] != [1, 1, 1, 1]:
            yield f"not one conflict: {text}"
        for number, window in enumerate(self.windows):
            found = window.asked()[asked[number] :]
            yield from (f"{window_name(number)} asked about a conflict: {one}" for one in found)


@contextlib.contextmanager
def window_crowd(
    browser: Browser, folder: Path, seed: int, count: int = 2, *, lab: bool = False, watch: bool = False
) -> Iterator[WindowCrowd]:
    """Windows that show one notebook, with a kernel; a tab of JupyterLab and a watcher, if asked for."""
    with contextlib.ExitStack() as stack:
        tab, notebooks, state = None, folder / "notebooks", folder / "state"
        if lab:
            from tests.jupyter_page.lab import new_tab, server

            (folder / "lab").mkdir()
            there = stack.enter_context(server(folder / "lab"))
            notebooks, state = there.folder, folder / "lab" / "state"
            tab = new_tab(browser, there)
        here = stack.enter_context(code_server(folder / "code", notebooks=notebooks, state=state))
        if watch:
            stack.enter_context(watching(notebooks, state))
        path = here.put(NAME, start())
        windows = [shown_in(browser, here, path) for _ in range(count)]
        if tab is not None:
            tab.show(NAME)
        yield WindowCrowd(path, windows, random.Random(seed), tab)


def shown_in(browser: Browser, here: CodeServer, path: Path) -> Window:
    window = here.window(browser)
    window.show(path)
    window.run(_HELP)
    time.sleep(1)  # until the extension knows the version
    return window


@contextlib.contextmanager
def watching(folder: Path, state: Path) -> Iterator[None]:
    """A watcher beside it, once it is ready."""
    command = [sys.executable, "-m", "nbmerge", "watch", str(folder), "--state", str(state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(b"watching")
            yield
        finally:
            process.terminate()


def main() -> int:
    """One run; 1 if anything was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--windows", type=int, default=2)
    parser.add_argument("--lab", action="store_true")
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("--without", type=lambda text: tuple(text.split(",")), default=())
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    with (
        chromium() as browser,
        window_crowd(
            browser, folder, chosen.seed, chosen.windows, lab=chosen.lab, watch=chosen.watch
        ) as found,
    ):
        found.without = chosen.without
        found.run(chosen.seconds)
        found.settle()
        faults = list(found.faults())
        faults += list(found.disagree())
        (folder / "acts").write_text("\n".join(found.log))
        (folder / "faults").write_text("\n".join(faults))
    done = ", ".join(f"{count} {what}" for what, count in sorted(found.done.items()))
    print(
        f"seed {chosen.seed}: {len(found.words)} words kept, {len(found.gone)} taken out,"
        f" {len(found.swallowed)} fell into a cell that VS Code made anew; {done}"
    )
    for one in faults:
        print(f"FAULT {one[:1500]}")
    print(folder if faults else "nothing was wrong")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
