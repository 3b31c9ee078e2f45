"""Owns: our line in a file of git attributes.

Must not know: the disk, git's configuration.  Invariant: taking the line out of what
putting it in gave is the file as it was, byte for byte; every other line is kept.

The last line that matches wins, so another tool's line for notebooks may stay where it is.
"""

from __future__ import annotations

from dataclasses import dataclass

LINE = b"*.ipynb merge=nbmerge"
_NOTEBOOKS = (b"*.ipynb", b'"*.ipynb"', b"**/*.ipynb", b"*")
_SPACE = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Rule:
    """A line that says how notebooks are merged; lines count from 1."""

    line: int
    text: str
    ours: bool


def rules(data: bytes) -> tuple[Rule, ...]:
    """The lines that say how every notebook is merged; the last one wins."""
    found = []
    for number, line in enumerate(data.split(b"\n"), 1):
        pattern, *attributes = line.split() or [b""]
        if pattern in _NOTEBOOKS and any(map(_about_merging, attributes)):
            ours = line.strip(_SPACE) == LINE
            found.append(Rule(number, line.strip(_SPACE).decode("utf-8", "replace"), ours))
    return tuple(found)


def is_ours(data: bytes) -> bool:
    """Whether our line is there and wins."""
    found = rules(data)
    return bool(found) and found[-1].ours


def put_in(data: bytes) -> bytes:
    """The file with our line at its end."""
    separator = b"" if _complete(data) else b"\n"
    return data + separator + LINE + b"\n"


def take_out(data: bytes, newline_is_ours: bool) -> bytes:
    """The file without our line; `newline_is_ours`: `put_in` had to end the line before."""
    lines = data.split(b"\n")
    kept = [line for line in lines if line.strip(_SPACE) != LINE]
    last_was_ours = len(lines) > 1 and not lines[-1] and lines[-2].strip(_SPACE) == LINE
    if newline_is_ours and last_was_ours:
        kept.pop()
    return b"\n".join(kept)


def ends_without_newline(data: bytes) -> bool:
    """Whether `put_in` has to end the last line."""
    return not _complete(data)


def _complete(data: bytes) -> bool:
    return not data or data.endswith(b"\n")


def _about_merging(attribute: bytes) -> bool:
    name = attribute.lstrip(b"-!").partition(b"=")[0]
    return name in (b"merge", b"binary")
