"""Owns: text in which words occur that nobody ever wrote before, so that each can be followed.

Must not know: notebooks' fates.  Invariant: a word is given out once, and never one that was there before.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from tests.simulation import text
from tests.simulation.editor import Cell

_WORD = re.compile(r"[a-z]+")
_NUMBER = re.compile(r"\b\d+(?:\.\d+)?\b")
_NOUN = re.compile(rf"(?<![a-z])(?:{'|'.join(text.NOUNS)})(?![a-z])")
MARKS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")  # of a conflict
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


class Words:
    """Where those who type take their words from; `taken` are the words of the notebook at the start."""

    def __init__(self, chance: Random, taken: Iterable[str]) -> None:
        self.chance = chance
        self.taken = {*taken, *text.NOUNS, *text.VERBS, *text.LITTLE}
        self.given: set[str] = set()

    def fresh(self) -> str:
        while True:
            parts = self.chance.randint(3, 4)
            word = "".join(
                self.chance.choice(_CONSONANTS) + self.chance.choice(_VOWELS) for _ in range(parts)
            )
            if word not in self.taken and word not in self.given:
                self.given.add(word)
                return word

    def line(self, kind: str) -> str:
        """A line of code or prose in which most names are new."""
        plain = text.code_line(self.chance) if kind == "code" else text.prose_line(self.chance)
        return _NOUN.sub(lambda found: self.fresh() if self.chance.random() < 0.7 else found[0], plain)

    def lines(self, kind: str, most: int = 8) -> list[str]:
        """Mostly one or two; code often shows something at its end."""
        found = [self.line(kind) for _ in range(min(most, 1 + int(self.chance.expovariate(0.5))))]
        return [*found, f"print({self.fresh()})"] if kind == "code" and self.chance.random() < 0.3 else found

    def edited(self, line: str, kind: str) -> str:
        """A line with a word more, or with one word in the place of another."""
        if not line.strip():
            return self.line(kind)
        found = list(_WORD.finditer(line))
        if found and self.chance.random() < 0.5:
            one = self.chance.choice(found)
            return line[: one.start()] + self.fresh() + line[one.end() :]
        more = " ".join(self.fresh() for _ in range(self.chance.randint(1, 3)))
        return f"{line}  # {more}" if kind == "code" and "#" not in line else f"{line} {more}"


@dataclass(frozen=True)
class Shown:
    """The words of a notebook, and those that stand outside of conflicts."""

    words: frozenset[str]
    plain: frozenset[str]

    @property
    def disputed(self) -> frozenset[str]:
        """Those that only a conflict shows."""
        return self.words - self.plain


def shown_by(cells: Sequence[Cell]) -> Shown:
    """The words in the sources of cells."""
    words: set[str] = set()
    plain: set[str] = set()
    for cell in cells:
        source = "".join(cell["source"])
        found = _WORD.findall(source)
        words.update(found)
        if MARKS[0] in source:
            found = _WORD.findall("\n".join(without_markers(source.split("\n"))))
        plain.update(found)
    return Shown(frozenset(words), frozenset(plain))


def with_numbers(lines: Sequence[str]) -> list[int]:
    """Which lines hold a number that can be tuned."""
    return [place for place, line in enumerate(lines) if _NUMBER.search(line)]


def tuned(line: str, chance: Random) -> str:
    """The same line with another number in the place of its last one."""
    last = list(_NUMBER.finditer(line))[-1]
    value = str(chance.choice([chance.randint(0, 999), round(chance.random(), 4)]))
    return line[: last.start()] + value + line[last.end() :]


def formatted(lines: Sequence[str]) -> list[str]:
    """What a formatter makes of code: other quotes and spaces, arguments on lines of their own."""
    found = []
    for line in lines:
        plain = re.sub(r"\s*(?<![=!<>])=(?!=)\s*", "=" if " = " in line else " = ", line.replace("'", '"'))
        head, opened, rest = plain.partition("(")
        if opened and ", " in rest and rest.endswith(")"):
            found += [head + "(", *(f"    {part}," for part in rest[:-1].split(", ")), ")"]
        else:
            found.append(plain)
    return found


def without_markers(lines: Sequence[str], keeps: Collection[bool] = ()) -> list[str]:
    """Lines without conflicts; of those local (True) and remote stay if they are to be kept."""
    left: list[str] = []
    side: bool | None = None  # outside of a conflict
    shows = True
    for line in lines:
        if line.startswith(MARKS[0]):
            side, shows = True, True in keeps
        elif side is not None and line.startswith(MARKS[1]):
            shows = False
        elif side is not None and line.startswith(MARKS[2]):
            side, shows = False, False in keeps
        elif side is not None and line.startswith(MARKS[3]):
            side, shows = None, True
        elif shows:
            left.append(line)
    return left
