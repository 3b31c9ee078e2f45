"""Owns: JSON as text with places: parsing that forgets no spelling, and walking the
members of an object without parsing what is not asked for.

Must not know: notebooks.  Invariant: every value that comes out can be written back
as it stood: numbers keep their digits (`1E5`, 300-digit integers, `NaN`), strings
their lone surrogates, and a span always covers exactly one value.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from json.decoder import scanstring  # type: ignore[attr-defined]
from json.scanner import make_scanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias


class Number:
    """A JSON number by its spelling; `1`, `1.0` and `True` are three different values."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and other.text == self.text

    def __hash__(self) -> int:
        return hash(("Number", self.text))

    def __repr__(self) -> str:
        return f"Number({self.text!r})"


class Slot:
    """Stands in an object for a part that is kept elsewhere: a notebook's list of cells.

    One slot is like another: what is in it does not count when objects are compared.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Slot)

    def __hash__(self) -> int:
        return hash(Slot)


class LongText(str):
    """A long string by a short one that stands for it (see longtext); it equals what its text equals.

    Nothing but comparing may be asked of it: what it says is its `whole`.  Its hash is that of the short
    one, so sets and dicts are for those of one merge only.
    """

    __slots__ = ("_say", "_whole_run")
    _say: Callable[[str], str]
    _whole_run: bool

    def __new__(cls, stand_in: str, say: Callable[[str], str], *, whole_run: bool) -> LongText:
        """`say` gives what a stand-in says; `whole_run`: two such differ wherever their stand-ins do."""
        made = super().__new__(cls, stand_in)
        made._say, made._whole_run = say, whole_run
        return made

    @property
    def whole(self) -> str:
        """What it stands for."""
        return self._say(str(self))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str):
            return False
        if str.__eq__(self, other):
            return True
        if isinstance(other, LongText):
            return not (self._whole_run and other._whole_run) and self.whole == other.whole
        return self.whole == other

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


if TYPE_CHECKING:
    Json: TypeAlias = bool | str | Number | Slot | list["Json"] | dict[str, "Json"] | None

_scan: Callable[[str, int], tuple[Json, int]] = make_scanner(
    JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=Number)  # type: ignore[arg-type]
)
_space = re.compile(r"[ \t\n\r]*").match


def same(one: Json, other: Json) -> bool:
    """True if two values are equal, the order of keys included."""
    if one is other:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(item, other[key]) for key, item in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def skip_space(text: str, at: int) -> int:
    """The index of the first character at or after `at` that is no JSON white space."""
    found = _space(text, at)
    return found.end() if found else at


def parse_value(text: str, at: int) -> tuple[Json, int]:
    """The value that starts at `at`, and the index behind it; JSONDecodeError if none."""
    try:
        return _scan(text, at)
    except StopIteration as stop:
        raise JSONDecodeError("a value is missing", text, stop.value) from None
    except RecursionError:
        raise JSONDecodeError("nested too deeply", text, at) from None


def walk_object(text: str, at: int, read: Callable[[str, int], int]) -> int:
    """Call read(key, start) -> end for each member of the object at `at`; its end."""
    at = skip_space(text, _expect(text, at, "{"))
    if text[at : at + 1] == "}":
        return at + 1
    while True:
        key, at = scanstring(text, _expect(text, at, '"'), True)
        at = skip_space(text, _expect(text, skip_space(text, at), ":"))
        at = skip_space(text, read(key, at))
        if text[at : at + 1] == "}":
            return at + 1
        at = skip_space(text, _expect(text, at, ","))


def walk_array(text: str, at: int, read: Callable[[int], int]) -> int:
    """Call read(start) -> end for each element of the array at `at`; its end."""
    at = skip_space(text, _expect(text, at, "["))
    if text[at : at + 1] == "]":
        return at + 1
    while True:
        at = skip_space(text, read(at))
        if text[at : at + 1] == "]":
            return at + 1
        at = skip_space(text, _expect(text, at, ","))


def members(text: str) -> Iterator[tuple[str, Json, str]]:
    """(key, value, text of the value) for each member of an object's text."""
    found: list[tuple[str, Json, str]] = []

    def read(key: str, start: int) -> int:
        value, end = parse_value(text, start)
        found.append((key, value, text[start:end]))
        return end

    walk_object(text, 0, read)
    return iter(found)


def elements(text: str) -> Iterator[tuple[Json, str]]:
    """(value, text of the value) for each element of an array's text."""
    found: list[tuple[Json, str]] = []

    def read(start: int) -> int:
        value, end = parse_value(text, start)
        found.append((value, text[start:end]))
        return end

    walk_array(text, 0, read)
    return iter(found)


def _expect(text: str, at: int, character: str) -> int:
    if text[at : at + 1] != character:
        raise JSONDecodeError(f"expected {character!r}", text, at)
    return at + 1
