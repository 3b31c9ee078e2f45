"""Owns: values of notebooks as Python's `json` has them, and as the text of an answer.

Must not know: operations, saves.  Invariant: nothing is lost on the way to text: numbers
keep their digits; as Python values `1`, `1.0` and `true` stay three different things.
"""

from __future__ import annotations

from nbmerge.notebook.jsontext import Number, Slot
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.style import Layout, Style
from nbmerge.notebook.writer import write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.notebook.jsontext import Json

_LINE = Style(Layout(indent=None, comma=", ", colon=": ", ascii=True), tail="")
_LONGEST_INT = 4000  # Python refuses to read integers much longer than that


def plain(value: Json) -> object:
    """The value as `json.loads` gives it; integers too long for Python become floats."""
    match value:
        case Number():
            whole = value.text.lstrip("-").isdigit() and len(value.text) <= _LONGEST_INT
            return int(value.text) if whole else float(value.text)
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
    return value


def numbered(value: object) -> Json:
    """The way back, for what is made of Python's own values.  Raises TypeError for others."""
    match value:
        case None | bool() | str() | Number():
            return value
        case int():
            return Number(str(value))
        case dict():
            return {str(key): numbered(item) for key, item in value.items()}
        case list() | tuple():
            return [numbered(item) for item in value]
    raise TypeError(f"no JSON value: {type(value).__name__}")


def in_one_line(value: dict[str, Json]) -> str:
    """JSON text without a line break, in ASCII; numbers as they are spelled."""
    return write(Notebook(value, (), _LINE)).decode("ascii")


def whole(notebook: Notebook) -> dict[str, Json]:
    """A notebook as one JSON value, the cells in their place."""
    cells: list[Json] = [cell.value for cell in notebook.cells]
    return {key: _filled(item, cells) for key, item in notebook.frame.items()}


def _filled(value: Json, cells: list[Json]) -> Json:
    match value:
        case Slot():
            return cells
        case dict():
            return {key: _filled(item, cells) for key, item in value.items()}
        case list():
            return [_filled(item, cells) for item in value]
    return value
