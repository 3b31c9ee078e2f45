"""Owns: how a store is, as one finds it, without touching it.

Must not know: what is done about it.  Invariant: nothing is made, mended, marked or locked;
what a process that writes at the same moment does is never taken for damage.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass

from nbmerge.errors import NbmergeError
from nbmerge.history.database import Database, mark_of, untouched
from nbmerge.history.lock import lock_of
from nbmerge.history.opening import ENDS, FIRST, LAST
from nbmerge.history.schema import is_current
from nbmerge.history.store import Store
from nbmerge.history.values import Retention, Totals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    Answer = TypeVar("Answer")

_SET_ASIDE = re.compile(f"{re.escape(FIRST)}.+{re.escape(LAST)}\\.[0-9T]+")


@dataclass(frozen=True, slots=True)
class Health:
    """A store that can be read; `current`: it is at today's stage, else the next start brings it there."""

    totals: Totals | None
    current: bool


def health(path: str) -> Health:
    """How the store is; `totals` None if it is of an older nbmerge.

    Raises SystemFailure if it is from a newer nbmerge or cannot be read, StoreLost if it is damaged.
    """
    return _asked(path, lambda store, current: Health(store.totals() if current else None, current))


def verify(path: str) -> None:
    """Read all of the store, some seconds for each gigabyte.  Raises as `health`."""
    _asked(path, lambda store, current: store.check())


def bytes_on_disk(path: str) -> int:
    """The size of a store with its log."""
    return sum(os.path.getsize(path + end) for end in ENDS if os.path.exists(path + end))


def is_marked(path: str) -> bool:
    """Whether the store was found damaged; the next start sets it aside."""
    return os.path.exists(mark_of(path))


def stores_set_aside(directory: str) -> list[str]:
    """The damaged stores that were kept, oldest first."""
    names = sorted(name for name in os.listdir(directory) if _SET_ASIDE.fullmatch(name))
    return [os.path.join(directory, name) for name in names]


def _asked(path: str, ask: Callable[[Store, bool], Answer]) -> Answer:
    name = untouched(path)
    try:
        return _answer(path, name, ask)
    except NbmergeError:
        if untouched(path) == name:
            raise
        return _answer(path, untouched(path), ask)  # somebody began to write when nobody seemed to


def _answer(path: str, name: str, ask: Callable[[Store, bool], Answer]) -> Answer:
    database = Database(name)
    database.path = path  # for what it says
    try:
        return ask(Store(database, lock_of(None), Retention()), is_current(database))
    finally:
        database.close()
