"""Owns: who somebody is to others: what they are called, and their colour, from Jupyter's identity.

Must not know: where they are, who is told.  Invariant: whatever an identity says, a name is short, can
be seen and stands by itself, and a colour is one.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Protocol

_LONGEST_NAME = 200
_SOMEBODY = "Somebody"
# Of middle brightness, so that they stand out from light and from dark.
_COLOURS = ["#4285d6", "#3f9b4f", "#d9534f", "#9b6bd3", "#d9822b", "#1f9aa8", "#d0589b", "#8d7b4a"]
_COLOUR = re.compile(
    r"#[0-9a-f]{3,8}|[a-z]{3,30}|(rgb|hsl)a?\([\d.,%/ ]{5,30}\)|var\(--jp-[a-z0-9-]{1,40}\)", re.I
)


class Identity(Protocol):
    """What Jupyter knows of a user."""

    username: str
    display_name: str
    initials: str | None
    color: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as the server knows them; `user` tells people apart and is told to nobody."""

    user: str
    name: str
    initials: str
    colour: str


def person_of(user: Identity) -> Person:
    """Somebody as Jupyter's identity has them."""
    name = plain(str(user.display_name or user.username)) or _SOMEBODY
    colour = str(user.color or "")
    if not _COLOUR.fullmatch(colour):
        colour = _COLOURS[zlib.crc32(str(user.username).encode()) % len(_COLOURS)]
    return Person(str(user.username), name, plain(str(user.initials or ""))[:3] or _initials(name), colour)


def plain(text: str) -> str:
    """A name without what is not shown, or turns round what stands behind it."""
    return "".join(filter(str.isprintable, text)).strip()[:_LONGEST_NAME]


def _initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()
