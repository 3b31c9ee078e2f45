"""Owns: where the state directory is.

Must not know: what is in it.  Invariant: the directory is there afterwards, and one that
was made here is nobody else's to read: notebooks hold secrets.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from nbmerge.errors import SystemFailure
from nbmerge.files import reason

VARIABLE = "NBMERGE_STATE_DIR"


def state_directory(
    option: str | None = None,
    environment: Mapping[str, str] | None = None,
    platform: str = sys.platform,
) -> str:
    """The absolute path of the state directory, which exists: the option, else $NBMERGE_STATE_DIR,
    else the platform's place.  Raises SystemFailure if it cannot be made."""
    path = place_of(option, environment, platform)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as error:
        message = f"{path}: cannot be made: {reason(error)}; name another state directory with --state"
        raise SystemFailure(message) from error
    return path


def place_of(
    option: str | None = None,
    environment: Mapping[str, str] | None = None,
    platform: str = sys.platform,
) -> str:
    """Where the state directory is, or would be made."""
    known = os.environ if environment is None else environment
    return os.path.abspath(os.path.expanduser(option or known.get(VARIABLE) or usual_place(known, platform)))


def usual_place(environment: Mapping[str, str], platform: str) -> str:
    """Where programs of this platform keep their state (XDG: relative paths do not count)."""
    match platform:
        case "darwin":
            return "~/Library/Application Support/nbmerge"
        case "win32":
            return os.path.join(environment.get("LOCALAPPDATA") or "~/AppData/Local", "nbmerge")
        case _:
            home = environment.get("XDG_STATE_HOME", "")
            return os.path.join(home if os.path.isabs(home) else "~/.local/state", "nbmerge")
