"""Owns: the merge of one cell, field by field.

Must not know: where the cell stands, other cells, how a conflict is shown.
Invariant: a field that only one side changed is that side's; the cell that comes out has the fields that
its type allows; a source in conflict stays a value.
"""

from __future__ import annotations

from nbmerge.frozen import frozen
from nbmerge.merge.fields import (
    NO_RUN,
    Run,
    follow,
    key_order,
    merge_attachments,
    merge_members,
    merge_run,
    no_run_for_text,
    run_of,
    unowned_run,
)
from nbmerge.merge.rules import guard
from nbmerge.merge.sequences import common_ends
from nbmerge.merge.text import merge_text
from nbmerge.merge.values import (
    Clash,
    Decided,
    Favor,
    MergedText,
    Notes,
    Policy,
    Side,
    Terms,
    Whole,
    decide,
    split,
)
from nbmerge.notebook.model import CODE, Cell, in_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbmerge.merge.values import Lines
    from nbmerge.notebook.jsontext import Json


_RULED = frozenset(
    {"cell_type", "source", "input", "outputs", "execution_count", "prompt_number", "attachments"}
)
_LANGUAGES = (
    ("dotnet_interactive", "language"),
    ("polyglot_notebook", "kernelName"),
    ("vscode", "languageId"),
)
_NOWHERE = Cell({})  # the base of a cell that both sides inserted


@frozen
class MergedCell:
    """A cell of the result.

    Where its source is in conflict the cell has an empty one, and `text` is what is to be shown there:
    decided lines and clashes of what the three `sources` hold (None: that side deleted the cell).
    `asked` are conflicts that were settled as the caller asked.
    """

    cell: Cell
    text: MergedText | None = None
    sources: Terms[str | None] = Terms("", "", "")
    asked: tuple[Clash[Lines], ...] = ()

    @property
    def was_in_conflict(self) -> bool:
        """Whether its source is in conflict, or was until that was settled as asked."""
        return self.text is not None or bool(self.asked)

    @property
    def conflicts(self) -> list[Terms[str | None]]:
        """The terms of each conflict in it: lines; of a deleted cell, whole sources."""
        if self.text is None:
            return []
        if self.deleted_by is not None:
            return [self.sources]
        return [Terms(*("\n".join(lines) for lines in clash)) for clash in self.text.clashes]

    @property
    def plain_source(self) -> str:
        """The source, of conflicts both sides one after the other."""
        if self.text is None:
            return self.cell.source
        both = (
            (*piece.local, *piece.remote) if isinstance(piece, Clash) else piece.value
            for piece in self.text.pieces
        )
        return "\n".join(line for lines in both for line in lines)

    @property
    def deleted_by(self) -> Side | None:
        """The side that has no such cell."""
        if self.sources.local is None:
            return Side.LOCAL
        return Side.REMOTE if self.sources.remote is None else None


def merge_cell(
    base: Cell | None, local: Cell, remote: Cell, policy: Policy, python: bool, notes: Notes
) -> MergedCell:
    """Merge a cell that both sides have; `base` is None if both inserted it."""
    kept = _one_side(base, local, remote)
    if kept is not None:
        return MergedCell(kept)
    sources = Terms(base or _NOWHERE, local, remote).map(lambda cell: cell.source)
    return merge_rewritten((base, local, remote), sources, policy, python, notes)


def merge_rewritten(
    sides: tuple[Cell | None, Cell, Cell], texts: Terms[str], policy: Policy, python: bool, notes: Notes
) -> MergedCell:
    """Merge a cell with other sources than it has in base and on the sides: lines were moved there, too.

    The outputs are still those of the sources that the cells have.
    """
    base, local, remote = sides
    cells = Terms(base or _NOWHERE, local, remote)
    kind = _merge_type(base, local, remote, notes)
    attachments, renamed = merge_attachments(
        cells.map(lambda cell: _object(cell.value, "attachments")), notes.below("attachments")
    )
    # both put another picture there: neither side's reference is base's any more
    replaced = dict.fromkeys(renamed, "replaced")
    sources = Terms(follow(texts.base, replaced), texts.local, follow(texts.remote, renamed))
    text = _merge_source(sources, kind, python, policy.whole, notes)
    clashes = tuple(text.clashes)
    if policy.favor is not Favor.NONE:
        text = favored(text, policy.favor, notes)
    if kind == CODE:
        run = merge_run(base, local, remote, text.text, policy, notes)
    else:
        run = no_run_for_text(base, local, remote, notes)
    fields = merge_members(cells.map(_plain_fields), policy.newer, notes)
    fields["cell_type"] = kind
    _note_language(cells, notes)
    if attachments and kind == CODE:
        notes.below("attachments").add("nothing", "a code cell has no attachments")
    cell = _assembled(fields, text.text, run, attachments, cells, base)
    return MergedCell(cell, asked=clashes) if text.text is not None else MergedCell(cell, text, sources)


def never_run(cell: Cell) -> Cell:
    """The cell without outputs and count."""
    if cell.type != CODE:
        return cell
    return cell.with_value({**cell.value, "outputs": [], cell.count_field: None})


