"""Owns: what the process that serves the page and the one that waits for it say to each other.

Must not know: how either works.  Invariant: one message is one line of JSON, so that the end of
the pipe is the only other thing that can come.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown: nbdime's answer about a merge, as JSON, and what stands above it.

    `sides` are the names of local, base and remote; without `shows_base` the middle shows what
    is merged.  `notes` are sentences for those who choose.
    """

    answer: Mapping[str, object]
    title: str
    sides: tuple[str, str, str]
    shows_base: bool
    notes: str


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be served: the page, and the folder of nbdime's files for it."""

    page: Page
    assets: str


@dataclass(frozen=True, slots=True)
class Where:
    """The page is served: its address, and a file that leads there.

    The address is secret.  Other users see what programs are started with, so a browser is given
    the file, which they cannot read.
    """

    url: str
    file: str


@dataclass(frozen=True, slots=True)
class Save:
    """Somebody pressed Save: what nbdime sends to be stored."""

    sent: object


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer to Save: it is written, or why it is not."""

    why_not: str | None


@dataclass(frozen=True, slots=True)
class Over:
    """The page was closed."""


Message = Task | Where | Save | Kept | Over
_KINDS: dict[str, type[Message]] = {kind.__name__: kind for kind in (Task, Where, Save, Kept, Over)}


def say(stream: IO[bytes], message: Message) -> None:
    """Write a message.  Raises OSError if the other process is gone."""
    stream.write(json.dumps([type(message).__name__, _fields(message)]).encode() + b"\n")
    stream.flush()


def hear(stream: IO[bytes]) -> Message | None:
    """The next message; None if the other process has ended, in the middle of one perhaps."""
    try:
        line = stream.readline()
    except (OSError, ValueError):
        return None
    if not line.endswith(b"\n"):
        return None
    name, fields = json.loads(line)
    if name == Task.__name__:
        return Task(Page(**fields["page"]), fields["assets"])
    return _KINDS[name](**fields)


def _fields(value: Message | Page) -> dict[str, object]:
    found = {name: getattr(value, name) for name in value.__slots__}
    return {name: _fields(item) if isinstance(item, Page) else item for name, item in found.items()}
