"""Owns: the merge of everything that is a key with a value: metadata and unknown fields.

Must not know: cells, sources, outputs.  Invariant: a key that only one side touched
comes from that side; what both changed differently is chosen by name, and noted.
"""

from __future__ import annotations

from enum import Enum

from nbmerge.merge.policy import Side
from nbmerge.merge.results import Notes
from nbmerge.merge.threeway import Decided, decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    from nbmerge.notebook.jsontext import Json

    Term: TypeAlias = "Json | Missing"


class Missing(Enum):
    """A key that is not there."""

    MISSING = "missing"


MISSING = Missing.MISSING

# What tools write for themselves at every run or save: the newer save is right.
VOLATILE = frozenset(
    "language_info kernelspec kernel_info collapsed scrolled jupyter execution ExecuteTime"
    " papermill widgets vscode colab colab_type outputId executionInfo azdata pycharm"
    " hide_input trusted signature toc-autonumbering varInspector toc nteract".split()
)
# Half of one and half of the other would describe a kernel that does not exist.
WHOLE = frozenset({"language_info", "kernelspec", "papermill", "execution", "ExecuteTime"})


def merge_members(
    base: Mapping[str, Json],
    local: Mapping[str, Json],
    remote: Mapping[str, Json],
    newer: Side,
    notes: Notes,
    volatile: bool = False,
) -> dict[str, Json]:
    """Three objects, key by key."""
    merged: dict[str, Json] = {}
    for key in key_order(base, local, remote):
        value = merge_value(
            base.get(key, MISSING),
            local.get(key, MISSING),
            remote.get(key, MISSING),
            newer,
            notes.below(key),
            key=key,
            volatile=volatile or key in VOLATILE,
        )
        if value is not MISSING:
            merged[key] = value
    return merged


def merge_value(
    base: Term,
    local: Term,
    remote: Term,
    newer: Side,
    notes: Notes,
    *,
    key: str = "",
    volatile: bool = False,
) -> Term:
    """Three values, any of which may be missing."""
    law = decide(base, local, remote)
    if isinstance(law, Decided):
        return law.value
    if isinstance(local, dict) and isinstance(remote, dict) and key not in WHOLE:
        known = base if isinstance(base, dict) else {}
        return merge_members(known, local, remote, newer, notes, volatile)
    sets = _as_sets(base, local, remote)
    if sets is not None:
        return list(sets)
    if local is MISSING or remote is MISSING:
        notes.add("remote" if local is MISSING else "local", "changed by one side, removed by the other")
        return remote if local is MISSING else local
    side = newer if volatile else Side.LOCAL
    why = "changes by itself; the newer one" if volatile and newer is Side.REMOTE else "changed by both sides"
    notes.add(side.value, why)
    return remote if side is Side.REMOTE else local


def _as_sets(base: Term, local: Term, remote: Term) -> Iterable[Json] | None:
    """Lists of strings such as tags: what a side added is added, what it removed is removed."""
    lists = [_strings(term) for term in (base, local, remote)]
    before, ours, theirs = lists
    if ours is None or theirs is None or (before is None and base is not MISSING):
        return None
    known = before or []
    kept = [item for item in ours if item in theirs or item not in known]
    return kept + [item for item in theirs if item not in known and item not in ours]


def _strings(term: Term) -> list[str] | None:
    if isinstance(term, list) and all(isinstance(item, str) for item in term):
        return [item for item in term if isinstance(item, str)]
    return None


def key_order(
    base: Mapping[str, object], local: Mapping[str, object], remote: Mapping[str, object]
) -> list[str]:
    """All keys, in the order of the side that changed the order, else in local's."""
    shared = [key for key in base if key in local and key in remote]
    ours = [key for key in local if key in base and key in remote]
    first, second = (remote, local) if ours == shared else (local, remote)
    if [key for key in remote if key in base and key in local] == shared:
        first, second = local, remote
    if list(first) == sorted(first):
        return sorted({*first, *second})
    behind: dict[str | None, list[str]] = {}
    last: str | None = None
    for key in second:
        if key in first:
            last = key
        else:
            behind.setdefault(last, []).append(key)
    order = list(behind.get(None, ()))
    for key in first:
        order += [key, *behind.get(key, ())]
    return order
