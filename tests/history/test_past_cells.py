"""The cells of all versions, each read by what it changed: the same as if each were read whole."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.errors import NotebookError
from nbmerge.history.opening import open_store
from nbmerge.history.values import Draft
from nbmerge.lineage.versions import Origin
from nbmerge.notebook.reader import read
from nbmerge.service.past_cells import cells_of_versions
from tests.helpers.build import Cell, code, markdown, notebook, notebook3

WORDS = ("alpha", "béta", "ü", "]}, {", '"', "\\", "[")


def versions_of(*contents: bytes) -> list[list[dict[str, object]]]:
    """The values of the cells of each version, newest first; each is compared with what reading it gives."""
    store = open_store(None, lambda: 0.0).store
    notebook_id = store.adopt("/n.ipynb")
    for number, data in enumerate(contents):
        store.record(notebook_id, data, Draft(float(number), Origin.SAVED))
    found = {past.number: past for past in cells_of_versions(store, notebook_id)}
    for number, data in enumerate(contents, 1):
        try:
            whole = read(data)
        except NotebookError:
            assert number not in found
            continue
        assert [cell.value for cell in found[number].cells] == [cell.value for cell in whole.cells]
        following = found.get(number + 1)
        for place, cell in enumerate(found[number].cells):
            if following is not None and place not in found[number].changed:
                assert any(cell is other for other in following.cells)
    store.close()
    return [[dict(cell.value) for cell in past.cells] for past in found.values()]


def cells(chance: Random, count: int) -> list[Cell]:
    return [some_cell(chance, f"id{number}") for number in range(count)]


def some_cell(chance: Random, id: str) -> Cell:
    text = "\n".join(
        " ".join(chance.choices(WORDS, k=chance.randrange(8))) for _ in range(chance.randrange(30))
    )
    if chance.random() < 0.3:
        return markdown(text, id=id)
    return code(text, id=id, out="x" * chance.choice((0, 10, 3000)), count=chance.randrange(9))


def changed(chance: Random, cells: list[Cell], metadata: dict[str, object]) -> None:
    for _ in range(chance.choice((1, 1, 2))):
        match chance.randrange(5):
            case 0 if cells:
                at = chance.randrange(len(cells))
                cells[at] = some_cell(chance, str(cells[at]["id"]))
            case 1 if cells:
                del cells[chance.randrange(len(cells))]
            case 2:
                cells.insert(chance.randint(0, len(cells)), some_cell(chance, f"new{chance.random()}"))
            case 3 if len(cells) > 1:
                cells.insert(chance.randrange(len(cells)), cells.pop())
            case _:
                metadata["note"] = "z" * chance.randrange(5000)


@given(st.integers(0, 2**32), st.sampled_from([1, None, 2]), st.booleans())
def test_a_random_history(seed: int, indent: int | None, ascii: bool) -> None:
    chance = Random(seed)
    now, metadata, contents = cells(chance, chance.randrange(12)), dict[str, object](), []
    for _ in range(8):
        changed(chance, now, metadata)
        text = json.dumps(notebook(*now, metadata=metadata), indent=indent, ensure_ascii=ascii)
        contents.append(text.encode("utf-8", "surrogatepass"))
    versions_of(*contents)


@pytest.mark.parametrize("kind", ["crlf", "bom", "nbformat 3", "respelled", "cells last", "empty", "broken"])
def test_what_has_to_be_read_whole(kind: str) -> None:
    chance = Random(5)
    first, second = cells(chance, 6), cells(chance, 6)
    make = notebook3 if kind == "nbformat 3" else notebook
    if kind == "nbformat 3":
        first = second = [code("a"), code("b" * 4000)]
    one, two = (json.dumps(make(*each), indent=1).encode() for each in (first, second))
    match kind:
        case "crlf":
            one, two = one.replace(b"\n", b"\r\n"), two.replace(b"\n", b"\r\n")
        case "bom":
            one = b"\xef\xbb\xbf" + one
        case "respelled":
            one = json.dumps(json.loads(two), indent=4).encode()
        case "cells last":
            value = json.loads(one)
            one = json.dumps(
                {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": value["cells"]}
            ).encode()
        case "empty":
            one = json.dumps(notebook(minor=5), indent=1).encode()
        case "broken":
            one = two[: len(two) // 2]
    versions_of(one, two, one, two)
