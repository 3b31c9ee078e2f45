"""Owns: conflicts that stand in texts that are merged, each taken for one line.

Must not know: how lines are merged.
Invariant: the markers of a conflict that base has not stay together; what comes out is made of the very
lines that went in.

A conflict in a conflict has markers in a side.  Where they are merged as lines, another conflict may end
between them, and when that is settled they are left without their others.  But where they are not, a line
that stands in the conflict and beside it is shown twice, so lines go first, and conflicts only where one
would come apart: as when three people changed the same lines.  Where that would show a line twice that
somebody wrote since base, lines stay.
"""

from __future__ import annotations

from collections import Counter

from nbmerge.merge.markers import (
    LEAST,
    ConflictStyle,
    all_conflicts,
    conflicts_in,
    is_marker,
    marker,
    shown_pieces,
)
from nbmerge.merge.values import Clash, Decided, MergedText, Terms, compose, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbmerge.merge.values import Lines, Piece

_FIRST, _MOST = 0xF0000, 60_000  # characters that no text has, each of which stands for a conflict
_OPENING = "<" * LEAST


def merged_whole(texts: Terms[str], merge: Callable[[Terms[str]], MergedText]) -> MergedText:
    """The merge of three texts in which the conflicts of the sides stay whole, if that can be done."""
    standing = _Standing(texts)
    return standing.completed(merge(texts.map(standing.shortened))) or merge(texts)


def merged_by_lines(texts: Terms[str], merge: Callable[[Terms[str]], MergedText]) -> MergedText:
    """The merge of three texts as lines, unless a conflict of a side would come apart in it and no line that
    somebody wrote is shown more often where it does not."""
    merged = merge(texts)
    if _are_whole(texts, merged):
        return merged
    whole = merged_whole(texts, merge)
    before, shown, once = set(split(texts.base)[0]), _shown(whole), _shown(merged)
    written = (line for line in shown if any(map(str.isalnum, line)) and line not in before)
    return merged if any(shown[line] > once[line] and marker(line) is None for line in written) else whole


def _shown(merged: MergedText) -> Counter[str]:
    """How often each line is there when the conflicts are shown."""
    pieces = shown_pieces(merged, ConflictStyle.MERGE)
    return Counter(
        line
        for piece in pieces
        for line in ((*piece.local, *piece.remote) if isinstance(piece, Clash) else piece)
    )


def _are_whole(texts: Terms[str], merged: MergedText) -> bool:
    """Whether no conflict that is whole in a side is cut by one of the merge: whatever is chosen there, no
    marker is left alone that was not before."""
    before = {line for text in texts for line in _alone(split(text)[0])}
    around = [line for piece in merged.pieces if isinstance(piece, Decided) for line in piece.value]
    sides = [side for clash in merged.clashes for side in (clash.local, clash.remote)]
    return all(before.issuperset(_alone(lines)) for lines in (around, *sides))


def _alone(lines: Sequence[str]) -> set[str]:
    """The markers that are part of no whole conflict."""
    places = {at for one in all_conflicts(lines, LEAST) for at in one.places}
    return {line for at, line in enumerate(lines) if at not in places and is_marker(line)}


class _Standing:
    """The conflicts of the sides that base has not, each with the line that stands for it."""

    def __init__(self, texts: Terms[str]) -> None:
        self.lines_of: dict[str, Lines] = {}
        self._line_for: dict[Lines, str] = {}
        if any(chr(_FIRST) <= character for text in texts for character in set(text)):
            return
        known = {one.lines for one in conflicts_in(split(texts.base)[0])}
        for text in (texts.local, texts.remote):
            for one in conflicts_in(split(text)[0])[:_MOST] if _OPENING in text else ():
                if one.lines not in known:
                    line = self._line_for.setdefault(one.lines, chr(_FIRST + len(self._line_for)))
                    self.lines_of[line] = one.lines

    def shortened(self, text: str) -> str:
        """The text with these lines in place of its conflicts."""
        if _OPENING not in text:
            return text
        lines, shape = split(text)
        short: list[str] = []
        at = 0
        for one in conflicts_in(lines):
            line = self._line_for.get(one.lines)
            if line is not None:
                short += [*lines[at : one.start], line]
                at = one.end
        return compose([*short, *lines[at:]], shape)

    def completed(self, merged: MergedText) -> MergedText | None:
        """The merge with the conflicts again; None if one has got between other words."""
        pieces: list[Piece] = []
        for piece in merged.pieces:
            terms = (
                list(map(self._complete, piece))
                if isinstance(piece, Clash)
                else [self._complete(piece.value)]
            )
            whole = [lines for lines in terms if lines is not None]
            if len(whole) < len(terms):
                return None
            pieces.append(Clash(*whole) if isinstance(piece, Clash) else Decided(whole[0]))
        return MergedText(tuple(pieces), merged.shape, merged.notes)

    def _complete(self, lines: Lines) -> Lines | None:
        if any(len(line) > 1 and chr(_FIRST) <= max(line) for line in lines):
            return None
        return tuple(whole for line in lines for whole in self.lines_of.get(line, (line,)))
