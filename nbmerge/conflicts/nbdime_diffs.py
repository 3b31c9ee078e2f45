"""Owns: what a recorded diff of nbdime makes of a value.

Must not know: notebooks, where diffs are recorded.  Invariant: a diff that does not fit the value,
or whose places cannot be trusted, gives no value at all.

nbdime's diff format (its documentation, "Diff format"): objects take `add`, `remove`, `replace` and
`patch` of a key; lists take `addrange`, `removerange` and `patch` of a place; texts are lists of
lines, and a line that is patched is a list of characters.

The diffs are against base, but what stands in the notebook is base with all merged into it that
did not clash.  In a list or between lines that may have moved the places, and nothing says so; they
are trusted only where the furthest place that the two sides name is still the end.  A line that one
side changed and the other put another in place of is worse: the other line may stand before it.

And what stands there may have been changed since, as Jupyter does with the name of the kernel.  A
line's own diff tells: nbdime makes it with Python's difflib, which would not give it for another line.
"""

from __future__ import annotations

from nbmerge.notebook.jsontext import Number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from nbmerge.notebook.jsontext import Json

    Entries: TypeAlias = Sequence[dict[str, Json]]
    Patch: TypeAlias = Callable[[Json, Json, Json], Json]


_LONG = 2_000  # characters of a line before and after; comparing longer ones takes too long


class Unfit(ValueError):
    """The diff is none, or it is not one of this value, or its places cannot be trusted."""


class NotBase(Unfit):
    """The value itself may not be base's."""


def patched(value: Json, diff: Json, other: Json) -> Json:
    """The value with a side's diff applied; `other` is the other side's diff of the same value.

    Raises Unfit, NotBase.
    """
    entries, others = _entries(diff), _entries(other)
    match value:
        case dict():
            return _object(value, entries, others)
        case list():
            _trust(len(value), entries, others)
            return _sequence(value, entries, others, patched)
        case str():
            lines = value.splitlines(keepends=True)
            _trust(len(lines), entries, others)
            return "".join(map(_text, _sequence(lines, entries, others, _line)))
    raise Unfit


def ordered_as(known: dict[str, Json], value: dict[str, Json]) -> dict[str, Json]:
    """The value with its keys sorted if those of the other object are."""
    return dict(sorted(value.items())) if list(known) == sorted(known) else value


def _line(value: Json, diff: Json, other: Json) -> Json:
    """A line is a list of characters."""
    line, entries = _text(value), _entries(diff)
    after = "".join(map(_text, _sequence(line, entries, _entries(other), patched)))
    if len(line) + len(after) > _LONG or list(_changes(line, after)) != list(map(_change, entries)):
        raise Unfit
    return after


def _changes(line: str, after: str) -> Iterator[tuple[int, str | int]]:
    """What nbdime records of two versions of a line: a place, and what is added or how much goes."""
    from difflib import SequenceMatcher  # few notebooks have such a record

    for kind, start, behind, first, last in SequenceMatcher(None, line, after, autojunk=False).get_opcodes():
        if kind in ("insert", "replace"):
            yield start, after[first:last]
        if kind in ("delete", "replace"):
            yield start, behind - start


def _change(entry: dict[str, Json]) -> tuple[int, str | int]:
    first, behind = _reach(entry)
    return (first, _text(entry.get("valuelist"))) if entry["op"] == "addrange" else (first, behind - first)


def _object(value: dict[str, Json], diff: Entries, other: Entries) -> dict[str, Json]:
    """Whatever stands there, a side's own value is known unless it is told as a change."""
    after = dict(value)
    for entry in diff:
        match entry:
            case {"op": "add" | "replace", "key": str() as key, "value": item}:
                after[key] = item
            case {"op": "remove", "key": str() as key}:
                after.pop(key, None)
            case {"op": "patch", "key": str() as key, "diff": inner} if key in value:
                after[key] = patched(value[key], inner, _same_patch(key, other))
            case _:
                raise Unfit
    return ordered_as(value, after)


def _sequence(values: Sequence[Json], diff: Entries, other: Entries, inside: Patch) -> list[Json]:
    after: list[Json] = []
    taken = 0
    for entry in diff:
        first, behind = _reach(entry)
        if not taken <= first <= behind <= len(values):
            raise Unfit
        after += values[taken:first]
        taken = behind
        match entry:
            case {"op": "addrange", "valuelist": list() | str() as added}:
                after += added
            case {"op": "patch", "diff": inner}:
                after.append(inside(values[first], inner, _same_patch(entry["key"], other)))
            case {"op": "removerange"}:
                pass
            case _:
                raise Unfit
    return [*after, *values[taken:]]


def _trust(length: int, diff: Entries, other: Entries) -> None:
    if _patches_removed(diff, other) or _patches_removed(other, diff):
        raise NotBase
    if max((_reach(entry)[1] for entry in (*diff, *other)), default=length) != length:
        raise Unfit


def _patches_removed(diff: Entries, other: Entries) -> bool:
    """Whether one side patches a place that the other removes."""
    removed = [_reach(entry) for entry in other if entry["op"] == "removerange"]
    patched = [_reach(entry) for entry in diff if entry["op"] == "patch"]
    return any(start <= first < behind for first, _ in patched for start, behind in removed)


def _reach(entry: dict[str, Json]) -> tuple[int, int]:
    """The first place that an entry names, and the place behind what it replaces."""
    first = _integer(entry.get("key"))
    match entry["op"]:
        case "addrange":
            return first, first
        case "removerange":
            return first, first + _integer(entry.get("length"))
        case "patch":
            return first, first + 1
    raise Unfit


def _same_patch(key: Json, diff: Entries) -> Json:
    """The diff below the same key on the other side; an empty one where it has none."""
    for entry in diff:
        if entry["op"] == "patch" and entry.get("key") == key:
            return entry.get("diff")
    return []


def _entries(diff: Json) -> Entries:
    if not isinstance(diff, list):
        raise Unfit
    entries = [entry for entry in diff if isinstance(entry, dict) and isinstance(entry.get("op"), str)]
    if len(entries) != len(diff):
        raise Unfit
    return entries


def _integer(value: Json) -> int:
    if isinstance(value, Number) and value.text.isdigit() and len(value.text) < 10:
        return int(value.text)
    raise Unfit


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    raise Unfit
