"""Owns: which paths the user does not want watched: `.nbmergeignore` files and `--exclude`.

Must not know: how folders are listed; names that are never watched (`names`).
Invariant: pure but for `read_rules`; a pattern means what it means in `.gitignore`.

The subset of gitignore, one pattern a line: `#` comments and blank lines; `!` takes back;
a trailing `/` matches folders only; a `/` elsewhere ties the pattern to the folder of the
file; `*` and `?` do not match `/`; `[a-z]`, `[!a-z]`; `**` as a whole part matches any number
of folders; `\\` takes the meaning from the next character.  The last pattern that matches
decides.  As in git, nothing below an ignored folder can be taken back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from nbmerge.observe.names import RULES_NAME


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: what it matches, relative to its folder with `/`; `back` takes a path back."""

    matches: re.Pattern[str]
    folders_only: bool
    back: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns that hold in a folder and below; those of the folders above come first."""

    folder: str
    patterns: tuple[Pattern, ...] = ()
    above: Rules | None = None

    def ignores(self, path: str, is_folder: bool) -> bool:
        """Whether the last pattern that matches the path leaves it out.  `path` is below `folder`."""
        one: Rules | None = self
        while one is not None:
            if one.patterns:
                told = one._told(path, is_folder)
                if told is not None:
                    return told
            one = one.above
        return False

    def _told(self, path: str, is_folder: bool) -> bool | None:
        below = os.path.relpath(path, self.folder).replace(os.sep, "/")
        for pattern in reversed(self.patterns):
            if (is_folder or not pattern.folders_only) and pattern.matches.fullmatch(below):
                return not pattern.back
        return None


def parse(lines: Iterable[str]) -> tuple[Pattern, ...]:
    """The patterns of the lines of an ignore file; lines that say nothing are left out."""
    return tuple(pattern for line in lines if (pattern := _pattern(line)) is not None)


def read_rules(folder: str, above: Rules) -> Rules:
    """The rules in a folder: its own file's, if it has one, after those above."""
    try:
        with open(os.path.join(folder, RULES_NAME), encoding="utf-8", errors="replace") as file:
            patterns = parse(file)
    except OSError:
        return above
    return Rules(folder, patterns, above) if patterns else above


def _pattern(line: str) -> Pattern | None:
    text = line.rstrip("\r\n")
    text = re.sub(r"(?<!\\)[ \t]+$", "", text).removeprefix("\ufeff")
    if not text or text.startswith("#"):
        return None
    back = text.startswith("!")
    text = text[1:] if back else text
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    tied = "/" in text
    text = text.lstrip("/")
    if not text:
        return None
    expression = _expression(text if tied else f"**/{text}")
    try:
        return Pattern(re.compile(expression, re.DOTALL), folders_only, back)
    except re.error:  # a broken class such as [z-a] matches nothing, as in git
        return None


def _expression(text: str) -> str:
    parts = text.split("/")
    last = len(parts) - 1
    found = []
    for number, part in enumerate(parts):
        if part == "**":
            found.append(".+" if number == last else "(?:.+/)?")
        else:
            found.append(_part(part) + ("" if number == last else "/"))
    return "".join(found)


_PIECE = re.compile(
    r"\\(?P<plain>.)|(?P<stars>\*+)|(?P<one>\?)|\[(?P<set>[!^]?\]?[^\]]*)\]|(?P<other>.)", re.DOTALL
)


def _part(part: str) -> str:
    return "".join(map(_piece, _PIECE.finditer(part)))


def _piece(found: re.Match[str]) -> str:
    if found["stars"]:
        return "[^/]*"
    if found["one"]:
        return "[^/]"
    if found["set"]:
        inside = found["set"]
        negated = inside[0] in "!^"
        inside = inside[negated:].replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
        return f"[{'^/' if negated else ''}{inside}]"
    if found["other"] == "[":
        return "(?!)"  # a class that is never closed matches nothing
    return re.escape(found["plain"] or found["other"])
