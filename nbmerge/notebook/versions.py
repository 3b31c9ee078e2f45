"""Owns: bringing notebooks of different nbformat majors to one that can be merged.

Must not know: merging.  Invariant: notebooks of one major are returned as they are; only
mixtures and majors 1 and 2 are converted, by nbformat, and nothing random comes in: ids
that the conversion made up are taken out again.

The only place that imports nbformat, and only when there is something to convert.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from importlib import import_module

from nbmerge.errors import NotebookError
from nbmerge.notebook.jsontext import Slot
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import encoding_of, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TypeAlias

    Three: TypeAlias = tuple[Notebook, Notebook, Notebook]

    class File(Protocol):
        """What can be read again to be converted."""

        @property
        def name(self) -> str: ...

        def read(self) -> bytes: ...

    from nbmerge.notebook.jsontext import Json

_CONVERTED_MINOR = 4  # the last one without ids


def harmonise(notebooks: Three, files: tuple[File, File, File]) -> tuple[Three, bool]:
    """The notebooks with one major, and whether any had to be converted from its file."""
    majors = {notebook.major for notebook in notebooks}
    if majors == {4} or (majors == {3} and all(map(_one_worksheet, notebooks))):
        return notebooks, False
    minors = [notebook.minor for notebook in notebooks if notebook.major == 4]
    minor = min([_CONVERTED_MINOR, *minors])
    one, two, three = (
        notebook if notebook.major == 4 else _converted(notebook, file, minor)
        for notebook, file in zip(notebooks, files, strict=True)
    )
    return (one, two, three), True


def empty_beside(local: Notebook, remote: Notebook) -> Notebook:
    """The base of two notebooks that have none: nothing, in a style that decides nothing."""
    frame: dict[str, Json] = {"cells": Slot()}
    if local.major == remote.major == 3:
        frame = {"worksheets": [{"cells": Slot()}]}
    if local.major == remote.major:
        frame["nbformat"] = local.frame["nbformat"]
    return Notebook(frame, (), remote.style)


def _one_worksheet(notebook: Notebook) -> bool:
    match notebook.frame.get("worksheets"):
        case [dict()]:
            return True
    return notebook.frame_text is None


def _converted(notebook: Notebook, file: File, minor: int) -> Notebook:
    if notebook.frame_text is None:  # the empty base
        return replace(notebook, frame={"cells": Slot()})
    nbformat: Any = import_module("nbformat")  # as Any: it is not typed

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = file.read()
            mark, encoding = encoding_of(data)
            old = nbformat.reader.reads(data[len(mark) :].decode(encoding))
            new = json.loads(json.dumps(nbformat.convert(old, 4)))
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        message = f"{file.name}: nbformat {notebook.major} could not be converted: {reason}"
        raise NotebookError(message) from error
    new["nbformat_minor"] = minor
    for cell in new["cells"]:
        cell.pop("id", None)
    text = json.dumps(new, indent=1, sort_keys=True, ensure_ascii=False)
    made = read(text.encode("utf-8", "surrogatepass"), file.name)
    return replace(made, style=replace(notebook.style, layout=made.style.layout))
