"""Owns: how requests, answers and events are spelled as lines.

Must not know: what the calls do, streams.  Invariant: pure and strict: a line is a request or is refused with
a reason, never half understood; what is written is one line of ASCII, in which every text survives, lone
surrogates too, and numbers keep their digits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, TypeAlias

    from nbmerge.notebook.jsontext import Json

    Id: TypeAlias = str | int | float | None

PROTOCOL = 1
INVALID, UNKNOWN_BASE, NO_NOTEBOOK = "invalid", "unknown base", "no notebook"
GONE, SYSTEM, BUG = "gone", "system", "bug"
_LONGEST_ID = 200  # characters


@dataclass(frozen=True, slots=True)
class EditorRequest:
    """What was asked: `members` are all but its id and the name of the call."""

    id: Id
    call: str
    members: Mapping[str, Any]


class RefusedError(Exception):
    """What a line holds cannot be carried out; `id` is its own, if it has one."""

    def __init__(self, message: str, id: Id = None) -> None:
        super().__init__(message)
        self.id = id


def request_in(line: bytes) -> EditorRequest:
    """The request that a line holds.  Raises RefusedError."""
    found = _value_in(line)
    if not isinstance(found, dict):
        raise RefusedError('a request is a JSON object: {"id": 1, "call": "about"}')
    id = found.pop("id", None)
    if not _is_id(id):
        raise RefusedError(
            f"the member 'id' is missing, or no number or text of up to {_LONGEST_ID} characters"
        )
    call = found.pop("call", None)
    if not isinstance(call, str):
        raise RefusedError("the member 'call' is missing or no text", id)
    return EditorRequest(id, call, found)


def _value_in(line: bytes) -> object:
    try:
        return json.loads(line.decode("utf-8"), parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise RefusedError(f"the line is not in UTF-8 (byte {error.start + 1})") from error
    except json.JSONDecodeError as error:
        message = f"the line is not JSON: {error.msg} (character {error.pos + 1}); one object a line"
        raise RefusedError(message) from error
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"the line cannot be read: {str(error).partition(';')[0]}") from error


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _is_id(id: object) -> bool:
    match id:
        case bool():
            return False
        case str():
            return len(id) <= _LONGEST_ID
        case int():
            return -(1 << 63) <= id < 1 << 63
        case float():
            return math.isfinite(id)
    return False


def answer_line(id: Id, answer: Mapping[str, Json]) -> bytes:
    """A line that says what came of a request."""
    return _line({"id": _spelled(id), "answer": dict(answer)})


def error_line(id: Id, reason: str, message: str) -> bytes:
    """A line that says why nothing came of it, and what to do next."""
    return _line({"id": _spelled(id), "error": {"reason": reason, "message": message}})


def _spelled(id: Id) -> Json:
    from nbmerge.notebook.jsontext import Number

    return id if id is None or isinstance(id, str) else Number(json.dumps(id))


def ready_line(version: str) -> bytes:
    """The first line of all."""
    return json.dumps({"event": "ready", "version": version, "protocol": PROTOCOL}).encode("ascii") + b"\n"


def changed_line(path: str, version: str) -> bytes:
    """A line that says that a notebook holds another version now; "": it is gone."""
    return _line({"event": "changed", "path": path, "version": version})


def _line(value: dict[str, Json]) -> bytes:
    from nbmerge.sync.operations import in_one_line  # with all that merges: an editor need not wait for it

    return in_one_line(value).encode("ascii") + b"\n"
