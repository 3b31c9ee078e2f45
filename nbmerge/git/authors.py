"""Owns: who last changed a notebook on each side of the merge that git is making, and when.

Must not know: what is merged.  Invariant: only commits that the other side does not have are looked at, so
it costs no more than what was done since both parted; where git tells nothing, neither does this.
"""

from __future__ import annotations

import os

from nbmerge.environment.git import repository
from nbmerge.errors import SystemFailure
from nbmerge.git.process import ask_git

_FORMAT = "--format=%an, %cd"
_DATE = "--date=format-local:%Y-%m-%d %H:%M"
_PICKED = ("CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD")


def authors_of(path: str) -> tuple[str, str]:
    """`Ann, 2026-03-01 09:30` for local and for remote; "" where that is not known."""
    here = repository(path)
    if here is None:
        return "", ""
    real = os.path.realpath(path)
    named = [name for name in ("MERGE_HEAD", *_PICKED) if os.path.exists(os.path.join(here.folder, name))]
    try:
        match named:
            case ["MERGE_HEAD"]:
                return _last(real, "HEAD", "MERGE_HEAD"), _last(real, "MERGE_HEAD", "HEAD")
            case ["REVERT_HEAD"]:
                return _last(real, "HEAD", "REVERT_HEAD"), ""  # the other side is what was before that commit
            case [picked]:
                return _last(real, "HEAD", picked), _ask(real, picked)
    except SystemFailure:
        pass
    return "", ""


def _last(path: str, side: str, other: str) -> str:
    """Who last changed it on a side."""
    return _ask(path, side, "--not", other, "--", path)


def _ask(path: str, *words: str) -> str:
    plain = "--literal-pathspecs", "-C", os.path.dirname(path)
    found = ask_git(*plain, "log", "-1", "--no-show-signature", _FORMAT, _DATE, *words)
    return (found or "").partition("\n")[0]
