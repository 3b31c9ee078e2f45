"""Owns: long texts of outputs, as pictures are: they stay bytes while notebooks are read, merged, written.

Must not know: merging, the disk.  Invariant: what stands for a text equals exactly what equals the text;
put back, a file is byte for byte what it would have been without any of this.

A merge of notebooks looks into sources and metadata, but of an output it asks only whether it equals
another.  So before a file is decoded and parsed, each long run of characters between two quotes gets a
stand-in of a few characters, equal runs the same one.  Only runs that JSON spells in one way are taken
(ASCII, of all escapes only `\\n`); everywhere but in outputs they are put back at once.

Whoever merges three files has their bytes in memory anyway, and the runs are parts of these.  Whoever keeps
notebooks of one file after the other (`kept`) has copies of the runs instead, each as long as some value
that was read needs it.
"""

from __future__ import annotations

import re
from functools import partial

from nbmerge.frozen import frozen
from nbmerge.notebook.jsontext import LongText, parse_value, walk_object
from nbmerge.notebook.model import Cell, FrameText, Notebook, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping

    from nbmerge.notebook.jsontext import Json

LEAST = 4096  # bytes; a shorter text costs less to parse than to look up
_SIGN = "@@@@@@@@@@@@"  # nothing but @, which can be escaped in one way only
# So that nobody can write what stands for the text of somebody else: it is another one in each process.
_MARK = f"{_SIGN}{hash(_SIGN) & 0xFFFFFFFFFFFFFFFF:x}"
_ESCAPED = b"\\u0040"
_STAND_IN = re.compile(rf"{_MARK}-(\d+)@")
_STAND_IN_BYTES = re.compile(_STAND_IN.pattern.encode())
_BEHIND_A_STRING = b" \t\r\n,:]}"
_CONTROLS = [bytes([code]) for code in range(32)]
_ENDS = 64  # bytes by which runs are told apart before all of them are compared
_ENOUGH = 1000  # runs that may be known and gone


class LongRun:
    """A stretch of bytes that says a long text."""

    __slots__ = ("__weakref__", "data", "number")

    def __init__(self, number: int, data: bytes | memoryview) -> None:
        self.number = number
        self.data = data

    def __str__(self) -> str:
        return str(self.data, "ascii")


@frozen
class Abridged:
    """A file with stand-ins for these runs, in which a value that is read from it finds them."""

    data: bytes
    runs: tuple[LongRun, ...]


