"""Owns: notebooks with a past, made without a watcher.

Must not know: the judgement: which version a save derives from is said.  Invariant: what stands in the
file is the newest save, and was saved a while ago.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from nbmerge.history.values import Retention
from nbmerge.lineage.heads import Heads, OpenTip
from nbmerge.lineage.versions import Context, Version, Writer
from nbmerge.service.notebook_service import NotebookService, open_service
from nbmerge.service.record import Saved
from tests.helpers.build import Notebook
from tests.helpers.spelling import JUPYTER

BEGIN = 1_700_000_000.0  # 2023-11-14T22:13:20Z


@dataclass(frozen=True)
class Past:
    """A notebook and the state directory that knows it."""

    path: Path
    state: str

    def saved(self, *contents: Notebook | bytes, writer: str = "") -> list[bytes]:
        """Saves that each follow the one before, a minute apart; their bytes."""
        spelled = [one if isinstance(one, bytes) else JUPYTER.spell(one) for one in contents]
        for data in spelled:
            with self.service() as service:
                notebook_id = service.store.adopt(os.path.realpath(self.path))
                heads = service.store.heads(notebook_id)
                context = Context(declared_base=None if heads is None else heads.head)
                count = len(service.store.versions(notebook_id))
                saved = Saved(data, BEGIN + 60 * count, Writer(way="in place", name=writer))
                service.recorder.record_save(notebook_id, saved, context)
            self.put(data)
        return spelled

    def apart(self, content: Notebook, base: int) -> None:
        """A save that was made from an older version, and is not merged yet."""
        with self.service() as service:
            notebook_id = service.store.adopt(os.path.realpath(self.path))
            saved = Saved(JUPYTER.spell(content), BEGIN + 3600, in_file=False)
            service.recorder.record_save(notebook_id, saved, Context(declared_base=base))

    def put(self, content: Notebook | bytes) -> bytes:
        """A save that nobody has noticed."""
        data = content if isinstance(content, bytes) else JUPYTER.spell(content)
        self.path.write_bytes(data)
        os.utime(self.path, (BEGIN, BEGIN))
        return data

    def doubted(self, version: int, base: int | None, by: int) -> None:
        """`by` was accepted, but may have overwritten `version`."""
        with self.service() as service:
            notebook_id = service.store.adopt(os.path.realpath(self.path))
            heads = service.recorder.heads(notebook_id)
            tip = OpenTip(version, base, by, BEGIN)
            service.store.set_heads(notebook_id, replace(heads, open=(*heads.open, tip)))

    def broken(self, data: bytes) -> None:
        """Bytes that are no notebook were in the file once."""
        with self.service() as service:
            service.recorder.record_unreadable(
                service.store.adopt(os.path.realpath(self.path)), Saved(data, BEGIN)
            )

    def forgotten(self) -> None:
        """Everything that need not be kept is dropped."""
        with self.service(Retention(days=0)) as service:
            service.store.prune(BEGIN + 1e9)

    @contextmanager
    def service(self, retention: Retention = Retention()) -> Iterator[NotebookService]:
        with open_service(self.state, lambda: BEGIN, retention=retention) as service:
            yield service

    @property
    def versions(self) -> tuple[Version, ...]:
        with self.service() as service:
            return service.store.versions(service.store.adopt(os.path.realpath(self.path)))

    def holds(self, data: bytes) -> bool:
        """Whether these bytes are a version."""
        with self.service() as service:
            return service.recorder.knows(service.store.adopt(os.path.realpath(self.path)), data)

    @property
    def heads(self) -> Heads:
        with self.service() as service:
            return service.recorder.heads(service.store.adopt(os.path.realpath(self.path)))
