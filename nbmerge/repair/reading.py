"""Owns: what the lines of a broken notebook say, one thing after the other, as values.

Must not know: which fields make one cell.  Invariant: no line of a source is left out; what is left out of
outputs and metadata, because it cannot be read, is noted.  Each value knows the place of its line in the text
that was read.

Where a value is sound it is read as JSON.  Where it is not, what is in it is taken for what its keys say, at
whatever depth it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from nbmerge.notebook.model import joined
from nbmerge.repair.text import as_lines, text_in
from nbmerge.repair.tree import BrokenLineError, TextTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from nbmerge.notebook.jsontext import Json
    from nbmerge.repair.text import Text
    from nbmerge.repair.tree import Node

    Event: TypeAlias = "SoundCell | CellBegins | CellEnds | CellField | SourceLine | NotebookField"

SOURCES = ("source", "input")


@dataclass(frozen=True, slots=True)
class SoundCell:
    """A cell that is sound, and the part of the text that spells it."""

    index: int
    column: int | None
    value: dict[str, Json]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CellBegins:
    """A cell begins; `sealed`: what follows up to its end is one cell, for it has no field twice."""

    index: int
    sealed: bool


@dataclass(frozen=True, slots=True)
class CellEnds:
    """The cell that was begun last ends."""


@dataclass(frozen=True, slots=True)
class CellField:
    """A member of a cell; `column` is where it stands, None if others stand in its line."""

    index: int
    column: int | None
    key: str
    value: Json


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of a source without its key."""

    index: int
    column: int
    line: str


@dataclass(frozen=True, slots=True)
class NotebookField:
    """A member of the notebook itself; the value of `cells` is None: they follow."""

    index: int
    key: str
    value: Json


_CELL = {"attachments", "collapsed", "execution_count", "id", "language", "level", "prompt_number"}
_FRAME = {"nbformat", "nbformat_minor", "orig_nbformat", "orig_nbformat_minor"}
_LISTS_OF_CELLS = {"cells", "worksheets"}
_OF_NOTEBOOKS = {"kernelspec", "language_info"}  # what only a notebook's own metadata hold
_OF_OUTPUTS = {"output_type", "data", "text", "traceback"}


class _Inside(Enum):
    """What the values that are read stand in."""

    NOTEBOOK = "notebook"
    CELL = "cell"
    LOST = "lost"  # an output or metadata that cannot be read; cells may have come into it


