"""Owns: the shape of JSON that is broken, told by its indentation; and reading JSON in which nothing may
stand twice.

Must not know: notebooks.  Invariant: every line is a node, a part of one, or brackets alone, and a marker is
a node of what it stands in; a node that is `whole` is read by its brackets, and they agree with the
indentation.  A value that is read holds all that its text says: where two versions were mixed an object can
have two members of one name, of which JSON would forget the first.

Programs write notebooks with each value on a line of its own, indented by its depth.  Brackets and commas go
missing when one of two versions of a line is taken; how deep the lines around it stand does not.  So a value
ends where a line stands no deeper than its first one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from json.scanner import make_scanner

from nbmerge.notebook.jsontext import Number, parse_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from nbmerge.notebook.jsontext import Json
    from nbmerge.repair.text import Text

    Column: TypeAlias = tuple[int, int]  # the indentation of its line, and which one in that line it is


def _refuse_twins(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a member stands twice")
    return found


_decoder: Any = JSONDecoder(
    object_pairs_hook=_refuse_twins,
    parse_float=Number,
    parse_int=Number,
    parse_constant=Number,
)
_scan: Callable[[str, int], tuple[Json, int]] = make_scanner(_decoder)


def read_once(text: str, at: int) -> tuple[Json, int]:
    """The value that begins at `at`, and the index behind it.

    Raises ValueError if there is none, or if anything in it stands twice.
    """
    try:
        return _scan(text, at)
    except StopIteration as stop:
        raise JSONDecodeError("a value is missing", text, stop.value) from None
    except RecursionError:
        raise JSONDecodeError("nested too deeply", text, at) from None


def stands_once(text: str) -> bool:
    """Whether a whole text is JSON in which nothing stands twice."""
    try:
        _decoder.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_ELEMENT = re.compile(rf"([ \t]*){_STRING},?[ \t]*")
_MEMBER = re.compile(rf"({_STRING})[ \t]*:[ \t]*")
_CLOSERS = re.compile(r"[\]},\s]*")
_BARE = re.compile(r"[^\s\[\]{},:\"]+")


@dataclass(slots=True)
class Node:
    """A value, with its key if it is a member.

    `index` and `last` are the first and last of its lines, by place; the value begins at `at` of the
    whole text.  `opener` is its bracket if it has more than one line, else "".  A cell that is sound
    has its `value`, and where its text ends, and no children.
    """

    column: Column
    index: int
    at: int
    key: str | None = None
    opener: str = ""
    last: int = -1
    value: tuple[Json, int] | None = None
    children: list[Node] = field(default_factory=list)


class BrokenLineError(Exception):
    """A line that no JSON has; `index` is its place."""

    def __init__(self, index: int, why: str) -> None:
        super().__init__(why)
        self.index = index


class TextTree:
    """The nodes of a text; `root` stands for the whole.

    `is_cell` tells which objects are cells: those that are sound are read as a whole at once.
    """

    def __init__(self, text: Text, is_cell: Callable[[Json], bool]) -> None:
        self.is_cell = is_cell
        self.lines = text.lines
        self.markers = frozenset(text.markers)
        blanked = list(text.lines)
        for index in text.markers:
            blanked[index] = " " * len(blanked[index])
        self.text = "\n".join(blanked)
        self.root = Node((-1, 0), 0, 0)
        self._starts: list[int] = []
        self._open = [self.root]
        self._grow()

    def whole(self, node: Node) -> tuple[Json, int] | None:
        """The value of a node and where its text ends, if it is sound."""
        try:
            value, end = parse_value(self.text, node.at)
        except JSONDecodeError:
            return None
        start = self._starts[node.last]
        return (value, end) if start < end <= start + len(self.lines[node.last]) else None

    def _sound_cell(self, index: int) -> Node | None:
        """The cell that begins in a line that holds its brace alone, if it is sound to its last one."""
        indentation = self.lines[index].index("{")
        at = self._starts[index] + indentation
        try:
            value, end = read_once(self.text, at)
        except ValueError:
            return None
        last = index + self.text.count("\n", at, end)
        node = Node((indentation, 0), index, at, None, "{", last, value=(value, end))
        closing = self.lines[last]
        closes = closing.strip(" \t,") == "}" and closing.index("}") == indentation
        return node if closes and self.is_cell(value) and not self.has_markers(node) else None

    def has_markers(self, node: Node) -> bool:
        """Whether a marker stands in a node; its value is read without."""
        return bool(self.markers) and any(node.index <= index <= node.last for index in self.markers)

    def fragment(self, node: Node) -> str:
        """What stands in the line from the beginning of the value on."""
        return self.lines[node.index][node.at - self._starts[node.index] :]

    def _grow(self) -> None:
        start = 0
        skipped = -1
        for index, line in enumerate(self.lines):
            self._starts.append(start)
            if index > skipped:
                skipped = self._take_cell(index, line)
            if index > skipped:
                self._take_line(index, line)
            start += len(line) + 1
        self._shut((-1, 1), len(self.lines) - 1)

    def _take_cell(self, index: int, line: str) -> int:
        """Take a sound cell that begins in this line; the place of its last line, -1 if there is none."""
        cell = self._sound_cell(index) if line.strip() == "{" else None
        if cell is None:
            return -1
        self._shut(cell.column, index - 1)
        self._open[-1].children.append(cell)
        return cell.last

    def _take_line(self, index: int, line: str) -> None:
        """Take one line."""
        simple = _ELEMENT.fullmatch(line)
        if simple is not None:
            indentation = simple.end(1)
            self._add(Node((indentation, 0), index, self._starts[index] + indentation))
        elif index in self.markers:
            self._open[-1].children.append(Node((0, 0), index, self._starts[index], last=index))
        elif line.strip():
            try:
                self._take_values(index, line)
            except BrokenLineError:
                self._take_text(index, line)

    def _take_values(self, index: int, line: str) -> None:
        """Everything in one line: brackets that close, and values one behind the other."""
        at = _end(_CLOSERS, line, 0)
        indentation = len(line) - len(line.lstrip(" \t"))
        column = self._closed(line[:at], (indentation, 0), index)
        while at < len(line):
            node, at = _node(line, at, column, index)
            node.at += self._starts[index]
            self._add(node)
            column = (column[0], column[1] + 1)
            behind = _end(_CLOSERS, line, at)
            for bracket in line[at:behind]:
                self._close_with(bracket, index)
            at = behind

    def _take_text(self, index: int, line: str) -> None:
        """A line that begins with a quote is a text, whatever is in it."""
        indentation = len(line) - len(line.lstrip(" \t"))
        if line[indentation] != '"' or _MEMBER.match(line, indentation):
            raise BrokenLineError(index, f"this is no part of a notebook: {line.strip()[:60]}")
        while self._open[-1].index == index and len(self._open) > 1:
            self._open.pop()
        children = self._open[-1].children
        while children and children[-1].index == index:
            children.pop()  # taken for texts of their own
        self._add(Node((indentation, 0), index, self._starts[index] + indentation))

    def _closed(self, brackets: str, column: Column, index: int) -> Column:
        """Shut what the brackets at the beginning of a line close; where what follows them stands."""
        here = column
        for bracket in brackets:
            if bracket in "]}":
                self._shut((here[0] + 1, 0), index - 1)
                top = self._open[-1]
                if top.column >= here and top.opener == _OPENING[bracket]:
                    column = top.column
                    self._shut(column, index)
        return column

    def _close_with(self, bracket: str, index: int) -> None:
        """A bracket behind a value closes what stands in the same line or above, if it fits."""
        top = self._open[-1]
        if bracket in "]}" and top.opener == _OPENING[bracket]:
            self._shut(top.column, index)

    def _add(self, node: Node) -> None:
        self._shut(node.column, node.index - (node.column[1] == 0))
        self._open[-1].children.append(node)
        node.last = node.index
        if node.opener:
            self._open.append(node)

    def _shut(self, column: Column, last: int) -> None:
        """End all that stands at this column or deeper with this line."""
        while len(self._open) > 1 and self._open[-1].column >= column:
            node = self._open.pop()
            node.last = max(last, node.index)


_OPENING = {"]": "[", "}": "{"}


def _node(line: str, at: int, column: Column, index: int) -> tuple[Node, int]:
    """The value (or the beginning of one) at a place in a line, and where it ends there."""
    key = None
    member = _MEMBER.match(line, at)
    if member is not None:
        try:
            key = str(parse_value(member.group(1), 0)[0])
        except JSONDecodeError:  # a control character, or an escape that is none
            key = member.group(1)[1:-1]
        at = member.end()
    try:
        return Node(column, index, at, key), parse_value(line, at)[1]
    except JSONDecodeError:
        pass
    first = line[at : at + 1]
    if first and first in "[{":
        return Node(column, index, at, key, first), at + 1
    if first == '"' or (not first and key is not None):  # a text that does not end, or a key alone
        return Node(column, index, at, key), len(line)
    raise BrokenLineError(index, f"this is no part of a notebook: {line.strip()[:60]}")


def _end(pattern: re.Pattern[str], line: str, at: int) -> int:
    found = pattern.match(line, at)
    return found.end() if found else at
