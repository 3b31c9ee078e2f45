"""Owns: evidence in words, for people.

Must not know: how it was weighed.  Invariant: what is said is counted, nothing is guessed.
"""

from __future__ import annotations

from nbmerge.lineage.evidence import Evidence


def told(evidence: Evidence, head: int) -> str:
    """What the save shows of the changes of version `head`."""
    found = [_back(evidence, head), _gone(evidence, head), _seen(evidence)]
    return ", ".join(part for part in found if part)


def _back(evidence: Evidence, head: int) -> str:
    things = []
    if evidence.lines.back:
        whole = f" ({_number(evidence.texts, 'whole cell')})" if evidence.texts else ""
        things.append(_number(evidence.lines.back, "line") + whole)
    if evidence.runs:
        things.append("the outputs of " + _number(evidence.runs, "cell"))
    return f"brings back {' and '.join(things)} that version {head} had replaced" if things else ""


def _gone(evidence: Evidence, head: int) -> str:
    lines = evidence.lines
    if not lines.gone:
        return ""
    if not lines.kept:
        return f"shows nothing of the {_number(lines.gone, 'line')} that version {head} brought"
    return f"lacks {lines.gone} of {_number(lines.gone + lines.kept, 'line')} that version {head} brought"


def _seen(evidence: Evidence) -> str:
    kept = evidence.kept.total()
    return f"keeps {_number(kept, 'cell')} as it made {'it' if kept == 1 else 'them'}" if kept else ""


def _number(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")
