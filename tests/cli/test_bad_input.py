"""What cannot be read or is no notebook: exit 3, one line that names the file and the reason, and the
output is as it was, with nothing beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.cli.world import BASE, CLEAN, Command, snapshot
from tests.helpers.build import Notebook, code, notebook
from tests.helpers.mutants import MADE, mutant
from tests.helpers.spelling import JUPYTER

GOOD = JUPYTER.spell(BASE)
DEEP = b'{"metadata": {"x": ' + 100_000 * b"[" + 100_000 * b"]" + b'}, "cells": [], "nbformat": 4}'


def without(key: str) -> Notebook:
    return {name: value for name, value in BASE.items() if name != key}


BAD = {
    "an HTML page": (b"<!DOCTYPE html>", "is no notebook"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0", "is not UTF-8 (byte 0)"),
    "UTF-16 that was cut off": (GOOD.decode().encode("utf-16")[:101], "is not UTF-16-LE (byte 98)"),
    "Latin-1": (GOOD.replace(b"a = 1", b"\xe9"), "is not UTF-8 (byte "),
    "only zero bytes": (bytes(100), "is no notebook"),
    "a save that was cut off": (GOOD[:100], "is not JSON"),
    "cut off between values": (GOOD[: GOOD.index(b'"id"')], "is not JSON: it ends too early"),
    "two notebooks": (GOOD + GOOD, "something follows the last brace"),
    "a missing comma": (GOOD.replace(b'],\n "metadata"', b']\n "metadata"'), "is not JSON: line "),
    "conflict markers": (GOOD.replace(b"\n ],", b"\n<<<<<<< HEAD\n ],"), "git conflict markers from line "),
    "nested too deeply": (DEEP, "nested too deeply"),
    "a list": (b"[]", "the outermost value is not an object"),
    "an empty object": (b"{}", "it has no nbformat number"),
    "no format": (JUPYTER.spell(without("nbformat")), "it has no nbformat number"),
    "no cells": (JUPYTER.spell(without("cells")), "it has no list of cells"),
    "cells that are no list": (JUPYTER.spell(BASE | {"cells": {}}), "it has no list of cells"),
    "cells that are no cells": (JUPYTER.spell(BASE | {"cells": [1]}), "cell 1 is no cell"),
    "a source that is no text": (JUPYTER.spell(notebook(code("x") | {"source": 5})), "cell 1"),
    "a later format": (JUPYTER.spell(BASE | {"nbformat": 5}), "nbformat 5 is not known"),
    "a format of letters": (JUPYTER.spell(BASE | {"nbformat": "4"}), "it has no nbformat number"),
}


@pytest.fixture
def refused(nbmerge: Command, folder: Path) -> Callable[..., None]:
    """Asserts that a call is refused for a reason, and what it leaves."""
    (folder / "out.ipynb").write_bytes(b"precious")

    def check(*files: str, reason: str) -> None:
        before = snapshot(folder)
        ended = nbmerge(*files, "--output", "out.ipynb")
        assert (ended.code, ended.out) == (3, b"")
        assert ended.line.startswith("nbmerge: ")
        assert reason in ended.line
        assert snapshot(folder) == before

    return check


def in_place_of(index: int, name: str) -> list[str]:
    return [*CLEAN[:index], name, *CLEAN[index + 1 :]]


@pytest.mark.parametrize("index", range(3), ids=["base", "local", "remote"])
@pytest.mark.parametrize("kind", BAD)
def test_no_notebook(refused: Callable[..., None], folder: Path, kind: str, index: int) -> None:
    data, reason = BAD[kind]
    (folder / "bad.ipynb").write_bytes(data)
    refused(*in_place_of(index, "bad.ipynb"), reason="bad.ipynb: ")
    refused(*in_place_of(index, "bad.ipynb"), reason=reason)


@pytest.mark.parametrize("index", range(3), ids=["base", "local", "remote"])
def test_no_file(refused: Callable[..., None], folder: Path, index: int) -> None:
    (folder / "loop").symlink_to("loop")
    refused(*in_place_of(index, "gone.ipynb"), reason="gone.ipynb: cannot be read: no such file")
    refused(*in_place_of(index, "."), reason=".: cannot be read: is a directory")
    refused(*in_place_of(index, "loop"), reason="loop: cannot be read: too many levels of symbolic links")
    refused(*in_place_of(index, "local.ipynb/x"), reason="local.ipynb/x: cannot be read: not a directory")


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="only Linux has this file")
def test_a_file_that_fails_while_it_is_read(refused: Callable[..., None]) -> None:
    refused(*in_place_of(1, "/proc/self/mem"), reason="/proc/self/mem: cannot be read: input/output error")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(refused: Callable[..., None], folder: Path) -> None:
    (folder / "local.ipynb").chmod(0)
    try:
        refused(*CLEAN, reason="local.ipynb: cannot be read: permission denied")
    finally:
        (folder / "local.ipynb").chmod(0o600)


@pytest.mark.parametrize("content", [b"", b" \n"])
@pytest.mark.parametrize("base", ["base.ipynb", os.devnull, "empty.ipynb"])
def test_an_empty_side_is_no_notebook(
    refused: Callable[..., None], folder: Path, base: str, content: bytes
) -> None:
    """Also where it equals an empty base: a file emptied by accident must not pass for unchanged."""
    (folder / "empty.ipynb").write_bytes(content)
    refused(base, "local.ipynb", "empty.ipynb", reason="empty.ipynb: is empty")
    refused(base, "empty.ipynb", "remote.ipynb", reason="empty.ipynb: is empty")
    refused(base, "local.ipynb", os.devnull, reason=f"{os.devnull}: is empty")


def test_a_bad_side_counts_also_where_the_other_two_agree(refused: Callable[..., None], folder: Path) -> None:
    (folder / "bad.ipynb").write_bytes(b"{")
    refused("base.ipynb", "base.ipynb", "bad.ipynb", reason="bad.ipynb: ")
    refused("bad.ipynb", "local.ipynb", "local.ipynb", reason="bad.ipynb: ")
    refused("bad.ipynb", "bad.ipynb", "bad.ipynb", reason="bad.ipynb: ")


def test_the_name_is_shown_in_one_line(refused: Callable[..., None]) -> None:
    refused(*in_place_of(2, "two\nlines\x1b.ipynb"), reason="two\\nlines\\x1b.ipynb: cannot be read")
    refused(*in_place_of(2, "\udcff.ipynb"), reason="\\udcff.ipynb: cannot be read")


def test_a_word_that_is_no_command(refused: Callable[..., None]) -> None:
    refused(
        "frob", "local.ipynb", reason="frob: cannot be read: no such file or directory (it is not a command"
    )


def test_mutants_are_looked_at_or_refused(nbmerge: Command, folder: Path) -> None:
    """Whatever a file holds, what the watcher would do about it is said, or in one line why not."""
    chance = Random(0)
    (folder / "good.ipynb").write_bytes(GOOD)
    for data in (*MADE, *(mutant(chance) for _ in range(20))):
        (folder / "bad.ipynb").write_bytes(data)
        for call in (["conflicts", "bad.ipynb"], ["replay", "good.ipynb", "bad.ipynb", "good.ipynb"]):
            ended = nbmerge(*call)
            assert ended.code in (0, 1, 3), ended
            assert ended.err.count("\n") <= 1
