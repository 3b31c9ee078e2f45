"""Owns: the notebooks that the command line is tried on, and how a call ends, as a value.

Must not know: what a merge gives.  Invariant: a call in this process and a call in another one end as the
same kind of value.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.helpers.build import Notebook, code, notebook, source_of
from tests.helpers.spelling import JUPYTER

BASE = notebook(code("a = 1", id="one"), code("b = 1", id="two"), code("c = 1", id="three"))
LOCAL = notebook(code("a = 2", id="one"), code("b = 1", id="two"), code("c = 1", id="three"))
REMOTE = notebook(code("a = 1", id="one"), code("b = 1", id="two"), code("c = 3", id="three"))
RIVAL = notebook(code("a = 9", id="one"), code("b = 1", id="two"), code("c = 3", id="three"))  # against local
CLEAN = ("base.ipynb", "local.ipynb", "remote.ipynb")
CONFLICT = ("base.ipynb", "local.ipynb", "rival.ipynb")


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    code: int
    out: bytes
    err: str

    @property
    def line(self) -> str:
        """The one line on standard error."""
        assert self.err.endswith("\n"), self.err
        assert self.err.count("\n") == 1, self.err
        return self.err[:-1]

    @property
    def object(self) -> dict[str, Any]:
        """The one JSON object on standard error."""
        found: dict[str, Any] = json.loads(self.line)
        return found

    @property
    def sources(self) -> list[str]:
        """The sources of the notebook on standard output."""
        return sources(self.out)


Command = Callable[..., Ended]


def sources(data: bytes) -> list[str]:
    return [source_of(cell) for cell in json.loads(data)["cells"]]


def save(path: Path, content: Notebook) -> None:
    path.write_bytes(JUPYTER.spell(content))


def snapshot(folder: Path) -> dict[str, bytes]:
    """Everything in a folder, hidden files too."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
