"""Owns: the merge of lines that both sides changed, word by word.

Must not know: cells, where the lines stand, whether code parses.
Invariant: what comes out reads as the merged tokens, a word of a comment as one of a comment;
no run of tokens that both sides added stands more often than on either side.

In code layout is no token but stands before one, as its gap: spaces, indentation, blank lines,
line breaks inside brackets, a comma before a closing bracket.  It follows the side that
changed it, whatever the other side did to the tokens.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import compress

from nbmerge.frozen import frozen
from nbmerge.merge.sequences import added_twice, around, common_ends, diff3
from nbmerge.merge.values import Decided, Side, Terms, decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from typing import TypeAlias, TypeVar

    from nbmerge.merge.sequences import Counts, Region

    T = TypeVar("T")
    Tokens: TypeAlias = Sequence["Token"]

_WORD = r"\n|[^\S\n]+|\w+|[^\w\s]"
_CODE = r"""(?sx)(?P<string>\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    |(?P<comment>\#[^\n]*)|(?P<layout>\s*,\s*(?=[)\]}])|\\\n|[^\S\n]+)|\n|\w+|."""
_SEPARATOR = r"[,;:()\[\]{}\n]|(?<![=!<>])=(?!=)"
_LIKENESS = 0.5  # share of common tokens below which a text was rewritten, not edited
_NEAR = 8  # tokens
_LONG = 200  # tokens; a longer run is known by what it says
_RUN = 3  # tokens; shorter runs may well be added twice, if not nearby


@frozen(eq=False)
class Token:
    """A word, a sign, the end of a statement's line; the last of code is empty.

    `depth` counts the open brackets before it; it and the gap do not tell tokens apart.
    """

    text: str
    comment: bool = False
    gap: str = ""
    depth: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and (self.text, self.comment) == (other.text, other.comment)

    def __hash__(self) -> int:
        return hash((self.text, self.comment))

    def behind(self, gap: str) -> Token:
        """The token with another gap before it."""
        return Token(self.text, self.comment, gap, self.depth)

    @property
    def visible(self) -> bool:
        return bool(self.text.strip())


def merge_words(texts: Terms[str], *, code: bool) -> str | None:
    """The text with both sides' edits; None if they change one thing, or too much of it."""
    found = texts.map(code_tokens if code else prose_tokens)
    try:
        merged = _Merging(found, code).run()
    except _Refused:
        return None
    if doubles(found.base, found.local, found.remote, merged):
        return None
    text = "".join(token.gap + token.text for token in merged)
    return text if not code or code_tokens(text) == merged else None


def prose_tokens(text: str) -> list[Token]:
    """Words, signs and spaces."""
    return [Token(word) for word in re.findall(_WORD, text)]


def code_tokens(text: str) -> list[Token]:
    """Words and signs; spaces only inside strings, line ends only between statements."""
    found: list[Token] = []
    gap = ""
    depth = 0
    for piece in re.finditer(_CODE, text):
        kind, whole = piece.lastgroup, piece[0]
        ends_statement = whole == "\n" and not depth and bool(found) and found[-1].text != "\n"
        if kind == "layout" or (whole == "\n" and not ends_statement):
            gap += whole
            continue
        depth = max(depth - (whole in ")]}"), 0)
        for word in re.findall(_WORD, whole) if kind else [whole]:
            if kind == "comment" and word.isspace():
                gap += word
            else:
                found.append(Token(word, kind == "comment", gap, depth))
                gap = ""
        depth += whole in "([{"
    return [*found, Token("", gap=gap, depth=depth)]


def doubles(base: Tokens, local: Tokens, remote: Tokens, merged: Tokens) -> bool:
    """True if a run of tokens that both sides added stands more often than on either side."""
    b, l, r, m = map(_runs, (base, local, remote, merged))
    return any(b[run] < min(l[run], r[run]) and count > max(l[run], r[run]) for run, count in m.items())


def _runs(tokens: Tokens, size: int = _RUN) -> Counter[Hashable]:
    """All runs of a few visible tokens that say something."""
    words = [token.text for token in tokens if token.visible]
    runs = zip(*(words[start:] for start in range(size)), strict=False)
    return Counter(run for run in runs if any(word[0].isalnum() for word in run))


def _visible(tokens: Iterable[Token]) -> int:
    return sum(token.visible for token in tokens)


class _Refused(Exception):
    """The two sides change one thing, or it is not known how it should be laid out."""


class _Merging:
    """Three texts on their way to one list of tokens."""

    def __init__(self, texts: Terms[list[Token]], code: bool) -> None:
        self.texts = texts
        self.code = code
        self.regions = diff3(*texts, neighbours=False)
        self.tokens = [_slices(texts, region) for region in self.regions]
        self.layout = _Layout(texts, self.regions)

    def run(self) -> list[Token]:
        for name in ("local", "remote"):
            self.refuse_rewritten(name)
        if added_twice(self.regions, [self.pairs(number) for number in range(len(self.regions))], _NEAR):
            raise _Refused
        merged: list[Token] = []
        inserted: dict[tuple[str, ...], str] = {}
        apart: dict[str, bool] = {}  # from the last change that this side alone made
        for number, region in enumerate(self.regions):
            if not region.changed:
                between = "".join(token.gap + token.text for token in self.tokens[number].base)
                apart = {side: is_apart or self.separates(between) for side, is_apart in apart.items()}
                merged += self.layout.kept(number)
                continue
            merged += self.changed(number)
            if len(region.changed) == 1:
                [side] = region.changed
                if not all(is_apart for other, is_apart in apart.items() if other != side):
                    raise _Refused
                apart[side] = False
                self.note_insertion(number, side, inserted)
        return merged

    def pairs(self, number: int) -> Counts:
        """How often two tokens stand side by side in a changed region, in each text."""
        changed = bool(self.regions[number].changed)
        base, local, remote = (_runs(tokens if changed else (), 2) for tokens in self.tokens[number])
        return base, local, remote

    def refuse_rewritten(self, side: str) -> None:
        """A text of which one side alone changed more than it kept, white space aside."""
        alone = [region.changed == {side} for region in self.regions]
        for text in ("base", side):
            sizes = [_visible(getattr(tokens, text)) for tokens in self.tokens]
            if sum(compress(sizes, alone)) > (1 - _LIKENESS) * sum(sizes):
                raise _Refused

    def separates(self, between: str) -> bool:
        """True if two edits with this between them do not change one thing.

        In code: different arguments, targets or statements.  Two edits of one expression
        (`exp(x + 2)` and `exp(2 * x)`) would make a formula that nobody wrote.
        """
        return bool(re.search(_SEPARATOR, between) if self.code else between)

    def note_insertion(self, number: int, side: str, inserted: dict[tuple[str, ...], str]) -> None:
        """Refuse the second of two equal insertions that the two sides made at two places."""
        if self.tokens[number].base:
            return
        words = tuple(token.text for token in getattr(self.tokens[number], side) if token.visible)
        telling = any(word[0].isalnum() for word in words)
        if telling and inserted.setdefault(words, side) != side:
            raise _Refused
        if words and self.is_known(number, Side(side)):
            raise _Refused

    def is_known(self, number: int, side: Side) -> bool:
        """True if the other side, too, added this run nearby: a diff may find it at two places."""
        run, texts = _of(self.tokens[number], side), (self.texts.base, _of(self.texts, side.other))
        if len(run) > _LONG:
            return False
        before, now = around(texts, self.regions, number, side.other.value, _NEAR + len(run))
        return _times(run, before) < _times(run, now)

    def changed(self, number: int) -> list[Token]:
        changed = self.regions[number].changed
        if len(changed) == 2:
            return self.changed_by_both(self.tokens[number])
        [side] = changed
        return self.layout.fitted(number, Side(side))

    def changed_by_both(self, tokens: Terms[list[Token]]) -> list[Token]:
        """The same tokens, or an insertion that one side made longer."""
        base, local, remote = tokens
        if local == remote:
            known = base if len(base) == len(local) else local
            return [
                self.layout.laid_out(Terms(*three), starts_line=True)
                for three in zip(known, local, remote, strict=True)
            ]
        head, tail = common_ends(local, remote)
        if base or head + tail < min(len(local), len(remote)):
            raise _Refused
        return max(local, remote, key=len)


@frozen
class _Kept:
    """A token of an unchanged region, as the three texts and as the merge have it."""

    region: int
    three: Terms[Token]
    merged: Token

    def same_depth(self, token: Token, side: Side) -> bool:
        return _of(self.three, side).depth == token.depth


class _Layout:
    """The gaps before merged tokens: each follows the side that changed it."""

    def __init__(self, texts: Terms[list[Token]], regions: list[Region]) -> None:
        self.texts = texts
        self.regions = regions
        self.prefer = self.side_with_new_layout()
        self.found = [self.of_region(number) for number in range(len(regions))]
        known = [kept for found in self.found for kept in found if kept.merged.text]
        places = [range(*region.base) for region in regions if not region.changed]
        numbers = [number for place in places for number in place]
        self.lines: list[_Kept] = []
        self.elements: list[_Kept] = []
        for number, kept in zip(numbers, known, strict=False):
            if self.starts_line(number):
                self.lines.append(kept)
            elif texts.base[number - 1].text == ",":
                self.elements.append(kept)

    def side_with_new_layout(self) -> Side:
        """The side that changed more gaps: it has its way where both changed one."""
        ours = theirs = 0
        for region in self.regions:
            if not region.changed:
                for base, local, remote in zip(*_slices(self.texts, region), strict=True):
                    ours += base.gap != local.gap
                    theirs += base.gap != remote.gap
        gaps = self.texts.map(lambda tokens: [token.gap for token in tokens])
        return Side.LOCAL if (ours, gaps.local) >= (theirs, gaps.remote) else Side.REMOTE

    def of_region(self, number: int) -> list[_Kept]:
        region = self.regions[number]
        if region.changed:
            return []
        threes = [Terms(*three) for three in zip(*_slices(self.texts, region), strict=True)]
        starts = map(self.starts_line, range(*region.base))
        return [
            _Kept(number, three, self.laid_out(three, starts_line=start))
            for three, start in zip(threes, starts, strict=True)
        ]

    def starts_line(self, number: int) -> bool:
        """True if this token of base begins a statement."""
        return not number or self.texts.base[number - 1].text == "\n"

    def laid_out(self, three: Terms[Token], *, starts_line: bool) -> Token:
        """The token with the gap of the side that changed it."""
        law = decide(*(token.gap for token in three))
        if isinstance(law, Decided):
            return three.local.behind(law.value)
        sides = (three.local, three.remote)
        indents = {_indent(token.gap) for token in sides}
        commas = {"," in token.gap for token in sides}
        if (starts_line and len(indents) > 1) or len(commas) > 1:
            raise _Refused
        return _of(three, self.prefer)

    def kept(self, number: int) -> list[Token]:
        """What neither side changed there."""
        return [kept.merged for kept in self.found[number]]

    def fitted(self, number: int, side: Side) -> list[Token]:
        """What one side wrote there, laid out as the other side laid out what is around it."""
        tokens = _slices(self.texts, self.regions[number])
        new, other = _of(tokens, side), _of(tokens, side.other)
        self.refuse_new_indents(number, tokens.base, other)
        start = getattr(self.regions[number], side.value)[0]
        before = [None, *_of(self.texts, side)][start : start + len(new)]
        gaps = [self.gap(number, side, last, token) for last, token in zip(before, new, strict=True)]
        if tokens.base and new:
            ends = Terms(tokens.base[0], tokens.local[0], tokens.remote[0])
            gaps[0] = self.laid_out(ends, starts_line=self.starts_line(self.regions[number].base[0])).gap
        return [token.behind(gap) for token, gap in zip(new, gaps, strict=True)]

    def refuse_new_indents(self, number: int, base: Tokens, other: Tokens) -> None:
        """Lines that one side replaced and the other indented."""
        first = self.regions[number].base[0]
        for at in range(1, len(base)):
            if self.starts_line(first + at) and _indent(base[at].gap) != _indent(other[at].gap):
                raise _Refused

    def gap(self, number: int, side: Side, last: Token | None, token: Token) -> str:
        """The gap before a token that one side wrote behind `last`."""
        lines = _around(self.lines, number)
        starts_line = last is None or last.text == "\n"
        if starts_line or "\n" in token.gap:
            moved = {_moved(token.gap, _of(line.three, side).gap, line.merged.gap) for line in lines}
            if len(moved) == 1 and None not in moved and (len(lines) == 2 or moved == {token.gap}):
                return str(moved.pop())
            if moved and starts_line:
                raise _Refused
        elif last is not None and last.text == ",":
            for element in _around(self.elements, number):
                alike = element.same_depth(token, side) and _of(element.three, side).gap == token.gap
                if alike and "\n" in element.merged.gap:
                    return element.merged.gap
        return token.gap


def _times(run: list[Token], tokens: Tokens) -> int:
    """How often the run stands there, overlaps counted."""
    size = len(run)
    return sum(tokens[start : start + size] == run for start in range(len(tokens) - size + 1))


def _slices(texts: Terms[list[Token]], region: Region) -> Terms[list[Token]]:
    base, local, remote = texts
    return Terms(base[slice(*region.base)], local[slice(*region.local)], remote[slice(*region.remote)])


def _of(terms: Terms[T], side: Side) -> T:
    return terms.local if side is Side.LOCAL else terms.remote


def _around(kept: list[_Kept], number: int) -> list[_Kept]:
    """The nearest before and after a region."""
    before = bisect_left(kept, number, key=lambda found: found.region)
    after = bisect_right(kept, number, key=lambda found: found.region)
    return kept[max(before - 1, 0) : before] + kept[after : after + 1]


def _indent(gap: str) -> str:
    return gap[gap.rfind("\n") + 1 :]


def _moved(gap: str, own: str, merged: str) -> str | None:
    """The gap with its indentation changed as `own` was to `merged`; None if it cannot be told."""
    blank, indent = gap[: gap.rfind("\n") + 1], _indent(gap)
    was, became = _indent(own), _indent(merged)
    if was == became:
        return gap
    if indent.startswith(was):
        return blank + became + indent[len(was) :]
    less = was[len(indent) :]
    if was.startswith(indent) and became.endswith(less):
        return blank + became.removesuffix(less)
    return None