class TextReader:
    """One pass over a text; `left_out` are the lines that could not be read, by place, and what they are."""

    def __init__(self, text: Text) -> None:
        self.tree = TextTree(text, is_sound_cell)
        self.events: list[Event] = []
        self.left_out: list[tuple[int, str]] = []
        self.later: list[tuple[Node, _Inside]] | None = None  # None: nothing has to wait
        self.walk(self.tree.root.children, _Inside.NOTEBOOK)

    def walk(self, nodes: Iterable[Node], place: _Inside) -> None:
        nodes = tuple(nodes)
        for number, node in enumerate(nodes):
            following = nodes[number + 1].key if number + 1 < len(nodes) else None
            if node.key is None:
                self.element(node, place)
            else:
                self.member(node, node.key, place, following)

    def element(self, node: Node, place: _Inside) -> None:
        begin = self.tree.text[node.at : node.at + 1]
        if begin == "{":
            self.object(node, place)
        elif begin == "[":
            self.walk(node.children, place)
        elif begin == '"' and place is not _Inside.LOST:
            self.events.append(SourceLine(node.index, node.column[0], text_in(self.tree.fragment(node))))

    def member(self, node: Node, key: str, place: _Inside, following: str | None) -> None:
        if key in SOURCES:
            self.source(node, key)
        elif key == "cell_type":
            self.plain(node, key)
        elif place is _Inside.LOST:
            self.walk(node.children, place)
        elif key in _LISTS_OF_CELLS:
            self.events.append(NotebookField(node.index, key, None))
            self.walk(node.children, _Inside.NOTEBOOK)
        elif key in _FRAME:
            if found := self.tree.whole(node):
                self.events.append(NotebookField(node.index, key, found[0]))
        elif key == "metadata":
            self.metadata(node, place, following)
        elif key == "outputs":
            self.outputs(node)
        elif key in _CELL:
            self.plain(node, key)
        else:
            self.leave_out(node, "a field that is none of a cell or a notebook")

    def object(self, node: Node, place: _Inside) -> None:
        """A cell, a notebook, or what is left of either."""
        keys = [child.key for child in node.children if child.key is not None]
        names = set(keys)
        if node.value is not None and isinstance(node.value[0], dict):
            fields = self.tree.lines[node.index + 1]
            column = len(fields) - len(fields.lstrip(" \t"))
            self.events.append(SoundCell(node.index, column, node.value[0], node.at, node.value[1]))
        elif not node.opener:
            self.inline(node)
        elif "cell_type" in names or (place is not _Inside.LOST and names.intersection(SOURCES)):
            self.cell(node, keys)
        elif names & (_FRAME | _LISTS_OF_CELLS):
            self.walk(node.children, _Inside.NOTEBOOK)
        elif names & _OF_OUTPUTS:
            self.leave_out(node, "an output without its cell")
        elif place is not _Inside.LOST and names & (_CELL | {"outputs", "metadata"}):
            self.cell(node, keys)
        else:
            self.walk(node.children, place)

    def cell(self, node: Node, keys: list[str]) -> None:
        """A cell that is not sound.  If it has a source, others that stand in it come after it."""
        before = self.later
        self.later = [] if not set(SOURCES).isdisjoint(keys) else before
        self.events.append(CellBegins(node.index, len(set(keys)) == len(keys)))
        self.walk(node.children, _Inside.CELL)
        self.events.append(CellEnds())
        waiting, self.later = self.later, before
        if waiting is not before:
            for inner, place in waiting or ():
                self.walk([inner], place)

    def within(self, nodes: Iterable[Node], place: _Inside) -> None:
        """What stands in a value that is not sound."""
        if self.later is None:
            self.walk(nodes, place)
        else:
            self.later += ((node, place) for node in nodes)

    def inline(self, node: Node) -> None:
        """An object in one line, which is sound."""
        found = self.tree.whole(node)
        assert found is not None
        value, end = found
        if not isinstance(value, dict) or not value:
            return
        if is_cell(value):
            self.events.append(SoundCell(node.index, None, value, node.at, end))
        elif value.keys() & {"cells", "cell_type", *SOURCES}:
            raise BrokenLineError(node.index, "more than one cell or half a cell stands in this line")
        else:
            self.left_out.append((node.index, "an object without its cell"))

    def source(self, node: Node, key: str) -> None:
        found = self.tree.whole(node)
        if found is not None and joined(found[0]) is not None and not self.tree.has_markers(node):
            return self.field(node, key, found[0])
        if node.opener == "[":
            texts = [child for child in node.children if self.is_text(child)]
            raw = [(self.text_of(child), self.has_comma(child)) for child in texts]
            self.field(node, key, as_lines(raw))
            return self.within((child for child in node.children if not self.is_text(child)), _Inside.CELL)
        if not node.opener and self.tree.text[node.at : node.at + 1] == '"':
            return self.field(node, key, text_in(self.tree.fragment(node)))
        return self.leave_out(node, "a source that is no text")

    def outputs(self, node: Node) -> None:
        found = self.tree.whole(node)
        if found is not None and isinstance(found[0], list) and not holds_cells(found[0]):
            return self.field(node, "outputs", found[0])
        sound: list[Json] = []
        rest: list[Node] = []
        for child in node.children:
            output = self.tree.whole(child) if child.key is None else None
            if output is not None and isinstance(output[0], dict) and "output_type" in output[0]:
                sound.append(output[0])
            else:
                rest.append(child)
        self.field(node, "outputs", sound)
        return self.within(rest, _Inside.CELL)

    def metadata(self, node: Node, place: _Inside, following: str | None) -> None:
        found = self.tree.whole(node)
        value: dict[str, Json] = {}
        if found is not None and isinstance(found[0], dict):
            value = found[0]
        else:
            members = [(child.key, self.tree.whole(child)) for child in node.children]
            value = {key: sound[0] for key, sound in members if key is not None and sound is not None}
        if value.keys() & _OF_NOTEBOOKS or (place is _Inside.NOTEBOOK and not self.in_half(node, following)):
            self.events.append(NotebookField(node.index, "metadata", value))
        else:
            self.field(node, "metadata", value)
        if found is None:
            self.left_out.append((node.index, "metadata, in part"))
            self.within(node.children, _Inside.LOST)

    def in_half(self, node: Node, following: str | None) -> bool:
        """Whether this stands among the fields of a cell whose beginning is lost."""
        if following == "outputs" or following in SOURCES:
            return True
        match self.events[-1:]:
            case [CellField(column=column)]:
                return column == node.column[0]
        return False

    def plain(self, node: Node, key: str) -> None:
        found = self.tree.whole(node)
        if found is not None:
            self.field(node, key, found[0])
        else:
            self.leave_out(node, f"`{key}`")

    def field(self, node: Node, key: str, value: Json) -> None:
        alone = node.column[1] == 0
        self.events.append(CellField(node.index, node.column[0] if alone else None, key, value))

    def leave_out(self, node: Node, what: str) -> None:
        self.left_out.append((node.index, what))
        self.within(node.children, _Inside.LOST)

    def is_text(self, node: Node) -> bool:
        """Whether it can be a line of a source: a text, or a marker that somebody left there."""
        if node.key is not None:
            return False
        return self.tree.text[node.at : node.at + 1] == '"' or node.index in self.tree.markers

    def text_of(self, node: Node) -> str:
        at_marker = node.index in self.tree.markers
        return f"{self.tree.lines[node.index]}\n" if at_marker else text_in(self.tree.fragment(node))

    def has_comma(self, node: Node) -> bool:
        return node.index in self.tree.markers or self.tree.lines[node.index].rstrip().endswith(",")


def holds_cells(outputs: Json) -> bool:
    """Whether cells have got among the outputs of another one, as where one side was indented anew."""
    return isinstance(outputs, list) and any(map(is_cell, outputs))


def is_sound_cell(value: Json) -> bool:
    """Whether it is a cell that no other one has got into."""
    return isinstance(value, dict) and is_cell(value) and not holds_cells(value.get("outputs"))


def is_cell(value: Json) -> bool:
    """Whether it is a cell: an object with a kind and a text."""
    if not isinstance(value, dict):
        return False
    source = value.get("source", value.get("input"))
    return isinstance(value.get("cell_type"), str) and joined(source) is not None
