"""Owns: how the values of the store are spelled in its tables.

Must not know: any engine, which table a value stands in.  Invariant: what was spelled is read back equal, and
of anything else no sense is made (a ValueError, LookupError or TypeError); all text is ASCII, for paths and
sources may hold what UTF-8 cannot.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple

from nbmerge.history.pieces import THOROUGH, pack, unpack
from nbmerge.lineage.heads import Heads, OpenTip
from nbmerge.lineage.versions import Origin, Version, Writer
from nbmerge.merge.values import Conflict

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
        note_text(version),
    )


def note_text(version: Version) -> str:
    """Writer and why as JSON."""
    return json.dumps([astuple(version.writer), version.why])


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


def parents_text(parents: Iterable[int]) -> str:
    """The numbers of a version's parents as text."""
    return " ".join(map(str, parents))


def read_parents(text: str) -> tuple[int, ...]:
    """The numbers of a version's parents."""
    return tuple(map(int, text.split()))


def read_stamp(text: str) -> tuple[int, int, int]:
    """What a file looked like."""
    modified, size, inode = map(int, text.split())
    return modified, size, inode


def spelled(save_id: str) -> str:
    """The name of a save, which others give, without what no database takes for text."""
    return save_id.encode("unicode_escape").decode("ascii")


def conflicts_packed(made: Sequence[Conflict]) -> bytes:
    """Conflicts as JSON, deflated."""
    return pack(json.dumps([one.as_json() for one in made]).encode("ascii"), THOROUGH)


def read_conflicts(packed: bytes) -> tuple[Conflict, ...]:
    """The conflicts that were packed."""
    found: list[dict[str, Any]] = json.loads(unpack(packed))
    return tuple(
        Conflict(**{**fields, "lines": range(*fields["lines"])} if "lines" in fields else fields)
        for fields in found
    )


def heads_text(heads: Heads) -> str:
    """Heads as JSON; what is usual is left out, which older versions of nbmerge read as well."""
    fields = asdict(heads)
    for tip in fields["open"]:
        if not tip["seen"]:
            del tip["seen"]
    return json.dumps(fields)


def read_heads(text: str) -> Heads:
    """The heads that the JSON says."""
    fields: dict[str, Any] = json.loads(text)
    fields["open"] = [OpenTip(**tip) for tip in fields["open"]]
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    return Heads(**{**fields, **lists})


def digests_from(digits: str) -> tuple[bytes, bytes]:
    """Between which digests those are that begin with these digits."""
    first = bytes.fromhex(digits)
    return first, first + b"\xff" * 32
