"""Owns: merging three texts once more, as git has done it.

Must not know: notebooks, repositories.  Invariant: nothing is left behind; where git cannot do it,
it has not done it that way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from nbmerge.git.process import run_git
from nbmerge.merge.policy import ConflictStyle

_STYLES = {ConflictStyle.DIFF3: ("--diff3",), ConflictStyle.ZDIFF3: ("--zdiff3",)}
# What `git merge` has used: since 2.33 histogram, before, and in `merge-file` until it is told, the other.
_DIFFS = ((), ("--diff-algorithm=histogram",))


def merged_again(
    base: bytes, local: bytes, remote: bytes, style: ConflictStyle, size: int
) -> Iterator[bytes]:
    """What git's merges of lines make of three texts, with markers of this size and any labels."""
    import tempfile

    with suppress(OSError), tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, name) for name in ("local", "base", "remote")]
        for file, data in zip(files, (local, base, remote), strict=True):
            with open(file, "wb") as scratch:
                scratch.write(data)
        for diff in _DIFFS:
            options = (*_STYLES.get(style, ()), *diff, f"--marker-size={size}")
            done = run_git("merge-file", "-p", "-q", *options, "--", *files)
            if 0 <= done.returncode < 128:
                yield done.stdout
