"""Owns: reading JSON in which nothing may stand twice.

Must not know: notebooks.  Invariant: a value that is read holds all that its text says; where two
versions were mixed an object can have two members of one name, of which JSON would forget the first.
"""

from __future__ import annotations

from json import JSONDecodeError, JSONDecoder
from json.scanner import make_scanner

from nbmerge.notebook.jsontext import Number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nbmerge.notebook.jsontext import Json


def _refuse_twins(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a member stands twice")
    return found


_decoder: Any = JSONDecoder(
    object_pairs_hook=_refuse_twins,
    parse_float=Number,
    parse_int=Number,
    parse_constant=Number,
)
_scan: Callable[[str, int], tuple[Json, int]] = make_scanner(_decoder)


def read_once(text: str, at: int) -> tuple[Json, int]:
    """The value that begins at `at`, and the index behind it.

    Raises ValueError if there is none, or if anything in it stands twice.
    """
    try:
        return _scan(text, at)
    except StopIteration as stop:
        raise JSONDecodeError("a value is missing", text, stop.value) from None
    except RecursionError:
        raise JSONDecodeError("nested too deeply", text, at) from None


def stands_once(text: str) -> bool:
    """Whether a whole text is JSON in which nothing stands twice."""
    try:
        _decoder.decode(text)
    except (ValueError, RecursionError):
        return False
    return True
