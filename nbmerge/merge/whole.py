"""Owns: the merge of three files as bytes: what every command and edge calls.

Must not know: where the bytes come from or go.  Invariant: if one side's bytes equal
base's, the other side's bytes come out; nothing comes out that was not read whole first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nbmerge.merge.engine import merge
from nbmerge.merge.policy import Policy
from nbmerge.merge.results import Decision, Result
from nbmerge.notebook.reader import read
from nbmerge.notebook.versions import empty_beside, harmonise
from nbmerge.notebook.writer import write


@dataclass(frozen=True, slots=True)
class Names:
    """How the three files are called in messages."""

    base: str = "base"
    local: str = "local"
    remote: str = "remote"


@dataclass(frozen=True, slots=True)
class Whole:
    """The merged file and how it came about."""

    data: bytes
    result: Result


def merge_bytes(
    base: bytes, local: bytes, remote: bytes, policy: Policy = Policy(), names: Names = Names()
) -> Whole:
    """Merge three files; an empty `base` is an empty notebook.

    Raises NotebookError if a file is no notebook.
    """
    before = None if _blank(base) else read(base, names.base)
    known = before.cells if before is not None else ()
    ours = read(local, names.local, known)
    if remote in (local, base):
        return Whole(local, Result(ours))
    theirs = read(remote, names.remote, known or ours.cells)
    if base == local:
        return Whole(remote, Result(theirs))
    if before is None:
        before = empty_beside(ours, theirs)
    trio, converted = harmonise(
        [before, ours, theirs], [base, local, remote], [names.base, names.local, names.remote]
    )
    result = merge(trio[0], trio[1], trio[2], policy)
    if converted:
        note = Decision("/nbformat", "higher", "converted to nbformat 4; not written byte for byte")
        result = replace(result, decisions=(note, *result.decisions))
    return Whole(write(result.notebook), result)


def _blank(data: bytes) -> bool:
    """True for nothing but white space; files that large are not blank."""
    return len(data) < 1 << 16 and not data.strip()
