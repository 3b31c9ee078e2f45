"""Owns: a notebook in a folder, the writers that take part, and editors that know nothing of it.

Must not know: how saves are merged.  Invariant: a writer changes its own copy by its own edits and by the
operations that it is told, and by nothing else; after each save its copy is what the file holds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nbmerge.history.store import Store
from nbmerge.lineage.versions import Version
from nbmerge.service.notebook_service import open_service
from nbmerge.sync import Answer, Participation, Timing, apply, open_notebook, participating
from tests.helpers.build import Cell, Notebook, source_of
from tests.helpers.spelling import JUPYTER, Spelling
from tests.sync.copies import exact

AT_ONCE = Timing(settle=0.0, patience=5.0, pause=0.01)


@dataclass
class Desk:
    """The folder of a notebook, and the state directory."""

    folder: Path
    state: str
    calls: Participation | None = None  # that stay open, where many are made

    @contextmanager
    def participation(self) -> Iterator[Participation]:
        """The calls; for each time anew, as a command makes them, unless they stay open."""
        if self.calls is not None:
            yield self.calls
        else:
            with participating(self.state, AT_ONCE) as calls:
                yield calls

    @property
    def path(self) -> Path:
        return self.folder / "nb.ipynb"

    def holds(self) -> Notebook:
        found: Notebook = json.loads(self.path.read_bytes())
        return found

    def sources(self) -> list[str]:
        return [source_of(cell) for cell in self.holds()["cells"]]

    def put(self, content: Notebook) -> None:
        """An editor that knows nothing of nbmerge saves."""
        self.path.write_bytes(JUPYTER.spell(content))

    def writer(self, name: str, spelling: Spelling = JUPYTER) -> FrontEnd:
        """A new front end, which has opened the notebook."""
        opened = open_notebook(str(self.path), name, self.state)
        return FrontEnd(self, name, json.loads(opened.content), opened.version, spelling)

    @contextmanager
    def history(self) -> Iterator[tuple[Store, int]]:
        """The store, to look at, and which book the notebook is in it."""
        with open_service(self.state, lambda: 0.0) as service:
            notebook_id = service.store.notebook_id(os.path.realpath(self.path))
            assert notebook_id is not None
            yield service.store, notebook_id

    def versions(self) -> tuple[Version, ...]:
        with self.history() as (store, notebook_id):
            return store.versions(notebook_id)

    def data(self, number: int) -> bytes:
        with self.history() as (store, notebook_id):
            return store.data(notebook_id, number)

    def open_tips(self) -> list[int]:
        with self.history() as (store, notebook_id):
            heads = store.heads(notebook_id)
            assert heads is not None
            return [tip.version for tip in heads.open]


@dataclass
class FrontEnd:
    """A writer that takes part."""

    desk: Desk
    name: str
    copy: Notebook
    version: str
    spelling: Spelling = JUPYTER
    answers: list[Answer] = field(default_factory=list)

    @property
    def cells(self) -> list[Cell]:
        found: list[Cell] = self.copy["cells"]
        return found

    def type(self, id: str, source: str) -> None:
        for cell in self.cells:
            if cell.get("id") == id:
                cell["source"] = source.splitlines(keepends=True)

    def add(self, id: str, line: str) -> None:
        """Another line at the end of a cell."""
        [source] = [source_of(cell) for cell in self.cells if cell.get("id") == id]
        self.type(id, f"{source}\n{line}")

    def delete(self, id: str) -> None:
        self.copy["cells"] = [cell for cell in self.cells if cell.get("id") != id]

    def save(self, base: str | None = None, check: bool = True) -> Answer:
        """Save the copy and bring it to what the notebook holds now; `check`: nobody else writes to it."""
        content, path = self.spelling.spell(self.copy), str(self.desk.path)
        with self.desk.participation() as calls:
            answer = calls.save(path, content, self.version if base is None else base, self.name)
        self.copy = apply(self.copy, [one.as_json() for one in answer.operations])
        assert exact(self.copy) == exact(json.loads(answer.content))
        assert not check or self.desk.path.read_bytes() == answer.content
        self.version = answer.version
        self.answers.append(answer)
        return answer
