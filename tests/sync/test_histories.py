"""Histories at random: writers that take part, and one that does not, lose nothing, save after save."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.build import Notebook, code, notebook, source_of
from tests.helpers.examples import tried
from tests.helpers.spelling import JUPYTER, Spelling
from tests.sync.writers import Desk, FrontEnd

START = notebook(*(code(f"def {name}(x):\n    return x\n\nprint({name}(1))", id=name) for name in "abcd"))
NAMES = ("one", "two", "three")
EDITS = ("line", "line", "first line", "cell", "move", "save", "save", "save", "edit the file")


@tried(12)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(EDITS), st.integers(0, 99)), max_size=14))
def test_whatever_was_saved_is_in_the_notebook(steps: list[tuple[str, str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), str(Path(folder) / "state"))
        desk.put(START)
        spellings = (JUPYTER, Spelling(indent=None, ascii=True, tail=""), JUPYTER)
        writers = {name: desk.writer(name, how) for name, how in zip(NAMES, spellings, strict=True)}
        saved: set[str] = set()
        for number, (name, edit, place) in enumerate(steps):
            saved |= done(desk, writers[name], edit, f"{name}_{number}", place)
        for writer in writers.values():
            saved |= done(desk, writer, "save", "", 0)
        for writer in writers.values():
            writer.save()
        text = "\n".join(desk.sources())
        assert [word for word in saved if text.count(word) < 1] == []
        assert len({str(writer.copy) for writer in writers.values()}) == 1


def done(desk: Desk, writer: FrontEnd, edit: str, word: str, place: int) -> set[str]:
    """What one step put into the notebook."""
    if edit == "save":
        written = {found for cell in writer.cells for found in words(source_of(cell))}
        writer.save()
        return written
    if edit == "edit the file":
        content = desk.holds()
        change(content, "line", word, place)
        desk.put(content)
        return {word}
    change(writer.copy, edit, word, place)
    return set()


def change(content: Notebook, edit: str, word: str, place: int) -> None:
    cells = content["cells"]
    at = place % len(cells)
    match edit:
        case "line" | "first line":
            source = source_of(cells[at]).splitlines(keepends=True)
            source.insert(0 if edit == "first line" else place % (len(source) + 1), f"{word} = {place}\n")
            cells[at]["source"] = "".join(source).splitlines(keepends=True)
        case "cell":
            cells.insert(at, code(f"{word} = {place}", id=f"{word}-id"))
        case "move":
            cells.insert(0, cells.pop(at))


def words(source: str) -> set[str]:
    """The words of the writers that a source holds."""
    return {word for word in source.split() if word.partition("_")[0] in NAMES}
