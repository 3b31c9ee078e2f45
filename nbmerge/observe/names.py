r"""Owns: which files and folders count, by their names: notebooks, what other programs keep beside them,
and the patterns of what the user does not want watched (`.nbmergeignore` files and `--exclude`).

Must not know: how folders are listed, what is in notebooks.  Invariant: pure but for `read_rules`; a
conflict copy of a sync client is a notebook like any other here; patterns mean what they mean in
`.gitignore`, and take time in proportion to the path's length, whatever they are.

As in git, the last pattern that matches decides, and nothing below an ignored folder can be taken back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from nbmerge.files import reason
from nbmerge.observe.reading import file_status, read_now

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


def is_notebook(name: str) -> bool:
    """Whether people call such a file a notebook; what other programs keep beside it is none.

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


def is_left_out(folder: str) -> bool:
    """Whether a folder of that name holds nothing that people edit."""
    lower = folder.lower()
    return lower in _FOLDERS or lower.startswith(_FOLDER_STARTS)


def matters(name: str) -> bool:
    """Whether a file of that name can say anything at all about a notebook."""
    return ".ipynb" in name or name == RULES_NAME


def shown_path(path: str, shown: Mapping[str, str]) -> str:
    """A real path as people would write it: below what they asked to watch, through their links."""
    above = path
    while above not in shown:
        up = os.path.dirname(above)
        if up == above:
            return path
        above = up
    return shown[above] + path[len(above) :]


@dataclass(frozen=True, slots=True)
class IgnorePattern:
    """One line: what it matches, relative to its folder, folders ending with `/`; `ignore`: or takes back."""

    matches: re.Pattern[str]
    ignore: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns that hold in a folder and below; those of the folders above come first."""

    folder: str
    patterns: tuple[IgnorePattern, ...] = ()
    above: Rules | None = None

    def ignores(self, path: str, is_folder: bool) -> bool:
        """Whether the last pattern that matches the path leaves it out.  `path` is below `folder`."""
        rules: Rules | None = self
        while rules is not None:
            if rules.patterns:
                below = os.path.relpath(path, rules.folder).replace(os.sep, "/") + "/" * is_folder
                for pattern in reversed(rules.patterns):
                    if pattern.matches.search(below):
                        return pattern.ignore
            rules = rules.above
        return False


_LARGEST, _MOST = 64 << 10, 1000  # bytes and lines of an ignore file: more would keep saves waiting


def read_rules(folder: str, above: Rules, warn: Callable[[str, str], None] = lambda path, why: None) -> Rules:
    """The rules in a folder: its own file's, if it has one, after those above.

    A file that is too large or cannot be read is not used; `warn(path, message)` is told so.
    """
    path = os.path.join(folder, RULES_NAME)
    status = file_status(path)
    if status is None:
        return above
    if status.stamp.size > _LARGEST:
        warn(path, f"is larger than {_LARGEST >> 10} KB: none of its patterns is used")
        return above
    try:
        reading = read_now(path)
    except OSError as error:
        warn(path, f"cannot be read: {reason(error)}; none of its patterns is used")
        return above
    lines = reading.data.decode("utf-8-sig", "replace").split("\n") if reading is not None else []
    if len(lines) > _MOST:
        warn(path, f"has more than {_MOST:,} lines: none of its patterns is used")
        return above
    patterns = parse(lines)
    return Rules(folder, patterns, above) if patterns else above


def parse(lines: Iterable[str]) -> tuple[IgnorePattern, ...]:
    """The patterns of the lines of an ignore file; lines that say nothing are left out."""
    return tuple(pattern for line in lines if (pattern := _pattern(line.rstrip("\r\n"))) is not None)


def _pattern(line: str) -> IgnorePattern | None:
    if not line.strip() or line.startswith("#"):
        return None
    from pathspec.patterns.gitignore import GitIgnorePatternError
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        expression, ignore = GitIgnoreSpecPattern.pattern_to_regex(line)
        if expression is None or ignore is None:
            return None
        return IgnorePattern(re.compile(_whole(_linear(expression)), re.DOTALL), ignore)
    except (GitIgnorePatternError, re.error):  # a broken class such as [z-a] matches nothing, as in git
        return None


def _whole(expression: str) -> str:
    """So that it matches a path itself; pathspec's matches all below an ignored folder too."""
    if "(?P<" in expression:  # where it ends at a path's end, or at the `/` of an ignored folder
        return rf"{expression}\Z"
    return expression if expression == "." else f"{expression}."  # `a/**` is not `a/` itself


# How pathspec writes `*`, one character that is no `*`, `**/` at the start, and `/**` further on.
_STAR = re.escape("[^/]*")
_ONE = r"(?:\\.|\[(?:\\.|[^\]\\])*\]|[^\\\[/()*])"
_LEADING, _INNER = re.escape("(?:.+/)?"), re.escape("(?:/.+)?")


def _linear(expression: str) -> str:
    """Without the backtracking of one `*` into another, which takes ages with `*a*a*a*a*b`.

    What stands between two `*` is taken where it comes first, for good: if the rest of the pattern
    matches behind a later place, it does so behind this one.  So it is for what is between two `**`.
    """
    plain = re.sub(r"\\.|\[\^?\]?[^\]]*\]", _class, expression)
    plain = re.sub(rf"(?:{_STAR})+", "[^/]*", plain)
    by_star = re.sub(rf"{_STAR}({_ONE}+)(?={_STAR})", r"(?>[^/]*?\1)", plain)
    return re.sub(
        rf"({_LEADING}|{_INNER})((?:(?!{_INNER}).)+)(?={_INNER})",
        lambda found: f"(?>{found[1].replace('.+', '.+?')}?{found[2]}(?=/))",
        by_star,
    )


def _class(found: re.Match[str]) -> str:
    """A class of characters as git means it: `[!x]` does not match `/`, and `[` in it is a character."""
    text = found[0]
    if text.startswith("\\") or text == "[^/]":
        return text
    negated = text.startswith("[^")
    inside = re.sub(r"[\[\]&|~]|(?<=-)-", r"\\\g<0>", text[1 + negated : -1])
    return f"[^/{inside}]" if negated else f"[{inside}]"
