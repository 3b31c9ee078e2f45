r"""Owns: what a file's name alone tells: notebook, copy of one, one on its way, none of our business.
which paths the user does not want watched: `.nbmergeignore` files and `--exclude`.

Must not know: folders, contents, patterns of the user.
how folders are listed; names that are never watched (`names`).
Invariant: pure; a conflict copy of
a sync client is a notebook like any other here.
pure but for `read_rules`; a pattern means what it means in `.gitignore`.

The subset of gitignore, one pattern a line: `#` comments and blank lines; `!` takes back;
a trailing `/` matches folders only; a `/` elsewhere ties the pattern to the folder of the
file; `*` and `?` do not match `/`; `[a-z]`, `[!a-z]`; `**` as a whole part matches any number
of folders; `\` takes the meaning from the next character.  The last pattern that matches
decides.  As in git, nothing below an ignored folder can be taken back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

RULES_NAME = ".nbmergeignore"

# Folders in which nobody edits notebooks: other programs' caches, histories, trash, environments.
# Lower case; compared so.
_FOLDERS_NAMES = """
    .ipynb_checkpoints .virtual_documents __pycache__ node_modules site-packages
    .git .hg .svn .bzr .jj .pijul _darcs
    .venv .tox .nox .eggs .mypy_cache .pytest_cache .ruff_cache .hypothesis .ipython
    .trash .trashes .stversions .stfolder .dropbox.cache .sync .seafile-data
    .tmp.drivedownload .tmp.driveupload .owncloudsync .nextcloudsync
    .snapshot .snapshots .zfs .spotlight-v100 .fseventsd .documentrevisions-v100 .temporaryitems
    $recycle.bin lost+found
"""
_FOLDERS = frozenset(_FOLDERS_NAMES.split())
_FOLDER_STARTS = (".trash-", ".nbmerge-", ".~lock")

# A notebook that a client is receiving: its name, as the client writes it beside the real one.
_ARRIVING = tuple(
    (client, re.compile(pattern))
    for client, pattern in (
        ("Syncthing", r"\.syncthing\.(?P<name>.+\.ipynb)\.tmp"),
        ("Syncthing", r"~syncthing~(?P<name>.+\.ipynb)\.tmp"),
        ("Nextcloud", r"\.(?P<name>.+\.ipynb)\.~[0-9a-f]+"),
        ("iCloud", r"\.(?P<name>.+\.ipynb)\.icloud"),
        ("Resilio", r"(?P<name>.+\.ipynb)\.!sync"),
        ("Unison", r"\.unison\.(?P<name>.+\.ipynb)\.[0-9a-f]+\.unison\.tmp"),
        ("rclone", r"(?P<name>.+\.ipynb)\.[0-9a-z]{8}\.partial"),
        ("OneDrive", r"(?P<name>.+\.ipynb)\.partial"),
        ("rsync", r"\.(?P<name>.+\.ipynb)\.[0-9A-Za-z]{6}"),
    )
)


def is_notebook(name: str) -> bool:
    """Whether people call such a file a notebook; other programs' droppings are none.

    `.~x`: jupyter_server's copy; `.#x`: an Emacs lock; `._x`: macOS attributes; `.nbmerge-x`: ours.
    """
    return (
        name.endswith(".ipynb")
        and len(name) > len(".ipynb")
        and not name.startswith((".~", ".#", "._", ".nbmerge-", ".syncthing.", "~syncthing~", "~$"))
    )


def is_ours(name: str) -> bool:
    """Whether nbmerge itself makes files of that name."""
    return name.startswith(".nbmerge-")


def copied(name: str) -> str | None:
    """The notebook whose former content jupyter_server keeps under this name during a save."""
    original = name.removeprefix(".~")
    return original if original != name and is_notebook(original) else None


def arriving(name: str) -> tuple[str, str] | None:
    """The notebook that a sync client is receiving under this name, and the client."""
    if ".ipynb." not in name:
        return None
    for client, pattern in _ARRIVING:
        found = pattern.fullmatch(name)
        if found and is_notebook(found["name"]):
            return found["name"], client
    return None


def is_left_out(folder: str) -> bool:
    """Whether a folder of that name holds nothing that people edit."""
    lower = folder.lower()
    return lower in _FOLDERS or lower.startswith(_FOLDER_STARTS)


def matters(name: str) -> bool:
    """Whether a file of that name can say anything at all about a notebook."""
    return ".ipynb" in name or name == RULES_NAME


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
