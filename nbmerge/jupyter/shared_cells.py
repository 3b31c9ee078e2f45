"""Owns: bringing operations into a document that several people share at this moment (jupyter-collaboration).

Must not know: files, versions, where the operations come from.  Invariant: what no operation names is not
touched, and of a text only what differs is: what people type meanwhile lands where they type it.

The document is a `jupyter_ydoc.YNotebook`; of it and its shared types only the public parts are used.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any, TypeAlias

from pycrdt import Map, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jupyter_ydoc import YNotebook

Json: TypeAlias = dict[str, Any]
# Of a notebook that has none, documents say so, and pages count on it.
_ALWAYS = {"kernelspec": {"name": "", "display_name": ""}, "language_info": {"name": ""}}
_MADE_ANEW = ("cell_type", "id")  # a shared cell that is given another one is not heard of by pages


def carry_out(document: YNotebook, operations: Sequence[Json]) -> None:
    """Bring in operations that are meant for what the document says now, with texts in one piece.

    Raises LookupError or ValueError if they are not; nothing promises then how far they were carried out.
    """
    results = [one for one in operations if one.get("field") == "outputs"]
    with document.ydoc.transaction():
        for operation in operations:
            _carry_out(document, operation)
        results = [one for one in results if "outputs" in _shared(document, one["cell"])]
        for one in results:
            _shared(document, one["cell"])["outputs"].clear()
    # Replaced in one transaction, old and new results would reach JupyterLab together: a text came twice.
    with document.ydoc.transaction():
        for one in results:
            _shared(document, one["cell"])["outputs"].extend(map(_output, one.get("value") or ()))


def _carry_out(document: YNotebook, operation: Json) -> None:
    cells = document.ycells
    match operation:
        case {"op": "set", "field": "outputs"}:
            pass
        case {"op": "set", "cell": name, "field": field}:
            _set(document, _place(document, name), field, operation.get("value"))
        case {"op": "set", "field": field}:
            _set_of_notebook(document, field, operation.get("value"))
        case {"op": "set", "value": whole}:
            document.set(whole)
        case {"op": "insert", "after": after, "value": cell}:
            cells.insert(_place(document, after) + 1, document.create_ycell(cell))
        case {"op": "delete", "cell": name}:
            del cells[_place(document, name)]
        case {"op": "move", "cell": name, "after": after}:
            # Pages know no moves: the cell is made anew, as when somebody drags it.
            place = _place(document, name)
            cell = _whole(document, place)
            del cells[place]
            cells.insert(_place(document, after) + 1, document.create_ycell(cell))
        case _:
            raise ValueError(f"no operation: {operation!r}")


def _place(document: YNotebook, name: str | int | None) -> int:
    if name is None:
        return -1
    if isinstance(name, int):
        return name
    return [cell.get("id") for cell in document.ycells].index(name)


def _shared(document: YNotebook, name: str | int) -> Any:
    return document.ycells[_place(document, name)]


def _whole(document: YNotebook, place: int) -> Json:
    """A cell with its id, which is not told where the notebook's format has none."""
    cell: Json = document.get_cell(place)
    return cell | {"id": document.ycells[place]["id"]}


def _set(document: YNotebook, place: int, field: str, value: Any) -> None:
    cell = document.ycells[place]
    if field in _MADE_ANEW:
        document.set_cell(place, _of_type(_whole(document, place) | {field: value}))
    elif field == "source":
        set_text(cell["source"], value or "")
    elif field == "metadata":
        now = cell["metadata"].to_py()
        _set_members(cell["metadata"], {key: now[key] for key in ("trusted",) if key in now} | (value or {}))
    elif value is None and field != "execution_count":
        cell.pop(field, None)
    else:
        cell[field] = value


def _of_type(cell: Json) -> Json:
    """The cell without what cells of its type do not have."""
    others = (
        ("attachments",) if cell["cell_type"] == "code" else ("outputs", "execution_count", "execution_state")
    )
    made = {key: value for key, value in cell.items() if key not in others}
    return {"outputs": [], "execution_count": None} | made if made["cell_type"] == "code" else made


def _set_of_notebook(document: YNotebook, field: str, value: Any) -> None:
    frame = document.ydoc.get("meta", type=Map)
    if field != "metadata":
        frame[field] = value
    elif isinstance(frame.get(field), Map):
        _set_members(frame[field], _ALWAYS | (value or {}))
    else:
        frame[field] = Map(_ALWAYS | (value or {}))


def _set_members(shared: Any, wanted: Json) -> None:
    now = shared.to_py()
    for key in now.keys() - wanted.keys():
        del shared[key]
    for key, value in wanted.items():
        if key not in now or now[key] != value:
            shared[key] = value


def _output(output: Json) -> Map[Any]:
    text = {"text": Text(output.get("text") or "")} if output.get("output_type") == "stream" else {}
    return Map(output | text)


def set_text(shared: Any, wanted: str) -> None:
    """Make a shared text say something else, by as little as possible."""
    with shared.doc.transaction():
        for start, end, text in reversed([*splices(str(shared), wanted)]):
            del shared[start:end]
            if text:
                shared.insert(start, text)


def splices(old: str, new: str) -> Iterator[tuple[int, int, str]]:
    """What turns one text into another: ranges of the old one in bytes, ascending, and what comes there."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line.encode()))
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            gone, come = "".join(before[i1:i2]), "".join(after[j1:j2])
            head = _common(gone, come)
            tail = _common(gone[head:][::-1], come[head:][::-1])
            start = starts[i1] + len(gone[:head].encode())
            yield start, starts[i2] - len(gone[len(gone) - tail :].encode()), come[head : len(come) - tail]


def _common(one: str, other: str) -> int:
    """With how many characters both texts begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
