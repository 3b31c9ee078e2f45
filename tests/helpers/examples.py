"""Owns: how many examples a law is tried on.

Must not know: the laws.  Invariant: the number is the written one, or that times FACTOR in a slow run.
"""

from __future__ import annotations

from hypothesis import settings

FACTOR = 1  # set by conftest before the tests are imported


def tried(times: int) -> settings:
    """Decorate a law with the number of examples that the quick run tries."""
    return settings(max_examples=times * FACTOR)
