"""Owns: what git's configuration says of conflicts, and how its values are spelled.

Must not know: merges, who asks.
Invariant: a value that is none of those known is not there.  All is found out by one call of git; whether
rerere is wanted may take a second one.
"""

from __future__ import annotations

import os

from nbmerge.frozen import frozen
from nbmerge.git.process import ask_git
from nbmerge.merge.markers import ConflictStyle
from nbmerge.merge.values import FAVORS, Favor

_KEYS = r"^(merge\.conflictstyle|merge\.nbmerge\.favor|rerere\.enabled)$"
_TRUE = ("true", "yes", "on")


@frozen
class Settings:
    """How conflicts are shown, for whom they are settled, and whether git's rerere is wanted."""

    style: ConflictStyle = ConflictStyle.MERGE
    favor: Favor = Favor.NONE
    rerere: bool = False


def settings(folder: str = ".") -> Settings:
    """The settings that hold in a folder."""
    found = dict[str, str]()
    for entry in (ask_git("-C", folder, "config", "-z", "--get-regexp", _KEYS) or "").split("\0"):
        key, has_value, value = entry.partition("\n")
        found[key] = value.lower() if has_value else "true"  # the last one counts
    style = found.get("merge.conflictstyle")
    return Settings(
        ConflictStyle(style) if style in {each.value for each in ConflictStyle} else ConflictStyle.MERGE,
        favor_in(found.get("merge.nbmerge.favor", "")) or Favor.NONE,
        wanted(found.get("rerere.enabled"), folder),
    )


def favor_in(value: str) -> Favor | None:
    """What a value of `merge.nbmerge.favor` stands for; None if it is none of those known."""
    spelled = value.lower()
    return Favor(spelled) if spelled in (*FAVORS, Favor.NONE.value) else None


def wanted(enabled: str | None, folder: str = ".") -> bool:
    """Whether rerere is wanted; where the setting says nothing (None), git goes by its folder."""
    if enabled is not None:
        return enabled in _TRUE or (enabled.isdecimal() and enabled.strip("0") != "")
    of_git = os.path.join(folder, ".git")
    if os.path.isdir(of_git) and "GIT_DIR" not in os.environ:  # to ask git takes a process
        return os.path.isdir(os.path.join(of_git, "rr-cache"))
    told = ask_git("-C", folder, "rev-parse", "--git-path", "rr-cache")
    return told is not None and os.path.isdir(os.path.join(folder, told))
