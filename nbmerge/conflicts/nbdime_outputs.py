"""Owns: conflicts that nbdime marks among the outputs of a cell: found, shown, settled; its triples of
markers.

Must not know: sources, metadata.
Invariant: only whole conflicts count, all three markers in order; outputs outside of them stay the values
that they are.

JupyterLab joins outputs to one stream that follow each other as soon as it opens a notebook, the markers
too. So outputs are looked at in parts: a stderr output that holds markers is one part for each, and one for
each text between them; every other output is one part.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from nbmerge.conflicts.values import Absent, Choice, Edited, InOutputs, NotKnown
from nbmerge.merge.values import Terms
from nbmerge.notebook.model import in_lines, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from nbmerge.conflicts.values import Chosen, Term
    from nbmerge.notebook.jsontext import Json

    Triple: TypeAlias = tuple[int, int, int]

_DEEPEST = 20  # every level is shown with all that is in it, and no merge of merges goes so deep
OPENING, SEPARATOR, CLOSING = "<<<<<<< local", "=======", ">>>>>>> remote"


def triples(marks: Sequence[str]) -> list[Triple]:
    """The places (first, middle, last) of the markers of each whole conflict, outer before inner.

    `marks` holds for each item the marker that it is, or "".  A marker belongs to the nearest
    opening one that still lacks it.  What is nested too deeply comes to light when the outer
    conflicts are settled.
    """
    found: list[Triple] = []
    begun: list[tuple[int, int | None]] = []
    for at, mark in enumerate(marks):
        if mark == OPENING:
            begun.append((at, None))
        elif begun and mark == SEPARATOR and begun[-1][1] is None:
            begun[-1] = (begun[-1][0], at)
        elif begun and mark == CLOSING:
            first, middle = begun[-1]
            if middle is not None:
                begun.pop()
                if len(begun) < _DEEPEST:
                    found.append((first, middle, at))
    return sorted(found)


def dropped(triple: Triple, choice: Choice) -> set[int]:
    """Which places are no more: the markers, and a side that was not chosen."""
    first, middle, last = triple
    match choice:
        case Choice.LOCAL:
            return {first, *range(middle, last + 1)}
        case Choice.REMOTE:
            return {*range(first, middle + 1), last}
    return {first, middle, last}


_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_MARKER = re.compile(rf"(?:({OPENING}|{CLOSING})(?: <.*>)?|({SEPARATOR}))\n?")


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the output at place `whole`: a text, or all of it (None)."""

    whole: int
    text: str | None = None
    marker: str = ""  # what it marks, "" if it is no marker


def conflicts_among(cell: int, outputs: Sequence[Json]) -> list[tuple[InOutputs, Terms[Term]]]:
    """The conflicts among a cell's outputs, outer before inner ones."""
    if not any(OPENING in (_stderr(output) or "") for output in outputs):
        return []
    parts = _parts(outputs)
    found = []
    for first, middle, last in triples([part.marker for part in parts]):
        local = _shown(outputs, parts[first + 1 : middle])
        remote = _shown(outputs, parts[middle + 1 : last])
        terms: Terms[Term] = Terms(Absent.UNKNOWN, local, remote)
        found.append((InOutputs(cell, first, middle, last), terms))
    return found


def settled_outputs(outputs: Sequence[Json], chosen: Mapping[InOutputs, Chosen]) -> list[Json]:
    """The outputs with what was chosen, local's first where it is both.

    A conflict that is not there (any more) changes nothing.  Raises NotKnown.
    """
    parts = _parts(outputs)
    there = set(triples([part.marker for part in parts]))
    gone: set[int] = set()
    for place, choice in chosen.items():
        triple = (place.first, place.middle, place.last)
        if triple in there:
            gone |= dropped(triple, _of_outputs(choice))
    before = Counter(part.whole for part in parts)
    kept = [part for at, part in enumerate(parts) if at not in gone]
    return [
        _of_parts(outputs[whole], list(some), before[whole])
        for whole, some in groupby(kept, key=lambda part: part.whole)
    ]


def _of_outputs(choice: Chosen) -> Choice:
    match choice:
        case Edited():
            raise NotKnown("outputs cannot be edited: choose local, remote or both")
        case Choice.BASE:
            raise NotKnown("the outputs that were there before are not known: choose local, remote or both")
    return choice


def _stderr(output: Json) -> str | None:
    match output:
        case {"output_type": "stream", "name": "stderr", "text": text}:
            return joined(text)
    return None


def _parts(outputs: Sequence[Json]) -> list[_Part]:
    parts: list[_Part] = []
    for whole, output in enumerate(outputs):
        text = _stderr(output)
        lines = _LINE.findall(text or "")
        if not any(map(_marked, lines)):
            parts.append(_Part(whole))
            continue
        for marker, some in groupby(lines, key=_marked):
            texts = list(some)
            parts += [_Part(whole, text, marker) for text in (texts if marker else ["".join(texts)])]
    return parts


def _marked(line: str) -> str:
    found = _MARKER.fullmatch(line)
    return (found.group(1) or found.group(2)) if found else ""


def _of_parts(output: Json, parts: list[_Part], before: int) -> Json:
    """The output with those of its parts that are left, of as many as there were before."""
    if len(parts) == before or not isinstance(output, dict):
        return output
    text = "".join(part.text or "" for part in parts)
    return {**output, "text": text if isinstance(output["text"], str) else in_lines(text)}


def _shown(outputs: Sequence[Json], parts: Sequence[_Part]) -> str:
    """What a person would see of a run of outputs."""
    texts = [_seen(outputs[part.whole]) if part.text is None else part.text for part in parts]
    return "\n".join(text.removesuffix("\n") for text in texts)


def _seen(output: Json) -> str:
    match output:
        case {"output_type": "stream", "text": text}:
            return joined(text) or ""
        case {"output_type": "error", "ename": str() as name, "evalue": str() as value}:
            return f"{name}: {value}"
        case {"data": dict() as data}:
            text = joined(data["text/plain"]) if "text/plain" in data else None
            others = [_described(kind, item) for kind, item in data.items() if kind != "text/plain"]
            return "\n".join([*others, *([] if text is None else [text])])
    return ""


def _described(kind: str, item: Json) -> str:
    size = len(joined(item) or "")
    return f"<{kind}, {size:,} characters>" if size else f"<{kind}>"
