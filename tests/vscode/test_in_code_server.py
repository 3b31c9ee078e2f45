"""What a person sees in a real VS Code: others' saves come in, nothing is asked, nothing typed is lost.

These need code-server, which npm installs (`.ci/vscode`), and minutes.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.helpers.build import Notebook, code, markdown, notebook, source_of
from tests.helpers.chromium import chromium
from tests.helpers.spelling import JUPYTER
from tests.vscode.code_server import ENTRY, CodeServer, Window, code_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not ENTRY.exists(), reason="run with --slow where code-server is installed: .ci/vscode does both"
    ),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeServer]:
    with code_server(tmp_path_factory.mktemp("vscode") / "home") as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def windows(server: CodeServer, browser: Browser) -> tuple[Window, Window]:
    return server.window(browser), server.window(browser)


@pytest.fixture
def window(windows: tuple[Window, Window]) -> Window:
    return windows[0]


@pytest.fixture
def path(server: CodeServer, request: pytest.FixtureRequest) -> Path:
    return server.put(f"{request.node.name}.ipynb", start())


def start() -> Notebook:
    return notebook(
        code("one = 1", id="a"),
        code("two = 2", id="b"),
        code("three = 3", id="c"),
        markdown("# Text", id="d"),
    )


def changed(path: Path, **sources: str) -> None:
    """A program writes the file: other sources for these cells, and new cells at the end."""
    found = whole(path)
    ids = {cell["id"]: cell for cell in found["cells"]}
    for id_, source in sources.items():
        if id_ in ids:
            ids[id_]["source"] = source.splitlines(keepends=True)
        else:
            found["cells"].append(code(source, id=id_))
    path.write_bytes(JUPYTER.spell(found))


def whole(path: Path) -> Notebook:
    """What the file holds; VS Code writes in place, so it may be empty for a moment."""
    while True:
        try:
            found: Notebook = json.loads(path.read_bytes())
        except ValueError:
            time.sleep(0.01)
        else:
            return found


def on_disk(path: Path) -> list[str]:
    return [source_of(cell) for cell in whole(path)["cells"]]


def saved(window: Window, path: Path, sources: list[str]) -> None:
    """Ctrl+S, until the file holds these and the notebook has no changes; nothing was asked."""
    window.save()
    end = time.monotonic() + 15
    while time.monotonic() < end and (on_disk(path) != sources or window.dirty()):
        time.sleep(0.05)
    assert on_disk(path) == sources
    assert not window.dirty()
    assert window.asked() == []


def opened(window: Window, path: Path) -> None:
    window.show(path)
    time.sleep(1)  # until the extension knows the version


def test_what_a_program_saves_comes_into_unsaved_typing(window: Window, path: Path) -> None:
    opened(window, path)
    window.focus(0)
    window.type("00")
    changed(path, b="two = 2\nmore = 2", e="new = 5")
    wanted = ["one = 100", "two = 2\nmore = 2", "three = 3", "# Text", "new = 5"]
    window.until_shows(wanted)
    assert window.cursor() == (0, 0, 9)
    window.type("0")
    saved(window, path, ["one = 1000", *wanted[1:]])


def test_a_line_above_the_cursor(window: Window, path: Path) -> None:
    opened(window, path)
    window.focus(1)
    window.type("\nmine = 3")
    changed(path, b="# above\ntwo = 2")
    window.until_shows(["one = 1", "# above\ntwo = 2\nmine = 3", "three = 3", "# Text"])
    assert window.cursor() == (1, 2, 8)
    saved(window, path, ["one = 1", "# above\ntwo = 2\nmine = 3", "three = 3", "# Text"])


def test_cells_above_that_push_the_cursor_out_of_view(server: CodeServer, window: Window) -> None:
    """VS Code would go on to select the place, where another cell is by then."""
    high = "\n" * 24 + "end"
    path = server.put("high.ipynb", notebook(*(code(f"cell = {n}{high}", id=f"c{n}") for n in range(6))))
    opened(window, path)
    window.focus(0)
    window.type("0")
    window.focus(2, 8, 0)
    found = whole(path)
    found["cells"] = [code(f"new{high}", id="new"), *found["cells"]]
    path.write_bytes(JUPYTER.spell(found))
    window.until("kept.notebook.cellCount === 7")
    time.sleep(0.5)
    window.type("typed")
    window.until("kept.notebook.cellAt(3).document.getText().includes('typed')")
    assert window.cursor() == (3, 8, 5)
    assert window.sources()[3] == "cell = 2" + "\n" * 8 + "typed" + "\n" * 16 + "end"


def test_a_notebook_without_changes_takes_over_the_file(window: Window, path: Path) -> None:
    opened(window, path)
    window.focus(2)
    window.type("0")
    saved(window, path, ["one = 1", "two = 2", "three = 30", "# Text"])
    changed(path, c="three = 30\nand = 4", a="one = 11")
    window.until_shows(["one = 11", "two = 2", "three = 30\nand = 4", "# Text"])
    time.sleep(1)
    assert window.cursor() == (2, 0, 10)
    window.type("5")
    saved(window, path, ["one = 11", "two = 2", "three = 305\nand = 4", "# Text"])


def test_a_change_of_the_same_size(window: Window, path: Path) -> None:
    opened(window, path)
    window.focus(0)
    window.type("0")
    changed(path, b="two = 9")
    window.until_shows(["one = 10", "two = 9", "three = 3", "# Text"])
    saved(window, path, ["one = 10", "two = 9", "three = 3", "# Text"])


def test_a_save_at_the_same_moment(window: Window, path: Path) -> None:
    """The file changes and Ctrl+S is pressed before anybody has noticed."""
    opened(window, path)
    window.focus(0)
    window.type("0")
    changed(path, b="two = 22")
    saved(window, path, ["one = 10", "two = 22", "three = 3", "# Text"])


def test_both_changed_one_line(window: Window, path: Path) -> None:
    opened(window, path)
    window.focus(1)
    window.type("00  # mine")
    changed(path, b="two = 2222  # theirs")
    time.sleep(1)
    assert window.sources()[1] == "two = 200  # mine"  # not while it is typed into
    window.save()
    window.until("kept.notebook.cellAt(1).document.getText().includes('<<<<<<<') && !kept.notebook.isDirty")
    text = on_disk(path)[1]
    assert text == window.sources()[1]
    assert text.count("<<<<<<<") == text.count(">>>>>>>") == 1
    assert "200  # mine" in text
    assert "2222  # theirs" in text
    lenses = window.run(
        """const found = await vscode.commands.executeCommand(
          'vscode.executeCodeLensProvider', kept.notebook.cellAt(1).document.uri, 100);
        return found.map(one => one.command).filter(one => one.command === 'nbmerge.choose')"""
    )
    assert [one["title"].split(" ")[0] for one in lenses] == ["Mine", "Theirs", "Both", "Base"]
    window.run(
        """const found = await vscode.commands.executeCommand(
          'vscode.executeCodeLensProvider', kept.notebook.cellAt(1).document.uri, 100);
        const {command, arguments: words} = found.map(one => one.command)
          .find(one => one.command === 'nbmerge.choose' && one.title.startsWith('Theirs'));
        await vscode.commands.executeCommand(command, ...words);"""
    )
    saved(window, path, ["one = 1", "two = 2222  # theirs", "three = 3", "# Text"])


def test_undo_takes_nothing_of_others_out_of_the_file(window: Window, path: Path) -> None:
    opened(window, path)
    window.focus(1)
    window.type("\nmine = 3")
    changed(path, b="# theirs\ntwo = 2")
    window.until_shows(["one = 1", "# theirs\ntwo = 2\nmine = 3", "three = 3", "# Text"])
    window.page.keyboard.press("Control+z")
    window.until("!kept.notebook.cellAt(1).document.getText().includes('theirs')")
    window.save()
    end = time.monotonic() + 10
    while time.monotonic() < end and (window.dirty() or "theirs" not in on_disk(path)[1]):
        time.sleep(0.05)
    assert on_disk(path)[1] == window.sources()[1]
    assert "# theirs" in on_disk(path)[1]
    assert window.asked() == []


def test_cells_that_are_moved_taken_out_and_run_elsewhere(window: Window, path: Path) -> None:
    opened(window, path)
    window.focus(3)
    window.type("!")
    found = whole(path)
    a, _, c, d = found["cells"]
    output = {"output_type": "stream", "name": "stdout", "text": ["5\n"]}
    c |= {"outputs": [output], "execution_count": 7}
    found["cells"] = [c, a, d]
    path.write_bytes(JUPYTER.spell(found))
    window.until_shows(["three = 3", "one = 1", "# Text!"])
    saved(window, path, ["three = 3", "one = 1", "# Text!"])
    cell = whole(path)["cells"][0]
    assert cell["outputs"] == [output]
    assert cell["execution_count"] == 7


def test_autosave_while_a_program_saves(window: Window, path: Path) -> None:
    window.configure(files__autoSave="afterDelay", files__autoSaveDelay=300)
    try:
        opened(window, path)
        program = threading.Thread(target=_counted, args=(path, 12))
        program.start()
        typed = "".join(chr(ord("a") + number % 26) for number in range(60))
        window.focus(0)
        window.type("\n# ")
        window.type(typed, delay=100)
        program.join()
        wanted = [f"one = 1\n# {typed}", "two = 2", "three = 11", "# Text"]
        window.until_shows(wanted)
        end = time.monotonic() + 10
        while time.monotonic() < end and (on_disk(path) != wanted or window.dirty()):
            time.sleep(0.1)
        assert on_disk(path) == wanted
        assert window.asked() == []
    finally:
        window.configure(files__autoSave="off")


def _counted(path: Path, times: int) -> None:
    for number in range(times):
        time.sleep(0.5)
        changed(path, c=f"three = {number}")


def test_a_cell_that_runs_is_left_alone(window: Window, path: Path) -> None:
    opened(window, path)
    window.focus(0)
    window.page.keyboard.press("Control+a")
    window.type("10, 200")
    ran(window)
    window.until("kept.notebook.cellAt(0).outputs.length > 2")
    changed(path, b="two = 22", d="# Other")
    window.until("kept.notebook.cellAt(1).document.getText() === 'two = 22'", 3)
    window.until("kept.notebook.cellAt(0).outputs.length >= 10 || kept.cancelled")
    assert not window.run("return kept.cancelled")
    saved(window, path, ["10, 200", "two = 22", "three = 3", "# Other"])
    assert len(whole(path)["cells"][0]["outputs"]) >= 1


def test_a_cell_runs_on_that_others_changed(window: Window, path: Path) -> None:
    opened(window, path)
    window.focus(0)
    window.page.keyboard.press("Control+a")
    window.type("15, 200")
    saved(window, path, ["15, 200", "two = 2", "three = 3", "# Text"])
    ran(window)
    window.until("kept.notebook.cellAt(0).outputs.length > 2")
    changed(path, a="15, 200\n# theirs", b="two = 22")
    window.until("kept.notebook.cellAt(1).document.getText() === 'two = 22'", 5)
    window.until("kept.notebook.cellAt(0).document.getText().includes('theirs')", 5)
    window.save()
    window.until("!kept.running", 30)
    assert not window.run("return kept.cancelled")
    saved(window, path, ["15, 200\n# theirs", "two = 22", "three = 3", "# Text"])
    assert len(whole(path)["cells"][0]["outputs"]) >= 1
    assert "14" in str(whole(path)["cells"][0]["outputs"])


def ran(window: Window) -> None:
    """Run the first cell."""
    window.run(
        """const kernel = {id: 'counting', extension: 'tests.probe'};
        await vscode.commands.executeCommand('notebook.selectKernel', kernel);
        vscode.commands.executeCommand('notebook.cell.execute', {ranges: [{start: 0, end: 1}],
          document: kept.notebook.uri});"""
    )


def test_undo_after_others_changed_several_cells_asks_nothing(window: Window, path: Path) -> None:
    opened(window, path)
    window.focus(0)
    window.type("0")
    changed(path, b="two = 22", c="three = 33")
    window.until_shows(["one = 10", "two = 22", "three = 33", "# Text"])
    window.focus(1)
    window.page.keyboard.press("Control+z")
    window.until("kept.notebook.cellAt(1).document.getText() === 'two = 2'")
    assert window.sources()[2] == "three = 33"
    assert "Undo" in window.note()
    saved(window, path, ["one = 10", "two = 22", "three = 33", "# Text"])


def test_two_windows(windows: tuple[Window, Window], path: Path) -> None:
    try:
        for window in windows:
            window.configure(files__autoSave="afterDelay", files__autoSaveDelay=400)
            opened(window, path)
        for cell, window in enumerate(windows):
            window.focus(cell)
            window.type("\n# ")
        letters = "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"
        for letter in letters:
            for window in windows:
                window.type(letter)
                time.sleep(0.05)
        wanted = [f"one = 1\n# {letters}", f"two = 2\n# {letters}", "three = 3", "# Text"]
        for window in windows:
            window.until_shows(wanted)
        end = time.monotonic() + 15
        while time.monotonic() < end and (on_disk(path) != wanted or any(one.dirty() for one in windows)):
            time.sleep(0.1)
        assert on_disk(path) == wanted
        assert [one.asked() for one in windows] == [[], []]
    finally:
        for window in windows:
            window.configure(files__autoSave="off")


def test_a_large_notebook_with_pictures(server: CodeServer, window: Window) -> None:
    """300 cells and 10 MB: what others saved is in the editor soon, and typing is not held up."""
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "QUJD" * 45_000}}
    cells = [code(f"cell = {number}", id=f"c{number}") for number in range(300)]
    for number in range(0, 300, 5):
        cells[number]["outputs"] = [picture]
    path = server.put("large.ipynb", notebook(*cells))
    opened(window, path)
    time.sleep(3)
    window.focus(150)
    window.type("0")
    changed(path, c7="cell = 7\nmore = 8")
    took = window.until("kept.notebook.cellAt(7).document.getText() === 'cell = 7\\nmore = 8'")
    slowest = window.run(
        """let slowest = 0, last = performance.now();
        const timer = setInterval(() => {
          const now = performance.now(); slowest = Math.max(slowest, now - last - 5); last = now; }, 5);
        kept.stop = () => { clearInterval(timer); return slowest; };
        return 0"""
    )
    changed(path, c9="cell = 9\nmore = 9")
    window.until("kept.notebook.cellAt(9).document.getText() === 'cell = 9\\nmore = 9'")
    slowest = window.run("return kept.stop()")
    print(
        f"300 cells, 10 MB: shown after {took * 1000:.0f} ms, extensions held up for {slowest:.0f} ms at most"
    )
    assert window.sources()[150] == "cell = 1500"
    window.save()
    window.until("!kept.notebook.isDirty")
    assert on_disk(path)[7] == "cell = 7\nmore = 8"
    assert on_disk(path)[150] == "cell = 1500"
    assert took < 3
    assert window.asked() == []


def test_a_file_that_is_spelled_otherwise_is_known_as_written_here(window: Window, path: Path) -> None:
    for indent in (None, 4):
        other = path.with_name(f"indent-{indent}.ipynb")
        other.write_text(json.dumps(start(), indent=indent))
        opened(window, other)
        window.focus(0)
        window.type("0")
        saved(window, other, ["one = 10", "two = 2", "three = 3", "# Text"])
        window.type("5")
        changed(other, b="two = 22")
        saved(window, other, ["one = 105", "two = 22", "three = 3", "# Text"])


def test_where_others_change_the_notebooks_own_metadata_its_spelling_stays(
    window: Window, path: Path
) -> None:
    opened(window, path)
    window.focus(0)
    window.type("0")
    found = whole(path)
    found["metadata"] = {"title": "theirs"}
    path.write_bytes(JUPYTER.spell(found))
    window.until("JSON.stringify(kept.notebook.metadata).includes('theirs')")
    saved(window, path, ["one = 10", "two = 2", "three = 3", "# Text"])
    assert path.read_text().splitlines()[:4] == JUPYTER.spell(found).decode().splitlines()[:4]
    assert whole(path)["metadata"]["title"] == "theirs"
