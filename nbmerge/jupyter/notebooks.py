"""Owns: between a notebook as Jupyter's contents API shows it and as bytes; which contents are plain files.

Must not know: requests, stores, what is merged.  Invariant: what a tab is shown and what it sends mean the
same bytes as they do to Jupyter itself: the same checks, the same spelling, the same marks left out.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TypeAlias

from jupyter_core.utils import ensure_async
from tornado.web import HTTPError

from nbmerge.errors import SystemFailure
from nbmerge.files import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nbmerge.sync import Operation

Json: TypeAlias = dict[str, Any]
NotebookNode: TypeAlias = Any  # nbformat is only partly typed
nbformat: Any = import_module("nbformat")
_spelling: Any = import_module("nbformat.v4.rwbase")

_PLAIN = "jupyter_server.services.contents."
_DECIDING = ("get", "save", "check_and_sign", "mark_trusted_cells")


def why_not_here(contents: Any) -> str:
    """Why notebooks of this contents manager are left to it; "": they are plain files, saved as Jupyter does.

    Others (jupytext's, which writes a text beside each notebook; storage in a cloud) have to do it all.
    """
    kind = type(contents)
    if not hasattr(contents, "_get_os_path"):
        return f"{kind.__name__} keeps no plain files"
    for name in _DECIDING:
        module = getattr(getattr(kind, name), "__module__", "")
        if name in vars(contents) or not module.startswith(_PLAIN):
            return f"{kind.__name__} has a way of its own to {name.replace('_', ' ')} notebooks"
    return ""


@dataclass(frozen=True, slots=True)
class Contents:
    """Notebooks as a contents manager sees them; every path is the API's."""

    manager: Any

    async def check_visible(self, path: str, status: int) -> None:
        """Refuse hidden files as the contents API does.  Raises HTTPError with this status."""
        if not self.manager.allow_hidden and await ensure_async(self.manager.is_hidden(path)):
            raise HTTPError(status, f"file or directory {path!r} does not exist")

    def file(self, path: str) -> str:
        """Where the notebook is on the disk.  Raises HTTPError if that is outside of the root folder."""
        found: str = self.manager._get_os_path(path.strip("/"))
        return found

    async def model(self, path: str) -> Json:
        """The model without content, with a hash where the server knows one."""
        asked = {"path": path, "type": "notebook", "content": False}
        try:
            found = await ensure_async(self.manager.get(**asked, require_hash=True))
        except TypeError:  # before jupyter_server 2.11
            found = await ensure_async(self.manager.get(**asked))
        model: Json = dict(found)
        return model

    def prepared(self, path: str, content: Json) -> NotebookNode:
        """What the hooks before a save make of a notebook."""
        model: Json = {"type": "notebook", "format": "json", "content": content}
        self.manager.run_pre_save_hooks(model=model, path=path)
        return as_node(model["content"])

    def write(self, file: str, data: bytes) -> None:
        """Write a file as contents do.  Raises HTTPError or SystemFailure."""
        try:
            with self.manager.atomic_writing(file, text=False) as opened:
                opened.write(data)
        except OSError as error:
            raise SystemFailure(f"{file}: cannot be written: {reason(error)}") from error

    async def saved(self, path: str, invalid: Json) -> Json:
        """What contents do after a save: a checkpoint, if there is none, the hooks; the model."""
        if not await ensure_async(self.manager.checkpoints.list_checkpoints(path)):
            await ensure_async(self.manager.create_checkpoint(path))
        model = await self.model(path)
        self.manager.validate_notebook_model(model, validation_error=invalid)
        self.manager.run_post_save_hooks(model=model, os_path=self.file(path))
        self.manager.emit(data={"action": "save", "path": path})
        return model


def as_node(content: Json) -> NotebookNode:
    """A notebook as nbformat wants it.  Raises HTTPError if it is none of today's."""
    found = nbformat.from_dict(content)
    if not isinstance(found.get("cells"), list) or found.get("nbformat") != nbformat.current_nbformat:
        raise HTTPError(400, "the content is no notebook of nbformat 4")
    return found


@dataclass(frozen=True, slots=True)
class Spelled:
    """A notebook as bytes, and what nbformat finds invalid in it."""

    data: bytes
    invalid: Json = field(default_factory=dict)


def spelled(notebook: NotebookNode) -> Spelled:
    """What Jupyter would write into the file; the notebook is not to be used after it."""
    invalid: Json = {}
    text = nbformat.writes(notebook, version=nbformat.NO_CONVERT, capture_validation_error=invalid)
    return Spelled(f"{text}\n".encode() if not text.endswith("\n") else text.encode(), invalid)


def in_short(notebook: NotebookNode) -> bytes:
    """What Jupyter would write, in one line and unchecked: for what is only compared.

    The notebook is not to be used after it.
    """
    found = _spelling.strip_transient(_spelling.split_lines(notebook))
    return json.dumps(found).encode()


def shown(data: bytes, invalid: Json | None = None) -> NotebookNode:
    """What Jupyter would show of a file.  Raises HTTPError if it cannot."""
    try:
        found: NotebookNode = nbformat.reads(
            data.decode("utf-8-sig"), as_version=4, capture_validation_error=invalid
        )
    except Exception as error:
        raise HTTPError(400, f"Unreadable Notebook: {error}") from error
    return found


def is_of(model: Json, data: bytes) -> bool:
    """Whether a model is of a file with these bytes, as far as its hash says."""
    name, value = model.get("hash_algorithm"), model.get("hash")
    return not name or not value or hashlib.new(name, data).hexdigest() == value


def bring_results(operations: Sequence[Operation]) -> bool:
    """Whether there are outputs in operations, so that it counts whether what comes of them is trusted."""
    return any(_brings_results(operation.form()) for operation in operations)


def _brings_results(operation: Mapping[str, object]) -> bool:
    match operation:
        case {"op": "insert", "value": {"cell_type": "code"}} | {"op": "set", "field": "outputs", "value": _}:
            return True
        case {"op": "set", "value": _}:
            return "field" not in operation
    return False


def operations_shown(
    operations: Sequence[Operation], content: NotebookNode = None, trusted: bool = False
) -> list[Json]:
    """Operations for a page that shows notebooks as `shown` does.

    `content` is what comes of them, if they bring results; where it is not trusted as a whole, cells that get
    outputs are told so.
    """
    return [one for operation in operations for one in _shown(operation.as_json(), content, trusted)]


def _shown(operation: Json, content: NotebookNode, trusted: bool) -> Iterator[Json]:
    match operation:
        case {"op": "insert", "value": dict(cell)}:
            yield operation | {"value": _cell(cell, trusted)}
        case {"op": "set", "cell": name, "field": "outputs" as member, "value": _}:
            yield _joined(operation, member)
            if not trusted:
                metadata = _named(content, name).get("metadata", {}) | {"trusted": False}
                yield {"op": "set", "cell": name, "field": "metadata", "value": metadata}
        case {"op": "set", "cell": _, "field": "source" | "attachments" as member, "value": _}:
            yield _joined(operation, member)
        case {"op": "set", "value": dict(whole)} if "field" not in operation:
            value = shown(json.dumps(whole).encode())
            value.cells = [_cell(cell, trusted) for cell in value.cells]
            yield operation | {"value": value}
        case _:
            yield operation


def _joined(operation: Json, member: str) -> Json:
    cell = _as_lab({"cell_type": "code", "metadata": {}, member: operation["value"]})
    return operation | {"value": cell[member]}


def _cell(cell: Json, trusted: bool) -> Json:
    found = _as_lab(cell)
    if found.get("cell_type") == "code":
        found["metadata"] = {**found.get("metadata", {}), "trusted": trusted}
    return found


def _as_lab(cell: Json) -> Json:
    """A cell whose texts are strings: files have them as lists of lines."""
    joined: Json = dict(_spelling.rejoin_lines(nbformat.from_dict({"cells": [cell]})).cells[0])
    return joined


def _named(content: NotebookNode, name: str | int) -> Json:
    if isinstance(name, int):
        return dict(content.cells[name])
    return next((dict(cell) for cell in content.cells if cell.get("id") == name), {})
