"""Owns: the versions of a notebook as people look through them: many saves in a row as one, what each row
changed, which rows hold some words, and one page of them at a time.

Must not know: what is printed, who looks.  Invariant: every version that is kept is in exactly one row, and a
row ends with the version that stood when its saves were over; pages that follow each other leave none out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from nbmerge.lineage.heads import Heads, OpenTip
from nbmerge.lineage.versions import Origin, Version
from nbmerge.service.changes import Development, development

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.history.store import Store
    from nbmerge.lineage.changes import Changes

_ONE_ROW = 3  # saves; fewer are listed
_PAUSE = 600.0  # seconds without a save that end a row
_AT_ONCE = 64  # rows that are read together when words are looked for


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A version, or several that are told as one.

    `changes`: since what the first of them came from, None where that cannot be told; `cells`: how many the
    last one has, None if it is no notebook; `tip`: a later save may have overwritten it.
    """

    versions: tuple[Version, ...]
    changes: Changes | None
    cells: int | None
    tip: OpenTip | None = None

    @property
    def first(self) -> Version:
        return self.versions[0]

    @property
    def last(self) -> Version:
        return self.versions[-1]

    def as_json(self, heads: Heads) -> dict[str, object]:
        """As `version_as_json` tells the last version, and what there is to say of the whole row."""
        told = version_as_json(self.last, heads, self.changes)
        told["head"] = any(version.number == heads.head for version in self.versions)
        row = {"first": self.first.number, "began": when(self.first), "saves": len(self.versions)}
        return told | row | {"cells": self.cells}


def version_as_json(version: Version, heads: Heads, changes: Changes | None) -> dict[str, object]:
    """The object that people's programs read."""
    return {
        "version": version.number,
        "time": when(version),
        "origin": version.origin.value,
        "parents": list(version.parents),
        "writer": version.by,
        "size": version.size,
        "why": version.why,
        "head": version.number == heads.head,
        "open": any(tip.version == version.number for tip in heads.open),
        "changes": None if changes is None else changes.as_json(),
    }


def when(version: Version) -> str:
    """When a version was saved, as programs read it."""
    return datetime.fromtimestamp(version.time, UTC).isoformat(timespec="milliseconds")


def grouped(versions: Sequence[Version], heads: Heads) -> list[tuple[Version, ...]]:
    """Saves of one writer that follow each other, together, if they are many enough."""
    return list(_grouped(versions, {tip.version for tip in heads.open}))


def rows_of(
    store: Store, notebook_id: int, groups: Sequence[tuple[Version, ...]], heads: Heads
) -> list[HistoryRow]:
    """What there is to say of each of them; only the versions are read that are compared for it."""
    return rows_in(development(store, notebook_id, {*_compared(groups)}), groups, heads)


def rows_in(done: Development, groups: Sequence[tuple[Version, ...]], heads: Heads) -> list[HistoryRow]:
    """The same where the versions are read already."""
    opened = {tip.version: tip for tip in heads.open}
    return [_row(group, done, opened.get(group[-1].number)) for group in groups]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Rows, newest first; `older` is the version before which the next page begins, 0 if there is none."""

    rows: tuple[HistoryRow, ...]
    older: int


@dataclass(frozen=True, slots=True)
class WantedRows:
    """Which rows: `most` of those before a version (0: the newest) that hold all of the words.

    `each`: each save for itself; `since`: none before this version.
    """

    most: int
    before: int = 0
    words: tuple[str, ...] = ()
    each: bool = False
    since: int = 0


def page_of(store: Store, notebook_id: int, heads: Heads, wanted: WantedRows) -> HistoryPage:
    """One page of the history."""
    versions = [one for one in store.versions(notebook_id) if one.number >= wanted.since]
    groups = [(one,) for one in versions] if wanted.each else grouped(versions, heads)
    left = [one for one in reversed(groups) if not wanted.before or one[-1].number < wanted.before]
    found: list[HistoryRow] = []
    while left and len(found) < wanted.most:
        size = _AT_ONCE if wanted.words else wanted.most
        done = development(store, notebook_id, {*_compared(left[:size])})
        for row in rows_in(done, left[:size], heads):
            if len(found) == wanted.most:
                break
            left = left[1:]
            if _holds(row, done, wanted.words):
                found.append(row)
    return HistoryPage(tuple(found), found[-1].last.number if left and found else 0)


def doubted(store: Store, notebook_id: int, heads: Heads) -> list[tuple[HistoryRow, HistoryRow]]:
    """What may have been overwritten, and by what, the newest first."""
    if not heads.open:
        return []
    kept = {one.number: one for one in store.versions(notebook_id)}
    pairs = [(kept[tip.version], kept[tip.by]) for tip in heads.open if {tip.version, tip.by} <= kept.keys()]
    rows = iter(rows_of(store, notebook_id, [(one,) for pair in pairs for one in pair], heads))
    return list(zip(rows, rows, strict=True))[::-1]


def _compared(groups: Sequence[tuple[Version, ...]]) -> Iterator[int]:
    """The versions that are read to say what each row changed."""
    for group in groups:
        yield from (group[-1].number, *group[0].parents[:1])


def _row(group: tuple[Version, ...], done: Development, tip: OpenTip | None) -> HistoryRow:
    first, last = group[0], group[-1]
    changes = done.changes(last) if first is last else done.between(first, last)
    cells = done.cells.get(last.number)
    return HistoryRow(group, changes, None if cells is None else len(cells), tip)


def _holds(row: HistoryRow, done: Development, words: Sequence[str]) -> bool:
    """Whether all the words are in what there is to read of a row, or in the cells that it changed."""
    if not words:
        return True
    told = [f"@{version.number} {version.by} {version.origin.value}" for version in (row.first, row.last)]
    text = "\n".join((*told, row.changes.words if row.changes else "", *_texts(row, done))).lower()
    return all(word.lower() in text for word in words)


def _texts(row: HistoryRow, done: Development) -> Iterator[str]:
    """The sources that a row changed, as they became, and as they were."""
    now, before = done.cells.get(row.last.number, ()), done.cells.get((*row.first.parents, 0)[0], ())
    if row.changes is None:
        yield from (cell.source for cell in now)
        return
    yield from (now[number - 1].source for number in sorted(row.changes.touched))
    yield from (before[number - 1].source for number in row.changes.removed)


def _grouped(versions: Sequence[Version], opened: set[int]) -> Iterator[tuple[Version, ...]]:
    group: list[Version] = []
    for version in versions:
        if group and not _goes_on(group[-1], version, opened):
            yield from _rowed(group)
            group = []
        group.append(version)
    yield from _rowed(group)


def _goes_on(before: Version, version: Version, opened: set[int]) -> bool:
    return (
        before.origin is version.origin is Origin.SAVED
        and version.parents == (before.number,)
        and (version.writer, version.by) == (before.writer, before.by)
        and not opened & {before.number, version.number}
        and version.time - before.time < _PAUSE
    )


def _rowed(group: list[Version]) -> Iterator[tuple[Version, ...]]:
    if len(group) >= _ONE_ROW:
        yield tuple(group)
    else:
        yield from ((version,) for version in group)
