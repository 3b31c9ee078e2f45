"""Owns: where Jupyter keeps a user's files, by its own rules, without importing it.

Must not know: what is in them.  Invariant: pure; the rules are those of jupyter_core's paths
(environment first, then the platform's folder).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_NO = ("no", "n", "false", "off", "0", "0.0", "")


def data_folder(environment: Mapping[str, str], home: str, platform: str) -> str:
    """The folder of signatures and secrets; `platform` as in sys.platform."""
    told = environment.get("JUPYTER_DATA_DIR")
    if told:
        return told
    as_platform = environment.get("JUPYTER_PLATFORM_DIRS", "").lower() not in _NO
    if platform == "darwin":
        middle = ("Library", "Application Support") if as_platform else ("Library",)
        return os.path.join(home, *middle, "Jupyter")
    if platform == "win32":
        name = "LOCALAPPDATA" if as_platform else "APPDATA"
        inside = environment.get(name)
        if inside:
            return os.path.join(inside, "Jupyter" if as_platform else "jupyter")
        config = environment.get("JUPYTER_CONFIG_DIR") or os.path.join(home, ".jupyter")
        return os.path.join(config, "data")
    shared = environment.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    return os.path.join(shared, "jupyter")


def runtime_folder(environment: Mapping[str, str], home: str, platform: str) -> str:
    """The folder in which running servers leave word of themselves."""
    told = environment.get("JUPYTER_RUNTIME_DIR")
    return told or os.path.join(data_folder(environment, home, platform), "runtime")
