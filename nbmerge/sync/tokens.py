"""Owns: the token by which a writer says which version it started from.

Must not know: stores, files.  Invariant: a token means these bytes and no others, in this
process or a later one; one that was made for another notebook or store is never taken for
a version that holds something else.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from nbmerge.files import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbmerge.lineage.versions import Version

_DIGITS = 20  # of the digest: enough that no two contents are mixed up by chance
_HEXADECIMAL = frozenset("0123456789abcdef")


def token_of(version: Version, writer: str = "") -> str:
    """NUMBER.DIGEST, and .WRITER where the writer has a name; safe in a shell and in a URL."""
    name = f".{quote(writer, safe='')}" if writer else ""
    return f"{version.number}.{version.digest[:_DIGITS]}{name}"


def token_of_bytes(content: bytes) -> str:
    """The token of content of which no version is known here yet: when it becomes one, that is meant."""
    return f"0.{digest(content)[:_DIGITS]}"


def writer_in(token: str) -> str:
    """What the writer called itself when it opened the notebook."""
    return unquote(token.split(".", 2)[2]) if token.count(".") >= 2 else ""


def version_in(token: str, beginning: Callable[[str], Sequence[Version]]) -> Version | None:
    """The version that is meant: the bytes count, the number only tells equal ones apart.

    `beginning` gives the versions whose digest begins with some digits.  A store that was lost
    numbers its versions anew, and still knows what it has seen since.
    """
    number, _, rest = token.partition(".")
    digest = rest.partition(".")[0]
    if len(digest) != _DIGITS or not set(digest) <= _HEXADECIMAL:
        return None
    equal = beginning(digest)
    return next((one for one in equal if str(one.number) == number), equal[-1] if equal else None)


def without_writer(token: str) -> str:
    """The token of the same version for a writer without a name: equal tokens, equal versions."""
    return ".".join(token.split(".", 2)[:2])
