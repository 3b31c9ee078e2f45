"""Owns: where each line of a merged source came from, which of its words are new, and what it looks like.

Must not know: cells, what conflicts are, how pages are laid out.  Invariant: the lines that are not gone
are the merged text, in order; a line of base that is not in it is there once, as gone.  Each line is on
the page, shown or folded, unless it is said how much was cut.  One word for one thing, on every page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby

from nbmerge.browser.html import Html, counted, cut, fold, join, tag
from nbmerge.merge.sequences import align

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from nbmerge.merge.values import Conflict, Decision, Terms

    Texts: TypeAlias = Terms[Sequence[str]]
    Sign: TypeAlias = "Callable[[Author, bool], Html]"  # whose lines they are, and whether they are gone

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_ALIKE = 0.4  # share of their characters that two lines have in common, to be shown as one that changed
_TOKENS_AT_MOST = 2000


class Author(Enum):
    """Whose something is; `MIXED` is made of what both brought, and stands on neither side."""

    BASE = "base"
    LOCAL = "local"
    REMOTE = "remote"
    BOTH = "both"
    MIXED = "mixed"

    @property
    def words(self) -> str:
        """As it is called on every page."""
        return "local and remote" if self is Author.MIXED else self.value


@dataclass(frozen=True, slots=True)
class Word:
    """A part of a line; `by` is BASE where it is nothing new."""

    text: str
    author: Author = Author.BASE


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the merged text, or (`gone`) one of base that `by` took out."""

    words: tuple[Word, ...]
    author: Author
    gone: bool = False

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class ConflictingLines:
    """What stands in place of lines where the sides are in conflict, the `number`-th of its cell."""

    number: int
    base: tuple[str, ...]
    local: tuple[str, ...]
    remote: tuple[str, ...]


def lines(text: str) -> list[str]:
    """The lines without their ends; a final newline makes no further line."""
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []


def author_of(in_local: bool, in_remote: bool) -> Author:
    """Whose something is that base lacks."""
    if in_local:
        return Author.BOTH if in_remote else Author.LOCAL
    return Author.REMOTE if in_remote else Author.MIXED


def merged_lines(merged: Sequence[str | ConflictingLines], sides: Texts) -> list[Line | ConflictingLines]:
    """The lines of a merge with their origin, after each those of base that are gone behind it."""
    in_base, in_local, in_remote = (
        _places(merged, name, side) for name, side in zip(("base", "local", "remote"), sides, strict=True)
    )
    gone = dict(_gone(sides))
    for places in in_base:
        for place in places:
            gone.pop(place, None)
    found: list[Line | ConflictingLines] = list(_behind(gone, -1))
    for number, item in enumerate(merged):
        if isinstance(item, ConflictingLines):
            found.append(item)
        else:
            kept = bool(in_base[number])
            author = Author.BASE if kept else author_of(bool(in_local[number]), bool(in_remote[number]))
            found.append(Line((Word(item),), author))
        if in_base[number]:
            found += _behind(gone, in_base[number][-1])
    found += [gone[place] for place in sorted(gone)]
    return _with_words(found, sides)


def changed_lines(old: Sequence[str], new: Sequence[str], author: Author) -> list[Line]:
    """The lines of `new`, and those of `old` that are gone; all that is new is `by`'s."""
    pairs = align(old, new)
    found: list[Line] = []
    at, place = 0, 0
    for i, j in [*pairs, (len(old), len(new))]:
        removed = [Line((Word(text),), author, gone=True) for text in old[at:i]]
        added = [Line((Word(text),), author) for text in new[place:j]]
        found += _paired([*removed, *added])
        found += [Line((Word(text),), Author.BASE) for text in new[j : j + 1]]
        at, place = i + 1, j + 1
    return found


