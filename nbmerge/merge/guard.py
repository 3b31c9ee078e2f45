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
_SHELL_ASSIGNMENT = re.compile(r"[\w.,\s]+=\s*[%!]")
_CELL_MAGIC = re.compile(r"\s*%%(\w*)[^\n]*(?:\n|$)")
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
    magic = _CELL_MAGIC.match(source)
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
    if text.startswith(("%", "!", "?")) or asks or _SHELL_ASSIGNMENT.match(text):
        return line[: len(line) - len(line.lstrip())] + "pass"
    return line


@lru_cache(maxsize=1)
def _grammar() -> Any:
    from parso.grammar import load_grammar

    return load_grammar(version=GRAMMAR)
