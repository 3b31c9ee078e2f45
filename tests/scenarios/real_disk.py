"""Owns: a real folder with real replacement of files, for a world that otherwise is made up.

Must not know: what is written.  Invariant: to the world it looks like the disk that is made up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbmerge.disk import Disk, LateSave, Placed, PlaceResult, Repaired
from tests.helpers.fake_disk import all_known
from tests.helpers.faulty_system import Faulty
from tests.scenarios.world import NOTEBOOK

PLACE = NOTEBOOK.rpartition("/")[0]


@dataclass
class RealDisk:
    """Files in `folder`, the journal beside it."""

    folder: Path
    clock: Callable[[], float]
    system: Faulty = field(default_factory=Faulty)
    placed: list[tuple[str, bytes]] = field(default_factory=list)
    hooks: dict[int, Any] = field(default_factory=dict)
    disk: Disk = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.disk = Disk(str(self.folder.parent / "journal"), self.clock, all_known, self.system.system)

    def restart(self) -> RealDisk:
        self.system.bury()
        return RealDisk(self.folder, self.clock, Faulty(), self.placed)

    @property
    def files(self) -> dict[str, bytes]:
        return {self._name(path): path.read_bytes() for path in sorted(self.folder.glob("*.ipynb"))}

    @property
    def left(self) -> list[str]:
        """What lies about, besides notebooks."""
        journal = self.folder.parent / "journal"
        found = [path.name for path in self.folder.iterdir() if path.suffix != ".ipynb"]
        return found + [path.name for path in journal.iterdir()] if journal.exists() else found

    @property
    def displaced(self) -> list[LateSave]:
        return self.check_displaced()

    def write(self, path: str, data: bytes) -> None:
        self._real(path).write_bytes(data)

    def replace(self, path: str, data: bytes) -> None:
        """As editors do that write beside and rename."""
        beside = self.folder / "~editor"
        beside.write_bytes(data)
        beside.replace(self._real(path))

    def remove(self, path: str) -> None:
        self._real(path).unlink()

    def read(self, path: str) -> bytes:
        return self._real(path).read_bytes()

    def place(self, path: str, data: bytes, expected: str) -> PlaceResult:
        before = self.files.get(path)
        outcome = self.disk.place(str(self._real(path)), data, expected)
        if isinstance(outcome, Placed) and before != data:
            self.placed.append((path, data))
        return outcome

    def discard(self, path: str, expected: str) -> bool:
        return self.disk.discard(str(self._real(path)), expected)

    def check_displaced(self) -> list[LateSave]:
        return [LateSave(self._name(Path(late.path)), late.data) for late in self.disk.check_displaced()]

    def confirm(self, save: LateSave) -> None:
        self.disk.confirm(LateSave(str(self._real(save.path)), save.data))

    def repair(self) -> Repaired:
        return self.disk.repair([str(self.folder)])

    def close(self) -> None:
        self.disk.close()

    def _real(self, path: str) -> Path:
        return self.folder / path.rpartition("/")[2]

    def _name(self, path: Path) -> str:
        return f"{PLACE}/{path.name}"
