"""Owns: the three-way merge of one text by lines, and the rules that make clashing lines one text.

Must not know: cells, outputs, how a conflict is shown.
Invariant: no line is lost, doubled or resurrected: what the law and the rules do not decide stays a Clash;
each rule that was needed says so in words.

The bold rules (neighbouring changes, tokens, insertions that agree) believe that two changes belong
together.  In code they count only if `accept` agrees to the whole text that comes out: it must parse where
both sides did, which is the same on every Python, for the grammar is a fixed one of parso, loaded only when
a cell needs it.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from nbmerge.frozen import frozen
from nbmerge.merge.sequences import align, align_alike, common_ends, diff3, hunks
from nbmerge.merge.values import Clash, Decided, decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    Lines: TypeAlias = tuple[str, ...]
    Piece: TypeAlias = Decided[Lines] | Clash[Lines]

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


_TOKEN = r"\n|[^\S\n]+|\w+|[^\w\s]"
_SEPARATOR = r"[,;:()\[\]{}\n]|(?<![=!<>])=(?!=)"
_IMPORT = r"\s*(?:import\s+[\w.]+|from\s+[\w.]+\s+import\s+[^(\\]+$|using\s+[\w.]+|library\(\w+\)|\s*$)"
_SIMILAR = 0.5  # share of common tokens below which a region was rewritten, not edited
_TOO_LONG_FOR_TOKENS = 20_000  # characters in a region


@frozen
class ByRule:
    """What a clash became, and the rule in words."""

    pieces: tuple[Piece, ...]
    note: str


def by_rule(clash: Clash[Lines], *, code: bool, bold: bool) -> ByRule | None:
    """The first rule that applies; None if a person has to decide."""
    found = _loose_space(clash)
    if found is None and bold:
        found = _imports(clash) or _only_deletions(clash)
        found = found or _agreed_ends(clash) or _one_contains_other(clash)
        found = found or _common_insertions(clash) or _by_tokens(clash, code)
    return found


def _loose_space(clash: Clash[Lines]) -> ByRule | None:
    """Space at line ends and blank lines do not clash with anything."""
    law = decide(*clash, plain=_without_loose_space)
    if isinstance(law, Clash):
        return None
    if _without_loose_space(clash.local) == _without_loose_space(clash.remote):
        # whichever side it is on: swapping the sides must not change the lines
        law = Decided(max(clash.local, clash.remote, key=lambda lines: (sum(map(len, lines)), lines)))
    return ByRule((law,), "white space at line ends")


def _without_loose_space(lines: Lines) -> list[str]:
    return [line.rstrip() for line in lines if line.strip()]


def _imports(clash: Clash[Lines]) -> ByRule | None:
    """Import lines inserted by both sides are all kept."""
    lines = clash.local + clash.remote
    indents = {line[: len(line) - len(line.lstrip())] for line in lines if line.strip()}
    if clash.base or len(indents) != 1 or not all(re.match(_IMPORT, line) for line in lines):
        return None
    return ByRule((Decided(tuple(dict.fromkeys(lines))),), "imports of both sides")


def _only_deletions(clash: Clash[Lines]) -> ByRule | None:
    """Neither side added anything, and one deleted all that the other did, and more.

    Where each deleted what the other kept, they chose between lines (as two resolutions of
    one conflict do): to delete both choices would lose both.
    """
    kept_by_local = {i for i, _ in align(clash.base, clash.local)}
    kept_by_remote = {i for i, _ in align(clash.base, clash.remote)}
    if len(kept_by_local) < len(clash.local) or len(kept_by_remote) < len(clash.remote):
        return None
    if kept_by_local <= kept_by_remote:
        return ByRule((Decided(clash.local),), "lines deleted by both sides, more by one")
    if kept_by_remote <= kept_by_local:
        return ByRule((Decided(clash.remote),), "lines deleted by both sides, more by one")
    return None


def _agreed_ends(clash: Clash[Lines]) -> ByRule | None:
    """Both began or ended with the same new lines; between them only one side did more."""
    head, tail = common_ends(clash.local, clash.remote)
    end = -tail or None
    inner = decide(clash.base, clash.local[head:end], clash.remote[head:end])
    if not (head or tail) or isinstance(inner, Clash):
        return None
    last = clash.local[len(clash.local) - tail :]
    return _same_but_larger(clash.local[:head] + inner.value + last)


def _one_contains_other(clash: Clash[Lines]) -> ByRule | None:
    """Both made the same change, and one of them added more."""
    for less, more in ((clash.local, clash.remote), (clash.remote, clash.local)):
        if len(less) < len(clash.base) or not any(line.strip() for line in less):
            continue  # what it lacks may be lines of base that it deleted
        if len(align(less, more)) < len(less):
            continue
        kept_by_more = {i for i, _ in align(clash.base, more)}
        if kept_by_more <= {i for i, _ in align(clash.base, less)}:
            return _same_but_larger(more)
    return None


def _same_but_larger(lines: Lines) -> ByRule:
    return ByRule((Decided(lines),), "the same change, larger on one side")


def _common_insertions(clash: Clash[Lines]) -> ByRule | None:
    """Both inserted much the same lines: common ones once, the rest beside them."""
    if clash.base:
        return None
    pairs = align_alike(clash.local, clash.remote)
    weight = sum(bool(clash.local[i].strip()) for i, _ in pairs)
    smaller = min(sum(bool(x.strip()) for x in lines) for lines in (clash.local, clash.remote))
    if not weight or 2 * weight < smaller or _cross(clash, pairs):
        return None
    pieces: list[Piece] = []
    i = j = 0
    for next_i, next_j in [*pairs, (len(clash.local), len(clash.remote))]:
        ours, theirs = clash.local[i:next_i], clash.remote[j:next_j]
        pieces.append(Clash((), ours, theirs) if ours and theirs else Decided(ours or theirs))
        pieces.append(Decided(clash.local[next_i : next_i + 1]))
        i, j = next_i + 1, next_j + 1
    return ByRule(tuple(pieces), "much the same lines inserted by both sides")


def _cross(clash: Clash[Lines], pairs: list[tuple[int, int]]) -> bool:
    """True if a line stands on both sides, but in another order among the others."""
    paired = {i for i, _ in pairs}, {j for _, j in pairs}
    left = {line for i, line in enumerate(clash.local) if i not in paired[0]}
    return any(line in left for j, line in enumerate(clash.remote) if j not in paired[1])


def _by_tokens(clash: Clash[Lines], code: bool) -> ByRule | None:
    """Edits in one line that are separated by something both sides left alone.

    In code no side may have broken or joined lines: what comes out would be a line that
    nobody wrote for reasons that nobody sees.
    """
    if code and not len(clash.base) == len(clash.local) == len(clash.remote):
        return None
    texts = ["\n".join(lines) for lines in clash]
    if not all(texts) or sum(map(len, texts)) > _TOO_LONG_FOR_TOKENS:
        return None
    base, local, remote = (re.findall(_TOKEN, text) for text in texts)
    if min(_share_kept(base, local), _share_kept(base, remote)) < _SIMILAR:
        return None
    merged = _merged_tokens(base, local, remote, code)
    if merged is None:
        return None
    note = "different parts of one line" if code else "different words of one line"
    return ByRule((Decided(tuple("".join(merged).split("\n"))),), note)


def _merged_tokens(base: list[str], local: list[str], remote: list[str], code: bool) -> list[str] | None:
    merged: list[str] = []
    between = ""  # what both sides left alone since the last change
    last: frozenset[str] = frozenset()
    for region in diff3(base, local, remote, neighbours=False):
        kept, ours, theirs = (
            tokens[slice(*place)]
            for tokens, place in ((base, region.base), (local, region.local), (remote, region.remote))
        )
        if not region.changed:
            between += "".join(kept)
            merged += kept
            continue
        if last and last != region.changed and not _apart(between, code):
            return None
        if len(region.changed) == 2 and ours != theirs:
            return None
        merged += ours if "local" in region.changed else theirs
        between, last = "", region.changed
    return merged


def _apart(between: str, code: bool) -> bool:
    """True if two edits with this between them do not change one thing.

    In code: different arguments, targets or statements.  Two edits of one expression
    (`exp(x + 2)` and `exp(2 * x)`) would make a formula that nobody wrote.
    """
    return bool(re.search(_SEPARATOR, between) if code else between)


def _share_kept(base: Sequence[str], side: Sequence[str]) -> float:
    """How much of the text that lost more of itself stands in both, white space aside."""
    found = hunks(base, side)
    changed_base = sum(_visible(base[hunk.start : hunk.end]) for hunk in found)
    changed_side = sum(_visible(side[hunk.new_start : hunk.new_end]) for hunk in found)
    return 1 - max(changed_base / max(_visible(base), 1), changed_side / max(_visible(side), 1))


def _visible(tokens: Sequence[str]) -> int:
    return sum(not token.isspace() for token in tokens)


GRAMMAR = "3.13"
_TOO_LONG = 200_000  # characters; parsing more would take seconds, and such a cell is no code
_SHELL_ASSIGNMENT = r"[\w.,\s]+=\s*[%!]"
_CELL_MAGIC = r"\s*%%(\w*)[^\n]*(?:\n|$)"
_PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun"})


def guard(python: bool, *sides: str) -> Callable[[str], bool]:
    """A judge for merged texts of one cell whose sides are given."""

    def accept(merged: str) -> bool:
        if not python:
            return True
        if len(merged) > _TOO_LONG:
            return False
        try:
            known = frozenset[str]().union(*map(faults, sides))
            return faults(merged) <= known
        except RecursionError:  # code nested as deeply as this is not worth the risk
            return False

    return accept


@lru_cache(maxsize=64)
def faults(source: str) -> frozenset[str]:
    """What is wrong with the source as Python, magics and shell lines set aside.

    Notebooks hold code that no Python file could (`await` at the top): a fault that a
    side has already is none of the merge's.
    """
    magic = re.match(_CELL_MAGIC, source)
    if magic:
        if magic.group(1) not in _PYTHON_MAGICS:
            return frozenset()
        source = source[magic.end() :]
    grammar = _grammar()
    module = grammar.parse("\n".join(map(_as_python, source.split("\n"))) + "\n")
    return frozenset(str(found.message) for found in grammar.iter_errors(module))


def _as_python(line: str) -> str:
    """The line, or `pass` in place of what only IPython understands."""
    text = line.strip()
    asks = text.endswith("?") and not any(sign in text for sign in "#'\"")
    if text.startswith(("%", "!", "?")) or asks or re.match(_SHELL_ASSIGNMENT, text):
        return line[: len(line) - len(line.lstrip())] + "pass"
    return line


@lru_cache(maxsize=1)
def _grammar() -> Any:
    from parso.grammar import load_grammar

    return load_grammar(version=GRAMMAR)
