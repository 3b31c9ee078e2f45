"""A merge is trusted only if all that is in it was, and nobody is asked where there is nothing to trust."""

from __future__ import annotations

import contextlib
import importlib
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from nbmerge.environment.environment import is_trusted, keep_trust, needs_trust, sign
from nbmerge.notebook import trust as notary
from tests.helpers.build import code, markdown, notebook, notebook3, shown
from tests.helpers.spelling import JUPYTER

nbformat: Any = importlib.import_module("nbformat")  # as Any: it is not typed
signing: Any = importlib.import_module("nbformat.sign")

HTML = shown({"text/html": ["<b>1</b>\n", "<i>2</i>"]})
PLAIN = JUPYTER.spell(notebook(code("x = 1", out="printed\n"), markdown("# hello")))
PICTURE = JUPYTER.spell(notebook(code("plot()", id="a", outputs=[HTML], execution_count=1)))
RESULT = JUPYTER.spell(notebook(code("7", id="b", outputs=[shown({"text/plain": ["7"]}, count=1)])))
BOTH = JUPYTER.spell(notebook(code("plot()", id="a", outputs=[HTML]), code("7", id="b", outputs=[HTML])))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Jupyter's folder of a user who has run something in it before."""
    folder = tmp_path / "jupyter"
    folder.mkdir()
    signed_by_jupyter(folder, RESULT.replace(b'"7"', b'"8"'))
    return folder


def signed_by_jupyter(folder: Path, content: bytes) -> None:
    with contextlib.closing(signing.NotebookNotary(data_dir=str(folder))) as jupyter:
        jupyter.sign(nbformat.reads(content.decode(), as_version=4))


def jupyter_trusts(folder: Path, content: bytes) -> bool:
    with contextlib.closing(signing.NotebookNotary(data_dir=str(folder))) as jupyter:
        return bool(jupyter.check_signature(nbformat.reads(content.decode(), as_version=4)))


def test_what_jupyter_signed_is_trusted(data: Path) -> None:
    assert not is_trusted(PICTURE, str(data))
    signed_by_jupyter(data, PICTURE)
    assert is_trusted(PICTURE, str(data))
    assert not is_trusted(PICTURE.replace(b"<b>1</b>", b"<b>2</b>"), str(data))


def test_what_is_signed_here_is_trusted_by_jupyter(data: Path) -> None:
    sign(PICTURE, str(data))
    assert jupyter_trusts(data, PICTURE)


def test_a_spelling_of_its_own_makes_no_difference(data: Path) -> None:
    sign(PICTURE, str(data))
    assert is_trusted(b"\xef\xbb\xbf" + json.dumps(json.loads(PICTURE)).encode(), str(data))


@pytest.mark.parametrize(
    ("trusted", "versions", "result"),
    [
        ([PICTURE, RESULT], [PICTURE, RESULT], True),
        ([PICTURE], [PICTURE, RESULT], False),
        ([], [PICTURE, RESULT], False),
        ([PICTURE], [PICTURE, PLAIN], True),
    ],
)
def test_a_merge_is_signed_if_all_in_it_was(
    data: Path, trusted: list[bytes], versions: list[bytes], result: bool
) -> None:
    for one in trusted:
        signed_by_jupyter(data, one)
    keep_trust(BOTH, versions, str(data))
    assert jupyter_trusts(data, BOTH) is result


def test_old_notebooks_are_never_trusted(data: Path) -> None:
    """Nor does Jupyter: what it converts gets new ids each time that it is read."""
    told = notebook3(code("x = 1"))
    picture = {"output_type": "display_data", "html": ["<b>1</b>"], "metadata": {}}
    told["worksheets"][0]["cells"][0]["outputs"] = [picture]
    old = JUPYTER.spell(told)
    signed_by_jupyter(data, old)
    assert not jupyter_trusts(data, old)
    assert not is_trusted(old, str(data))


def test_printing_needs_no_trust(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And so the notary, which is slow to load, is not asked."""

    def refuse(name: str) -> Any:
        raise AssertionError(name)

    monkeypatch.setattr(notary, "import_module", refuse)
    assert is_trusted(PLAIN, str(data))
    keep_trust(PLAIN, [PLAIN, PICTURE], str(data))


@pytest.mark.parametrize("name", ["display_data", "execute_result", "pyout"])
def test_no_spelling_hides_an_output(data: Path, name: str) -> None:
    """A file from elsewhere must not get its scripts signed by looking harmless."""
    for spelled in (name, f"\\u{ord(name[0]):04x}{name[1:]}", f"{name[:-1]}\\u{ord(name[-1]):04X}"):
        hostile = PICTURE.replace(b"display_data", spelled.encode())
        assert needs_trust(hostile)
        assert not is_trusted(hostile, str(data))


@pytest.mark.parametrize(
    "content", [b"", b"display_data", b'{"display_data": []}', b"\xffdisplay_data", b"[" * 9**5]
)
def test_what_is_no_notebook_is_not_trusted(data: Path, content: bytes) -> None:
    if content:
        assert needs_trust(content + b"display_data")
    assert not is_trusted(content + b"display_data", str(data))


def test_who_never_signed_anything_gets_no_keys(tmp_path: Path) -> None:
    sign(PICTURE, str(tmp_path / "jupyter"))
    keep_trust(PICTURE, [PICTURE], str(tmp_path / "jupyter"))
    assert not is_trusted(PICTURE, str(tmp_path / "jupyter"))
    assert list(tmp_path.iterdir()) == []
    assert not is_trusted(PICTURE, str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_locked_database_is_left_as_it_is(data: Path) -> None:
    """nbformat's own store would wait for five seconds, then move it out of the way."""
    signed_by_jupyter(data, PICTURE)
    with contextlib.closing(sqlite3.connect(data / "nbsignatures.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        begun = time.monotonic()
        assert not is_trusted(PICTURE, str(data))
        assert time.monotonic() - begun < 2.0
        other.execute("ROLLBACK")
    assert is_trusted(PICTURE, str(data))


def test_a_damaged_database_is_left_as_it_is(data: Path) -> None:
    (data / "nbsignatures.db").write_bytes(b"damaged" * 1000)
    sign(PICTURE, str(data))
    assert not is_trusted(PICTURE, str(data))
    assert (data / "nbsignatures.db").read_bytes() == b"damaged" * 1000
    assert sorted(file.name for file in data.iterdir()) == ["nbsignatures.db", "notebook_secret"]
