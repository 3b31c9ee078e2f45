"""Owns: somebody at a terminal: lines of styled text in its columns, what they answer, their editor.

Must not know: what is shown or asked.  Invariant: colours only on a terminal, and only where they are wanted
(https://no-color.org); wrapping loses and adds no character, and no row is wider than the columns that it was
given, as far as widths of characters are known; an edited text is read back as it was saved.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from unicodedata import combining, east_asian_width

from nbmerge.cli.streams import printable, write_error, write_text

_CODES = {
    **{"bold": "1", "dim": "2", "reverse": "7"},
    **{"green": "32", "yellow": "33", "cyan": "36"},
}
_LEAST = 10  # columns, however narrow the terminal


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line; the text is printable."""

    text: str
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Styled:
    """One line: what stands before each of its rows, and its pieces; `whole` unless some of what
    is to be shown is left out in it."""

    lead: Piece
    pieces: tuple[Piece, ...]
    whole: bool = True

    def rows(self, columns: int) -> list[tuple[Piece, ...]]:
        """The line wrapped, at spaces where there are any."""
        text = "".join(piece.text for piece in self.pieces)
        ends = list(_breaks(text, max(_LEAST, columns - len(self.lead.text))))
        return [(self.lead, *part) for part in _cut_at(self.pieces, ends)]


@dataclass(frozen=True, slots=True)
class Screen:
    """Where people read and answer.

    `ask` raises KeyboardInterrupt if nobody is there any more; `edit` gives back what somebody made
    of a text, or None and tells why; the ending of a file, its second argument, tells editors the
    language.  `paint` gives a text the named styles; `size` is in columns and rows.
    """

    tell: Callable[[str], None]
    ask: Callable[[str], str]
    edit: Callable[[str, str], str | None]
    paint: Callable[..., str]
    size: Callable[[], tuple[int, int]]


def is_interactive() -> bool:
    """Whether somebody can be asked."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def colours_are_seen() -> bool:
    """Whether standard output shows colours."""
    if sys.stdout is None or not sys.stdout.isatty():
        return False
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, *styles: str) -> str:
    """The text in these styles, if those are seen."""
    if not text or not styles or not colours_are_seen():
        return text
    return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"


def ask(question: str) -> str:
    """The line that somebody types; raises KeyboardInterrupt where there are no more."""
    write_text(question)
    line = sys.stdin.buffer.readline()
    if not line:
        raise KeyboardInterrupt
    return line.decode(errors="replace").rstrip("\r\n")


def size() -> tuple[int, int]:
    """Columns and rows."""
    import shutil

    found = shutil.get_terminal_size()
    return found.columns, found.lines


def edit(text: str, ending: str) -> str | None:
    """What somebody makes of a text in the editor of their choice; None, and why is said, if none
    could be run or it failed.  `ending` is that of the file, by which editors know a language."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="nbmerge-") as folder:
        path = os.path.join(folder, f"conflict{ending}")
        with open(path, "w", encoding="utf-8", errors="surrogatepass", newline="") as file:
            file.write(text)
        call = [*_editor(), path]
        try:
            code = _run(call)
        except OSError as error:
            write_error(f"nbmerge: {printable(call[0])} cannot be run ({error.strerror}): set $EDITOR\n")
            return None
        if code:
            write_error(f"nbmerge: {printable(call[0])} ended with {code}: nothing was taken from it\n")
            return None
        with open(path, "rb") as saved:
            return _read_back(saved.read())


def _read_back(data: bytes) -> str:
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def _run(call: list[str]) -> int:
    """The exit code of the editor.  It alone hears Ctrl-C meanwhile, which some use as a key."""
    import signal
    import subprocess

    with subprocess.Popen(call) as running:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return running.wait()
        finally:
            signal.signal(signal.SIGINT, before)


def _editor() -> list[str]:
    """As git looks for it, but for its own settings."""
    import shlex

    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if named:
        return shlex.split(named) if os.name != "nt" else [named]
    return ["notepad"] if os.name == "nt" else ["vi"]


def _breaks(text: str, columns: int) -> Iterator[int]:
    """Where rows end: behind a space in their second half, else where the columns end."""
    start, width, space = 0, 0, 0
    for at, character in enumerate(text):
        width += _width(character)
        if width > columns:
            end = space if space > start + (at - start) // 2 else at
            yield end
            width = sum(map(_width, text[end : at + 1]))
            start = end
        if character == " ":
            space = at + 1
    yield len(text)


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def _cut_at(pieces: Sequence[Piece], ends: Sequence[int]) -> Iterator[tuple[Piece, ...]]:
    """The pieces of each row, by the places in the whole text where rows end."""
    left = list(pieces)
    at = 0
    for end in ends:
        row: list[Piece] = []
        while left and at < end:
            piece = left.pop(0)
            room = end - at
            if len(piece.text) > room:
                left.insert(0, replace(piece, text=piece.text[room:]))
                piece = replace(piece, text=piece.text[:room])
            row.append(piece)
            at += len(piece.text)
        yield tuple(row)


THIS = Screen(write_text, ask, edit, paint, size)
