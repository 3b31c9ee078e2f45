"""Owns: between the numbers of notebooks that an engine tells of and the paths that this machine knows them
by.

Must not know: engines, who wants to know.  Invariant: nothing is passed over in silence: where the paths
cannot be found out, any notebook may have changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from nbmerge.errors import SystemFailure
from nbmerge.history.database import Database
from nbmerge.history.places import Places, here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Told: TypeAlias = Callable[[Collection[str] | None], None]
    Spoken: TypeAlias = Callable[[str | None], None]


def told_paths(database: Database, places: Places, told: Told) -> Callable[[Collection[int] | None], None]:
    """What is to be called with numbers, or None for any notebook, so that paths are told."""

    def heard(numbers: Collection[int] | None) -> None:
        try:
            paths = None if numbers is None else list(_paths(database, places, numbers))
        except SystemFailure:
            paths = None
        if paths is None or paths:
            told(paths)

    return heard


def _paths(database: Database, places: Places, numbers: Collection[int]) -> Iterator[str]:
    """Where those of these notebooks are that this machine has."""
    some = ", ".join(str(int(number)) for number in numbers) or "NULL"
    for (name,) in database.rows(f"SELECT path FROM book WHERE id IN ({some})"):
        if (path := here(places, name)) is not None:
            yield path
