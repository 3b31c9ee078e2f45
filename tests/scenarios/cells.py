"""Owns: notebooks in words: `a21 | B1[] | c1[3]`, and back.

Must not know: watching, merging.  Invariant: what `cell` makes of a word, `word_of` reads back;
a text that no word stands for is spelled out in quotes.

    a           a code cell (a small letter) or a text (a capital); its id is made of the letter
    a2, a12     the editions of its first, second, third line that varies; 1 where nothing is said;
                0: the line is not there
    a2[7]       with the output of that source, run as number 7; a2[] without outputs; a2[7:a1] with
                those of a1
    a2~a3       a shown conflict of the two; `-` is a side that is deleted
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from tests.helpers import build

Cell = dict[str, Any]
PLACES = 3
_CODE = (
    ("# {x}: where the numbers come from", None),
    ('{x}_rows = read_rows("{x}.csv", edition={d})', 0),
    ('{x}_rows = [row for row in {x}_rows if row.kind == "{x}"]', None),
    ("{x}_mean = weighted_mean({x}_rows, weight={d})", 1),
    ('report("{x}", {x}_mean, len({x}_rows))', None),
    ("show({x}_mean, places={d})", 2),
)
_TEXT = (
    ("## Part {x}, edition {d} of its title", 0),
    ("", None),
    ("What part {x} is about stays the same in all editions.", None),
    ("The remark on {x} was put in words {d} times.", 1),
    ("", None),
    ("See the literature on {x}, volume {d}.", 2),
)
_WORD = re.compile(r"([a-zA-Z])(\d{0,3})(?:\[(\d*)(?::(\w+))?\])?")
_LINES = {True: _TEXT, False: _CODE}


def source(word: str) -> str:
    """The text that a letter with editions stands for."""
    letter, digits = word[0], word[1:].ljust(PLACES, "1")
    lines = []
    for line, place in _LINES[letter.isupper()]:
        edition = "" if place is None else digits[place]
        if edition != "0":
            lines.append(line.format(x=letter, d=edition))
    return "\n".join(lines)


def cell(word: str, ids: bool = True) -> Cell:
    """The cell that a word stands for."""
    found = _WORD.fullmatch(word)
    assert found, f"no cell: {word}"
    letter, digits, count, run = found.groups()
    id = f"cell-of-{letter}" if ids else None
    if letter.isupper():
        return build.markdown(source(letter + digits), id=id)
    if not count:
        return build.code(source(letter + digits), id=id)
    ran = run if run and run != "same" else letter + digits
    return build.code(source(letter + digits), id=id, count=int(count), out=output(ran))


def output(word: str) -> str:
    """What running a source prints."""
    editions = word[1:].ljust(PLACES, "1")
    return f"{word[0]}: {editions[0]}.{editions[1]}{editions[2]} of 120 rows\n"


def words(text: str) -> list[str]:
    return [word.strip() for word in text.split("|") if word.strip()]


def notebook(text: str, ids: bool = True) -> dict[str, Any]:
    """The notebook that words with bars between them stand for."""
    cells = [cell(word, ids) for word in words(text)]
    return build.notebook(*cells, minor=5 if ids else 4)


def told(data: bytes, runs: bool = False) -> str:
    """A notebook in words; with `runs` also what was run."""
    return " | ".join(word_of(each, runs) for each in json.loads(data)["cells"])


def word_of(cell: Cell, runs: bool = False) -> str:
    """The word for a cell."""
    text = build.source_of(cell)
    found = _sides(text.split("\n"))
    if found is not None:
        return "~".join(_plain(side) for side in found)
    word = _plain(text.split("\n"))
    return word + _run(cell, word) if runs and cell["cell_type"] == "code" else word


def _run(cell: Cell, word: str) -> str:
    if not cell["outputs"]:
        return "[]" if cell["execution_count"] is None else f"[{cell['execution_count']}:none]"
    text = "".join("".join(each.get("text", ())) for each in cell["outputs"])
    if text == output(word):
        return f"[{cell['execution_count']}]"
    read = re.match(r"([a-z]): (\d)\.(\d)(\d) of", text)
    assert read, text
    return f"[{cell['execution_count']}:{_short(''.join(read.groups()))}]"


def _plain(lines: Sequence[str]) -> str:
    """The letter with editions for the lines of one text."""
    text = "\n".join(lines)
    if not text:
        return "-"
    letters = set(re.findall(r"# (\w): where|\"(\w)\"|## Part (\w)|part (\w) is|on (\w)\b", text))
    for letter in sorted({name for names in letters for name in names if name}):
        digits = "".join(_digit(lines, letter, place) for place in range(PLACES))
        if source(letter + digits) == text:
            return _short(letter + digits)
    return repr(text)


def _digit(lines: Sequence[str], letter: str, place: int) -> str:
    [template] = [line for line, at in _LINES[letter.isupper()] if at == place]
    pattern = re.escape(template.format(x=letter, d="@")).replace("@", r"(\d)")
    return next((read[1] for line in lines if (read := re.fullmatch(pattern, line))), "0")


def _short(word: str) -> str:
    """Without the ones at its end, but for the first."""
    return word[:2] + word[2:].rstrip("1")


def _sides(lines: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """Both texts of a conflict as git shows it; None if there is none."""
    local: list[str] = []
    remote: list[str] = []
    inside: list[list[str]] = []
    seen = False
    for line in lines:
        if line.startswith("<<<<<<< "):
            inside, seen = [local], True
        elif line == "=======" and inside:
            inside = [remote]
        elif line.startswith(">>>>>>> ") and inside:
            inside = []
        else:
            for side in inside or [local, remote]:
                side.append(line)
    return (local, remote) if seen else None