class LongTexts:
    """The long texts of notebooks that are compared with each other, each there once.

    `kept`: notebooks come and go, and a run is there as long as a value that was read with it.
    """

    def __init__(self, *, kept: bool = False) -> None:
        self._kept = kept
        self._runs: MutableMapping[int, LongRun] = _weak() if kept else {}
        self._count = 0
        self._known: dict[tuple[int, bytes, bytes], list[int]] = {}

    @property
    def size(self) -> int:
        """Bytes of all runs that are there."""
        return sum(len(run.data) for run in list(self._runs.values()))

    def abridged(self, data: bytes) -> Abridged | None:
        """The file with stand-ins; None if there is nothing to shorten, or stand-ins could be mistaken."""
        view = memoryview(data)
        parts: list[bytes | memoryview] = []
        runs: list[LongRun] = []
        at = 0
        for start, end in _without_quotes(data):
            run = self._run(data, start, end)
            if run is not None:
                parts += [view[at:start], f"{_MARK}-{run.number}@".encode()]
                at = end
                runs.append(run)
        short = b"".join([*parts, view[at:]]) if runs else b""
        if not runs or short.count(_SIGN.encode()) != len(runs) or _ESCAPED in short:
            return None
        self._forget_known()
        return Abridged(short, tuple(runs))

    def _run(self, data: bytes, start: int, end: int) -> LongRun | None:
        """The run that stands there; None if it has to stay."""
        size = min(end - start, _ENDS)
        key = (end - start, data[start : start + size], data[end - size : end])
        for number in self._known.get(key, ()):
            known = self._runs.get(number)
            if known is not None and data.startswith(known.data, start):
                return known
        if data[start] in _BEHIND_A_STRING or not _spelled_in_one_way(found := data[start:end]):
            return None
        run = LongRun(self._count, found if self._kept else memoryview(data)[start:end])
        self._count += 1
        self._known.setdefault(key, []).append(run.number)
        self._runs[run.number] = run
        return run

    def _forget_known(self) -> None:
        """Forget runs that are gone, once they are most of those that were known."""
        if len(self._known) > _ENOUGH + 2 * len(self._runs):
            left = {key: [one for one in found if one in self._runs] for key, found in self._known.items()}
            self._known = {key: numbers for key, numbers in left.items() if numbers}

    def completed(self, notebook: Notebook) -> Notebook:
        """A notebook as it was read with stand-ins: they stay in outputs, and nowhere else."""
        cells = tuple(map(self._completed_cell, notebook.cells))
        text = notebook.frame_text
        if text is None or _MARK not in text.text:
            return notebook.with_cells(cells)
        text = FrameText(self.spelled(text.head), self.spelled(text.foot), text.has_cells)
        said = partial(_said, self._runs)
        frame = {key: _mapped(item, said) for key, item in notebook.frame.items()}
        return Notebook(frame, cells, notebook.style, text)

    def spelled(self, text: str) -> str:
        """A part of a file with the runs put back."""
        return _STAND_IN.sub(lambda found: str(self._runs[int(found[1])]), text)

    def put_back(self, data: bytes) -> bytes:
        """The bytes of a file with the runs put back."""
        if _MARK.encode() not in data:
            return data
        parts: list[bytes | memoryview] = []
        at = 0
        for found in _STAND_IN_BYTES.finditer(data):
            parts += [data[at : found.start()], self._runs[int(found[1])].data]
            at = found.end()
        return b"".join([*parts, data[at:]])

    def _known_as_long(self, text: str) -> LongText:
        runs = {int(found[1]): self._runs[int(found[1])] for found in _STAND_IN.finditer(text)}
        return LongText(text, partial(_said, runs), whole_run=_STAND_IN.fullmatch(text) is not None)

    def _completed_cell(self, cell: Cell) -> Cell:
        span = cell.span
        if span is None or not span.holds(_MARK):
            return cell
        value, text = cell.value, self._only_in_outputs(span.text)
        if text != span.text:
            span = Span(text, 0, len(text))
            parsed, _ = parse_value(text, 0)
            value = parsed if isinstance(parsed, dict) else value
        if "outputs" in value:
            value = {**value, "outputs": _mapped(value["outputs"], self._known_as_long)}
        return Cell(value, cell.major, span, cell.layout, cell.lead)

    def _only_in_outputs(self, cell: str) -> str:
        """The text of a cell with the runs put back everywhere else."""
        parts: list[str] = []
        at = 0

        def read(key: str, start: int) -> int:
            nonlocal at
            _, end = parse_value(cell, start)
            if key == "outputs":
                parts.extend((self.spelled(cell[at:start]), cell[start:end]))
                at = end
            return end

        walk_object(cell, 0, read)
        return "".join([*parts, self.spelled(cell[at:])])


def _said(runs: Mapping[int, LongRun], text: str) -> str:
    """What a string with stand-ins says."""
    return _STAND_IN.sub(lambda found: str(runs[int(found[1])]).replace("\\n", "\n"), text)


def _weak() -> MutableMapping[int, LongRun]:
    from weakref import WeakValueDictionary  # a merge does without it

    return WeakValueDictionary()


def _mapped(value: Json, function: Callable[[str], str]) -> Json:
    """The value with something else for each string that has a stand-in."""
    if isinstance(value, str):
        return function(value) if _MARK in value else value
    if isinstance(value, list):
        return [_mapped(item, function) for item in value]
    if isinstance(value, dict):
        keys = [function(key) if _MARK in key else key for key in value]
        return dict(zip(keys, (_mapped(item, function) for item in value.values()), strict=True))
    return value


def _without_quotes(data: bytes) -> Iterator[tuple[int, int]]:
    """The stretches between two quotes that are long and hold none.

    Most files are passed in steps: the last quote within reach is found without looking at the others.
    """
    at = data.find(b'"') + 1
    while at:
        last = data.rfind(b'"', at, at + LEAST)
        if last >= 0:
            at = last + 1
            continue
        end = data.find(b'"', at)
        if end >= 0:
            yield at, end
        at = end + 1


def _spelled_in_one_way(run: bytes) -> bool:
    """Whether no other spelling that is taken says the same, and JSON allows this one."""
    if not run.isascii() or any(control in run for control in _CONTROLS):
        return False
    first = run.find(b"\\")
    if first < 0 or (first == len(run) - 2 and run.endswith(b"\\n")):
        return True
    return run.count(b"\\") == run.count(b"\\n") and b"\\\\" not in run
