"""Owns: passing on the user's trust from the versions in a merge to the merge.

Must not know: merging, what trust is for.  Invariant: nothing is trusted that has something
to distrust and was not signed by this user; who never signed anything gets no keys made.
Failures are silent: then Jupyter asks.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# Types of outputs that Jupyter shows only if it trusts them, by the names of nbformat 3 and 4; "\u00"
# could spell them.
_DISTRUSTED = (b"display_data", b"execute_result", b"pyout", b"\\u00")


def needs_trust(data: bytes) -> bool:
    """Whether there may be an output in it that Jupyter shows only if it trusts the notebook."""
    return any(name in data for name in _DISTRUSTED)


def is_trusted(data: bytes, folder: str) -> bool:
    """Whether there is nothing to distrust in it, or this user signed it; `folder`: Jupyter's data."""
    if not needs_trust(data):
        return True
    if not _has_signed(folder):
        return False
    from nbmerge.notebook.trust import is_signed

    return is_signed(data, folder)


def sign(data: bytes, folder: str) -> None:
    """Note that the user trusts this content, as Jupyter does it."""
    if needs_trust(data) and _has_signed(folder):
        from nbmerge.notebook.trust import add_signature

        add_signature(data, folder)


def keep_trust(merged: bytes, versions: Iterable[bytes], folder: str) -> None:
    """Sign a merge if all that is in it was trusted."""
    if needs_trust(merged) and _has_signed(folder) and all(is_trusted(one, folder) for one in versions):
        sign(merged, folder)


def _has_signed(folder: str) -> bool:
    return all(os.path.isfile(os.path.join(folder, name)) for name in ("notebook_secret", "nbsignatures.db"))
