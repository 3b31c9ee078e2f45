"""Owns: the three-way law for single values, and what is said about a choice.

Must not know: notebooks, text.  Invariant: a value that only one side changed, or that
both changed alike, is decided here and nowhere else; what is left is a `Clash`.

The law is the one of jj's `trivial_merge` for three terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Terms(Generic[T_co]):
    """The same thing in base, local and remote."""

    base: T_co
    local: T_co
    remote: T_co

    def map(self, function: Callable[[T_co], U]) -> Terms[U]:
        """What the function makes of each term."""
        return Terms(function(self.base), function(self.local), function(self.remote))

    def __iter__(self) -> Iterator[T_co]:
        return iter((self.base, self.local, self.remote))


@dataclass(frozen=True, slots=True)
class Clash(Terms[T_co]):
    """Three terms that no rule has made one: a conflict, as a value."""


@dataclass(frozen=True, slots=True)
class Decided(Generic[T]):
    """A value on which the three terms agree."""

    value: T


def decide(
    base: T, local: T, remote: T, *, plain: Callable[[T], object] | None = None
) -> Decided[T] | Clash[T]:
    """The three-way law; `plain` drops differences of spelling that must not clash."""
    if local == remote or base == remote:
        return Decided(local)
    if base == local:
        return Decided(remote)
    if plain is not None:
        plain_base, plain_local, plain_remote = plain(base), plain(local), plain(remote)
        if plain_local == plain_remote or plain_base == plain_remote:
            return Decided(local)
        if plain_base == plain_local:
            return Decided(remote)
    return Clash(base, local, remote)
