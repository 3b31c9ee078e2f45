"""Owns: the three-way merge of one text by lines.

Must not know: cells, outputs, how a conflict is shown, what the rules for clashes are.
Invariant: no line is lost, doubled or resurrected: what the law and the rules do not decide stays a Clash.

Bold choices (neighbouring changes, words, insertions that agree) stand in code only if `accept` agrees to
the whole text that comes out, that is where it still parses.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby, pairwise

from nbmerge.frozen import frozen
from nbmerge.merge.rules import adds_twice, by_rule, is_import
from nbmerge.merge.sequences import added_twice, common_ends, diff3
from nbmerge.merge.tokens import doubles, prose_tokens
from nbmerge.merge.values import Clash, Decided, MergedText, Shape, Terms, Whole, decide, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from nbmerge.merge.sequences import Counts, Region
    from nbmerge.merge.values import Lines, Piece

_MISREAD = "one side's only change was UTF-8 read as another encoding"
_CP1252 = {code: bytes([code]).decode("cp1252", "ignore") or chr(code) for code in range(128, 160)}
_OPENING = "<<<<<<<"  # without it no conflict stands in a text
_NEAR = 8  # unchanged lines
_TELLING = 8  # characters; a shorter line may well be there twice


def merge_text(
    base: str,
    local: str,
    remote: str,
    *,
    code: bool,
    accept: Callable[[str], bool],
    whole: Whole = Whole.NEVER,
) -> MergedText:
    """Merge three texts.  `accept(text)` may refuse what only the bold rules allow; `whole`: see Policy."""
    law = decide(base, local, remote)
    if isinstance(law, Decided):
        lines, shape = split(law.value)
        return MergedText((Decided(lines),), shape)
    for side, other in ((local, remote), (remote, local)):
        if is_misread(base, side):
            lines, shape = split(other)
            return MergedText((Decided(lines),), shape, (_MISREAD,))
    texts = Terms(base, local, remote)
    if whole is Whole.NEVER or (_OPENING not in local and _OPENING not in remote):
        return _Attempts(texts, code, accept).best()
    from nbmerge.merge import standing

    way = standing.merged_whole if whole is Whole.ALWAYS else standing.merged_by_lines
    return way(texts, lambda texts: _Attempts(texts, code, accept).best())


def is_misread(text: str, found: str) -> bool:
    """True if the second is the first with its UTF-8 read as latin-1 or cp1252."""
    if text.isascii() or len(found) <= len(text):
        return False
    data = text.encode("utf-8", "surrogatepass")
    one = data.decode("latin-1")
    return found in (one, one.translate(_CP1252), data.decode("cp1252", "replace"))


@frozen
class _Attempts:
    """Merges of three texts, the boldest first; one that doubles a line or no longer parses is none."""

    texts: Terms[str]
    code: bool
    accept: Callable[[str], bool]

    def best(self) -> MergedText:
        bold = self.by_lines(bold=True)
        if bold is not None and not self.refused(bold):
            return bold
        careful = self.by_lines(bold=False)
        if careful is not None and (bold is not None or careful.text is not None):
            return careful
        return self.as_one_clash() or careful or _one_clash(self.texts)

    def by_lines(self, *, bold: bool) -> MergedText | None:
        """The merge; None if a line or a word would be there too often."""
        lines = self.texts.map(lambda text: split(text)[0])
        regions = diff3(*lines, neighbours=bold)
        if _added_twice(lines, regions):
            return None
        merged = _merge(self.texts, regions, code=self.code, bold=bold)
        if bold:
            merged = _imports_once(self.texts, merged)
        return None if _doubled(self.texts, merged) else merged

    def as_one_clash(self) -> MergedText | None:
        """What the rules make of everything that differs, at once."""
        whole = _one_clash(self.texts)
        start = len(whole.pieces[0].value) if isinstance(whole.pieces[0], Decided) else 0
        base = split(self.texts.base)[0]
        found = [by_rule(clash, base, start, code=self.code, bold=True) for clash in whole.clashes]
        if len(found) != 1 or found[0] is None:
            return None
        pieces = [
            part
            for piece in whole.pieces
            for part in (found[0].pieces if isinstance(piece, Clash) else [piece])
        ]
        merged = MergedText(tuple(_joined(pieces)), whole.shape, (found[0].note,))
        right = merged.text is not None and not self.refused(merged) and not _doubled(self.texts, merged)
        lines = self.texts.map(lambda text: split(text)[0])
        return merged if right and not adds_twice(lines, split(merged.text or "")[0]) else None

    def refused(self, merged: MergedText) -> bool:
        return bool(self.code and merged.notes) and (merged.text is None or not self.accept(merged.text))


def _added_twice(lines: Terms[Lines], regions: Sequence[Region]) -> bool:
    """True if both sides added the same lines or words, and the diff found them at two places."""
    return added_twice(regions, [_telling_lines(lines, region) for region in regions], _NEAR) or any(
        _doubled_words(lines, before, region)
        for before, region in pairwise(regions)
        if region.touches and len(before.changed) == len(region.changed) == 1
    )


def _telling_lines(lines: Terms[Lines], region: Region) -> Counts:
    """How often each line stands in a changed region, in each text."""
    if not region.changed:
        return Counter(), Counter(), Counter()
    places = (region.base, region.local, region.remote)
    found = (text[slice(*place)] for text, place in zip(lines, places, strict=True))
    counts: list[Counter[Hashable]] = [Counter(line for line in text if _is_telling(line)) for text in found]
    base, local, remote = counts
    return base, local, remote


def _is_telling(line: str) -> bool:
    return any(map(str.isalnum, line)) and not is_import(line)


def _doubled_words(lines: Terms[Lines], one: Region, other: Region) -> bool:
    """True if neighbouring lines that the two sides changed hold words that both added."""
    whole = ((one.base[0], other.base[1]), (one.local[0], other.local[1]), (one.remote[0], other.remote[1]))
    base, local, remote = ("\n".join(text[slice(*at)]) for text, at in zip(lines, whole, strict=True))
    merged = [
        line
        for region in (one, other)
        for side in region.changed
        for line in getattr(lines, side)[slice(*getattr(region, side))]
    ]
    return doubles(*map(prose_tokens, (base, local, remote, "\n".join(merged))))


def _imports_once(texts: Terms[str], merged: MergedText) -> MergedText:
    """Without the later of two equal imports, if the sides inserted nothing else twice."""
    doubled = _doubled(texts, merged)
    if not doubled or merged.text is None or not all(line[0].strip() and is_import(line) for line in doubled):
        return merged
    lines, seen = [], set[str]()
    for line in split(merged.text)[0]:
        if line not in seen:
            lines.append(line)
        seen |= doubled & {line}
    return MergedText((Decided(tuple(lines)),), merged.shape, (*merged.notes, "the same import once"))


def _doubled(texts: Terms[str], merged: MergedText) -> set[str]:
    """Lines that are there more often than the two changes together explain.

    diff3 takes a moved line for a deleted and an inserted one; where both sides moved it,
    or one moved and the other deleted it, that would double or resurrect it.  And a line
    that both sides added, at places that are not quite the same, is meant once.
    """
    if merged.text is None:
        return set()
    b, l, r, m = (Counter(split(text)[0]) for text in (*texts, merged.text))
    return {
        line
        for line, count in m.items()
        if (b[line] or (l[line] and r[line])) and len(line.strip()) >= _TELLING
        if is_too_many(count, b[line], l[line], r[line])
    }


def is_too_many(count: int, base: int, local: int, remote: int) -> bool:
    """True if a line stands `count` times, and the numbers on the sides do not explain it."""
    if count > max(local, remote, local + remote - base if base else 0):
        return True
    return (local < base == remote and count > local) or (remote < base == local and count > remote)


def _one_clash(texts: Terms[str]) -> MergedText:
    """Everything between the ends that all three share, as one conflict."""
    b, l, r = (split(text)[0] for text in texts)
    ends = common_ends(b, l), common_ends(b, r)
    head, tail = min(e[0] for e in ends), min(e[1] for e in ends)
    clash = Clash(*(lines[head : len(lines) - tail] for lines in (b, l, r)))
    pieces: list[Piece] = [Decided(b[:head]), clash, Decided(b[len(b) - tail :])]
    return MergedText(tuple(_joined(pieces)), _shape(texts))


def _merge(texts: Terms[str], regions: Iterable[Region], *, code: bool, bold: bool) -> MergedText:
    b, l, r = (split(text)[0] for text in texts)
    notes: list[str] = []
    pieces: list[Piece] = []
    for region in regions:
        clash = Clash(b[slice(*region.base)], l[slice(*region.local)], r[slice(*region.remote)])
        law = decide(*clash)
        if region.touches:
            notes.append("neighbouring lines changed by both sides")
        if isinstance(law, Decided):
            pieces.append(law)
        elif settled := by_rule(clash, b, region.base[0], code=code, bold=bold):
            pieces += settled.pieces
            notes.append(settled.note)
        else:
            pieces.append(clash)
    return MergedText(tuple(_joined(pieces)), _shape(texts), tuple(dict.fromkeys(notes)))


def _shape(texts: Terms[str]) -> Shape:
    base, local, remote = (split(text)[1] for text in texts)
    return Shape(
        _side_that_changed(base.crlf, local.crlf, remote.crlf),
        _side_that_changed(base.final_newline, local.final_newline, remote.final_newline),
    )


def _side_that_changed(base: bool, local: bool, remote: bool) -> bool:
    return remote if local == base else local


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Decided pieces that stand side by side as one."""
    result: list[Piece] = []
    for decided, run in groupby(pieces, lambda piece: isinstance(piece, Decided)):
        if decided:
            lines = tuple(line for piece in run if isinstance(piece, Decided) for line in piece.value)
            result += [Decided(lines)] if lines else []
        else:
            result += run
    return result
