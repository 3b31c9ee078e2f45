"""Owns: what a host knows of the shared folder that another host has changed: nothing, for a while.

Must not know: nbmerge.  It is loaded by Python itself, in every process of a host.  As on a network drive:
the status of a file is remembered for so many seconds, and asked for anew when the file is opened.
"""

from __future__ import annotations

import builtins
import io
import os
import time
from typing import Any

FOLDER = os.environ.get("HOSTS_FOLDER", "")
SECONDS = float(os.environ.get("HOSTS_REMEMBERED") or 0)


def _remember() -> None:
    known: dict[tuple[str, str], tuple[float, Any]] = {}

    def remembering(name: str, real: Any) -> Any:
        def status(path: Any, *args: Any, **options: Any) -> Any:
            if not isinstance(path, str) or not path.startswith(FOLDER) or not path.endswith(".ipynb"):
                return real(path, *args, **options)
            key, now = (name, path), time.monotonic()
            if key not in known or now - known[key][0] > SECONDS:
                known[key] = now, real(path, *args, **options)
            return known[key][1]

        return status

    def forgetting(real: Any) -> Any:
        def opened(path: Any, *args: Any, **options: Any) -> Any:
            for name in ("stat", "lstat"):
                known.pop((name, path), None) if isinstance(path, str) else None
            return real(path, *args, **options)

        return opened

    os.stat, os.lstat = remembering("stat", os.stat), remembering("lstat", os.lstat)
    os.open = forgetting(os.open)
    builtins.open = io.open = forgetting(io.open)


if FOLDER and SECONDS:
    _remember()
