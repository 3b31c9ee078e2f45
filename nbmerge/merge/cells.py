"""Owns: the merge of a cell's attachments (pictures pasted into markdown), by name.
the merge of one cell, field by field.

Must not know: sources beyond references.
where the cell stands, or other cells (ids are made unique elsewhere).
Invariant: no picture is dropped that a side
added; where both put different ones under one name, remote's gets another name and
remote's references follow it.
a field that only one side changed is that side's; the cell that comes out
has the fields that its type allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from nbmerge.merge.markers import marker_size, render
from nbmerge.merge.metadata import MISSING, key_order, member, merge_members
from nbmerge.merge.outputs import NO_RUN, Run, merge_run, no_run_for_text, run_of, unowned_run
from nbmerge.merge.rules import guard
from nbmerge.merge.text import MergedText, merge_text, split
from nbmerge.merge.values import Clash, ConflictStyle, Decided, Favor, Notes, Policy, Side, Terms, decide
from nbmerge.notebook.model import CODE, Cell, in_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbmerge.notebook.jsontext import Json


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


_RULED = frozenset(
    {"cell_type", "source", "input", "outputs", "execution_count", "prompt_number", "attachments"}
)
_NOWHERE = Cell({})  # the base of a cell that both sides inserted


@dataclass(frozen=True, slots=True)
class MergedCell:
    """A cell of the result and the conflicts in it; a term is None where a side has no cell."""

    cell: Cell
    conflicts: tuple[Terms[str | None], ...] = ()


def merge_cell(
    base: Cell | None, local: Cell, remote: Cell, policy: Policy, python: bool, notes: Notes
) -> MergedCell:
    """Merge a cell that both sides have; `base` is None if both inserted it."""
    kept = _one_side(base, local, remote)
    if kept is not None:
        return MergedCell(kept)
    cells = Terms(base or _NOWHERE, local, remote)
    kind = _merge_type(base, local, remote, notes)
    attachments, renamed = merge_attachments(
        cells.map(lambda cell: _object(cell.value, "attachments")), notes.below("attachments")
    )
    # both put another picture there: neither side's reference is base's any more
    replaced = dict.fromkeys(renamed, "replaced")
    sources = Terms(follow(cells.base.source, replaced), local.source, follow(remote.source, renamed))
    text = _merge_source(sources, kind, python, notes)
    if policy.favor is not Favor.NONE:
        text = _favored(text, policy.favor, notes)
    if kind == CODE:
        run = merge_run(base, local, remote, text.text, policy, notes)
    else:
        run = no_run_for_text(base, local, remote, notes)
    shown = render(text, policy, policy.labels, _marker_size(policy, *sources))
    fields = merge_members(cells.map(_plain_fields), policy.newer, notes)
    fields["cell_type"] = kind
    if attachments and kind == CODE:
        notes.below("attachments").add("nothing", "a code cell has no attachments")
    cell = _assembled(fields, shown, run, attachments, cells, base)
    return MergedCell(cell, tuple(_as_texts(clash) for clash in text.clashes))


def deleted_against_edited(
    base: Cell, kept: Cell, deleted_by: Side, policy: Policy, notes: Notes
) -> MergedCell:
    """The edited cell stays, its source shown as a conflict with nothing."""
    lines, shape = split(kept.source)
    local = deleted_by is Side.LOCAL
    clash = Clash(split(base.source)[0], () if local else lines, lines if local else ())
    gone = f"{getattr(policy.labels, deleted_by.value)} (deleted)".lstrip()
    labels = replace(policy.labels, **{deleted_by.value: gone})
    size = _marker_size(policy, base.source, kept.source)
    shown = render(MergedText((clash,), shape), policy, labels, size)
    runs = (NO_RUN, run_of(kept)) if local else (run_of(kept), NO_RUN)
    run = unowned_run(run_of(base), *runs, policy, True, notes)
    attachments = _object(kept.value, "attachments")
    cells = Terms(base, kept, kept)
    fields = _plain_fields(kept) | {"cell_type": kept.type}
    cell = _assembled(fields, shown, run, attachments, cells, base)
    ours, theirs = (None, kept.source) if local else (kept.source, None)
    return MergedCell(cell, (Terms(base.source, ours, theirs),))


def with_conflicts(cell: Cell, text: MergedText, policy: Policy, notes: Notes) -> MergedCell:
    """The cell with this text for its source, conflicts shown; it was never run like that."""
    shown = render(text, policy, policy.labels, _marker_size(policy, "", cell.source))
    run = unowned_run(NO_RUN, run_of(cell), run_of(cell), policy, True, notes)
    fields = _plain_fields(cell) | {"cell_type": cell.type}
    cells = Terms(cell, cell, cell)
    contested = _assembled(fields, shown, run, _object(cell.value, "attachments"), cells, cell)
    return MergedCell(contested, tuple(_as_texts(clash) for clash in text.clashes))


def _marker_size(policy: Policy, base: str, *sides: str) -> int:
    """Longer than what looks like a marker in the texts that are shown: base often is not."""
    shown = sides if policy.conflict_style is ConflictStyle.MERGE else (base, *sides)
    return marker_size(policy.marker_size, *shown)


def same_text(one: str, other: str) -> bool:
    """True if two sources differ at most in white space at line ends and blank ends."""
    return one == other or _stripped(one) == _stripped(other)


def _stripped(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().split("\n")]


def _one_side(base: Cell | None, local: Cell, remote: Cell) -> Cell | None:
    """The cell itself where only one side (or neither) changed it: its text is kept too."""
    if base is None:
        return local if local.value == remote.value else None
    if local is remote:
        return local
    if remote is base or local.value == remote.value:
        respelled = local.text == base.text and remote.layout == local.layout
        return remote if respelled else local
    if local is base or base.value == local.value:
        return remote
    return local if base.value == remote.value else None


def _merge_type(base: Cell | None, local: Cell, remote: Cell, notes: Notes) -> str:
    law = decide(base.type if base is not None else "", local.type, remote.type)
    if isinstance(law, Decided):
        return law.value
    notes.below("cell_type").add("local", "changed by both sides")
    return local.type


def _merge_source(sources: Terms[str], kind: str, python: bool, notes: Notes) -> MergedText:
    code = kind == CODE
    accept = guard(python and code, sources.local, sources.remote)
    merged = merge_text(*sources, code=code, accept=accept)
    for note in merged.notes:
        notes.below("source").add("both", note)
    return merged


def _favored(text: MergedText, favor: Favor, notes: Notes) -> MergedText:
    """Every clash settled for one term, as the caller asked."""
    pieces = tuple(
        Decided(getattr(piece, favor.value)) if isinstance(piece, Clash) else piece for piece in text.pieces
    )
    if text.clashes:
        notes.below("source").add(favor.value, "a conflict, settled as asked")
    return replace(text, pieces=pieces)


def _as_texts(clash: Clash[tuple[str, ...]]) -> Terms[str | None]:
    return Terms("\n".join(clash.base), "\n".join(clash.local), "\n".join(clash.remote))


def _plain_fields(cell: Cell) -> dict[str, Json]:
    """The fields that have no rule of their own."""
    return {key: item for key, item in cell.value.items() if key not in _RULED}


def _assembled(
    fields: dict[str, Json],
    source: str,
    run: Run,
    attachments: Mapping[str, Json],
    cells: Terms[Cell],
    base: Cell | None,
) -> Cell:
    """The cell with the fields that its type has, in the order of its sides."""
    sides = (cells.local, cells.remote)
    shape = Cell(fields, cells.local.major)
    fields[shape.source_field] = source if _is_one_string(cells, base) else in_lines(source)
    if shape.type == CODE:
        fields["outputs"] = run.outputs
        if shape.major >= 4 or any(shape.count_field in side.value for side in sides):
            fields[shape.count_field] = run.count
    elif attachments or any("attachments" in side.value for side in sides):
        fields["attachments"] = dict(attachments)
    order = key_order(cells.map(lambda cell: cell.value))
    value = {key: fields[key] for key in order if key in fields}
    value |= {key: item for key, item in fields.items() if key not in value}
    for side in sides:
        if value == side.value:
            return side
    return Cell(value, shape.major, spellings=(*sides, cells.base))


def _is_one_string(cells: Terms[Cell], base: Cell | None) -> bool:
    """A source is one string or a list of lines: as the side that changed that has it."""
    forms = cells.map(lambda cell: isinstance(cell.value.get(cell.source_field), str))
    return forms.remote if base is not None and forms.local == forms.base else forms.local


def _object(value: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}
