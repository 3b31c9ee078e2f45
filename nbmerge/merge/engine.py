"""Owns: the merge of three notebooks: which rule is applied where, to the cells and around them.

Must not know: bytes, files, git, time; how conflicts are shown.
Invariant: pure: the same notebooks and policy give the same result, and nothing that goes in is changed. No
line that one side moved to another cell and the other side deleted, or moved elsewhere, comes out clean:
cell by cell it looks like one line deleted and another inserted, which would resurrect or double it.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from nbmerge.frozen import frozen
from nbmerge.merge.cells import (
    MergedCell,
    deleted_against_edited,
    favored,
    merge_cell,
    merge_rewritten,
    never_run,
    same_text,
    with_conflicts,
)
from nbmerge.merge.fields import member, merge_members
from nbmerge.merge.identity import METADATA_IDS, metadata_id, repeated, with_metadata_id
from nbmerge.merge.matching import cells_at, rows
from nbmerge.merge.moves import follow_moves
from nbmerge.merge.ordering import Row
from nbmerge.merge.sequences import align
from nbmerge.merge.text import is_too_many
from nbmerge.merge.values import (
    Clash,
    Decided,
    Decision,
    Favor,
    MergedText,
    Notes,
    Policy,
    Result,
    Side,
    Terms,
    decide,
    split,
)
from nbmerge.notebook.jsontext import Number
from nbmerge.notebook.model import Cell, Notebook, merge_styles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbmerge.merge.values import Notes, Piece, Policy
    from nbmerge.notebook.jsontext import Json

_MINOR_WITH_IDS = 5
_TELLING = 15  # characters; lines such as `plt.show()` stand in many cells, and are not moved


def merge(base: Notebook, local: Notebook, remote: Notebook, policy: Policy = Policy()) -> Result:
    """Merge what `local` and `remote` each made of `base`.

    The three must be of one nbformat major (see notebook.versions).  Conflicts are values in the result
    until `markers.render` shows them.
    """
    notes = Notes()
    frame = _merge_frame(base, local, remote, policy, notes)
    style = merge_styles(base.style, local.style, remote.style)
    respelled = style.layout.fits(remote.style.layout) and not style.layout.fits(local.style.layout)
    notebooks = (remote, local, base) if respelled else (local, remote, base)
    draft = Notebook(frame, (), style, spellings=notebooks)
    sides = Terms(base, local, remote)
    merging = _Cells(sides, policy, is_python(frame), notes)
    merged = merging.run(prefer=Side.REMOTE if respelled else Side.LOCAL)
    items = [item for item, _ in merged]
    cells = unique_metadata_ids(items, unique_ids(items, draft.minor, sides, notes), sides, notes)
    contested = {
        place: MergedCell(cells[place], item.text, item.sources)
        for place, item in enumerate(items)
        if item.text is not None
    }
    origins = tuple(Terms(row.base, row.local, row.remote) for _, row in merged)
    return Result(draft.with_cells(cells), contested, tuple(notes.taken), origins)


@frozen
class _Cells:
    """The cells of three notebooks on their way to one list."""

    sides: Terms[Notebook]
    policy: Policy
    python: bool
    notes: Notes

    def run(self, prefer: Side) -> list[tuple[MergedCell, Row]]:
        """The merged cells, each with the row that it came from."""
        found = rows(*(side.cells for side in self.sides))
        sources = [cells_at(row, self.sides).map(_source_of) for row in found]
        moved = follow_moves(sources)
        merging: list[_MergedRow] = []
        number = 0
        for place, row in enumerate(found):
            merged = None if place in moved else self.untouched(row)
            merging.append(merged or self.row(row, sources[place], moved.get(place), number, prefer))
            number += merging[-1].item is not None
        items = contest_moved_lines(merging, self.policy)
        return [(item, row) for item, row in zip(items, found, strict=True) if item is not None]

    def untouched(self, row: Row) -> _MergedRow | None:
        """What is made of a row of which the sides share base's cell, as they do most of a large notebook;
        nothing is to be noted of it.  None if it is no such row."""
        base, local, remote = cells_at(row, self.sides)
        if base is None or row.contested or not base is local is remote:
            return None
        return _MergedRow(Terms(base.source, base.source, base.source), MergedCell(base), self.notes)

    def row(
        self, row: Row, sources: Terms[str | None], moved: Terms[str | None] | None, number: int, prefer: Side
    ) -> _MergedRow:
        """What is made of any row; `number`: how many cells stand before it, `moved`: its sources where lines
        moved."""
        three = cells_at(row, self.sides)
        here = self.notes.below("cells").below(number)
        if moved is not None:
            item = self.with_moved_lines(row, three, moved, here)
        else:
            item = self.cell(row, three, here)
        if item is not None:
            item = _preferred(item, three.remote if prefer is Side.REMOTE else three.local)
            if row.contested:
                here.add("local", "put at different places by the two sides")
        return _MergedRow((moved or sources).map(lambda source: source or ""), item, here)

    def cell(self, row: Row, three: Terms[Cell | None], notes: Notes) -> MergedCell | None:
        """The merged cell of one row; None if it is deleted."""
        base, local, remote = three
        if local is not None and remote is not None:
            return merge_cell(base, local, remote, self.policy, self.python, notes)
        kept = local or remote
        if base is None:
            return MergedCell(kept) if kept is not None else None
        if kept is None:
            return None
        by = Side.LOCAL if local is None else Side.REMOTE
        if not same_text(base.source, kept.source):
            return self.deleted_against_edited(row, three, by, notes)
        gone = Notes(f"base:/cells/{row.base}", notes.taken)
        if row.moved:
            gone.add(by.value, "deleted; the other side moved it")
        if kept.value != base.value:
            gone.add(by.value, "deleted; the other side changed outputs or metadata only")
        return None

    def with_moved_lines(
        self, row: Row, three: Terms[Cell | None], texts: Terms[str | None], notes: Notes
    ) -> MergedCell | None:
        """The cell of a row in which lines were taken out or put in everywhere, as one side did."""
        notes.below("source").add(
            "both", "one side moved lines to another cell; the other's edits went along"
        )
        base, local, remote = three
        present = local or remote
        if present is None or (base is not None and (local is None or remote is None)):
            return self.cell(row, Terms(*map(_with_source, three, texts)), notes)
        sides = (base, local or never_run(present), remote or never_run(present))
        return merge_rewritten(sides, texts.map(lambda text: text or ""), self.policy, self.python, notes)

    def deleted_against_edited(
        self, row: Row, three: Terms[Cell | None], by: Side, notes: Notes
    ) -> MergedCell | None:
        base, kept = three.base, three.local or three.remote
        assert base is not None
        assert kept is not None
        favor = self.policy.favor
        if favor is Favor.NONE:
            return deleted_against_edited(base, kept, by, self.policy, notes)
        if favor.value == by.value:
            notes = Notes(f"base:/cells/{row.base}", notes.taken)
        notes.add(by.other.value if favor is Favor.UNION else favor.value, "a conflict, settled as asked")
        if favor.value == by.value:
            return None
        lines = split(base.source)[0], split(kept.source)[0]
        return MergedCell(base if favor is Favor.BASE else kept, asked=(Clash(lines[0], *lines),))


def _source_of(cell: Cell | None) -> str | None:
    return None if cell is None else cell.source


def _with_source(cell: Cell | None, source: str | None) -> Cell | None:
    return None if cell is None or source is None else cell.with_source(source)


def _preferred(item: MergedCell, known: Cell | None) -> MergedCell:
    """The same cell as it stands in the file whose layout the result has."""
    if known is None or item.text is not None or known.value != item.cell.value:
        return item
    same_layout = item.cell.layout == known.layout and item.cell.span is not None
    return item if same_layout else MergedCell(known)


def _merge_frame(
    base: Notebook, local: Notebook, remote: Notebook, policy: Policy, notes: Notes
) -> dict[str, Json]:
    """Everything but the cells."""
    frames = Terms(base.frame, local.frame, remote.frame)
    merged = merge_members(frames, policy.newer, notes)
    if isinstance(decide(*member(frames, "nbformat_minor")), Clash):
        highest = max(local.minor, remote.minor)
        merged["nbformat_minor"] = Number(str(highest))
        notes.taken[:] = [d for d in notes.taken if d.path != "/nbformat_minor"]
        notes.taken.append(Decision("/nbformat_minor", "higher", "changed by both sides"))
    return merged


def is_python(frame: dict[str, Json]) -> bool:
    """True unless the metadata names another language."""
    metadata = frame.get("metadata")
    if not isinstance(metadata, dict):
        return True
    names = []
    for key, field in (("language_info", "name"), ("kernelspec", "language")):
        found = metadata.get(key)
        if isinstance(found, dict) and isinstance(found.get(field), str):
            names.append(str(found[field]).lower())
    return all("python" in name for name in names)


@frozen
class _MergedRow:
    """One row of cells: their sources ('' where there is no cell) and what became of them."""

    sources: Terms[str]
    item: MergedCell | None
    notes: Notes


def contest_moved_lines(rows: Sequence[_MergedRow], policy: Policy) -> list[MergedCell | None]:
    """The cells, those with moved lines that the other side does not have there in conflict."""
    touched = [row for row in rows if not row.sources.local == row.sources.remote == row.sources.base]
    suspects = _suspects(touched) if touched else set()
    if not suspects:
        return [row.item for row in rows]
    return [_contested(row, suspects, policy) for row in rows]


def _suspects(rows: Sequence[_MergedRow]) -> set[str]:
    """Lines that are there more often than the two changes together explain."""
    base, local, remote, merged, shown = (Counter[str]() for _ in range(5))
    for row in rows:
        for counter, source in zip((base, local, remote), row.sources, strict=True):
            counter.update(_telling(source))
        if row.item is not None and not row.item.was_in_conflict:
            merged.update(_telling(row.item.cell.source))
        shown.update(line for text in _in_conflict(row) for line in _telling(text))
    return {
        line
        for line, count in merged.items()
        if base[line] and line not in shown and is_too_many(count, base[line], local[line], remote[line])
    }


def _in_conflict(row: _MergedRow) -> Iterator[str]:
    """The texts that were in conflict in a row, also if they are settled as asked."""
    if row.item is None:  # deleted; edited too if a side has another text
        if any(source not in ("", row.sources.base) for source in row.sources):
            yield from row.sources
        return
    yield from (term for terms in row.item.conflicts for term in terms if term)
    yield from ("\n".join(lines) for clash in row.item.asked for lines in clash)


def _telling(source: str) -> list[str]:
    return [text for line in source.split("\n") if len(text := line.strip()) >= _TELLING]


def _contested(row: _MergedRow, suspects: set[str], policy: Policy) -> MergedCell | None:
    """The cell, in conflict about each suspect line that one side brought here."""
    if row.item is None or row.item.was_in_conflict:
        return row.item
    lines, shape = split(row.item.cell.source)
    in_base, in_local, in_remote = ({i for i, _ in align(lines, split(source)[0])} for source in row.sources)

    def brought_by(number: int) -> str:
        brought_by_one = (number in in_local) != (number in in_remote)
        if lines[number].strip() not in suspects or number in in_base or not brought_by_one:
            return ""
        return "local" if number in in_local else "remote"

    pieces: list[Piece] = []
    for side, numbers in groupby(range(len(lines)), brought_by):
        part = tuple(lines[number] for number in numbers)
        local, remote = (part if side == "local" else ()), (part if side == "remote" else ())
        pieces.append(Clash((), local, remote) if side else Decided(part))
    merged = MergedText(tuple(pieces), shape)
    return _contested_as_asked(row, row.item, merged, policy) if merged.clashes else row.item


def _contested_as_asked(row: _MergedRow, item: MergedCell, text: MergedText, policy: Policy) -> MergedCell:
    """The cell with these conflicts about moved lines, or with what was asked for in their place: for base
    and for both such a line stays wherever a side has it, as it may stand nowhere else any more."""
    match policy.favor:
        case Favor.NONE:
            return with_conflicts(item.cell, text, policy, row.notes)
        case Favor.BASE | Favor.UNION:
            row.notes.below("source").add("both", "lines that a side moved; a conflict, settled as asked")
            return item
    source = favored(text, policy.favor, row.notes).text or ""
    if source == item.cell.source:
        return item
    contested = with_conflicts(item.cell, text, policy, row.notes)
    return MergedCell(contested.cell.with_source(source))


def unique_ids(
    merged: Sequence[MergedCell], minor: int, sides: Terms[Notebook], notes: Notes
) -> tuple[Cell, ...]:
    """The cells with ids given, kept or dropped so that they fit the nbformat minor of the result."""
    cells = [item.cell for item in merged]
    if minor < _MINOR_WITH_IDS:
        return _without_ids(cells, sides, notes)
    if not _has_ids(cells) and any(map(_lacks_ids, sides)):
        return tuple(cells)  # files of 4.5 without ids stay as they are
    twice = _shared_in_one_file(sides)
    taken = {cell.id for cell in cells}
    seen: set[str | None] = set()
    for position, item in enumerate(merged):
        id = item.cell.id
        if id is None or (id in seen and id not in twice):
            cells[position] = with_id(item.cell, derived_id(item.cell.type, item.plain_source, taken))
            taken.add(cells[position].id)
            if id is not None:
                here = notes.below("cells").below(position).below("id")
                here.add("both", f"{id!r} was in use by another cell")
        seen.add(cells[position].id)
    return tuple(cells)


def unique_metadata_ids(
    merged: Sequence[MergedCell], cells: Sequence[Cell], sides: Terms[Notebook], notes: Notes
) -> tuple[Cell, ...]:
    """The cells with ids of their own where tools keep ids in the metadata: where the merge brought two
    cells of one id together, the second gets another."""
    made = list(cells)
    for path in METADATA_IDS:
        ids = [metadata_id(cell, path) for cell in made]
        if not any(ids):
            continue
        shared = {id for side in sides for id in repeated(metadata_id(cell, path) for cell in side.cells)}
        taken, seen = set(ids), {None, *shared}
        for position, id in enumerate(ids):
            if id in seen:
                if id is None or id in shared:
                    continue
                new = derived_id(made[position].type, merged[position].plain_source, taken)
                made[position] = with_metadata_id(made[position], path, new)
                taken.add(new)
                here = notes.below("cells").below(position).below("metadata").below(path[-1])
                here.add("both", f"{id!r} was in use by another cell")
            seen.add(id)
    return tuple(made)


def derived_id(kind: str, source: str, taken: set[str | None]) -> str:
    """Eight hex digits from kind and source; the first occurrence that is free."""
    from hashlib import sha256  # only a merge that needs a new id pays for it

    occurrence = 0
    while True:
        text = f"{kind}\n{occurrence}\n{source}"
        id = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        if id not in taken:
            return id
        occurrence += 1


def with_id(cell: Cell, id: str) -> Cell:
    """The cell with another id, at its place among sorted keys."""
    value = {**cell.value, "id": id}
    if list(cell.value) == sorted(cell.value):
        value = dict(sorted(value.items()))
    return cell.with_value(value)


def _has_ids(cells: Sequence[Cell]) -> bool:
    return any(cell.id is not None for cell in cells)


def _lacks_ids(notebook: Notebook) -> bool:
    return bool(notebook.minor >= _MINOR_WITH_IDS and notebook.cells and not _has_ids(notebook.cells))


def _without_ids(cells: Sequence[Cell], sides: Terms[Notebook], notes: Notes) -> tuple[Cell, ...]:
    """Below 4.5 cells have no ids, unless base or local of such a minor has them all the same."""
    own = (side.cells for side in (sides.base, sides.local) if side.minor < _MINOR_WITH_IDS)
    if not _has_ids(cells) or any(map(_has_ids, own)):
        return tuple(cells)
    notes.below("cells").add("nothing", "nbformat below 4.5 has no cell ids; they are dropped")
    return tuple(cell if cell.id is None else without_id(cell) for cell in cells)


def without_id(cell: Cell) -> Cell:
    """The cell without an id."""
    return cell.with_value({key: item for key, item in cell.value.items() if key != "id"})


def _shared_in_one_file(sides: Terms[Notebook]) -> set[str]:
    """Ids that a file already held twice: not ours to change."""
    return {id for side in sides for id in repeated(cell.id for cell in side.cells) if id is not None}
