"""Owns: people who have one notebook open in programs of their own, and how those programs save it.

Must not know: the watcher.  Invariant: every edit writes a word that stands nowhere else, so that
whatever becomes of it can be told from the texts alone; a buffer is saved whole, whatever the file
holds by then, as every real editor does it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any

from nbmerge.files import digest
from tests.helpers import build
from tests.helpers.build import source_of
from tests.helpers.spelling import JUPYTER
from tests.real.knowing import key_of, note
from tests.scenarios.histories import words_of

WAYS = ("jupyter", "rename", "torn", "script")


@dataclass(frozen=True)
class Save:
    """One save; times of `time.monotonic`."""

    who: str
    data: bytes
    began: float
    ended: float


@dataclass
class Paper:
    """The file that all of them write, one at a time; `writing` is odd while somebody is at it in place.

    `truth`: where to note what each save was made from, for a watcher that is to know.
    """

    path: Path
    truth: Path | None = None
    saves: list[Save] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    writing: int = 0
    lock: Lock = field(default_factory=Lock)

    def save(self, who: Person) -> None:
        """What stands in the buffer goes into the file."""
        with self.lock:
            data = who.data
            self.removed |= words_of(who.shown) - words_of(data)
            if self.truth is not None:
                note(self.truth, key_of(data), key_of(who.shown))
            began = time.monotonic()
            self.writing += 1
            try:
                WRITE[who.way](self.path, data, who.chance)
            finally:
                self.writing += 1
            self.saves.append(Save(who.name, data, began, time.monotonic()))
            who.shown = data

    def read(self) -> bytes:
        """What an editor finds that opens it: never half a save."""
        with self.lock:
            return self.path.read_bytes()


@dataclass
class Person:
    """A buffer of its own; `shown` is what it held when it was last read or saved."""

    name: str
    way: str
    chance: Random
    notebook: dict[str, Any] = field(default_factory=dict)
    shown: bytes = b""

    def open(self, data: bytes) -> None:
        """Take the file as it is; what was not saved is gone."""
        self.notebook = json.loads(data)
        self.shown = data

    @property
    def data(self) -> bytes:
        return JUPYTER.spell(self.notebook)

    def edit(self) -> None:
        """Something that somebody does between two saves: a few lines that nobody else writes."""
        cells = self.notebook["cells"]
        what = self.chance.choice(("cell", "lines", "lines", "rewrite", "cut"))
        lines = [self._line() for _ in range(self.chance.randint(3, 5))]
        cell = self.chance.choice(cells)
        old = source_of(cell).split("\n")
        match what:
            case "lines":
                place = self.chance.randrange(len(old) + 1)
                old[place:place] = lines
            case "rewrite":
                old = [*lines, *old[-2:]]
            case "cut" if len(old) > 4:
                del old[self.chance.randrange(len(old) - 1)]
                old.extend(lines)
            case _:
                made = build.code("\n".join(lines), id=f"{self.chance.getrandbits(32):08x}")
                cells.insert(self.chance.randrange(len(cells) + 1), made)
                return
        cell["source"] = build.lines("\n".join(old))
        if cell["cell_type"] == "code":
            count = self.chance.randrange(1000)
            cell.update(execution_count=count, outputs=[build.printed(f"run {count} by {self.name}\n")])

    def _line(self) -> str:
        number = self.chance.getrandbits(48)
        letters = digest(str(number).encode()).translate(str.maketrans("0123456789", "ghijklmnop"))
        return f"{letters[:6]} = {letters[6:13]}(w{number}q, {letters[13:20]})"


def first_notebook(chance: Random) -> bytes:
    """Six cells of a few lines."""
    person = Person("nobody", "script", chance, build.notebook())
    kinds = (build.markdown, build.code, build.code, build.markdown, build.code, build.code)
    cells = [
        made("\n".join(person._line() for _ in range(4)), id=f"first-{number}")
        for number, made in enumerate(kinds)
    ]
    return JUPYTER.spell(build.notebook(*cells, minor=5))


def _jupyter(path: Path, data: bytes, _: Random) -> None:
    """As jupyter_server does it: a copy of what was there, then over the old bytes, then the copy goes."""
    copy = path.with_name(f".~{path.name}")
    shutil.copy2(path, copy)
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileNotFoundError):
        copy.unlink()


def _script(path: Path, data: bytes, _: Random) -> None:
    path.write_bytes(data)


def _rename(path: Path, data: bytes, _: Random) -> None:
    beside = path.with_name(f".{path.name}.tmp-1")
    beside.write_bytes(data)
    os.replace(beside, path)


def _torn(path: Path, data: bytes, chance: Random) -> None:
    """Over a slow line: half of it, and the rest after a pause."""
    half = chance.randrange(len(data))
    with open(path, "wb", buffering=0) as file:
        file.write(data[:half])
        time.sleep(chance.choice((0.01, 0.1, 0.5)))
        file.write(data[half:])


WRITE = {"jupyter": _jupyter, "script": _script, "rename": _rename, "torn": _torn}