def _places(merged: Sequence[str | ConflictingLines], name: str, side: Sequence[str]) -> list[list[int]]:
    """For each item, the lines of the side that it holds."""
    flat: list[str] = []
    owner: list[int] = []
    for number, item in enumerate(merged):
        held = getattr(item, name) if isinstance(item, ConflictingLines) else (item,)
        flat += held
        owner += [number] * len(held)
    found: list[list[int]] = [[] for _ in merged]
    for i, j in align(flat, side):
        found[owner[i]].append(j)
    return found


def _gone(sides: Texts) -> Iterator[tuple[int, Line]]:
    """Each line of base as it looks when it is gone, by its place."""
    in_local = {i for i, _ in align(sides.base, sides.local)}
    in_remote = {i for i, _ in align(sides.base, sides.remote)}
    moved_by = author_of(list(sides.local) != list(sides.base), list(sides.remote) != list(sides.base))
    for place, text in enumerate(sides.base):
        author = author_of(place not in in_local, place not in in_remote)
        yield place, Line((Word(text),), moved_by if author is Author.MIXED else author, gone=True)


def _behind(gone: dict[int, Line], place: int) -> Iterator[Line]:
    """The lines that are gone directly behind a place; they are taken out of `gone`."""
    while (line := gone.pop(place + 1, None)) is not None:
        place += 1
        yield line


def _with_words(found: list[Line | ConflictingLines], sides: Texts) -> list[Line | ConflictingLines]:
    """The same lines, the new words told apart where a line took the place of another one."""
    new = [_new_text(sides.base, side) for side in (sides.local, sides.remote)]
    result: list[Line | ConflictingLines] = []
    run: list[Line] = []
    for item in [*found, None]:
        if isinstance(item, Line) and item.author is not Author.BASE:
            run.append(item)
            continue
        result += [_told_apart(line, *new) for line in _paired(run)]
        run = []
        if item is not None:
            result.append(item)
    return result


def _new_text(base: Sequence[str], side: Sequence[str]) -> list[str]:
    """The tokens of the lines that a side brought."""
    known = {j for _, j in align(base, side)}
    return _TOKEN.findall("\n".join(text for j, text in enumerate(side) if j not in known))


def _paired(run: Sequence[Line]) -> list[Line]:
    """Lines that are gone and new ones in their place, one by one, with the words that differ."""
    gone = [number for number, line in enumerate(run) if line.gone]
    added = [number for number, line in enumerate(run) if not line.gone]
    result = list(run)
    for i, j in zip(gone, added, strict=False):
        words = _changed_words(run[i], run[j])
        if words is not None:
            result[i], result[j] = replace(run[i], words=words[0]), replace(run[j], words=words[1])
    return result


def _changed_words(gone: Line, added: Line) -> tuple[tuple[Word, ...], tuple[Word, ...]] | None:
    """The words of both, those that differ with their `by`; None if the lines have little in common."""
    old, new = _TOKEN.findall(gone.text), _TOKEN.findall(added.text)
    if max(len(old), len(new)) > _TOKENS_AT_MOST:
        return None
    pairs = align(old, new)
    shared = sum(len(old[i].strip()) for i, _ in pairs)
    if shared < _ALIKE * max(len(gone.text.strip()), len(added.text.strip()), 1):
        return None
    return (
        _words(old, {i for i, _ in pairs}, gone.author),
        _words(new, {j for _, j in pairs}, added.author),
    )


def _words(tokens: Sequence[str], same: set[int], author: Author) -> tuple[Word, ...]:
    return _joined([Word(token, Author.BASE if n in same else author) for n, token in enumerate(tokens)])


def _told_apart(line: Line, local: Sequence[str], remote: Sequence[str]) -> Line:
    """A line that both made, each word with who brought it."""
    if line.author is not Author.MIXED or line.gone or len(line.words) < 2:
        return line
    tokens = [(token, word.author) for word in line.words for token in _TOKEN.findall(word.text)]
    texts = [token for token, _ in tokens]
    in_local, in_remote = ({i for i, _ in align(texts, side)} for side in (local, remote))
    words = [
        Word(token, author if author is Author.BASE else author_of(n in in_local, n in in_remote))
        for n, (token, author) in enumerate(tokens)
    ]
    return replace(line, words=_joined(words))


