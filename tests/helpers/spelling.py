"""Owns: writing JSON in any spelling, independent of the writer under test.

Must not know: notebooks.  Invariant: whatever is spelled here is JSON as Python's `json` reads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Literal:
    """A number in this spelling: `1E5`, `NaN`, a hundred digits."""

    text: str


@dataclass(frozen=True)
class Twice:
    """An object that spells one key twice; the last one counts."""

    pairs: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Spelling:
    """How a file is written; with `chaos` any white space stands between any two tokens."""

    indent: str | None = " "
    comma: str = ","
    colon: str = ": "
    ascii: bool = False
    newline: str = "\n"
    bom: bool = False
    tail: str = "\n"
    chaos: Random | None = field(default=None, compare=False)

    def spell(self, value: Any) -> bytes:
        """The bytes of a value."""
        text = "".join(self._parts(value, 0)) + self.tail
        return (b"\xef\xbb\xbf" if self.bom else b"") + text.replace("\n", self.newline).encode()

    def text(self, value: Any) -> str:
        """One value at depth 0, without what stands around a whole file."""
        return "".join(self._parts(value, 0))

    def _parts(self, value: Any, depth: int) -> Iterator[str]:
        match value:
            case Literal():
                yield value.text
            case str():
                yield self._string(value)
            case Twice():
                yield from self._members(list(value.pairs), depth)
            case dict():
                yield from self._members(list(value.items()), depth)
            case list() | tuple():
                yield "["
                for place, item in enumerate(value):
                    yield self._before(place, depth + 1)
                    yield from self._parts(item, depth + 1)
                yield self._after(bool(value), depth) + "]"
            case _:
                yield json.dumps(value)

    def _members(self, pairs: list[tuple[str, Any]], depth: int) -> Iterator[str]:
        yield "{"
        for place, (key, item) in enumerate(pairs):
            yield self._before(place, depth + 1) + json.dumps(key)
            yield self._space() + ":" + self._space() if self.chaos else self.colon
            yield from self._parts(item, depth + 1)
        yield self._after(bool(pairs), depth) + "}"

    def _before(self, place: int, depth: int) -> str:
        if self.chaos:
            return (self._space() + "," if place else "") + self._space()
        return (self.comma if place else "") + self._line(depth)

    def _after(self, filled: bool, depth: int) -> str:
        return self._space() if self.chaos else self._line(depth) if filled else ""

    def _line(self, depth: int) -> str:
        return "" if self.indent is None else "\n" + self.indent * depth

    def _space(self) -> str:
        assert self.chaos is not None
        return self.chaos.choice(["", "", "", " ", "\n", "\t", "  \n ", "\r\n"])

    def _string(self, text: str) -> str:
        if self.chaos and self.chaos.random() < 0.1:
            return '"' + "".join(f"\\u{ord(c):04X}" if ord(c) < 0x10000 else c for c in text) + '"'
        if self.ascii:
            return json.dumps(text)
        spelled = json.dumps(text, ensure_ascii=False)
        return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", spelled)


JUPYTER = Spelling()
