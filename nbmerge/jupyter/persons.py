"""Owns: who somebody is to others: what they are called, and their colour, from Jupyter's identity.

Must not know: where they are, who is told.  Invariant: whatever an identity says, a name is short, can
be seen and stands by itself, and a colour is one.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Protocol

_LONGEST_NAME = 200
_USER = 24  # characters
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
    """Somebody, as the server knows them; `user` tells people apart without saying what they log in with (who
    knows that can find it out); no page is told it.

    `colour` is theirs wherever they are; "": they have none.
    """

    user: str
    name: str
    initials: str
    colour: str


def person_of(user: Identity) -> Person:
    """Somebody as Jupyter's identity has them."""
    name = plain(str(user.display_name or user.username)) or _SOMEBODY
    colour = str(user.color or "")
    return Person(
        blake2b(str(user.username).encode("utf-8", "replace"), digest_size=_USER // 2).hexdigest(),
        name,
        plain(str(user.initials or ""))[:3] or _initials(name),
        colour if _COLOUR.fullmatch(colour) else "",
    )


def person_in(user: str, name: str, initials: str, colour: str) -> Person:
    """Somebody as another server tells of them, which is believed no more than an identity."""
    shown = plain(name) or _SOMEBODY
    return Person(
        user[:_USER],
        shown,
        plain(initials)[:3] or _initials(shown),
        colour if _COLOUR.fullmatch(colour) else "",
    )


def coloured(person: Person, others: Sequence[Person]) -> Person:
    """Somebody with a colour; if they have none, with one that none of the others has, while there is any.

    All tabs of one person have one colour.
    """
    if person.colour:
        return person
    taken = {other.user: other.colour for other in others}
    first = zlib.crc32(person.user.encode()) % len(_COLOURS)
    own = [*_COLOURS[first:], *_COLOURS[:first]]
    free = (colour for colour in own if colour not in taken.values())
    return replace(person, colour=taken.get(person.user) or next(free, own[0]))


def plain(text: str) -> str:
    """A name without what is not shown, or turns round what stands behind it."""
    return "".join(filter(str.isprintable, text)).strip()[:_LONGEST_NAME]


def _initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()
