"""Owns: colours, questions and the editor of somebody at a terminal.

Must not know: what is asked.  Invariant: colours only on a terminal, and only where they are wanted
(https://no-color.org); an edited text is read back as it was saved.
"""

from __future__ import annotations

import os
import sys

from nbmerge.cli.streams import printable, write_error

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34"}


def is_interactive() -> bool:
    """Whether somebody can be asked."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def colours_are_seen() -> bool:
    """Whether standard output shows colours."""
    return sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def paint(text: str, colour: str) -> str:
    """The text in a colour, if those are seen."""
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if text and colours_are_seen() else text


def edit(text: str, ending: str) -> str | None:
    """What somebody makes of a text in the editor of their choice; None, and why is said, if none
    could be run or it failed.  `ending` is that of the file, by which editors know a language."""
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory(prefix="nbmerge-") as folder:
        path = os.path.join(folder, f"conflict{ending}")
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        call = [*_editor(), path]
        try:
            code = subprocess.call(call)
        except OSError as error:
            write_error(f"nbmerge: {call[0]} cannot be run ({error.strerror}): set $EDITOR\n")
            return None
        if code:
            write_error(f"nbmerge: {printable(call[0])} ended with {code}: nothing was taken from it\n")
            return None
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            return file.read().replace("\r\n", "\n")


def _editor() -> list[str]:
    """As git looks for it, but for its own settings."""
    import shlex

    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if named:
        return shlex.split(named) if os.name != "nt" else [named]
    return ["notepad"] if os.name == "nt" else ["vi"]
