"""Owns: applying operations to a notebook: the model for front ends in any language.

Must not know: how operations are found, nbmerge's own values.  Invariant: one operation
after another, each with nothing but what it says; what was given is not changed.
"""

from __future__ import annotations

from copy import deepcopy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def apply(notebook: dict[str, Any], operations: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The notebook after the operations; both as `json.loads` gives them.

    Raises LookupError or ValueError if the operations are not meant for this notebook.
    """
    made = deepcopy(notebook)
    for operation in operations:
        match operation:
            case {"op": "set", "field": field}:
                target = _cell(made, operation["cell"]) if "cell" in operation else made
                if "value" in operation:
                    target[field] = operation["value"]
                else:
                    del target[field]
            case {"op": "set", "value": whole}:
                made = deepcopy(whole)
            case {"op": "insert", "after": after, "value": cell}:
                _put(made, after, deepcopy(cell))
            case {"op": "move", "cell": name, "after": after}:
                _put(made, after, _take(made, name))
            case {"op": "delete", "cell": name}:
                _take(made, name)
            case _:
                raise ValueError(f"no operation: {operation!r}")
    return made


def cells_of(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """The list of cells; nbformat 3 has it inside a worksheet."""
    outer = [notebook, *(notebook.get("worksheets") or ())]
    found: list[dict[str, Any]] = next(one["cells"] for one in outer if isinstance(one.get("cells"), list))
    return found


def place_of(notebook: dict[str, Any], name: str | int | None) -> int:
    """Where a cell stands: by its id, or by its place; -1 is before all."""
    if name is None:
        return -1
    return name if isinstance(name, int) else [cell.get("id") for cell in cells_of(notebook)].index(name)


def _cell(notebook: dict[str, Any], name: str | int) -> dict[str, Any]:
    return cells_of(notebook)[place_of(notebook, name)]


def _take(notebook: dict[str, Any], name: str | int) -> dict[str, Any]:
    return cells_of(notebook).pop(place_of(notebook, name))


def _put(notebook: dict[str, Any], after: str | int | None, cell: dict[str, Any]) -> None:
    cells_of(notebook).insert(place_of(notebook, after) + 1, cell)
