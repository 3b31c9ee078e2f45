"""Owns: conflicts that nbdime writes into metadata, and into ids: found, settled; its recorded diffs
applied.

Must not know: sources, how outputs and cells are marked.
Invariant: a side is a value only if the record gives it without doubt (a diff that does not fit, or whose
places cannot be trusted, gives none); keys that do not clash keep their values.

Two forms: beside base's values stands `nbdime-conflicts` with a diff for each side; or, where both inserted
a similar cell, the metadata is `local_metadata` and `remote_metadata`, and what was added since.  The id of
such a cell is `local_id` and `remote_id` (which is no valid notebook).

nbdime's diff format (its documentation, "Diff format"): objects take `add`, `remove`, `replace` and `patch`
of a key; lists take `addrange`, `removerange` and `patch` of a place; texts are lists of lines, and a line
that is patched is a list of characters.

The diffs are against base, but what stands in the notebook is base with all merged into it that did not
clash. In a list or between lines that may have moved the places, and nothing says so; they are trusted only
where the furthest place that the two sides name is still the end.  A line that one side changed and the
other put another in place of is worse: the other line may stand before it.  And what stands there may have
been changed since, as Jupyter does with the name of the kernel.  A line's own diff tells: nbdime makes it
with Python's difflib, which would not give it for another line.
"""

from __future__ import annotations

from dataclasses import dataclass
from json import JSONDecodeError

from nbmerge.conflicts.values import Absent, Choice, Edited, NotKnown
from nbmerge.merge.values import Terms
from nbmerge.notebook.jsontext import Number, parse_value, skip_space
from nbmerge.notebook.model import Layout, Notebook, Style
from nbmerge.notebook.writer import write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from nbmerge.conflicts.values import Chosen, Term
    from nbmerge.notebook.jsontext import Json

    Entries: TypeAlias = Sequence[dict[str, Json]]
    Patch: TypeAlias = Callable[[Json, Json, Json], Json]
    Object: TypeAlias = dict[str, Json]
    Side: TypeAlias = Object | Absent

_LONG = 2_000  # characters of a line before and after; comparing longer ones takes too long


class UnfitDiffError(ValueError):
    """The diff is none, or it is not one of this value, or its places cannot be trusted."""


class NotBase(UnfitDiffError):
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
    raise UnfitDiffError


def ordered_as(known: dict[str, Json], value: dict[str, Json]) -> dict[str, Json]:
    """The value with its keys sorted if those of the other object are."""
    return dict(sorted(value.items())) if list(known) == sorted(known) else value


def _line(value: Json, diff: Json, other: Json) -> Json:
    """A line is a list of characters."""
    line, entries = _text(value), _entries(diff)
    after = "".join(map(_text, _sequence(line, entries, _entries(other), patched)))
    if len(line) + len(after) > _LONG or list(_changes(line, after)) != list(map(_change, entries)):
        raise UnfitDiffError
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
                raise UnfitDiffError
    return ordered_as(value, after)


def _sequence(values: Sequence[Json], diff: Entries, other: Entries, inside: Patch) -> list[Json]:
    after: list[Json] = []
    taken = 0
    for entry in diff:
        first, behind = _reach(entry)
        if not taken <= first <= behind <= len(values):
            raise UnfitDiffError
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
                raise UnfitDiffError
    return [*after, *values[taken:]]


def _trust(length: int, diff: Entries, other: Entries) -> None:
    if _patches_removed(diff, other) or _patches_removed(other, diff):
        raise NotBase
    if max((_reach(entry)[1] for entry in (*diff, *other)), default=length) != length:
        raise UnfitDiffError


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
    raise UnfitDiffError


def _same_patch(key: Json, diff: Entries) -> Json:
    """The diff below the same key on the other side; an empty one where it has none."""
    for entry in diff:
        if entry["op"] == "patch" and entry.get("key") == key:
            return entry.get("diff")
    return []


def _entries(diff: Json) -> Entries:
    if not isinstance(diff, list):
        raise UnfitDiffError
    entries = [entry for entry in diff if isinstance(entry, dict) and isinstance(entry.get("op"), str)]
    if len(entries) != len(diff):
        raise UnfitDiffError
    return entries


def _integer(value: Json) -> int:
    if isinstance(value, Number) and value.text.isdigit() and len(value.text) < 10:
        return int(value.text)
    raise UnfitDiffError


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    raise UnfitDiffError


_PLAIN = Style(Layout("  ", ascii=False), tail="")


class _Clash(ValueError):
    """Both have a value at this path, and no object or list that could hold both."""


