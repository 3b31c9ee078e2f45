"""Owns: the merge of what is a key with a value: metadata, unknown fields, attachments.

Must not know: how sources and outputs are merged.
Invariant: a key that only one side touched comes from that side; what both changed differently is
chosen by name, and noted.  No picture is dropped that a side added: where both put different ones under
one name, remote's gets another name, which its references follow.
"""

from __future__ import annotations

import re
from enum import Enum

from nbmerge.merge.values import Clash, Decided, Notes, Side, Terms, decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from nbmerge.notebook.jsontext import Json

    Term: TypeAlias = "Json | Missing"


class Missing(Enum):
    """A key that is not there."""

    MISSING = "missing"


MISSING = Missing.MISSING

# What tools write for themselves at every run or save: the newer save is right.
VOLATILE = frozenset(
    {
        *("language_info", "kernelspec", "kernel_info", "signature", "trusted", "widgets"),
        *("collapsed", "scrolled", "jupyter", "execution", "ExecuteTime", "executionInfo", "papermill"),
        *("vscode", "colab", "colab_type", "outputId", "azdata", "pycharm", "nteract", "varInspector"),
    }
)
# Half of one and half of the other would describe a kernel that does not exist.
WHOLE = frozenset({"language_info", "kernelspec", "papermill", "execution", "ExecuteTime"})


def merge_members(
    objects: Terms[Mapping[str, Json]], newer: Side, notes: Notes, volatile: bool = False
) -> dict[str, Json]:
    """Three objects, key by key."""
    merged: dict[str, Json] = {}
    for key in key_order(objects):
        changes_by_itself = volatile or key in VOLATILE
        value = _merge_value(member(objects, key), key, newer, notes.below(key), changes_by_itself)
        if value is not MISSING:
            merged[key] = value
    return merged


def member(objects: Terms[Mapping[str, Json]], key: str) -> Terms[Term]:
    """One key of three objects; MISSING where it is not there."""
    return Terms(
        objects.base.get(key, MISSING), objects.local.get(key, MISSING), objects.remote.get(key, MISSING)
    )


def _merge_value(values: Terms[Term], key: str, newer: Side, notes: Notes, volatile: bool) -> Term:
    law: Decided[Term] | Clash[Term] = decide(*values)
    base, local, remote = values
    decided = isinstance(law, Decided)
    if isinstance(local, dict) and isinstance(remote, dict) and (decided or key not in WHOLE):
        # equal objects too: the law does not see the order of their keys
        known = base if isinstance(base, dict) else {}
        return merge_members(Terms(known, local, remote), newer, notes, volatile)
    if isinstance(law, Decided):
        return law.value
    sets = _as_sets(values)
    if sets is not None:
        return sets
    if local is MISSING or remote is MISSING:
        notes.add("remote" if local is MISSING else "local", "changed by one side, removed by the other")
        return remote if local is MISSING else local
    side = newer if volatile else Side.LOCAL
    why = "changes by itself; the newer one" if volatile and newer is Side.REMOTE else "changed by both sides"
    notes.add(side.value, why)
    return remote if side is Side.REMOTE else local


def _as_sets(values: Terms[Term]) -> list[Json] | None:
    """Lists of strings such as tags: what a side added is added, what it removed is removed."""
    before, ours, theirs = (_strings(term) for term in values)
    if ours is None or theirs is None or (before is None and values.base is not MISSING):
        return None
    known = before or []
    kept = [item for item in ours if item in theirs or item not in known]
    return [*kept, *(item for item in theirs if item not in known and item not in ours)]


def _strings(term: Term) -> list[str] | None:
    if isinstance(term, list) and all(isinstance(item, str) for item in term):
        return [item for item in term if isinstance(item, str)]
    return None


def key_order(objects: Terms[Mapping[str, Json]]) -> list[str]:
    """All keys of local and remote, in the order of the side that changed it, else local's."""
    base, local, remote = objects
    shared = [key for key in base if key in local and key in remote]
    ours = [key for key in local if key in base and key in remote]
    first, second = (remote, local) if ours == shared else (local, remote)
    if [key for key in remote if key in base and key in local] == shared:
        first, second = local, remote
    if all(list(side) == sorted(side) for side in (first, second)):
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


def merge_attachments(
    attachments: Terms[Mapping[str, Json]], notes: Notes
) -> tuple[dict[str, Json], dict[str, str]]:
    """The merged attachments, and old name -> new name for references in remote's text."""
    merged: dict[str, Json] = {}
    renamed: dict[str, str] = {}
    for name in key_order(attachments):
        law = decide(*member(attachments, name))
        if isinstance(law, Decided):
            if law.value is not MISSING:
                merged[name] = law.value
        elif law.local is MISSING or law.remote is MISSING:
            side, kept = ("remote", law.remote) if law.local is MISSING else ("local", law.local)
            if kept is not MISSING:
                merged[name] = kept
            notes.below(name).add(side, "changed by one side, removed by the other")
        else:
            new = free_name(name, {key for side in attachments for key in side} | set(merged))
            merged[name], merged[new] = law.local, law.remote
            renamed[name] = new
            notes.below(name).add("both", f"different under one name; remote's is now {new}")
    return merged, renamed


def free_name(name: str, taken: set[str]) -> str:
    """`image.png` -> `image-2.png`, the first number that nobody uses."""
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    number = 2
    while f"{stem}-{number}{dot}{ending}" in taken:
        number += 1
    return f"{stem}-{number}{dot}{ending}"


def follow(source: str, renamed: Mapping[str, str]) -> str:
    """The source with its `attachment:` references following the new names."""
    for old, new in renamed.items():
        whole_name = rf"attachment:{re.escape(old)}(?![\w.-]*[\w-])"
        source = re.sub(whole_name, f"attachment:{new}".replace("\\", r"\\"), source)
    return source
