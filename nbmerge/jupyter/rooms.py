"""Owns: what a room of jupyter-collaboration makes of a file that something outside of the room has changed.

Must not know: how saves are judged and merged, how a shared document is changed.  Invariant: what people
have typed in the room stays, and so does what the file has got from outside; a document whose beginning is
not known for sure, and one that cannot be merged, gets what a stock room would give it.

A room sets its document to what it finds in the file (`aset`).  Whatever was typed since its last save is
gone then, and a room saves only when nobody has typed for a second.  The class of the documents of rooms
can be named by others (`jupyter_ydoc.ydocs`); this one merges.  The room itself saves what came of it.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any, ClassVar

import jupyter_ydoc
from jupyter_ydoc import YNotebook

from nbmerge.errors import NbmergeError, SystemFailure
from nbmerge.jupyter.notebooks import (
    Contents,
    as_node,
    bring_results,
    in_short,
    operations_shown,
    shown,
    why_not_here,
)
from nbmerge.jupyter.participants import Participants
from nbmerge.jupyter.shared_cells import carry_out
from nbmerge.jupyter.trusting import Trust
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from nbmerge.sync import Claimed, Opened, Pulled, brought_in, operations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbmerge.jupyter.shared_cells import Json
    from nbmerge.notebook.model import Notebook
    from nbmerge.sync import Operation

_TRIES = 3  # merges that meet typing in the very place that they change
_LOOKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between looks at a room that is loading
_WRITER = "people in a shared notebook"


def take_part(files: RoomFiles) -> bool:
    """Have the notebooks of rooms that are opened from now on merge; whether that can be done here."""
    if jupyter_ydoc.ydocs.get("notebook") is not YNotebook or not hasattr(YNotebook, "aset"):
        return False
    jupyter_ydoc.ydocs["notebook"] = type("RoomNotebook", (RoomNotebook,), {"files": files})
    return True


def leave() -> None:
    """Undo `take_part`."""
    jupyter_ydoc.ydocs["notebook"] = YNotebook


@dataclass(frozen=True, slots=True)
class RoomFiles:
    """The files of a server's rooms, by the API's paths; `manager` gives the contents manager."""

    manager: Callable[[], Any]
    participants: Participants

    def file(self, path: str) -> str:
        """Where a notebook is on the disk; "" where another contents manager has to save it."""
        manager = self.manager()
        return "" if why_not_here(manager) else Contents(manager).file(path)

    async def open(self, path: str) -> Opened:
        """What the file holds and its version."""
        file = self.file(path)
        return await self.participants.ask(
            file, lambda participation: participation.open_notebook(file, _WRITER)
        )

    async def note(self, path: str, digest: str, base: str) -> tuple[Claimed, bytes]:
        """The version that a room has just saved and its bytes; it went on from `base` ("": not known).

        The base itself where the file holds something else by now: the room has that version, and more.
        """
        manager, file = self.manager(), self.file(path)
        algorithm = getattr(manager, "hash_algorithm", "sha256")
        held = await self.participants.run(lambda: _bytes_of(file))
        if hashlib.new(algorithm, held).hexdigest() != digest:
            return Claimed(base, base, due=False), held
        if not base:
            opened = await self.open(path)
            version = opened.version if opened.content == held else ""
            return Claimed(version, version, due=False), held
        return await self.participants.ask(file, lambda one: one.claim(file, base, held, _WRITER)), held

    async def mend(self, path: str, version: str, content: bytes) -> None:
        """Write what the file lacks of what others have saved, when nobody types into the room for a moment.

        `content` is what the room has saved as that version.
        """
        file = self.file(path)
        await self.participants.ask(file, lambda one: one.save(file, content, version, _WRITER))

    async def pull(self, path: str, content: Json, base: str) -> Pulled:
        """What the file has got since `base`, for a room that says this now."""
        file = self.file(path)
        data = await self.participants.run(lambda: in_short(as_node(content)))
        return await self.participants.ask(file, lambda participation: participation.pull(file, base, data))

    async def trusts(self, pulled: Pulled) -> bool:
        """Whether the user trusts what comes of the operations, as a whole."""
        if not bring_results(pulled.operations):
            return False
        node = await self.participants.run(lambda: shown(write(pulled.content)))
        return await Trust(self.manager(), self.participants).of(node)


def _bytes_of(file: str) -> bytes:
    with open(file, "rb") as opened:
        return opened.read()


class RoomNotebook(YNotebook):
    """The document of a room; one without `awareness` is a copy of it, or a beginning, and is as ever."""

    files: ClassVar[RoomFiles]

    def __init__(self, ydoc: Any = None, awareness: Any = None) -> None:
        super().__init__(ydoc, awareness)
        self._base = ""  # the version of which the document has all; "": not known
        self._mending = False
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        if awareness is not None:
            self._begin(self._look())

    @property
    def known(self) -> str:
        """The version of the file of which the document has all; "": not known."""
        return self._base

    @property
    def hash(self) -> str | None:
        """What the file held after the room's last save."""
        return super().hash

    @hash.setter
    def hash(self, value: str) -> None:
        self.ystate["hash"] = value
        if self.awareness is not None:
            self._begin(self._note_saved(value))

    async def aset(self, value: Json) -> None:
        """Have what the file holds, and what was typed."""
        if self.awareness is None or not await self._merge(value):
            await super().aset(value)

    def _begin(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, work: Any) -> None:
        try:
            await work
        except Exception as error:  # the document goes on without a version: as in a stock room
            self._base = ""
            self._warn(error)

    def _warn(self, error: Exception) -> None:
        self.files.manager().log.warning("nbmerge: the room of %s: %s", self.path, error)

    async def _look(self) -> None:
        """Which version the room was loaded from: the one that says the same."""
        for pause in _LOOKS:
            await asyncio.sleep(pause)
            if self._base or not self.path or not self.files.file(self.path):
                return
            if self.cell_number == 0:
                continue
            opened = await self.files.open(self.path)
            if not self._base and _same(shown(opened.content), self.get()):
                self._base = opened.version

    async def _note_saved(self, digest: str) -> None:
        if not self.path or not self.files.file(self.path):
            return
        async with self._turn:
            noted, content = await self.files.note(self.path, digest, self._base)
            self._base = noted.version
        if noted.due and not self._mending:
            self._mending = True
            self._begin(self._mend(noted.version, content))

    async def _mend(self, version: str, content: bytes) -> None:
        try:
            await self.files.mend(self.path or "", version, content)
        except SystemFailure:
            pass  # they went on typing: the room's next save asks again
        finally:
            self._mending = False

    async def _merge(self, value: Json) -> bool:
        """Bring in what the file has got; False: it cannot be merged."""
        async with self._turn:
            if not self._base or not self.path:
                return False
            try:
                for attempt in range(_TRIES):
                    if await self._brought(is_last=attempt == _TRIES - 1):
                        break
            except NbmergeError as error:
                self._warn(error)
                return False
        if not _same(self.get(), value):
            # The room takes its document for saved when this returns; what the file lacks is to be saved.
            asyncio.get_running_loop().call_soon(setattr, self, "dirty", True)
        return True

    async def _brought(self, is_last: bool) -> bool:
        """Bring in what the file has got; False: somebody has typed meanwhile in the place that changes."""
        sent = self.get()
        pulled = await self.files.pull(self.path or "", sent, self._base)
        trusted = await self.files.trusts(pulled)
        now, made, todo, is_all = self.get(), pulled.content, pulled.operations, True
        if now != sent:
            before, copy = (read(in_short(as_node(one))) for one in (sent, now))
            made, _, is_all = brought_in(before, copy, pulled.content)
            if not is_all and not is_last:
                return False
            todo = operations(copy, made)
        carry_out(self, _shown(todo, made, trusted))
        self._base = pulled.version if is_all else self._base
        return True


def _shown(todo: Sequence[Operation], made: Notebook, trusted: bool) -> list[Json]:
    return operations_shown(todo, shown(write(made)) if bring_results(todo) else None, trusted)


def _same(one: Json, other: Json) -> bool:
    """Whether two notebooks hold the same cells; what a document adds to them is not counted."""
    return [*map(_told, one["cells"])] == [*map(_told, other["cells"])]


def _told(cell: Json) -> Json:
    metadata = {key: value for key, value in cell.get("metadata", {}).items() if key != "trusted"}
    told = {key: value for key, value in cell.items() if key != "id"}
    return told | {"metadata": metadata}
