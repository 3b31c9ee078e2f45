"""Owns: how a conflict in a source is written down, in git's three styles.

Must not know: how conflicts arise.  Invariant: the markers are longer than any line
like them in the text around, so that they give back exactly the terms that they show.
"""

from __future__ import annotations

import re

from nbmerge.merge.policy import ConflictStyle, Labels, Policy
from nbmerge.merge.sequences import common_ends
from nbmerge.merge.text import MergedText, compose
from nbmerge.merge.threeway import Clash, Decided

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.merge.clashes import Lines

_LIKE_A_MARKER = re.compile(r"^(<+|\|+|=+|>+)(?=\s|$)", re.M)


def marker_size(least: int, *texts: str) -> int:
    """The least size that no line of the texts can be taken for."""
    longest = max((len(m.group(1)) for t in texts for m in _LIKE_A_MARKER.finditer(t)), default=0)
    return least if longest < least else longest + 4


def render(merged: MergedText, policy: Policy, labels: Labels, size: int) -> str:
    """The text of a merge, with markers around what is left in conflict."""
    lines: list[str] = []
    for piece in merged.pieces:
        if isinstance(piece, Decided):
            lines += piece.value
        else:
            lines += _conflict(piece, policy.conflict_style, labels, size)
    return compose(lines, merged.shape)


def _conflict(clash: Clash[Lines], style: ConflictStyle, labels: Labels, size: int) -> list[str]:
    head, tail = 0, 0
    if style is not ConflictStyle.DIFF3:
        head, tail = common_ends(clash.local, clash.remote)
    local = clash.local[head : len(clash.local) - tail]
    remote = clash.remote[head : len(clash.remote) - tail]
    lines = [*clash.local[:head], _marker("<", size, labels.local), *local]
    if style is not ConflictStyle.MERGE:
        lines += [_marker("|", size, labels.base), *clash.base]
    lines += ["=" * size, *remote, _marker(">", size, labels.remote)]
    return lines + list(clash.local[len(clash.local) - tail :])


def _marker(character: str, size: int, label: str) -> str:
    return f"{character * size} {label}" if label else character * size
