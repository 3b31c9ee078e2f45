"""Owns: what makes a notebook valid that was read from a broken file.

Must not know: how it was read.  Invariant: no source is changed; a cell that has what its kind needs, and
nothing else, stays as it is.

Where lines of two versions were mixed a cell can be half of one kind and half of another, an output have
the fields of two, a cell have an id in a notebook whose version knows none.
"""

from __future__ import annotations

from dataclasses import replace

from nbmerge.merge.engine import derived_id, with_id
from nbmerge.notebook.jsontext import Number
from nbmerge.notebook.model import CODE, RAW, Cell, Notebook, in_lines, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    from nbmerge.notebook.jsontext import Json

    Fields: TypeAlias = dict[str, Json]

_KINDS = (CODE, RAW, "markdown")
_MINOR_WITH_IDS = 5
_OF_OTHER_MAJORS = ("collapsed", "input", "language", "level", "prompt_number")
_OF_CELLS = ("id", "cell_type", "metadata", "source", "attachments", "outputs", "execution_count")
_OF_OUTPUTS = {
    "stream": ("name", "text"),
    "display_data": ("data", "metadata"),
    "execute_result": ("data", "execution_count", "metadata"),
    "error": ("ename", "evalue", "traceback"),
}


def completed(notebook: Notebook, *others: Notebook) -> Notebook:
    """The notebook with what it must say of itself: as the others do, where its own lines are lost."""
    frame = dict(notebook.frame)
    for key, usual in (("metadata", {}), ("nbformat", Number("4")), ("nbformat_minor", Number("4"))):
        elsewhere = (other.frame[key] for other in others if key in other.frame)
        if key not in frame:
            frame[key] = next(elsewhere, usual)
    return notebook if frame == notebook.frame else replace(notebook, frame=frame, frame_text=None)


def made_valid(notebook: Notebook, known: Sequence[Cell] = ()) -> tuple[Notebook, tuple[str, ...]]:
    """The notebook, its ids aside, and what had to be left out; nbformat 3 and older is as it was read.

    `known` are cells that were looked at before.  What the notebook must say of itself and does not is
    left to `completed`.
    """
    if notebook.major != 4:
        return notebook, ()
    notes: list[str] = []
    looked_at = set(map(id, known))
    cells = [
        cell if id(cell) in looked_at else _valid_cell(cell, number, notes)
        for number, cell in enumerate(notebook.cells, 1)
    ]
    frame = dict(notebook.frame)
    if "metadata" in frame:
        frame["metadata"] = _notebook_metadata(frame["metadata"])
    if not isinstance(frame.get("nbformat_minor"), Number):
        frame.pop("nbformat_minor", None)
    return _changed(notebook, frame, cells), tuple(notes)


def with_ids(notebook: Notebook) -> Notebook:
    """The notebook with an id of its own in each cell, if its version wants ids or any cell has one."""
    wanted = notebook.minor >= _MINOR_WITH_IDS or any(cell.id is not None for cell in notebook.cells)
    if notebook.major != 4 or not wanted:
        return notebook
    minor = Number(str(max(notebook.minor, _MINOR_WITH_IDS)))
    return _changed(notebook, {**notebook.frame, "nbformat_minor": minor}, _with_ids(notebook.cells))


def _changed(notebook: Notebook, frame: dict[str, Json], cells: list[Cell]) -> Notebook:
    """With another frame and cells; the frame's text is kept if it says the same."""
    text = notebook.frame_text if frame == notebook.frame else None
    return replace(notebook, frame=frame, cells=tuple(cells), frame_text=text)


def _valid_cell(cell: Cell, number: int, notes: list[str]) -> Cell:
    fields = dict(cell.value)
    if "source" not in fields:
        fields["source"] = fields.get("input") if joined(fields.get("input")) is not None else []
    _drop_strange(fields, f"cell {number}", notes)
    fields["cell_type"] = cell.type if cell.type in _KINDS else RAW
    fields["metadata"] = _valid_metadata(fields.get("metadata"))
    if fields["cell_type"] == CODE:
        _complete_code(fields, f"cell {number}", notes)
    elif fields.pop("outputs", None):
        notes.append(f"cell {number}: it is no code; its outputs are left out")
    if fields["cell_type"] != CODE:
        fields.pop("execution_count", None)
    if fields == cell.value:
        return cell
    return cell.with_value(fields)


def _drop_strange(fields: Fields, name: str, notes: list[str]) -> None:
    """Fields of another major, and what has got in from an output or from metadata."""
    strange = [key for key in fields if key not in _OF_CELLS]
    for key in strange:
        del fields[key]
    named = [key for key in strange if key not in _OF_OTHER_MAJORS]
    if named:
        notes.append(f"{name}: no field of a cell, left out: {', '.join(named)}")


def _complete_code(fields: Fields, name: str, notes: list[str]) -> None:
    if fields.pop("attachments", None):
        notes.append(f"{name}: it is code; its attachments are left out")
    outputs = fields.get("outputs")
    outputs = outputs if isinstance(outputs, list) else []
    texts = [output for output in outputs if isinstance(output, str)]
    if texts:  # lines of a source, for no output is a text
        source = (joined(fields.get("source")) or "").removesuffix("\n")
        fields["source"] = in_lines("\n".join(filter(None, (source, "".join(texts)))))
        outputs = [output for output in outputs if not isinstance(output, str)]
    fields["outputs"] = sound = [output for output in outputs if _is_output(output)]
    if len(sound) < len(outputs):
        notes.append(f"{name}: outputs that are mixed from two are left out")
    if not isinstance(fields.get("execution_count"), Number):
        fields["execution_count"] = None
    if "source" in fields:  # stays the last, as programs write it
        fields["source"] = fields.pop("source")


def _valid_metadata(metadata: Json) -> Json:
    if not isinstance(metadata, dict):
        return {}
    tags = metadata.get("tags")
    if isinstance(tags, list) and any(tag in tags[:place] for place, tag in enumerate(tags)):
        return metadata | {"tags": [tag for place, tag in enumerate(tags) if tag not in tags[:place]]}
    return metadata


def _notebook_metadata(metadata: Json) -> Json:
    """Without descriptions of a kernel or language of which a part is missing."""
    if not isinstance(metadata, dict):
        return {}
    needed = {"kernelspec": ("name", "display_name"), "language_info": ("name",)}
    found = dict(metadata)
    for key, names in needed.items():
        about = found.get(key)
        if key in found and not (
            isinstance(about, dict) and all(isinstance(about.get(n), str) for n in names)
        ):
            del found[key]
    return found


def _is_output(output: Json) -> bool:
    """Whether it has the fields of its kind and no others."""
    if not isinstance(output, dict):
        return False
    kind = output.get("output_type")
    keys = _OF_OUTPUTS.get(kind) if isinstance(kind, str) else None
    if keys is None or set(output) != {"output_type", *keys}:
        return False
    return (
        isinstance(output.get("data", {}), dict)
        and isinstance(output.get("metadata", {}), dict)
        and joined(output.get("text", "")) is not None
        and isinstance(output.get("execution_count"), Number | None)
    )


def _with_ids(cells: Iterable[Cell]) -> list[Cell]:
    """Each cell with an id of its own; the first of those that share one keeps it."""
    cells = list(cells)
    taken = {cell.id for cell in cells}
    seen: set[str | None] = {None}
    found: list[Cell] = []
    for cell in cells:
        if cell.id in seen:
            new = derived_id(cell.type, cell.source, taken)
            taken.add(new)
            found.append(with_id(cell, new))
        else:
            found.append(cell)
        seen.add(found[-1].id)
    return found
