"""Owns: writing to standard output and standard error, whatever state they are in.

Must not know: what is written.  Invariant: what cannot be written to standard output
raises SystemFailure; what cannot be written to standard error is given up; neither
leaves anything behind on which the interpreter would fail when it ends.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys

from nbmerge.errors import SystemFailure
from nbmerge.files import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO


class ReaderGone(SystemFailure):
    """Whoever read standard output has seen enough."""


def write_bytes(data: bytes) -> None:
    """Write to standard output, exactly and whole."""
    if sys.stdout is None:
        raise SystemFailure("standard output: cannot be written: it is closed")
    rest = memoryview(data)
    try:
        while rest:  # an unbuffered stream may take a part only
            written = sys.stdout.buffer.write(rest)
            if not written:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            rest = rest[written:]
        sys.stdout.buffer.flush()
    except OSError as error:
        _abandon(sys.stdout)
        kind = ReaderGone if isinstance(error, BrokenPipeError) else SystemFailure
        raise kind(f"standard output: cannot be written: {reason(error)}") from error


def write_text(text: str) -> None:
    """Write text to standard output; what its encoding lacks is escaped."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    write_bytes(text.encode(encoding, "backslashreplace"))


def write_content(data: bytes) -> None:
    """Write a notebook to standard output, byte for byte; to a terminal as text, which cannot command it."""
    if sys.stdout is None or not sys.stdout.isatty():
        write_bytes(data)
    else:
        write_text(cleaned(data.decode("utf-8", "backslashreplace").replace("\r\n", "\n")))


def finish_output() -> None:
    """Write out what is still held back."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError as error:
        _abandon(sys.stdout)
        raise SystemFailure(f"standard output: cannot be written: {reason(error)}") from error


def write_error(text: str) -> None:
    """Write text to standard error."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _abandon(sys.stderr)


def printable(text: str) -> str:
    """The text in one line and without control characters, for terminals and logs."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def cleaned(value: object) -> Any:
    """A JSON value whose texts are printable, line by line: for programs that print a notebook as it is."""
    match value:
        case str():
            return "".join(printable(line) if line not in "\n\t" else line for line in _TEXTS.split(value))
        case dict():
            return type(value)((cleaned(key), cleaned(item)) for key, item in value.items())
        case list():
            return [cleaned(item) for item in value]
    return value


_TEXTS = re.compile("([\n\t])")


def _abandon(stream: TextIO) -> None:
    """Let the rest of a stream go nowhere: the interpreter flushes it once more at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