def deleted_against_edited(
    base: Cell, kept: Cell, deleted_by: Side, policy: Policy, notes: Notes
) -> MergedCell:
    """The edited cell stays, its source in conflict with nothing."""
    lines, shape = split(kept.source)
    local = deleted_by is Side.LOCAL
    clash = Clash(split(base.source)[0], () if local else lines, lines if local else ())
    runs = (NO_RUN, run_of(kept)) if local else (run_of(kept), NO_RUN)
    run = unowned_run(run_of(base), *runs, policy, True, notes)
    ours, theirs = (None, kept.source) if local else (kept.source, None)
    cell = _contested(kept, run, (kept, base))
    return MergedCell(cell, MergedText((clash,), shape), Terms(base.source, ours, theirs))


def with_conflicts(cell: Cell, text: MergedText, policy: Policy, notes: Notes) -> MergedCell:
    """The cell with this text for its source; it was never run like that."""
    run = unowned_run(NO_RUN, run_of(cell), run_of(cell), policy, True, notes)
    contested = _contested(cell, run, (cell, *cell.spellings))
    return MergedCell(contested, text, Terms("", cell.source, cell.source))


def _contested(cell: Cell, run: Run, spellings: tuple[Cell, ...]) -> Cell:
    """The cell without a source yet, and with this run if it is code."""
    empty: Json = "" if isinstance(cell.value.get(cell.source_field), str) else []
    value = {**cell.value, "cell_type": cell.type, cell.source_field: empty}
    if cell.type == CODE:
        value["outputs"] = run.outputs
        if cell.major >= 4 or cell.count_field in value:
            value[cell.count_field] = run.count
    return Cell(value, cell.major, spellings=spellings)


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


def _merge_source(sources: Terms[str], kind: str, python: bool, whole: Whole, notes: Notes) -> MergedText:
    code = kind == CODE
    accept = guard(python and code, sources.local, sources.remote)
    merged = merge_text(*sources, code=code, accept=accept, whole=whole)
    for note in merged.notes:
        notes.below("source").add("both", note)
    return merged


def favored(text: MergedText, favor: Favor, notes: Notes) -> MergedText:
    """Every clash settled for one term or both sides, as the caller asked."""
    pieces = tuple(
        Decided(_lines_for(favor, piece)) if isinstance(piece, Clash) else piece for piece in text.pieces
    )
    if text.clashes:
        notes.below("source").add(favor.took, "a conflict, settled as asked")
    return MergedText(pieces, text.shape, text.notes)


def _lines_for(favor: Favor, clash: Clash[Lines]) -> Lines:
    match favor:
        case Favor.LOCAL:
            return clash.local
        case Favor.REMOTE:
            return clash.remote
        case Favor.UNION:  # once what both begin and end with
            head, tail = common_ends(clash.local, clash.remote)
            return (*clash.local[: len(clash.local) - tail], *clash.remote[head:])
    return clash.base


def _note_language(cells: Terms[Cell], notes: Notes) -> None:
    """Say that one side wrote for another language than the other side has chosen."""
    language, source = cells.map(_language), cells.map(lambda cell: cell.source)
    for side, other in (("local", "remote"), ("remote", "local")):
        chose, wrote = getattr(language, side) != language.base, getattr(source, other) != source.base
        if chose and wrote and getattr(language, other) == language.base != ():
            notes.below("metadata").add(side, "the language of a cell whose source the other side changed")


def _language(cell: Cell) -> tuple[Json, ...]:
    """What the metadata say of the cell's language, where a notebook has several."""
    found = (_object(_object(cell.value, "metadata"), tool).get(key) for tool, key in _LANGUAGES)
    return tuple(value for value in found if isinstance(value, str))


def _plain_fields(cell: Cell) -> dict[str, Json]:
    """The fields that have no rule of their own."""
    return {key: item for key, item in cell.value.items() if key not in _RULED}


def _assembled(
    fields: dict[str, Json],
    source: str | None,
    run: Run,
    attachments: Mapping[str, Json],
    cells: Terms[Cell],
    base: Cell | None,
) -> Cell:
    """The cell with the fields that its type has, in the order of its sides; a source that is in
    conflict (None) is left empty."""
    sides = (cells.local, cells.remote)
    shape = Cell(fields, cells.local.major)
    fields[shape.source_field] = (source or "") if _is_one_string(cells, base) else in_lines(source or "")
    if shape.type == CODE:
        fields["outputs"] = run.outputs
        if shape.major >= 4 or any(shape.count_field in side.value for side in sides):
            fields[shape.count_field] = run.count
    elif attachments or any("attachments" in side.value for side in sides):
        fields["attachments"] = dict(attachments)
    order = key_order(cells.map(lambda cell: cell.value))
    value = {key: fields[key] for key in order if key in fields}
    value |= {key: item for key, item in fields.items() if key not in value}
    same = (side for side in sides if source is not None and value == side.value)
    return next(same, None) or Cell(value, shape.major, spellings=(*sides, cells.base))


def _is_one_string(cells: Terms[Cell], base: Cell | None) -> bool:
    """A source is one string or a list of lines: as the side that changed that has it."""
    forms = cells.map(lambda cell: isinstance(cell.value.get(cell.source_field), str))
    return forms.remote if base is not None and forms.local == forms.base else forms.local


def _object(value: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}
