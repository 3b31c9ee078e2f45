"""Owns: what changed in metadata, and how a JSON value is written for people.

Must not know: HTML, notebooks beyond their values.  Invariant: every value that differs is under
some path; objects are looked into, lists are compared whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from json import dumps

from nbmerge.notebook.jsontext import Number, Slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbmerge.merge.threeway import Terms
    from nbmerge.notebook.jsontext import Json

_MOST = 240  # characters of one value
_DEPTH = 20  # of objects in each other


@dataclass(frozen=True, slots=True)
class Missing:
    """Stands for the value of a key that is not there."""


MISSING = Missing()


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs: what it was, and is on both sides and in the result."""

    path: tuple[str, ...]
    base: Json | Missing
    local: Json | Missing
    remote: Json | Missing
    merged: Json | Missing

    @property
    def name(self) -> str:
        return ".".join(self.path)


def changes(sides: Terms[Mapping[str, Json]], merged: Mapping[str, Json]) -> Iterator[Change]:
    """What is not everywhere as it was in base, key by key in order of names."""
    yield from _changes((), sides.base, sides.local, sides.remote, merged)


def _changes(path: tuple[str, ...], *objects: Mapping[str, Json]) -> Iterator[Change]:
    for key in sorted({key for held in objects for key in held}):
        values = [held.get(key, MISSING) for held in objects]
        there = [value for value in values if value != MISSING]
        inner = [value for value in there if isinstance(value, dict)]
        if all(value == values[0] for value in values):
            continue
        if len(inner) == len(there) and len(path) < _DEPTH:
            yield from _changes((*path, key), *(v if isinstance(v, dict) else {} for v in values))
        else:
            yield Change((*path, key), *values)


def written(value: Json | Missing) -> str:
    """A value in one line, cut where it is long."""
    if isinstance(value, Missing):
        return "nothing"
    text = spelled(value)
    return text if len(text) <= _MOST else f"{text[:_MOST]}… ({len(text):,} characters)"


def spelled(value: Json, depth: int = 0) -> str:
    """JSON in one line, with its numbers as the file spells them; what is nested too deeply is left out."""
    match value:
        case Number():
            return value.text
        case dict() | list() if depth > _DEPTH:
            return "…"
        case dict():
            inner = (f"{_quoted(key)}: {spelled(item, depth + 1)}" for key, item in value.items())
            return f"{{{', '.join(inner)}}}"
        case list():
            return f"[{', '.join(spelled(item, depth + 1) for item in value)}]"
        case Slot():
            return "…"
    return _quoted(value)


def _quoted(value: str | bool | None) -> str:
    return dumps(value, ensure_ascii=False)
