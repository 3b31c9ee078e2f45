"""Owns: conflicts that nbdime writes into metadata, and into ids: found, settled.

Must not know: sources, how outputs and cells are marked.  Invariant: a side is a value only if the
record gives it without doubt; keys that do not clash keep their values.

Two forms: beside base's values stands `nbdime-conflicts` with a diff for each side; or, where both
inserted a similar cell, the metadata is `local_metadata` and `remote_metadata`, and what was added
since.
The id of such a cell is `local_id` and `remote_id` (which is no valid notebook).
"""

from __future__ import annotations

from dataclasses import dataclass
from json import JSONDecodeError

from nbmerge.conflicts.nbdime_diffs import NotBase, Unfit, ordered_as, patched
from nbmerge.conflicts.values import Absent, Choice, Edited, NotKnown
from nbmerge.merge.threeway import Terms
from nbmerge.notebook.jsontext import parse_value, skip_space
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.style import Layout, Style
from nbmerge.notebook.writer import write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from nbmerge.conflicts.values import Chosen, Term
    from nbmerge.notebook.jsontext import Json

    Object: TypeAlias = dict[str, Json]
    Side: TypeAlias = Object | Absent

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
    except (Unfit, RecursionError):
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
