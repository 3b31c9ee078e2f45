"""Owns: the merge of what is no source: metadata and unknown fields, attachments, outputs and counts.

Must not know: how a source was merged, only what came out.
Invariant: a key that only one side touched comes from that side; what both changed differently is chosen by
name, and noted; an element that a side added to a list is in the result, once.  No picture is dropped that a
side added: where both put different ones under one name, remote's gets another name, which its references
follow.  Outputs never stand under a source that did not make them, unless the caller's policy asks for it.

Lists of texts such as tags are sets.  In other lists (kernelInfo's items, Kaggle's data sources, authors)
an element is known again if it is equal, if it has the same name (see _NAMES), or if it alone stands in the
place of another.
"""

from __future__ import annotations

import re
from enum import Enum

from nbmerge.frozen import frozen
from nbmerge.merge.ordering import Ordering, Positions
from nbmerge.merge.sequences import align
from nbmerge.merge.values import Clash, Decided, Notes, Outputs, Policy, Side, Terms, decide
from nbmerge.notebook.jsontext import Number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from typing import TypeAlias

    from nbmerge.notebook.jsontext import Json
    from nbmerge.notebook.model import Cell

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
    if isinstance(local, list) and isinstance(remote, list) and isinstance(base, list | Missing):
        known_list = base if isinstance(base, list) else []
        if all(isinstance(item, str) for item in (*known_list, *local, *remote)):
            return _merge_sets(known_list, local, remote)
        return _merge_lists(Terms(known_list, local, remote), newer, notes, volatile)
    if local is MISSING or remote is MISSING:
        notes.add("remote" if local is MISSING else "local", "changed by one side, removed by the other")
        return remote if local is MISSING else local
    side = newer if volatile else Side.LOCAL
    why = "changes by itself; the newer one" if volatile and newer is Side.REMOTE else "changed by both sides"
    notes.add(side.value, why)
    return remote if side is Side.REMOTE else local


def _merge_sets(base: list[Json], local: list[Json], remote: list[Json]) -> list[Json]:
    """What a side added is added, what it removed is removed, in the order of local."""
    kept = [item for item in local if item in remote or item not in base]
    return [*kept, *(item for item in remote if item not in base and item not in local)]


# What objects in lists are commonly known by, the surest first.
_NAMES = ("id", "sourceId", "datasetId", "name", "key", "path", "uri", "url", "email", "label", "title")


def _merge_lists(lists: Terms[list[Json]], newer: Side, notes: Notes, volatile: bool) -> list[Json]:
    """Each element that somebody has and nobody removed, once."""
    base, local, remote = lists
    to_local, to_remote = _match(base, local), _match(base, remote)
    ours, theirs = Positions(len(local), to_local), Positions(len(remote), to_remote)
    new = _match([local[j] for j in ours.inserted], [remote[k] for k in theirs.inserted], lone=False)
    both = {ours.inserted[x]: theirs.inserted[y] for x, y in new.items()}
    merged: list[Json] = []
    for row in Ordering(ours, theirs, both).run(len(base)):
        places = zip((row.base, row.local, row.remote), lists, strict=True)
        terms = Terms(*(MISSING if at is None else side[at] for at, side in places))
        value = _merge_value(terms, "", newer, notes.below(len(merged)), volatile)
        if value is not MISSING:
            merged.append(value)
    return merged


def _match(base: list[Json], side: list[Json], lone: bool = True) -> dict[int, int]:
    """Index in `base` -> index in `side`: equal elements, then those of one name; with `lone`, those
    that alone have changed between others."""
    found = dict(align(list(map(_canonical, base)), list(map(_canonical, side))))
    taken = set(found.values())
    for name in _NAMES:
        here, there = _named(base, name), _named(side, name)
        for text, i in here.items():
            if text in there and i not in found and there[text] not in taken:
                found[i] = there[text]
                taken.add(there[text])
    for i in range(len(base)) if lone else ():
        before = found.get(i - 1, -1 if i == 0 else None)
        behind = found.get(i + 1, len(side) if i + 1 == len(base) else None)
        if i not in found and before is not None and behind == before + 2 and before + 1 not in taken:
            found[i] = before + 1
            taken.add(before + 1)
    return found


def _named(items: list[Json], name: str) -> dict[Json, int]:
    """The places of objects by what stands under a key, if that is a text or number, and there once."""
    places: dict[Json, int] = {}
    twice = set()
    for place, item in enumerate(items):
        text = item.get(name) if isinstance(item, dict) else None
        if isinstance(text, str | Number) and places.setdefault(text, place) != place:
            twice.add(text)
    return {text: place for text, place in places.items() if text not in twice}


