"""Owns: the merge of one cell, field by field.

Must not know: where the cell stands, or other cells (ids are made unique elsewhere).
Invariant: a field that only one side changed is that side's; the cell that comes out
has the fields that its type allows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nbmerge.merge.attachments import follow, merge_attachments
from nbmerge.merge.guard import guard
from nbmerge.merge.markers import marker_size, render
from nbmerge.merge.metadata import key_order, merge_members
from nbmerge.merge.outputs import NO_RUN, Run, merge_run
from nbmerge.merge.policy import Favor, Policy, Side
from nbmerge.merge.results import Notes
from nbmerge.merge.text import MergedText, merge_text, split
from nbmerge.merge.threeway import Clash, Decided, decide
from nbmerge.notebook.model import CODE, Cell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbmerge.merge.text import Lines
    from nbmerge.notebook.jsontext import Json


_RULED = frozenset({"source", "input", "outputs", "execution_count", "prompt_number", "attachments"})


@dataclass(frozen=True, slots=True)
class Terms:
    """What a conflict is about: three texts; None where a side has no cell."""

    base: str | None
    local: str | None
    remote: str | None


@dataclass(frozen=True, slots=True)
class MergedCell:
    cell: Cell
    conflicts: tuple[Terms, ...] = ()


def merge_cell(
    base: Cell | None, local: Cell, remote: Cell, policy: Policy, python: bool, notes: Notes
) -> MergedCell:
    """Merge a cell that both sides have; `base` is None if both inserted it."""
    kept = _one_side(base, local, remote)
    if kept is not None:
        return MergedCell(kept)
    before = base.value if base is not None else {}
    terms = (before, local.value, remote.value)
    kind = _merge_type(base, local, remote, notes)
    attachments, renamed = merge_attachments(
        *(_object(term, "attachments") for term in terms), notes.below("attachments")
    )
    sources = (base.source if base is not None else "", local.source, follow(remote.source, renamed))
    text = _merge_source(sources, kind, python, notes)
    if policy.favor is not Favor.NONE:
        text = _favored(text, policy.favor, notes)
    run = merge_run(base, local, remote, text.text, policy, notes)
    size = marker_size(policy.marker_size, *sources)
    shown = render(text, policy, policy.labels, size)
    parts = merge_members(*(_plain_fields(term) for term in terms), policy.newer, notes)
    parts["cell_type"] = kind
    cell = _assembled(parts, shown, run, attachments, base, (local, remote))
    return MergedCell(cell, tuple(_terms(text)))


def deleted_against_edited(base: Cell, kept: Cell, deleted_by: Side, policy: Policy) -> MergedCell:
    """The edited cell stays, its source shown as a conflict with nothing."""
    lines, shape = split(kept.source)
    before = split(base.source)[0]
    local = deleted_by is Side.LOCAL
    clash: Clash[Lines] = Clash(before, () if local else lines, lines if local else ())
    gone = f"{getattr(policy.labels, deleted_by.value)} (deleted)".lstrip()
    labels = replace(policy.labels, **{deleted_by.value: gone})
    size = marker_size(policy.marker_size, base.source, kept.source)
    shown = render(MergedText((clash,), shape), policy, labels, size)
    terms = Terms(base.source, None if local else kept.source, kept.source if local else None)
    parts = _plain_fields(kept.value)
    attachments = _object(kept.value, "attachments")
    cell = _assembled(parts, shown, NO_RUN, attachments, base, (kept,))
    return MergedCell(cell, (terms,))


def same_text(one: str, other: str) -> bool:
    """True if two sources differ at most in white space at line ends and blank ends."""
    return one == other or _stripped(one) == _stripped(other)


def _stripped(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().split("\n")]


def _one_side(base: Cell | None, local: Cell, remote: Cell) -> Cell | None:
    """The cell itself where only one side (or neither) changed it: its text is kept too."""
    if base is None:
        return local if local.value == remote.value else None
    if local is remote or remote is base or local.value == remote.value:
        respelled = local.text == base.text and remote.layout == local.layout
        return remote if respelled else local
    if local is base or base.value == local.value:
        return remote
    return local if base.value == remote.value else None


def _merge_type(base: Cell | None, local: Cell, remote: Cell, notes: Notes) -> str:
    law = decide(base.type if base is not None else None, local.type, remote.type)
    if isinstance(law, Decided) and law.value is not None:
        return law.value
    notes.below("cell_type").add("local", "changed by both sides")
    return local.type


def _merge_source(
    sources: tuple[str, str, str], kind: str, python: bool, notes: Notes
) -> MergedText:
    code = kind == CODE
    merged = merge_text(*sources, code=code, accept=guard(python and code, *sources[1:]))
    for note in merged.notes:
        notes.below("source").add("both", note)
    return merged


def _favored(text: MergedText, favor: Favor, notes: Notes) -> MergedText:
    """Every clash settled for one term, as the caller asked."""
    pieces = tuple(
        Decided(getattr(piece, favor.value)) if isinstance(piece, Clash) else piece
        for piece in text.pieces
    )
    if text.clashes:
        notes.below("source").add(favor.value, "a conflict, settled as asked")
    return replace(text, pieces=pieces)


def _terms(text: MergedText) -> list[Terms]:
    return [Terms(*("\n".join(term) for term in (c.base, c.local, c.remote))) for c in text.clashes]


def _plain_fields(value: Mapping[str, Json]) -> dict[str, Json]:
    """The fields that have no rule of their own."""
    return {key: item for key, item in value.items() if key not in _RULED}


def _assembled(
    parts: dict[str, Json],
    source: str,
    run: Run,
    attachments: Mapping[str, Json],
    base: Cell | None,
    sides: tuple[Cell, ...],
) -> Cell:
    """The cell with the fields that its type has, in the order of its sides."""
    major = sides[0].major
    shape = Cell(parts, major)
    one_string = _is_one_string(base, sides)
    parts[shape.source_field] = source if one_string else _as_lines(source)
    known = [side.value for side in sides]
    if shape.type == CODE:
        parts["outputs"] = run.outputs
        if major >= 4 or any(shape.count_field in value for value in known):
            parts[shape.count_field] = run.count
    elif attachments or any("attachments" in value for value in known):
        parts["attachments"] = dict(attachments)
    order = key_order(base.value if base is not None else {}, known[0], known[-1])
    value = {key: parts[key] for key in order if key in parts}
    value |= {key: item for key, item in parts.items() if key not in value}
    for side in sides:
        if value == side.value:
            return side
    return Cell(value, major, spellings=sides if base is None else (*sides, base))


def _is_one_string(base: Cell | None, sides: tuple[Cell, ...]) -> bool:
    """A source is one string or a list of lines: as the side that changed that has it."""
    local, remote = (isinstance(c.value.get(c.source_field), str) for c in (sides[0], sides[-1]))
    if base is None:
        return local
    return remote if local == isinstance(base.value.get(base.source_field), str) else local


def _as_lines(source: str) -> list[Json]:
    lines: list[Json] = [line + "\n" for line in source.split("\n")]
    last = source.rpartition("\n")[2]
    return lines[:-1] + ([last] if last else [])


def _object(value: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}
