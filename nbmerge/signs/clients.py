"""Owns: the names under which sync clients receive a file, before they give it its own.

Must not know: folders, contents.  Invariant: pure; a name that people choose is none of these.
"""

from __future__ import annotations

import re

# From the clients' sources and manuals.
_RECEIVING = tuple(
    (client, re.compile(pattern))
    for client, pattern in (
        ("Syncthing", r"\.syncthing\.(?P<name>.+)\.tmp"),
        ("Syncthing", r"~syncthing~(?P<name>.+)\.tmp"),  # on Windows
        ("Nextcloud or ownCloud", r"\.(?P<name>.+)\.~[0-9a-f]+"),
        ("Resilio", r"(?P<name>.+)\.!sync"),
        ("Unison", r"\.unison\.(?P<name>.+)\.[0-9a-f]+\.unison\.tmp"),
        ("rclone", r"(?P<name>.+)\.[0-9a-z]{8}\.partial"),
        ("OneDrive", r"(?P<name>.+)\.partial"),
        ("rsync", r"\.(?P<name>.+)\.(?![a-z]{6}$)[0-9A-Za-z]{6}"),  # not .backup, .icloud
    )
)
_NOT_NAMED_SO = (".", "~")


def receiving(name: str) -> tuple[str, str] | None:
    """The notebook that is being received under this name, and the client; None if it is neither."""
    if ".ipynb." not in name:
        return None
    for client, pattern in _RECEIVING:
        found = pattern.fullmatch(name)
        if found and _is_notebook(found["name"]):
            return found["name"], client
    return None


def _is_notebook(name: str) -> bool:
    return name.endswith(".ipynb") and name != ".ipynb" and not name.startswith(_NOT_NAMED_SO)