def _joined(words: Sequence[Word]) -> tuple[Word, ...]:
    """Neighbours of one origin as one."""
    result: list[Word] = []
    for word in words:
        if result and result[-1].author is word.author:
            result[-1] = Word(result[-1].text + word.text, word.author)
        else:
            result.append(word)
    return tuple(result)


_SIGNS = {Author.BASE: "", Author.LOCAL: "L", Author.REMOTE: "R", Author.BOTH: "LR", Author.MIXED: "L+R"}
_TAKEN = {"both": "both kept", "nothing": "left out", "higher": "the higher one", "clear": "left out"}


def author_mark(author: Author, before: str = "") -> Html:
    """Who did something, as a small mark."""
    text = f"{before} {author.words}".strip()
    return tag("span", text, class_=f"who {author.value}")


def taken_mark(decision: Decision) -> Html:
    """What was taken, as a small mark."""
    author = next((author for author in Author if author.value == decision.took), None)
    text = _TAKEN.get(decision.took, f"{decision.took} taken")
    return tag("span", text, class_="who" if author is None else f"who {author.value}")


def decision_place(decision: Decision) -> str:
    """What of the cell (or of the notebook) was decided, in words."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in decision.path.split("/")[1:]]
    if len(steps) > 1 and steps[0] == "cells":
        return ".".join(steps[2:]).replace("_", " ") or "the cell"
    return ".".join(steps) or "the notebook"


def what_happened(conflict: Conflict) -> str:
    """How a conflict came about."""
    if conflict.local is None:
        return "local deleted the cell, remote edited it"
    if conflict.remote is None:
        return "remote deleted the cell, local edited it"
    if conflict.base is None:
        return "both inserted this cell, with different content"
    if not conflict.base:
        return "both inserted something different here"
    return "both changed this, differently"


_MINUS = "\u2212"
_LONG = 40  # lines of one kind; more are folded
_AROUND = 4  # lines that stay in sight before and behind what is folded
_HEADING = re.compile(r"#{1,6} ")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")


def author_sign(author: Author, gone: bool) -> Html:
    """Before each block of a merge: who wrote it, or took it out."""
    if author is Author.BASE:
        return tag("i")
    said = f"{'removed' if gone else 'written'} by {author.words}"
    return tag("i", f"{_MINUS * gone}{_SIGNS[author]}", title=said)


def added_or_removed(author: Author, gone: bool) -> Html:
    """Before each block of a comparison."""
    return tag("i") if author is Author.BASE else tag("i", _MINUS if gone else "+")


def no_sign(_by: Author, _gone: bool) -> Html:
    """Where a heading says whose all of it is."""
    return tag("i")


def shown_lines(lines: Iterable[Line], *, text: bool = False, sign: Sign = author_sign) -> Html:
    """Lines in blocks of one origin; `text` for markdown, whose headings stand out."""
    blocks: list[Html] = []
    fenced = False
    for (author, gone), group in groupby(lines, key=lambda line: (line.author, line.gone)):
        run = list(group)
        headings = []
        for line in run:
            fenced ^= _FENCE.match(line.text) is not None
            headings.append(text and not fenced and _HEADING.match(line.text) is not None)
        kind = " ".join(
            ("ln", *((author.value,) if author is not Author.BASE else ()), *(("gone",) if gone else ()))
        )
        parts = _parts(run, headings)
        signs = [sign(author, gone), *(tag("i") for _ in parts[1:])]
        blocks += [tag("div", *both, class_=kind) for both in zip(signs, parts, strict=True)]
    return join(blocks)


def plain_source(source: Sequence[str], *, text: bool = False) -> Html:
    """A source in which nobody changed anything."""
    return shown_lines([Line((Word(line),), Author.BASE) for line in source], text=text)


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
    if word.author is Author.BASE or len(line.words) == 1:
        return join([text, note])
    name = "s" if line.gone else "b"
    return tag(name, text, class_="w" if word.author is line.author else f"w {word.author.value}")
