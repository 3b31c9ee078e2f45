"""Owns: what each note of the system leads to.

Must not know: threads, systems.  Invariant: one note is dealt with completely before the next,
so that what is known always is a state that the disk was in.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from nbmerge.observe import events as told
from nbmerge.observe.ground import Ground, Todo
from nbmerge.observe.names import RULES_NAME, arriving, copied, is_ours
from nbmerge.observe.notes import Note, What
from nbmerge.observe.tree import leaves_out


class Hearing:
    """Takes notes.  `heed` returns folders that are new, to be explored.

    `rescan()` is called when anything may have changed.
    """

    def __init__(self, ground: Ground, clock: Callable[[], float], rescan: Callable[[], None]) -> None:
        self.ground = ground
        self.tree = ground.tree
        self.capture = ground.capture
        self.clock = clock
        self.rescan = rescan

    def heed(self, note: Note) -> list[Todo]:
        """Deal with one note."""
        match note.what:
            case What.OVERFLOW:
                self.capture.tell(told.Overflowed(self.clock()))
                self.rescan()
            case What.LOST:
                return self._lost(note.path)
            case _ if note.is_folder:
                return self._folder(note)
            case _:
                return self._file(note)
        return []

    def _lost(self, path: str) -> list[Todo]:
        """A watched folder was deleted, moved or unmounted; or another one stands there now."""
        folder = self.tree.folders.get(path)
        if folder is None:
            return []
        if os.path.isdir(path) and folder.whole:
            self.ground.drop(folder)
            return [(path, folder.inherited)]
        self.ground.forget(path, gone=True)
        return []

    def _folder(self, note: Note) -> list[Todo]:
        path = note.to or note.path
        match note.what:
            case What.GONE:
                self.ground.forget(path, gone=True)
                return []
            case What.MOVED if note.path in self.tree.folders:
                return self.ground.moved(note.path, path)
            case What.MADE | What.MOVED:
                above = self.tree.of(path)
                if above is not None and above.whole and not leaves_out(above.rules, path):
                    return [(path, above.rules)]
        return []

    def _file(self, note: Note) -> list[Todo]:
        path = note.to or note.path
        folder = self.tree.of(path)
        name = os.path.basename(path)
        if note.what is What.GONE and path in self.tree.folders:  # Windows does not say that it was one
            self.ground.forget(path, gone=True)
            return []
        if folder is None:
            self._left(note)
            return []
        if RULES_NAME in (name, os.path.basename(note.path)):
            todo = self.ground.reread(folder)
            if todo:
                self.rescan()  # links from elsewhere may lead into it
            return todo
        if note.what in (What.MADE, What.MOVED) and os.path.islink(path):
            self._left(note)
            return self.ground.linked(path, folder)
        if folder.wants(path):
            self._notebook(note, path)
            return []
        self._left(note)
        self._beside(note, path)
        return []

    def _notebook(self, note: Note, path: str) -> None:
        match note.what:
            case What.MADE:
                self.capture.made(path)
            case What.WRITTEN:
                self.capture.written(path)
            case What.CLOSED:
                self.capture.closed(path)
            case What.GONE:
                self._gone(path)
            case What.MOVED if self.tree.wants(note.path):
                self.capture.renamed(note.path, path)
            case What.MOVED:
                self.capture.arrived(path, ours=is_ours(os.path.basename(note.path)))

    def _left(self, note: Note) -> None:
        """A file moved to where nothing is watched, or to a name that is no notebook's."""
        origin = note.path if note.what is What.MOVED else ""
        if origin in self.tree.links or (origin and self.tree.wants(origin)):
            self._gone(origin)

    def _gone(self, path: str) -> None:
        if path in self.tree.links:
            self.ground.unlinked(path)
            self.rescan()
        else:
            self.capture.gone(path)

    def _beside(self, note: Note, path: str) -> None:
        """A file that is no notebook can tell of one beside it."""
        folder, name = os.path.split(path)
        if note.what is What.GONE and path in self.tree.links:
            self._gone(path)
        original = copied(name)
        if original is not None and note.what is What.CLOSED:
            notebook = os.path.join(folder, original)
            if self.tree.wants(notebook):
                self.capture.copied(path, notebook)
        arrival = arriving(name) if note.what in (What.MADE, What.MOVED) else None
        if arrival is not None:
            self.capture.tell(told.Syncing(os.path.join(folder, arrival[0]), arrival[1], self.clock()))
