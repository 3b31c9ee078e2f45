"""Owns: what a file's name alone tells: notebook, copy of one, one on its way, none of our business.

Must not know: folders, contents, patterns of the user.  Invariant: pure; a conflict copy of
a sync client is a notebook like any other here.
"""

from __future__ import annotations

import re

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
