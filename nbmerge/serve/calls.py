"""Owns: the calls: what each takes, what it does and answers, and who is to blame where it fails.

Must not know: lines, streams, threads.  Invariant: a member that is missing, of another kind or unknown is
refused before anything is done; what an editor gets and sends is the file's text, every byte of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass

from nbmerge.errors import NbmergeError, NotebookError, SystemFailure, UsageError
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from nbmerge.serve.protocol import BUG, GONE, INVALID, NO_NOTEBOOK, PROTOCOL, SYSTEM, UNKNOWN_BASE
from nbmerge.sync import Came, Participation, brought_in, operations
from nbmerge.sync.operations import numbered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nbmerge.notebook.jsontext import Json

    Run = Callable[[Participation, Mapping[str, Any]], dict[str, Json]]

_LONGEST = {"base": 4000, "writer": 200, "save_id": 200}  # characters; a token can end with a writer's name


class InvalidError(Exception):
    """A request that no call takes; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class EditorCall:
    """Which members a call must and may have, and what it asks about notebooks, if it asks anything."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    run: Run | None = None


def checked(name: str, members: Mapping[str, Any]) -> EditorCall:
    """The call that is meant.  Raises InvalidError if there is none that takes just these members."""
    call = CALLS.get(name)
    if call is None:
        raise InvalidError(f"there is no call {name[:40]!r}; there are {', '.join(CALLS)}")
    takes = (*call.required, *call.optional)
    for member in members:
        if member not in takes:
            there_is = f"it takes {', '.join(takes)}" if takes else "it takes none"
            raise InvalidError(f"{name}: the member {member[:40]!r} is unknown; {there_is}")
    for member in call.required:
        if member not in members:
            raise InvalidError(f"{name}: the member {member!r} is missing")
    for member, value in members.items():
        if why := _why_not(member, value, name):
            raise InvalidError(f"{name}: the member {member!r} {why}")
    return call


def _why_not(member: str, value: object, call: str) -> str:
    """Why a value cannot be that of a member; "": it can."""
    if member in ("exact", "whole") or (member, call) == ("content", "open"):
        return "" if isinstance(value, bool) else "is neither true nor false"
    if not isinstance(value, str):
        return "is no text"
    match member:
        case "path":
            return "" if _is_path(value) else "is no path"
        case "content" | "common" | "other":
            return ""
    if len(value) > _LONGEST[member]:
        return f"is longer than {_LONGEST[member]} characters"
    return "" if value.isprintable() else "has characters that cannot be printed"


def _is_path(text: str) -> bool:
    try:
        return bool(text) and b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _open(participation: Participation, members: Mapping[str, Any]) -> dict[str, Json]:
    opened = participation.open_notebook(members["path"], members.get("writer", ""))
    if not members.get("content", True):
        return {"version": opened.version}
    return {"version": opened.version, "content": _text(opened.content, members["path"])}


def _head(participation: Participation, members: Mapping[str, Any]) -> dict[str, Json]:
    version, due = participation.standing(members["path"])
    return {"version": version, "due": due}


def _follow(participation: Participation, members: Mapping[str, Any]) -> dict[str, Json]:
    return {"version": participation.head(members["path"])}


def _hold(participation: Participation, members: Mapping[str, Any]) -> dict[str, Json]:
    return {"version": participation.hold(members["path"])}


def _pull(participation: Participation, members: Mapping[str, Any]) -> dict[str, Json]:
    found = participation.pull(members["path"], members["base"], _bytes(members["content"]))
    answer: dict[str, Json] = {
        "version": found.version,
        "head": found.head,
        "operations": [operation.form() for operation in found.operations],
        "held": [numbered(name) for name in found.held],
        "came": _came(found.came),
        "due": found.due,
    }
    if members.get("whole", False):
        answer["content"] = _text(write(found.content), members["path"])
    return answer


def _save(participation: Participation, members: Mapping[str, Any]) -> dict[str, Json]:
    found = participation.save(
        members["path"],
        _bytes(members["content"]),
        members["base"],
        members.get("writer", ""),
        members.get("save_id", ""),
        exact=members.get("exact", False),
    )
    return {
        "version": found.version,
        "sent": found.sent,
        "merged": found.merged,
        "conflicts": [numbered(conflict.as_json()) for conflict in found.conflicts],
        "operations": [operation.form() for operation in found.operations],
        "came": _came(found.came),
    }


def _merge(_: Participation, members: Mapping[str, Any]) -> dict[str, Json]:
    path = members["path"]
    common, copy, other = (
        read(_bytes(members[name]), f"what was sent for {path} ({name})")
        for name in ("common", "content", "other")
    )
    changed, held, _all = brought_in(common, copy, other)
    todo = operations(copy, changed)
    return {
        "operations": [operation.form() for operation in todo],
        "held": [numbered(name) for name in held],
    }


def _claim(participation: Participation, members: Mapping[str, Any]) -> dict[str, Json]:
    content, writer = _bytes(members["content"]), members.get("writer", "")
    found = participation.claim(members["path"], members["base"], content, writer)
    return {"version": found.version, "head": found.head, "due": found.due}


def _identify(participation: Participation, members: Mapping[str, Any]) -> dict[str, Json]:
    return {"version": participation.identify(members["path"], _bytes(members["content"]))}


CALLS = {
    "open": EditorCall(("path",), ("writer", "content"), _open),
    "head": EditorCall(("path",), (), _head),
    "hold": EditorCall(("path",), (), _hold),
    "pull": EditorCall(("path", "base", "content"), ("whole",), _pull),
    "save": EditorCall(("path", "base", "content"), ("writer", "save_id", "exact"), _save),
    "merge": EditorCall(("path", "common", "content", "other"), (), _merge),
    "claim": EditorCall(("path", "base", "content"), ("writer",), _claim),
    "identify": EditorCall(("path", "content"), (), _identify),
    "follow": EditorCall(("path",), (), _follow),
    "unfollow": EditorCall(("path",)),
    "about": EditorCall(),
}


def about(version: str, state: str) -> dict[str, Json]:
    """What runs here."""
    python = ".".join(map(str, sys.version_info[:3]))
    return {"version": version, "protocol": numbered(PROTOCOL), "python": python, "state": state}


def reason_of(error: Exception, path: str) -> str:
    """Who is to blame for an error."""
    match error:
        case InvalidError():
            return INVALID
        case UsageError():
            return UNKNOWN_BASE
        case NotebookError():
            return NO_NOTEBOOK if os.path.exists(path) else GONE
        case SystemFailure() | OSError() | MemoryError():
            return SYSTEM
        case NbmergeError() | _:
            return BUG


def _came(came: Iterable[Came]) -> list[Json]:
    return [numbered(asdict(one)) for one in came]


def _text(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"{path}: is not in UTF-8, as lines of text have to be; save it in UTF-8, as notebooks are"
        raise NotebookError(message) from error


def _bytes(text: str) -> bytes:
    """What a file holds that holds this text; half a character, which UTF-8 lacks, is escaped as in JSON."""
    return text.encode("utf-8", "backslashreplace")
