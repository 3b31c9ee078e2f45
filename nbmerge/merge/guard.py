"""Owns: whether a merged code cell may be believed: it must parse where both sides did.

Must not know: how the text came about.  Invariant: the answer is the same on every
Python, for the grammar is a fixed one of parso (loaded only when a cell needs it).
"""

from __future__ import annotations

import re
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

GRAMMAR = "3.13"
_TOO_LONG = 200_000  # characters; parsing more would take seconds, and such a cell is no code
_NOT_PYTHON = re.compile(r"^(\s*)(?:[%!?].*|.*\?{1,2}\s*|[\w.,\s]*=\s*[%!].*)$")
_CELL_MAGIC = re.compile(r"\s*%%")


def guard(python: bool, *sides: str) -> Callable[[str], bool]:
    """A judge for merged texts of one cell whose sides are given."""

    def accept(merged: str) -> bool:
        if not python or any(_CELL_MAGIC.match(side) for side in sides):
            return True
        if len(merged) > _TOO_LONG:
            return False
        return not all(parses(side) for side in sides) or parses(merged)

    return accept


def parses(source: str) -> bool:
    """True if the source is Python, with magics and shell lines set aside."""
    lines = [_NOT_PYTHON.sub(r"\1pass", line) for line in source.split("\n")]
    grammar = _grammar()
    module = grammar.parse("\n".join(lines) + "\n")
    return not any(True for _ in grammar.iter_errors(module))


@lru_cache(maxsize=1)
def _grammar() -> Any:
    from parso.grammar import load_grammar

    return load_grammar(version=GRAMMAR)
