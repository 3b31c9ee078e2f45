"""Owns: strict validation: nbformat's own schema, nothing repaired, nothing tolerated.

Must not know: merging.  Invariant: None means that nbformat has nothing to say against the notebook.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from nbformat.validator import get_validator


def fault(notebook: dict[str, Any]) -> str | None:
    """What is invalid about a notebook, or None."""
    major, minor = notebook.get("nbformat", 0), notebook.get("nbformat_minor", 0)
    if major < 3:
        return None  # no schema was ever written
    for error in _validator(major, minor).iter_errors(notebook):
        place = "/".join(map(str, getattr(error, "absolute_path", ())))
        return f"{place}: {error.message[:200]}"
    ids = [cell["id"] for cell in notebook.get("cells", []) if "id" in cell]
    twice = sorted({id for id in ids if ids.count(id) > 1})
    return f"ids not unique: {twice}" if twice else None


@cache
def _validator(major: int, minor: int) -> Any:
    return get_validator(major, minor)  # type: ignore[no-untyped-call]
