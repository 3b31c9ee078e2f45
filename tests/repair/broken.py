"""Owns: three small notebooks, what git makes of them, and what a test asks of what is rebuilt.

Must not know: how it is rebuilt.  Invariant: what was rebuilt is valid nbformat, if the sides are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from nbmerge.git.sides import merged_again
from nbmerge.repair.rebuild import Hopeless, How, Rebuilt, Sides, rebuild
from tests.helpers.build import Cell, Notebook, cells_of, notebook, source_of
from tests.helpers.spelling import JUPYTER
from tests.helpers.validity import fault
from tests.repair.by_git import merged_as_text


@dataclass(frozen=True)
class Fixed:
    """A rebuilt notebook as its user sees it."""

    made: Rebuilt

    @property
    def how(self) -> How:
        return self.made.how

    @property
    def notebook(self) -> Notebook:
        found: Notebook = json.loads(self.made.data)
        return found

    @property
    def cells(self) -> list[Cell]:
        return cells_of(self.notebook)

    @property
    def sources(self) -> list[str]:
        return [source_of(cell) for cell in self.cells]


@dataclass(frozen=True)
class Three:
    """The notebooks that git merged, as files."""

    base: bytes
    local: bytes
    remote: bytes

    def text(self, style: str = "merge", size: int = 7) -> str:
        """What git made of them."""
        return merged_as_text(self.base, self.local, self.remote, style, size)[0].decode()

    def sides(self, again: bool = True) -> Sides:
        """What git knows; `again`: it can merge the lines once more."""
        terms = self.base, self.local, self.remote
        return Sides(*terms, again=merged_again) if again else Sides(*terms)


def three(base: list[Cell], local: list[Cell], remote: list[Cell]) -> Three:
    return Three(*(JUPYTER.spell(notebook(*cells)) for cells in (base, local, remote)))


def fixed(text: str | bytes, sides: Sides | None = None) -> Fixed:
    """Rebuild; it must be possible, and give something valid."""
    made = rebuild(text.encode() if isinstance(text, str) else text, lambda: sides)
    assert isinstance(made, Rebuilt), made
    found = Fixed(made)
    assert fault(found.notebook) is None
    return found


def hopeless(text: str | bytes, sides: Sides | None = None) -> Hopeless:
    made = rebuild(text.encode() if isinstance(text, str) else text, lambda: sides)
    assert isinstance(made, Hopeless), made
    return made


def without_line(text: str, number: int) -> str:
    """The text without a line, counted from 1."""
    lines = text.split("\n")
    return "\n".join(lines[: number - 1] + lines[number:])


def number_of(text: str, line: str, which: int = 0) -> int:
    """The number of a line that begins like this."""
    found = [number for number, one in enumerate(text.split("\n"), 1) if one.startswith(line)]
    return found[which]
