"""Owns: what a cell's source looks like, line by line, with who wrote what.

Must not know: how lines got their origin, what conflicts are.  Invariant: each line of the source is
on the page, shown or folded, unless it is said how much was cut.
"""

from __future__ import annotations

import re
from itertools import groupby

from nbmerge.page.html import Html, fold, join, tag
from nbmerge.page.lines import By, Line, Word
from nbmerge.page.texts import counted, cut
from nbmerge.page.wording import NAMES, SIGNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    Sign: TypeAlias = Callable[[By, bool], Html]  # whose lines they are, and whether they are gone

_MINUS = "\u2212"
_LONG = 40  # lines of one kind; more are folded
_AROUND = 4  # lines that stay in sight before and behind what is folded
_HEADING = re.compile(r"#{1,6} ")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")


def by_side(by: By, gone: bool) -> Html:
    """Before each block of a merge: who wrote it, or took it out."""
    if by is By.BASE:
        return tag("i")
    said = f"{'removed' if gone else 'written'} by {NAMES[by]}"
    return tag("i", f"{_MINUS * gone}{SIGNS[by]}", title=said)


def added_or_removed(by: By, gone: bool) -> Html:
    """Before each block of a comparison."""
    return tag("i") if by is By.BASE else tag("i", _MINUS if gone else "+")


def no_sign(_by: By, _gone: bool) -> Html:
    """Where a heading says whose all of it is."""
    return tag("i")


def shown_lines(lines: Iterable[Line], *, text: bool = False, sign: Sign = by_side) -> Html:
    """Lines in blocks of one origin; `text` for markdown, whose headings stand out."""
    blocks: list[Html] = []
    fenced = False
    for (by, gone), group in groupby(lines, key=lambda line: (line.by, line.gone)):
        run = list(group)
        headings = []
        for line in run:
            fenced ^= _FENCE.match(line.text) is not None
            headings.append(text and not fenced and _HEADING.match(line.text) is not None)
        kind = " ".join(("ln", *((by.value,) if by is not By.BASE else ()), *(("gone",) if gone else ())))
        parts = _parts(run, headings)
        signs = [sign(by, gone), *(tag("i") for _ in parts[1:])]
        blocks += [tag("div", *both, class_=kind) for both in zip(signs, parts, strict=True)]
    return join(blocks)


def plain_source(source: Sequence[str], *, text: bool = False) -> Html:
    """A source in which nobody changed anything."""
    return shown_lines([Line((Word(line),), By.BASE) for line in source], text=text)


def source_box(content: Html, *, text: bool = False) -> Html:
    """The frame around a source."""
    return tag("div", content, class_="src text" if text else "src")


def _parts(run: list[Line], headings: list[bool]) -> list[Html]:
    """A block as it is, or the two ends of a long one and its folded middle."""
    if len(run) <= _LONG:
        return [_inner(run, headings)]
    middle = run[_AROUND:-_AROUND]
    kept, note = cut("\n".join(line.text for line in middle))
    folded = fold(counted(len(middle), "more line"), kept, note)
    ends = (slice(None, _AROUND), slice(-_AROUND, None))
    first, last = (_inner(run[end], headings[end]) for end in ends)
    return [first, tag("div", folded), last]


def _inner(run: list[Line], headings: list[bool]) -> Html:
    """The lines' words; those that are new stand out where not the whole line is."""
    shown = (_line(line, heading) for line, heading in zip(run, headings, strict=True))
    return tag("div", Html("\n".join(line.text for line in shown)))


def _line(line: Line, heading: bool) -> Html:
    words = join(_word(word, line) for word in line.words)
    if line.gone and len(line.words) == 1:
        bare = line.text.lstrip()
        words = join([line.text[: len(line.text) - len(bare)], tag("s", cut(bare)[0])])
    return tag("b", words, class_="hd") if heading else words


def _word(word: Word, line: Line) -> Html | str:
    text, note = cut(word.text)
    if word.by is By.BASE or len(line.words) == 1:
        return join([text, note])
    name = "s" if line.gone else "b"
    return tag(name, text, class_="w" if word.by is line.by else f"w {word.by.value}")