def _canonical(value: Json) -> Hashable:
    """A value that can be hashed, and equals another where the JSON values are equal."""
    if isinstance(value, dict):
        return frozenset((key, _canonical(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(map(_canonical, value))
    return (type(value), value)


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
    """The merged attachments, and old name -> new name for references in remote's text, of all that both
    sides changed."""
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
            renamed[name] = name  # its text is in conflict where it shows the picture
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


_COMMENT_OR_BLANK = r"^\s*(?:#(?!\s*%%).*)?$"


@frozen
class Run:
    """What one execution of a source left behind."""

    outputs: list[Json]
    count: Json
    plain: Json

    @property
    def happened(self) -> bool:
        return bool(self.outputs) or self.count is not None


NO_RUN = Run([], None, [])


def run_of(cell: Cell | None) -> Run:
    """What the cell shows of its last execution."""
    if cell is None or cell.type != "code":
        return NO_RUN
    return Run(cell.outputs, cell.value.get(cell.count_field), cell.plain_outputs)


def merge_run(
    base: Cell | None, local: Cell, remote: Cell, source: str | None, policy: Policy, notes: Notes
) -> Run:
    """The run that belongs to the merged source (None: the source is in conflict)."""
    ours, theirs, before = run_of(local), run_of(remote), run_of(base)
    contested = ours != theirs and ours != before and theirs != before
    made_by_local = source is not None and made(source, local)
    made_by_remote = source is not None and made(source, remote)
    stale = not made_by_local and not made_by_remote
    if stale or (contested and policy.outputs is not Outputs.RUN):
        return unowned_run(before, ours, theirs, policy, source is None, notes)
    if made_by_local and made_by_remote:
        return _of_one_source(before, ours, theirs, policy.newer, notes)
    chosen, dropped, side = (ours, theirs, "local") if made_by_local else (theirs, ours, "remote")
    if chosen == before and not dropped.outputs:  # cleared, and not run since: its only change
        return dropped
    if dropped not in (before, chosen):
        notes.below("outputs").add(side, "they follow the source; the other side's belong to another one")
    return chosen


def unowned_run(before: Run, ours: Run, theirs: Run, policy: Policy, conflict: bool, notes: Notes) -> Run:
    """No run belongs to the source that came out: none, unless the policy names one."""
    if not (ours.happened or theirs.happened):
        return NO_RUN
    if policy.outputs is Outputs.RUN:
        why = "the source is in conflict" if conflict else "the merged source was never run"
        notes.below("outputs").add("nothing", f"{why}; --outputs local or remote brings outputs back")
        return NO_RUN
    notes.below("outputs").add(policy.outputs.value, "asked for with --outputs")
    return _asked_for(policy.outputs, before, ours, theirs)


def no_run_for_text(base: Cell | None, local: Cell, remote: Cell, notes: Notes) -> Run:
    """A cell that is no code has no outputs, also if a side has just run it."""
    if any(run.happened and run != run_of(base) for run in (run_of(local), run_of(remote))):
        notes.below("outputs").add("nothing", "only a code cell has outputs")
    return NO_RUN


def made(source: str, cell: Cell) -> bool:
    """True if the cell's outputs are those of this source, comments and blank lines apart."""
    return cell.type == "code" and (source == cell.source or _bare(source) == _bare(cell.source))


def _bare(source: str) -> list[str]:
    if '"""' in source or "'''" in source:  # a line of a string may look like a comment
        return [source]
    return [line for line in source.split("\n") if not re.match(_COMMENT_OR_BLANK, line)]


def _of_one_source(before: Run, ours: Run, theirs: Run, newer: Side, notes: Notes) -> Run:
    """Both sides hold the same source: the side that ran it; both did: the later run.

    A side that still shows base's run has not run the source, whether that is new or not.
    """
    law = decide(before, ours, theirs, plain=lambda run: (run.plain, run.count))
    if isinstance(law, Decided):
        return law.value
    later, earlier = (theirs, ours) if newer is Side.REMOTE else (ours, theirs)
    if later.outputs or not earlier.outputs:
        side = newer
    else:
        side, later = newer.other, earlier
    if ours.plain != theirs.plain:
        notes.below("outputs").add(side.value, "run by both sides")
    else:
        notes.below("execution_count").add(side.value, "run by both sides")
    return later


def _asked_for(outputs: Outputs, before: Run, ours: Run, theirs: Run) -> Run:
    match outputs:
        case Outputs.LOCAL:
            return ours
        case Outputs.REMOTE:
            return theirs
        case Outputs.BASE:
            return before
        case Outputs.UNION:
            more = [item for item in theirs.outputs if item not in ours.outputs]
            count = ours.count if ours.count is not None else theirs.count
            return Run(ours.outputs + more, count, [])
        case _:
            return NO_RUN
