"""Owns: notebooks as pages and shared documents hold them, and comparing such ones.

Must not know: what is tested.  Invariant: nothing is left out but ids that a page has invented.
"""

from __future__ import annotations

import json
from typing import Any

from tests.helpers.build import Notebook, source_of


def in_page(found: Notebook) -> Notebook:
    """A notebook as pages get it: texts in one piece."""
    return found | {"cells": [_cell_in_page(cell) for cell in found["cells"]]}


def joined(found: Notebook) -> list[dict[str, Any]]:
    """The cells, however their sources and streams are split into lines; all else as it is spelled."""
    made = []
    for cell in found["cells"]:
        one = cell | {"source": source_of(cell)}
        if "outputs" in cell:
            one["outputs"] = [
                output | ({"text": "".join(output["text"])} if "text" in output else {})
                for output in cell["outputs"]
            ]
        made.append(one)
    return made


def _cell_in_page(cell: dict[str, Any]) -> dict[str, Any]:
    made = cell | {"source": "".join(cell["source"])}
    if "outputs" in cell:
        made["outputs"] = [_output_in_page(one) for one in cell["outputs"]]
    if "attachments" in cell:
        made["attachments"] = {name: _joined(data) for name, data in cell["attachments"].items()}
    return made


def _output_in_page(output: dict[str, Any]) -> dict[str, Any]:
    if "text" in output:
        return output | {"text": "".join(output["text"])}
    return output | {"data": _joined(output["data"])} if "data" in output else output


def _joined(data: dict[str, Any]) -> dict[str, Any]:
    return {
        kind: "".join(value) if isinstance(value, list) and not kind.endswith("json") else value
        for kind, value in data.items()
    }


def shape(found: Notebook) -> Any:
    """A notebook without the ids that a page has invented, in a form that compares."""
    cells = [dict(cell) for cell in found["cells"]]
    if found["nbformat_minor"] < 5:
        for cell in cells:
            cell.pop("id", None)
    return json.loads(json.dumps(found | {"cells": cells}))
