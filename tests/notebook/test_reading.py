"""Reading: every oddity that real files hold, and what is refused with which words."""

from __future__ import annotations

import json

import pytest

from nbmerge.errors import NotebookError
from nbmerge.notebook import read, write
from tests.helpers.build import code, notebook, notebook3
from tests.helpers.spelling import JUPYTER, Spelling

PLAIN = JUPYTER.spell(
    notebook(code("a = 1\nb = 'ä'", id="a", out="1\n"), code("", id="b"), metadata={"n": 1})
)

ODDITIES: dict[str, bytes] = {
    "no final newline": PLAIN.rstrip(),
    "many final newlines": PLAIN + b"\n\n",
    "white space before the first brace": b"\n  " + PLAIN,
    "byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "UTF-16": b"\xff\xfe" + PLAIN.decode().encode("utf-16-le"),
    "UTF-16 of big machines, with CRLF": b"\xfe\xff"
    + PLAIN.decode().replace("\n", "\r\n").encode("utf-16-be"),
    "CRLF": PLAIN.replace(b"\n", b"\r\n"),
    "CR CR LF, from a tool that converts twice": PLAIN.replace(b"\n", b"\r\r\n"),
    "CRLF in some lines only": PLAIN.replace(b"\n", b"\r\n", 5),
    "one line": Spelling(indent=None, comma=", ").spell(json.loads(PLAIN)),
    "compact": Spelling(indent=None, colon=":").spell(json.loads(PLAIN)),
    "no indentation but lines": Spelling(indent="").spell(json.loads(PLAIN)),
    "tabs": Spelling(indent="\t").spell(json.loads(PLAIN)),
    "a blank behind each comma": Spelling(comma=", ").spell(json.loads(PLAIN)),
    "ASCII escapes": Spelling(ascii=True).spell(json.loads(PLAIN)),
    "escapes that nobody needs": PLAIN.replace(b"stdout", b"st\\u0064out").replace(b"'", b"\\u0027"),
    "escaped slashes": PLAIN.replace(b"a = 1", b"a \\/ 1"),
    "a number with an exponent": PLAIN.replace(b'"n": 1', b'"n": 1E5'),
    "a number of 300 digits": PLAIN.replace(b'"n": 1', b'"n": ' + b"7" * 300),
    "a number of 5,000 digits": PLAIN.replace(b'"n": 1', b'"n": ' + b"7" * 5000),
    "NaN and Infinity": PLAIN.replace(b'"n": 1', b'"n": [NaN, Infinity, -Infinity]'),
    "minus zero": PLAIN.replace(b'"n": 1', b'"n": [-0, -0.0, 0.10]'),
    "a lone surrogate": PLAIN.replace(b"b = ", b"b = \\ud800"),
    "a surrogate pair": PLAIN.replace(b"b = ", b"b = \\uD83D\\uDE00"),
    "a key twice": PLAIN.replace(b'"n": 1', b'"n": 1, "n": 2'),
    "a key twice in a cell": PLAIN.replace(
        b'"execution_count": null', b'"execution_count": 1, "execution_count": 2', 1
    ),
    "an escaped key": PLAIN.replace(b'"cells"', b'"c\\u0065lls"'),
    "unknown keys": PLAIN.replace(b'"metadata": {}', b'"metadata": {}, "zoom": [1, {"a": null}]'),
    "a control character": PLAIN.replace(b"b = ", b"b = \\u0000\\u001f"),
    "line separators of Unicode": PLAIN.replace(b"b = ", "b = \u2028\u2029\x85".encode()),
    "cells last": b'{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": []}',
    "white space between cells": PLAIN.replace(b"},\n  {", b"},\n\n\n  {"),
    "white space before a comma": PLAIN.replace(b"  },\n  {", b"  }\n  ,\n  {"),
    "white space in an empty list of cells": b'{"cells": [ \n ], "metadata": {}, "nbformat": 4}',
    "nbformat 3": JUPYTER.spell(notebook3(code("x = 1"))),
    "nbformat 3 with two worksheets": b'{"nbformat": 3, "worksheets": [{"cells": []}, {"metadata": {}}]}',
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_is_written_byte_for_byte(oddity: str) -> None:
    data = ODDITIES[oddity]
    assert write(read(data)) == data


def test_the_oddities_are_odd() -> None:
    assert len(set(ODDITIES.values()) | {PLAIN}) == len(ODDITIES) + 1


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "a.ipynb: is empty"),
    "white space": (b"\n\n", "a.ipynb: is empty"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "a.ipynb: is empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n", "a.ipynb: is not UTF-8 (byte 0)"),
    "UTF-16 that was cut off": ("{}".encode("utf-16")[:5], "a.ipynb: is not UTF-16-LE (byte 2)"),
    "a list": (b"[]", "a.ipynb: is no notebook: the outermost value is not an object"),
    "a text": (b"some notes", "a.ipynb: is no notebook: it is no JSON"),
    "another JSON file": (b'{"name": "x"}', "a.ipynb: is no notebook: it has no nbformat number"),
    "no cells": (b'{"nbformat": 4}', "a.ipynb: is no notebook: it has no list of cells"),
    "nbformat 5": (b'{"nbformat": 5, "cells": []}', "a.ipynb: is no notebook: nbformat 5 is not known"),
    "cells twice": (
        b'{"nbformat": 4, "cells": [], "cells": []}',
        "a.ipynb: is no notebook: it has more than one list of cells",
    ),
    "a cell that is none": (b'{"nbformat": 4, "cells": [1]}', "a.ipynb: is no notebook: cell 1 is no cell"),
    "a source that is none": (
        b'{"nbformat": 4, "cells": [{"cell_type": "raw", "source": [1]}]}',
        "a.ipynb: is no notebook: the source of cell 1 is no text",
    ),
    "two notebooks in one file": (PLAIN + PLAIN, "a.ipynb: is not JSON: line 36 column 2: something follows"),
    "conflict markers": (
        PLAIN.replace(b'\n   "outputs"', b'\n<<<<<<< HEAD\n   "outputs"', 1),
        "a.ipynb: is not JSON: git conflict markers from line 8 on",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_is_refused_with_one_line_that_says_why(what: str) -> None:
    data, words = REFUSED[what]
    with pytest.raises(NotebookError) as caught:
        read(data, "a.ipynb")
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


def test_a_save_cut_off_anywhere_is_said_to_be_cut_off() -> None:
    ascii_only = Spelling(ascii=True).spell(json.loads(PLAIN)).rstrip()
    for end in range(1, len(ascii_only)):
        with pytest.raises(NotebookError, match="ends too early"):
            read(ascii_only[:end], "a.ipynb")


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_nesting_without_end_is_refused(bracket: str) -> None:
    data = b'{"nbformat": 4, "cells": [], "metadata": ' + bracket.encode() * 100_000
    with pytest.raises(NotebookError, match="nested too deeply"):
        read(data, "a.ipynb")


def test_a_file_far_too_deep_for_python_is_refused_not_crashed() -> None:
    data = b'{"nbformat": 4, "cells": [], "metadata": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    with pytest.raises(NotebookError):
        read(data, "a.ipynb")


def test_what_was_read_is_a_value() -> None:
    found = read(PLAIN)
    assert (found.major, found.minor) == (4, 5)
    assert [(cell.type, cell.id, cell.source) for cell in found.cells] == [
        ("code", "a", "a = 1\nb = 'ä'"),
        ("code", "b", ""),
    ]


def test_known_cells_are_recognised_not_parsed_again() -> None:
    first = read(PLAIN)
    again = read(PLAIN.replace(b'"n": 1', b'"n": 2'), known=first.cells)
    assert all(one is other for one, other in zip(first.cells, again.cells, strict=True))
