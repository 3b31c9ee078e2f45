"""Owns: which system this is.

Must not know: what is done with it.  Invariant: there is always an answer; where the platform is
not known, the weakest one.
"""

from __future__ import annotations

import sys

from nbmerge.disk.system import System


def this_system() -> System:
    """The best that this platform has."""
    match sys.platform:
        case "linux":
            from nbmerge.disk.linux import Linux

            return Linux()
        case "darwin":
            from nbmerge.disk.macos import MacOS

            return MacOS()
        case "win32":
            from nbmerge.disk.windows import Windows

            return Windows()
    return System()
