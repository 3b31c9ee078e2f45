"""Owns: what can go wrong, by who is to blame, and the exit code of each.

Must not know: what raised them.  Invariant: every message is one line that a person
can act on; a failure that is none of these classes is a bug of nbmerge.
"""

from __future__ import annotations

EXIT_CLEAN = 0
EXIT_CONFLICTS = 1
EXIT_USAGE = 2
EXIT_UNREADABLE = 3
EXIT_SYSTEM = 4
EXIT_BUG = 70
EXIT_DRIVER_FAILED = 129
EXIT_INTERRUPTED = 130


class NbmergeError(Exception):
    """A failure with a message for people and an exit code for programs."""

    exit_code = EXIT_BUG


class UsageError(NbmergeError):
    """Invalid arguments: an unknown option, a missing argument, values that clash."""

    exit_code = EXIT_USAGE


class NotebookError(NbmergeError):
    """A bad file: unreadable, not JSON, or not a notebook."""

    exit_code = EXIT_UNREADABLE


class SystemFailure(NbmergeError):
    """A failure of the system: the disk is full, writing is not permitted, git is missing."""

    exit_code = EXIT_SYSTEM
