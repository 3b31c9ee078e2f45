"""Owns: how versions and standings are spelled in the tables.

Must not know: SQLite.  Invariant: what was written is read back equal, and of anything else no
sense is made (any of Python's errors); the text is ASCII, whatever is in it, for paths and
sources may hold what UTF-8 cannot.
"""

from __future__ import annotations

import json
from dataclasses import asdict, astuple

from nbmerge.history.values import Draft
from nbmerge.lineage.standing import OpenTip, Standing
from nbmerge.lineage.versions import Origin, Version, Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

COLUMNS = "number, digest, time, origin, parents, size, note"


def version_row(version: Version) -> tuple[object, ...]:
    """The values of COLUMNS."""
    return (
        version.number,
        bytes.fromhex(version.digest),
        version.time,
        version.origin.value,
        parents_text(version.parents),
        version.size,
        json.dumps([astuple(version.writer), version.why]),
    )


def read_version(row: tuple[Any, ...]) -> Version:
    """The version whose COLUMNS these are."""
    number, digest, time, origin, parents, size, note = row
    writer, why = json.loads(note)
    return Version(
        number=number,
        digest=digest.hex(),
        time=time,
        origin=Origin(origin),
        parents=read_parents(parents),
        writer=Writer(*writer),
        size=size,
        why=why,
    )


def parents_text(parents: tuple[int, ...]) -> str:
    """The numbers of a version's parents as text."""
    return " ".join(map(str, parents))


def read_parents(text: str) -> tuple[int, ...]:
    """The numbers of a version's parents."""
    return tuple(map(int, text.split()))


def numbered(number: int, digest: str, size: int, draft: Draft) -> Version:
    """The version that a draft becomes."""
    return Version(number, digest, draft.time, draft.origin, draft.parents, draft.writer, size, draft.why)


def standing_text(standing: Standing) -> str:
    """A standing as JSON."""
    return json.dumps(asdict(standing))


def read_standing(text: str) -> Standing:
    """The standing that the JSON says."""
    fields: dict[str, Any] = json.loads(text)
    fields["open"] = [OpenTip(**tip) for tip in fields["open"]]
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    return Standing(**{**fields, **lists})
