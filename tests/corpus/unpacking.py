"""Owns: taking the shared corpora out of their archives.

Must not know: what is in them.  Invariant: nothing is written outside of the folder.
"""

from __future__ import annotations

import tarfile
from pathlib import Path


def unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as found:
        if hasattr(tarfile, "data_filter"):
            found.extractall(folder, filter="data")
        else:  # before Python 3.11.4
            found.extractall(folder)