@dataclass(frozen=True, slots=True)
class _Record:
    """The metadata that each side has, as far as it is known, and the keys that clash."""

    sides: Terms[Side]
    keys: tuple[str, ...]
    stands: Object  # what the keys that do not clash can be taken from

    def shown(self, side: Side) -> Term:
        """The keys that clash, as JSON."""
        if isinstance(side, Absent):
            return side
        # a frame may be any object, and this writer keeps every number as it is spelled
        clashing = {key: side[key] for key in self.keys if key in side}
        try:
            return write(Notebook(clashing, (), _PLAIN)).decode()
        except RecursionError:
            return Absent.UNKNOWN

    def side(self, choice: Choice) -> Object:
        """The metadata of one side; raises NotKnown."""
        side: Side = getattr(self.sides, choice.value)
        if isinstance(side, Absent):
            raise NotKnown(f"the metadata that {choice.value} has is not known: choose another side, or edit")
        return side

    def with_written(self, text: str) -> Object:
        """The metadata with an object in place of all that clashes; raises NotKnown."""
        rest = {key: item for key, item in self.stands.items() if key not in self.keys}
        return ordered_as(self.stands, rest | _written(text))


def metadata_terms(metadata: Json) -> Terms[Term] | None:
    """The keys that clash, as JSON of each side; None if the metadata holds no conflict."""
    record = _read(metadata)
    return None if record is None else record.sides.map(record.shown)


def settled_metadata(metadata: Json, choice: Chosen) -> Json:
    """The metadata with what was chosen; as it is if it holds no conflict (any more).

    Raises NotKnown if a side that is needed is not known, both sides cannot be had, or what was
    written is no JSON object.
    """
    record = _read(metadata)
    if record is None:
        return metadata
    match choice:
        case Edited(text):
            return record.with_written(text)
        case Choice.BOTH:
            try:
                return _union(record.side(Choice.LOCAL), record.side(Choice.REMOTE))
            except _Clash as clash:
                raise NotKnown(f"both changed {clash} differently: choose one side, or edit") from None
        case _:
            return record.side(choice)


def id_terms(id: Json) -> Terms[Term] | None:
    """The two ids of a cell, if it has two."""
    match id:
        case {"local_id": str() as local, "remote_id": str() as remote}:
            return Terms(Absent.UNKNOWN, local, remote)
    return None


def settled_id(id: Json, choice: Chosen) -> Json:
    """One id; where both are wanted, a cell has local's.  Raises NotKnown for base's."""
    match id, choice:
        case {"local_id": str() as local, "remote_id": str() as remote}, _:
            match choice:
                case Edited(text):
                    return text.strip()
                case Choice.BASE:
                    raise NotKnown("the id that the cell had before is not known: choose a side")
                case Choice.REMOTE:
                    return remote
            return local
    return id


def _read(metadata: Json) -> _Record | None:
    if not isinstance(metadata, dict):
        return None
    match metadata:
        case {"nbdime-conflicts": {"local_diff": list() as local, "remote_diff": list() as remote}}:
            base = {key: item for key, item in metadata.items() if key != "nbdime-conflicts"}
            named = (entry.get("key") for entry in (*local, *remote) if isinstance(entry, dict))
            keys = dict.fromkeys(key for key in named if isinstance(key, str))
            return _Record(_recorded(base, local, remote), tuple(keys), base)
        case {"local_metadata": dict() as ours, "remote_metadata": dict() as theirs, **since}:
            differing = [key for key in {**ours, **theirs} if _differs(ours, theirs, key)]
            ours, theirs = (ordered_as(side, {**side, **since}) for side in (ours, theirs))
            return _Record(Terms(Absent.UNKNOWN, ours, theirs), tuple(differing), ours)
    return None


def _recorded(stands: Object, local: Json, remote: Json) -> Terms[Side]:
    """The sides of what stands there, which is base's unless the record itself says otherwise."""
    try:
        return Terms(stands, _after(stands, local, remote), _after(stands, remote, local))
    except NotBase:
        return Terms(Absent.UNKNOWN, Absent.UNKNOWN, Absent.UNKNOWN)
    except (UnfitDiffError, RecursionError):
        return Terms(stands, Absent.UNKNOWN, Absent.UNKNOWN)


def _after(stands: Object, diff: Json, other: Json) -> Side:
    after = patched(stands, diff, other)
    return after if isinstance(after, dict) else Absent.UNKNOWN


def _differs(one: Object, other: Object, key: str) -> bool:
    return (key in one) != (key in other) or one.get(key) != other.get(key)


def _written(text: str) -> Object:
    try:
        value, end = parse_value(text, skip_space(text, 0))
    except JSONDecodeError as error:
        raise NotKnown(f"what was written is no JSON (line {error.lineno})") from None
    if not isinstance(value, dict) or skip_space(text, end) != len(text):
        raise NotKnown("what was written is no JSON object")
    return value


def _union(one: Object, other: Object, path: str = "") -> Object:
    """What either has; lists of texts as sets.  Raises _Clash."""
    every = ordered_as(one, {**one, **other})
    return {
        key: _both(one[key], other[key], f"{path}{key}") if key in one and key in other else item
        for key, item in every.items()
    }


def _both(one: Json, other: Json, path: str) -> Json:
    match one, other:
        case dict(), dict():
            return _union(one, other, f"{path}.")
        case list(), list() if _are_texts((*one, *other)):
            return [*one, *(item for item in other if item not in one)]
    if one != other:
        raise _Clash(path)
    return one


def _are_texts(items: Iterable[Json]) -> bool:
    return all(isinstance(item, str) for item in items)
