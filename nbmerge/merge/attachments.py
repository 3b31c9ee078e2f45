"""Owns: the merge of a cell's attachments (pictures pasted into markdown), by name.

Must not know: sources beyond references.  Invariant: no picture is dropped that a side
added; where both put different ones under one name, remote's gets another name and
remote's references follow it.
"""

from __future__ import annotations

import re

from nbmerge.merge.metadata import MISSING, key_order, member
from nbmerge.merge.results import Notes
from nbmerge.merge.threeway import Decided, Terms, decide

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
