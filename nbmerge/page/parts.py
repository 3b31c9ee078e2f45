"""Owns: parts that the cells of every page have: outputs in their box, changes in metadata.

Must not know: whether it is a merge or a comparison.  Invariant: what there is nothing of takes no
place on the page.
"""

from __future__ import annotations

from nbmerge.page.html import Html, fold, tag
from nbmerge.page.outputs import Album, shown_outputs
from nbmerge.page.texts import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbmerge.notebook.jsontext import Json
    from nbmerge.notebook.model import Cell
    from nbmerge.page.metadata import Change

_METADATA_IN_SIGHT = 4


def outputs_box(outputs: list[Json], album: Album, head: Html | str | None = None) -> Html | None:
    """Outputs below their source, under a heading if there is one."""
    if not outputs:
        return None
    title = None if head is None else tag("h4", head)
    return tag("div", title, shown_outputs(outputs, album), class_="outs")


def metadata_box(found: Sequence[Change], table: Callable[[Sequence[Change]], Html]) -> Html | None:
    """Changes in metadata: few are in sight."""
    if not found:
        return None
    about = f"metadata: {counted(len(found), 'change')}"
    return tag("div", fold(about, table(found), open=len(found) <= _METADATA_IN_SIGHT), class_="more")


def metadata_of(cell: Cell | None) -> dict[str, Json]:
    """The metadata of a cell, as far as there are any."""
    found = None if cell is None else cell.value.get("metadata")
    return found if isinstance(found, dict) else {}


def is_text(cell: Cell) -> bool:
    """Whether the source is meant to be read, not run."""
    return cell.type in ("markdown", "heading")
