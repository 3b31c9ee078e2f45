"""Owns: the merge of three notebooks: which rule is applied where.

Must not know: bytes, files, git, time.  Invariant: pure: the same notebooks and policy
give the same result; nothing that goes in is changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nbmerge.merge.cells import MergedCell, deleted_against_edited, merge_cell, same_text
from nbmerge.merge.ids import settle_ids
from nbmerge.merge.metadata import member, merge_members
from nbmerge.merge.moves import Merging, contest_moved_lines
from nbmerge.merge.order import Row, rows
from nbmerge.merge.policy import Favor, Policy, Side
from nbmerge.merge.results import Conflict, Decision, Notes, Result
from nbmerge.merge.threeway import Clash, Terms, decide
from nbmerge.notebook.jsontext import Number
from nbmerge.notebook.model import Cell, Notebook
from nbmerge.notebook.style import merge_styles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.notebook.jsontext import Json


def merge(base: Notebook, local: Notebook, remote: Notebook, policy: Policy = Policy()) -> Result:
    """Merge what `local` and `remote` each made of `base`.

    The three must be of one nbformat major (see notebook.versions).  Conflicts stand in
    the merged notebook's sources between markers and in the result as values.
    """
    notes = Notes()
    frame = _merge_frame(base, local, remote, policy, notes)
    style = merge_styles(base.style, local.style, remote.style)
    respelled = style.layout.fits(remote.style.layout) and not style.layout.fits(local.style.layout)
    notebooks = (remote, local, base) if respelled else (local, remote, base)
    draft = Notebook(frame, (), style, spellings=notebooks)
    merging = _Cells(base, local, remote, policy, is_python(frame), notes)
    merged = merging.run(prefer=Side.REMOTE if respelled else Side.LOCAL)
    sides = Terms(base, local, remote)
    cells = settle_ids([item.cell for item, _ in merged], draft.minor, sides, notes)
    conflicts = tuple(
        Conflict(position, cell.id, *terms)
        for position, ((item, _), cell) in enumerate(zip(merged, cells, strict=True))
        for terms in item.conflicts
    )
    origins = tuple(Terms(row.base, row.local, row.remote) for _, row in merged)
    return Result(replace(draft, cells=cells), conflicts, tuple(notes.taken), origins)


@dataclass
class _Cells:
    """The cells of three notebooks on their way to one list."""

    base: Notebook
    local: Notebook
    remote: Notebook
    policy: Policy
    python: bool
    notes: Notes

    def run(self, prefer: Side) -> list[tuple[MergedCell, Row]]:
        """The merged cells, each with the row that it came from."""
        merging: list[Merging] = []
        found = rows(self.base.cells, self.local.cells, self.remote.cells)
        number = 0
        for row in found:
            here = self.notes.below("cells").below(number)
            item = self.cell(row, here)
            if item is not None:
                item = self.preferred(item, row, prefer)
                number += 1
                if row.contested:
                    here.add("local", "put at different places by the two sides")
            merging.append(Merging(self.sources(row), item, here))
        items = [row.item for row in merging]
        if self.policy.favor is Favor.NONE:
            items = contest_moved_lines(merging, self.policy)
        return [(item, row) for item, row in zip(items, found, strict=True) if item is not None]

    def sources(self, row: Row) -> Terms[str]:
        return Terms(
            "" if row.base is None else self.base.cells[row.base].source,
            "" if row.local is None else self.local.cells[row.local].source,
            "" if row.remote is None else self.remote.cells[row.remote].source,
        )

    def cell(self, row: Row, notes: Notes) -> MergedCell | None:
        """The merged cell of one row; None if it is deleted."""
        base = None if row.base is None else self.base.cells[row.base]
        local = None if row.local is None else self.local.cells[row.local]
        remote = None if row.remote is None else self.remote.cells[row.remote]
        if local is not None and remote is not None:
            return merge_cell(base, local, remote, self.policy, self.python, notes)
        kept = local or remote
        if base is None:
            return MergedCell(kept) if kept is not None else None
        if kept is None:
            return None
        by = Side.LOCAL if local is None else Side.REMOTE
        if not same_text(base.source, kept.source):
            return self.deleted_against_edited(base, kept, by, notes)
        gone = Notes(f"base:/cells/{row.base}", notes.taken)
        if row.moved:
            gone.add(by.value, "deleted; the other side moved it")
        if kept.value != base.value:
            gone.add(by.value, "deleted; the other side changed outputs or metadata only")
        return None

    def deleted_against_edited(self, base: Cell, kept: Cell, by: Side, notes: Notes) -> MergedCell | None:
        if self.policy.favor is Favor.NONE:
            return deleted_against_edited(base, kept, by, self.policy, notes)
        notes.add(self.policy.favor.value, "a conflict, settled as asked")
        settled = {Favor.BASE: base, Favor(by.value): None}.get(self.policy.favor, kept)
        return None if settled is None else MergedCell(settled)

    def preferred(self, item: MergedCell, row: Row, prefer: Side) -> MergedCell:
        """The same cell as it stands in the file whose layout the result has."""
        index, notebook = (row.remote, self.remote) if prefer is Side.REMOTE else (row.local, self.local)
        if index is None or item.conflicts or notebook.cells[index].value != item.cell.value:
            return item
        same_layout = item.cell.layout == notebook.cells[index].layout and item.cell.span is not None
        return item if same_layout else replace(item, cell=notebook.cells[index])


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
