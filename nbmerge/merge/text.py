"""Owns: the three-way merge of one text: by lines, then by tokens within a line.

Must not know: cells, outputs, how a conflict is shown.  Invariant: a line that only one
side added is in the result; what the rules below do not decide stays a Clash.

The bold choices (neighbouring changes, tokens, whole insertions that agree) are made
only where `accept` agrees to the text that comes out, for code: where it still parses.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from nbmerge.merge.hunks import Region, diff3, hunks
from nbmerge.merge.sequences import align, common_ends
from nbmerge.merge.threeway import Clash, Decided, decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    Lines: TypeAlias = tuple[str, ...]
    Piece: TypeAlias = Decided[Lines] | Clash[Lines]

_TOKEN = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")
_IMPORT = re.compile(
    r"\s*(?:import\s+[\w.]+|from\s+[\w.]+\s+import\s+[^(\\]+$|using\s+[\w.]+|library\(\w+\)|\s*$)"
)
_SEPARATOR = re.compile(r"[,;:=()\[\]{}\n]")
_LIKENESS = 0.5  # share of common tokens below which a region was rewritten, not edited
_TELLING = 8  # characters; a shorter line may well be there twice
_TOO_LONG_FOR_TOKENS = 20_000  # characters in a region


@dataclass(frozen=True, slots=True)
class Shape:
    """What a text has besides its lines."""

    crlf: bool
    final_newline: bool


@dataclass(frozen=True, slots=True)
class MergedText:
    """Pieces in order; `notes` say which rules were needed beside the three-way law."""

    pieces: tuple[Piece, ...]
    shape: Shape
    notes: tuple[str, ...] = ()

    @property
    def clashes(self) -> list[Clash[Lines]]:
        return [piece for piece in self.pieces if isinstance(piece, Clash)]

    @property
    def text(self) -> str | None:
        """The merged text, or None while there is a clash."""
        lines: list[str] = []
        for piece in self.pieces:
            if isinstance(piece, Clash):
                return None
            lines += piece.value
        return compose(lines, self.shape)


def split(text: str) -> tuple[Lines, Shape]:
    """Lines without their ends, and the shape that `compose` needs to restore the text."""
    crlf = "\r\n" in text and text.count("\r\n") == text.count("\n")
    if crlf:
        text = text.replace("\r\n", "\n")
    final = text.endswith("\n")
    body = text[:-1] if final else text
    return (tuple(body.split("\n")) if text else ()), Shape(crlf, final)


def compose(lines: Sequence[str], shape: Shape) -> str:
    """The inverse of `split`."""
    text = "\n".join(lines) + ("\n" if shape.final_newline and lines else "")
    return text.replace("\n", "\r\n") if shape.crlf else text


def merge_text(
    base: str,
    local: str,
    remote: str,
    *,
    code: bool,
    accept: Callable[[str], bool],
) -> MergedText:
    """Merge three texts.  `accept(text)` may refuse what only the bold rules allow."""
    law = decide(base, local, remote)
    if isinstance(law, Decided):
        lines, shape = split(law.value)
        return MergedText((Decided(lines),), shape)
    merged = _merge(base, local, remote, code=code, bold=True)
    if code and merged.notes and (merged.text is None or not accept(merged.text)):
        merged = _merge(base, local, remote, code=code, bold=False)
    if merged.text is not None and _moved_twice(base, local, remote, merged.text):
        return _one_clash(base, local, remote, merged.shape)
    return merged


def _moved_twice(base: str, local: str, remote: str, merged: str) -> bool:
    """True if a line is there more often than the two changes together explain.

    diff3 takes a moved line for a deleted and an inserted one; where both sides moved it,
    or one moved and the other deleted it, that would double or resurrect it.
    """
    b, l, r, m = (Counter(split(text)[0]) for text in (base, local, remote, merged))
    return any(
        count > max(l[line], r[line], l[line] + r[line] - b[line])
        or (l[line] < b[line] == r[line] and count > l[line])
        or (r[line] < b[line] == l[line] and count > r[line])
        for line, count in m.items()
        if b[line] and len(line.strip()) >= _TELLING
    )


def _one_clash(base: str, local: str, remote: str, shape: Shape) -> MergedText:
    """Everything between the ends that all three share, as one conflict."""
    b, l, r = (split(text)[0] for text in (base, local, remote))
    ends = common_ends(b, l), common_ends(b, r)
    head, tail = min(e[0] for e in ends), min(e[1] for e in ends)
    clash = Clash(*(lines[head : len(lines) - tail] for lines in (b, l, r)))
    pieces: list[Piece] = [Decided(b[:head]), clash, Decided(b[len(b) - tail :])]
    return MergedText(tuple(_joined(pieces)), shape)


def _merge(base: str, local: str, remote: str, *, code: bool, bold: bool) -> MergedText:
    (b, shape_b), (l, shape_l), (r, shape_r) = split(base), split(local), split(remote)
    notes: list[str] = []
    pieces: list[Piece] = []
    for region in diff3(b, l, r, neighbours=bold):
        clash = Clash(b[slice(*region.base)], l[slice(*region.local)], r[slice(*region.remote)])
        pieces += _resolve(region, clash, code, bold, notes)
    shape = Shape(
        _side_that_changed(shape_b.crlf, shape_l.crlf, shape_r.crlf),
        _side_that_changed(shape_b.final_newline, shape_l.final_newline, shape_r.final_newline),
    )
    return MergedText(tuple(_joined(pieces)), shape, tuple(dict.fromkeys(notes)))


def _side_that_changed(base: bool, local: bool, remote: bool) -> bool:
    return remote if local == base else local


def _resolve(region: Region, clash: Clash[Lines], code: bool, bold: bool, notes: list[str]) -> list[Piece]:
    if region.touches:
        notes.append("neighbouring lines changed by both sides")
    if len(region.changed) < 2:
        return [Decided(clash.remote if "remote" in region.changed else clash.local)]
    law = decide(*clash, plain=_without_loose_space)
    if isinstance(law, Decided):
        if clash.local != clash.remote:
            notes.append("white space at line ends")
        return [law]
    if not clash.base and _only_imports(clash):
        notes.append("imports of both sides")
        return [Decided(clash.local + tuple(x for x in clash.remote if x not in clash.local))]
    return (bold and _by_bold_rules(clash, code, notes)) or [clash]


def _by_bold_rules(clash: Clash[Lines], code: bool, notes: list[str]) -> list[Piece]:
    return (
        _agreed_ends(clash, notes)
        or _one_contains_other(clash, notes)
        or _common_insertions(clash, notes)
        or _by_tokens(clash, code, notes)
    )


def _without_loose_space(lines: Lines) -> Lines:
    """The lines without blank ones and without space at their ends."""
    return tuple(line.rstrip() for line in lines if line.strip())


def _agreed_ends(clash: Clash[Lines], notes: list[str]) -> list[Piece]:
    """Both began or ended with the same new lines; between them only one side did more."""
    head, tail = common_ends(clash.local, clash.remote)
    end = -tail or None
    inner = decide(clash.base, clash.local[head:end], clash.remote[head:end])
    if not (head or tail) or isinstance(inner, Clash):
        return []
    notes.append("the same change, larger on one side")
    last = clash.local[len(clash.local) - tail :]
    return [Decided(clash.local[:head] + inner.value + last)]


def _only_imports(clash: Clash[Lines]) -> bool:
    lines = clash.local + clash.remote
    return any(line.strip() for line in lines) and all(_IMPORT.match(line) for line in lines)


def _one_contains_other(clash: Clash[Lines], notes: list[str]) -> list[Piece]:
    """Both made the same change, and one of them added more."""
    for less, more in ((clash.local, clash.remote), (clash.remote, clash.local)):
        if not any(line.strip() for line in less) or len(align(less, more)) < len(less):
            continue
        kept = {i for i, _ in align(clash.base, more)} - {i for i, _ in align(clash.base, less)}
        if not kept:
            notes.append("the same change, larger on one side")
            return [Decided(more)]
    return []


def _by_tokens(clash: Clash[Lines], code: bool, notes: list[str]) -> list[Piece]:
    """Edits in one line that are separated by something both sides left alone.

    In code no side may have broken or joined lines: what comes out would be a line that
    nobody wrote for reasons that nobody sees.
    """
    if code and not len(clash.base) == len(clash.local) == len(clash.remote):
        return []
    texts = ["\n".join(lines) for lines in (clash.base, clash.local, clash.remote)]
    if not all(texts) or sum(map(len, texts)) > _TOO_LONG_FOR_TOKENS:
        return []
    base, local, remote = (_TOKEN.findall(text) for text in texts)
    if min(_share_kept(base, local), _share_kept(base, remote)) < _LIKENESS:
        return []
    merged: list[str] = []
    separated = ""  # what both sides left alone since the last change
    last: frozenset[str] = frozenset()
    for region in diff3(base, local, remote, neighbours=False):
        if not region.changed:
            kept = base[slice(*region.base)]
            separated += "".join(kept)
            merged += kept
            continue
        if last and last != region.changed and not _apart(separated, code):
            return []
        ours, theirs = local[slice(*region.local)], remote[slice(*region.remote)]
        if len(region.changed) == 2 and ours != theirs:
            return []
        merged += ours if "local" in region.changed else theirs
        separated, last = "", region.changed
    notes.append("different words of one line" if not code else "different parts of one line")
    return [Decided(tuple("".join(merged).split("\n")))]


def _apart(between: str, code: bool) -> bool:
    """True if two edits with this between them do not change one thing.

    In code: different arguments, targets or statements.  Two edits of one expression
    (`exp(x + 2)` and `exp(2 * x)`) would make a formula that nobody wrote.
    """
    return bool(_SEPARATOR.search(between) if code else between)


def _share_kept(base: Sequence[str], side: Sequence[str]) -> float:
    """How much of the longer text stands in both, white space aside."""
    changed_base = sum(bool(t.strip()) for h in hunks(base, side) for t in base[h.start : h.end])
    changed_side = sum(bool(t.strip()) for h in hunks(base, side) for t in side[h.new_start : h.new_end])
    size_base = sum(bool(token.strip()) for token in base)
    size_side = sum(bool(token.strip()) for token in side)
    return 1 - max(changed_base / max(size_base, 1), changed_side / max(size_side, 1))


def _common_insertions(clash: Clash[Lines], notes: list[str]) -> list[Piece]:
    """Both inserted much the same lines: common ones once, the rest beside them."""
    if clash.base:
        return []
    pairs = align(clash.local, clash.remote)
    weight = sum(bool(clash.local[i].strip()) for i, _ in pairs)
    smaller = min(sum(bool(x.strip()) for x in lines) for lines in (clash.local, clash.remote))
    if not weight or 2 * weight < smaller:
        return []
    notes.append("much the same lines inserted by both sides")
    pieces: list[Piece] = []
    i = j = 0
    for next_i, next_j in [*pairs, (len(clash.local), len(clash.remote))]:
        ours, theirs = clash.local[i:next_i], clash.remote[j:next_j]
        pieces.append(Clash((), ours, theirs) if ours and theirs else Decided(ours or theirs))
        pieces.append(Decided(clash.local[next_i : next_i + 1]))
        i, j = next_i + 1, next_j + 1
    return pieces


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Decided pieces that stand side by side as one."""
    result: list[Piece] = []
    for piece in pieces:
        last = result[-1] if result else None
        if isinstance(piece, Decided) and isinstance(last, Decided):
            result[-1] = Decided(last.value + piece.value)
        elif isinstance(piece, Clash) or piece.value:
            result.append(piece)
    return result
