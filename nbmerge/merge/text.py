"""Owns: the three-way merge of one text by lines.

Must not know: cells, outputs, how a conflict is shown.  Invariant: no line is lost, doubled or resurrected:
what the law and the rules for clashes do not decide stays a Clash.

Bold choices (neighbouring changes, tokens, insertions that agree) stand in code only if `accept` agrees to
the whole text that comes out, that is where it still parses.
"""

from __future__ import annotations

from collections import Counter

from nbmerge.frozen import frozen
from nbmerge.merge.rules import by_rule
from nbmerge.merge.sequences import common_ends, diff3
from nbmerge.merge.values import Clash, Decided, decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbmerge.merge.rules import Lines, Piece

_TELLING = 8  # characters; a shorter line may well be there twice


@frozen
class Shape:
    """What a text has besides its lines."""

    crlf: bool
    final_newline: bool


@frozen
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
    base: str, local: str, remote: str, *, code: bool, accept: Callable[[str], bool]
) -> MergedText:
    """Merge three texts.  `accept(text)` may refuse what only the bold rules allow."""
    law = decide(base, local, remote)
    if isinstance(law, Decided):
        lines, shape = split(law.value)
        return MergedText((Decided(lines),), shape)
    merged = _merge(base, local, remote, code=code, bold=True)
    refused = code and merged.notes and (merged.text is None or not accept(merged.text))
    doubled = _doubles(base, local, remote, merged.text)
    if refused or doubled:
        merged = _merge(base, local, remote, code=code, bold=False)
        doubled = _doubles(base, local, remote, merged.text)
    return _one_clash(base, local, remote, merged.shape) if doubled else merged


def _doubles(base: str, local: str, remote: str, merged: str | None) -> bool:
    """True if a line is there more often than the two changes together explain.

    diff3 takes a moved line for a deleted and an inserted one; where both sides moved it,
    or one moved and the other deleted it, that would double or resurrect it.  And a line
    that both sides added, at places that are not quite the same, is meant once.
    """
    if merged is None:
        return False
    b, l, r, m = (Counter(split(text)[0]) for text in (base, local, remote, merged))
    return any(
        is_too_many(count, b[line], l[line], r[line])
        for line, count in m.items()
        if (b[line] or (l[line] and r[line])) and len(line.strip()) >= _TELLING
    )


def is_too_many(count: int, base: int, local: int, remote: int) -> bool:
    """True if a line stands `count` times, and the numbers on the sides do not explain it."""
    if count > max(local, remote, local + remote - base if base else 0):
        return True
    return (local < base == remote and count > local) or (remote < base == local and count > remote)


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
        law = decide(*clash)
        if region.touches:
            notes.append("neighbouring lines changed by both sides")
        if isinstance(law, Decided):
            pieces.append(law)
        elif resolved := by_rule(clash, code=code, bold=bold):
            pieces += resolved.pieces
            notes.append(resolved.note)
        else:
            pieces.append(clash)
    shape = Shape(
        _side_that_changed(shape_b.crlf, shape_l.crlf, shape_r.crlf),
        _side_that_changed(shape_b.final_newline, shape_l.final_newline, shape_r.final_newline),
    )
    return MergedText(tuple(_joined(pieces)), shape, tuple(dict.fromkeys(notes)))


def _side_that_changed(base: bool, local: bool, remote: bool) -> bool:
    return remote if local == base else local


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
