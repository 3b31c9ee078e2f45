"""Owns: what lines of text tell: which of them tell texts apart, their words, whether one became another.

Must not know: cells' results, versions, who wrote them.  Invariant: pure; what is kept of the texts that were
asked for last is bounded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import lru_cache
from itertools import takewhile

from nbmerge.notebook.model import Cell

_SHORT_SOURCE, _LONG_SOURCE, _SHORT_LINE = 10_000, 1_000_000, 500  # characters
_SHORTEST = 4  # characters of a line that tells anything: not `)` or `plt`
_MARKER = re.compile(r"(<{7,}|\|{7,}|>{7,}|={7,})( |$)")  # what a merge wrote is nobody's line
_OPENING = "<" * 7
_WORD = re.compile(r"\w+|[^\w\s]{2,}")


def telling(source: str) -> Sequence[str]:
    """The lines that tell one text from another, without white space around them."""
    if len(source) < _SHORT_SOURCE:
        return _of_short_sources(source)
    return _of_long_sources(source) if len(source) < _LONG_SOURCE else _telling_lines(source)


def _telling_lines(source: str) -> Sequence[str]:
    lines = map(str.strip, source.split("\n"))
    return tuple(
        text
        for text in lines
        if len(text) >= _SHORTEST and any(map(str.isalnum, text)) and not _MARKER.match(text)
    )


# All versions of a notebook ask for the same sources; what is kept takes at most some 20 MB.
_of_short_sources = lru_cache(maxsize=1024)(_telling_lines)
_of_long_sources = lru_cache(maxsize=8)(_telling_lines)


def markers(cells: Iterable[Cell]) -> frozenset[str]:
    """The lines with which conflicts begin; their labels name the versions that were merged."""
    return frozenset(
        line
        for cell in cells
        if _OPENING in cell.source
        for line in cell.source.split("\n")
        if line.startswith(_OPENING) and line.strip("< ")
    )


def words(line: str) -> Mapping[str, int]:
    """The words, numbers and longer signs of a line."""
    return _known_words(line) if len(line) < _SHORT_LINE else _words_in(line)


def _words_in(line: str) -> Mapping[str, int]:
    return Counter(_WORD.findall(line))


_known_words = lru_cache(maxsize=4096)(_words_in)


_SAID = re.compile(r"\w+|[^\w\s,;()'\"\\]")


def said(lines: Iterable[str]) -> Counter[str]:
    """What lines say, however a formatter spells it: words and signs but for quotes, commas, parentheses."""
    return Counter(_SAID.findall("\n".join(lines)))


def words_of(lines: Mapping[str, int]) -> Counter[str]:
    """The words of lines that stand so many times more (or, below 0, less) often in one notebook."""
    found: Counter[str] = Counter()
    for line, number in lines.items():
        for word, times in words(line).items():
            found[word] += times * number
    return found


def goes_on(line: str, other: str) -> bool:
    """Whether another line is this one with more typed into it."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(line, other, strict=False)))
    said_so = (word for word in words(line) if word[0].isalnum())
    begun = all(any(whole.startswith(word) for whole in words(other)) for word in said_so)
    return line != other and 2 * same >= len(line) and begun


ALIKE = 0.6  # share of words that a line has in common with the one it was made of


def likeness(one: Set[str], other: Set[str]) -> float:
    """The share of words in common (Dice), 0 to 1."""
    total = len(one) + len(other)
    return 2 * len(one & other) / total if total else 0.0


def becomes(line: str, other: str) -> bool:
    """Whether another line may be this one, changed: it keeps most of its words, or goes on from it."""
    is_alike = likeness(words(line).keys(), words(other).keys()) > ALIKE
    return is_alike or goes_on(line, other) or is_tuned(line, [other])


_LITERAL = re.compile(r"\b\d[\w.]*|'[^']*'|\"[^\"]*\"|\b(?:True|False|None)\b")


def but_values(line: str) -> str:
    """The line with the same number in the place of each number and text."""
    return _LITERAL.sub("0", line)


def is_tuned(line: str, others: Iterable[str]) -> bool:
    """Whether one of the other lines is this one with other numbers or texts."""
    plain = but_values(line)
    return plain != line and any(but_values(other) == plain for other in others)
