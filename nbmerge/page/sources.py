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
    from collections.abc import Iterable, Sequence

_MINUS = "\u2212"
_LONG = 40  # lines of one kind; more are folded
_AROUND = 4  # lines that stay in sight before and behind what is folded
_HEADING = re.compile(r"#{1,6} ")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")


def shown_lines(lines: Iterable[Line], *, text: bool = False, signs: bool = True) -> Html:
    """Lines in blocks of one origin; `text` for markdown, whose headings stand out."""
    blocks: list[Html] = []
    fenced = False
    for (by, gone), group in groupby(lines, key=lambda line: (line.by, line.gone)):
        run = list(group)
        headings = []
        for line in run:
            fenced ^= _FENCE.match(line.text) is not None
            headings.append(text and not fenced and _HEADING.match(line.text) is not None)
        blocks += _blocks(run, headings, _sign(by, gone) if signs else None, by, gone)
    return join(blocks)


def plain_source(source: Sequence[str], *, text: bool = False) -> Html:
    """A source in which nobody changed anything."""
    return shown_lines([Line((Word(line),), By.BASE) for line in source], text=text)


def source_box(content: Html, *, text: bool = False) -> Html:
    """The frame around a source."""
    return tag("div", content, class_="src text" if text else "src")


def _blocks(run: list[Line], headings: list[bool], sign: Html | None, by: By, gone: bool) -> Iterable[Html]:
    kind = " ".join(["ln", *((by.value,) if by is not By.BASE else ()), *(("gone",) if gone else ())])
    if len(run) <= _LONG:
        yield _block(kind, sign, _inner(run, headings))
        return
    middle = run[_AROUND:-_AROUND]
    kept, note = cut("\n".join(line.text for line in middle))
    yield _block(kind, sign, _inner(run[:_AROUND], headings[:_AROUND]))
    about = f"{counted(len(middle), 'more line')}"
    folded = fold(about, join([kept, note]) if note else kept)
    yield tag("div", tag("i"), tag("span", folded), class_=kind)
    yield _block(kind, None if sign is None else tag("i"), _inner(run[-_AROUND:], headings[-_AROUND:]))


def _block(kind: str, sign: Html | None, inner: Html) -> Html:
    return tag("div", tag("i") if sign is None else sign, tag("span", inner), class_=kind)


def _sign(by: By, gone: bool) -> Html:
    if by is By.BASE:
        return tag("i")
    said = f"{'removed' if gone else 'written'} by {NAMES[by]}"
    return tag("i", f"{_MINUS * gone}{SIGNS[by]}", title=said)


def _inner(run: list[Line], headings: list[bool]) -> Html:
    """The lines' words; those that are new stand out where not the whole line is."""
    parts: list[Html | str] = []
    for number, (line, heading) in enumerate(zip(run, headings, strict=True)):
        content = join(_word(word, line) for word in line.words)
        parts += ["\n" * (number > 0), tag("b", content, class_="hd") if heading else content]
    return join(parts)


def _word(word: Word, line: Line) -> Html | str:
    text, _ = cut(word.text)
    if word.by is By.BASE or len(line.words) == 1:
        return text
    return tag("b", text, class_="w" if word.by is line.by else f"w {word.by.value}")
