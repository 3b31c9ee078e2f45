"""Owns: how a broken notebook is made whole: what goes in, which versions are merged against which base, and
what can come of it.

Must not know: git, files, the store.  Invariant: what git wrote and nobody touched is merged anew from what
git merged; else the text is the truth, and nothing that it says is left out: the versions only tell what the
sides have changed.  An outcome without bytes says why there are none.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import TypeAlias

from nbmerge.errors import NotebookError
from nbmerge.merge.cells import never_run
from nbmerge.merge.files import merge_bytes
from nbmerge.merge.markers import ConflictStyle, Labels, MarkerStyle
from nbmerge.merge.values import Conflict, Decision, Terms
from nbmerge.notebook.model import CODE
from nbmerge.notebook.reader import BOM, read
from nbmerge.notebook.writer import write
from nbmerge.repair.making import Made, Making
from nbmerge.repair.provenance import Provenance, provenance_of
from nbmerge.repair.salvage import HopelessError
from nbmerge.repair.text import Text, same_but_labels, text_of, unsaid, variants
from nbmerge.repair.valid import completed, with_ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbmerge.notebook.jsontext import Json
    from nbmerge.notebook.model import Notebook

    Again: TypeAlias = Callable[[bytes, bytes, bytes, ConflictStyle, int], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Sides:
    """The bytes that git merged; None is a side that has no such file.

    `again` merges the lines of base, local and remote once more, with markers of that style and size
    and any labels, in each way in which git can have done it.
    """

    base: bytes | None
    local: bytes | None
    remote: bytes | None
    labels: Labels = Labels()
    again: Again = lambda *_: ()

    @property
    def terms(self) -> tuple[bytes, bytes, bytes] | None:
        """Base (an absent one is empty), local and remote, if both sides have the file."""
        if self.local is None or self.remote is None:
            return None
        return self.base or b"", self.local, self.remote


class How(Enum):
    """What a notebook was rebuilt from."""

    SIDES = "sides"  # what git merged; the broken text adds nothing to it
    TEXT = "text"  # its own text, with git's base
    MARKERS = "markers"  # its own text alone


@dataclass(frozen=True, slots=True)
class Sound:
    """It is a notebook as it is."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The notebook that was made of it; `conflicts` are shown in it.

    `left_out` says what of outputs and metadata could not be read, `stray` are the numbers of lines
    with a marker without its partners, `dropped` those of lines of either side whose text is nowhere in
    the notebook, for whatever reason.
    """

    data: bytes
    how: How
    conflicts: tuple[Conflict, ...]
    decisions: tuple[Decision, ...] = ()
    left_out: tuple[str, ...] = ()
    stray: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Hopeless:
    """It cannot be rebuilt: why, and which line shows it (from 1; None where no single one does)."""

    reason: str
    line: int | None = None


Outcome: TypeAlias = Sound | Rebuilt | Hopeless


_LAST_MEMBER = re.compile(r'[ \t]*"nbformat_minor":[ \t]*\d+')
_COULD_BE = re.compile(r'"(cells|cell_type|worksheets)"')


def rebuild(data: bytes, ask: Callable[[], Sides | None] = lambda: None) -> Outcome:
    """Make a notebook of a broken one; `ask` gives what git knows of it, and is called only then."""
    try:
        read(data)
        return Sound()
    except NotebookError as error:
        reason = str(error).removeprefix("notebook: ")
    try:
        content = data.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        return Hopeless("it is not UTF-8", data.count(b"\n", 0, error.start) + 1)
    if not _COULD_BE.search(content):
        return Hopeless(reason)
    try:
        text = text_of(content)
        # jj's markers show base, and git has not merged what jj has
        return _Rebuilding(text, None if text.by_jj else ask(), data).run()
    except HopelessError as error:
        return Hopeless(str(error), error.number)
    except RecursionError:
        return Hopeless("it is nested too deeply")


class _Rebuilding:
    """One broken file."""

    def __init__(self, text: Text, sides: Sides | None, data: bytes) -> None:
        self.text, self.data = text, data
        self.terms = sides.terms if sides else None
        self.sides = sides if self.terms else None
        self.shown = variants(text)
        self.markers = self.markers_shown()

    def run(self) -> Rebuilt:
        provenance = self.provenance()
        if provenance is Provenance.UNTOUCHED:
            with suppress(NotebookError, HopelessError):
                return self.from_sides()
        if not self.shown.conflicts and not self.shown.stray and not _is_ended(self.text):
            why = "the file ends here, in the middle (a save that was cut off?)"
            raise HopelessError(why, _last(self.text))
        base = self.base() if provenance in (Provenance.UNTOUCHED, Provenance.EDITED) else None
        made = Making(self.markers, self.of_local).made(self.text, base)
        if base is not None and (without := self.instead(made, base)) is not None:
            made, base = without, None
        made = self.run_by_nobody(made)
        notebook = with_ids(completed(made.notebook, *([] if base is None else [base])))
        return Rebuilt(
            self.as_before(_written(notebook)),
            How.MARKERS if base is None else How.TEXT,
            made.conflicts,
            made.decisions,
            tuple(dict.fromkeys(made.left_out)),
            tuple(sorted(set(made.stray))),
            unsaid(_said(notebook), self.shown.local, self.shown.remote),
        )

    def provenance(self) -> Provenance:
        """How the text and git's versions stand to each other; to merge again is sure, and fast."""
        if self.sides is None or self.terms is None:
            return Provenance.FOREIGN
        conflicts = self.shown.conflicts
        with_base = bool(conflicts) and conflicts[0].has_base
        for style in (ConflictStyle.DIFF3, ConflictStyle.ZDIFF3) if with_base else (ConflictStyle.MERGE,):
            for made in self.sides.again(*self.terms, style, self.markers.size):
                if made.count(b"\n") == self.data.count(b"\n") and same_but_labels(self.text, _text(made)):
                    return Provenance.UNTOUCHED
        return provenance_of(self.text, self.shown, Terms(*(_text(term).lines for term in self.terms)))

    def markers_shown(self) -> MarkerStyle:
        """Conflicts are shown as those in the text are."""
        labels = self.sides.labels if self.sides else Labels()
        if not self.shown.conflicts:
            return MarkerStyle(labels=labels)
        first = self.shown.conflicts[0]
        local, base, remote = first.labels
        labels = Labels(local or labels.local, base or labels.base, remote or labels.remote)
        style = ConflictStyle.DIFF3 if first.has_base else ConflictStyle.MERGE
        return MarkerStyle(style, labels, first.size)

    def from_sides(self) -> Rebuilt:
        """The merge of what git merged; sides that were broken already are rebuilt first."""
        assert self.terms is not None
        base, local, remote = self.terms
        try:
            whole = merge_bytes(base, local, remote, markers=self.markers)
        except NotebookError:
            base = _whole(base) if base else base
            whole = merge_bytes(base, _whole(local), _whole(remote), markers=self.markers)
        rendered = whole.rendered
        return Rebuilt(self.as_before(whole.data), How.SIDES, rendered.conflicts, rendered.decisions)

    def base(self) -> Notebook | None:
        with suppress(NotebookError):
            return read(self.sides.base) if self.sides and self.sides.base is not None else None
        return None

    def instead(self, made: Made, base: Notebook) -> Made | None:
        """What comes of the text alone, if with git's base a line went that both versions have: in the
        text one of them need not stand whole, and then it seems to have deleted what it lacks."""
        if self.terms is None:
            return None
        with suppress(NotebookError):
            ours = read(self.terms[1], known=base.cells)
            theirs = read(self.terms[2], known=ours.cells)
            kept = _lines_of(ours) & _lines_of(theirs)
            gone = kept - _lines_of(made.notebook)
            without = Making(self.markers, self.of_local).made(self.text, None) if gone else None
            if without is not None and gone & _lines_of(without.notebook):
                return without
        return None

    def of_local(self, notebook: Notebook) -> int:
        """How many cells of a notebook stand in git's local version."""
        return sum(cell.key in self.ours for cell in notebook.cells)

    @cached_property
    def ours(self) -> frozenset[tuple[str, str]]:
        with suppress(NotebookError):
            if self.terms is not None:
                return frozenset(cell.key for cell in read(self.terms[1]).cells)
        return frozenset()

    def run_by_nobody(self, made: Made) -> Made:
        """No outputs where markers without their others stay in the code, for a person to see to."""
        markers = {self.text.line(number) for number in made.stray}
        cells = list(made.notebook.cells)
        decisions = list(made.decisions)
        for place, cell in enumerate(cells):
            if cell.type == CODE and not markers.isdisjoint(cell.source.split("\n")):
                without = never_run(cell)
                if without.value != cell.value:
                    cells[place] = without
                    why = "half a conflict stands in the source"
                    decisions.append(Decision(f"/cells/{place}/outputs", "nothing", why))
        part = replace(made.part, notebook=replace(made.notebook, cells=tuple(cells)))
        return replace(made, part=part, decisions=tuple(decisions)) if markers else made

    def as_before(self, data: bytes) -> bytes:
        """With the ends of lines and the byte order mark of the broken file."""
        if self.data.count(b"\r\n") == self.data.count(b"\n") and b"\r" not in data:
            data = data.replace(b"\n", b"\r\n")
        return BOM + data if self.data.startswith(BOM) and not data.startswith(BOM) else data


def _text(data: bytes) -> Text:
    return text_of(data.removeprefix(BOM).decode("utf-8", "replace"))


def _lines_of(notebook: Notebook) -> set[str]:
    return {line for cell in notebook.cells for line in cell.source.split("\n") if line.strip()}


def _said(notebook: Notebook) -> set[str]:
    """The lines of all texts in a notebook."""
    found: set[str] = set()
    left: list[Json] = [notebook.frame, *(cell.value for cell in notebook.cells)]
    while left:
        match left.pop():
            case str() as text:
                found.update(line.rstrip() for line in text.split("\n"))
            case list() as values:
                left += values
            case dict() as members:
                left += members.values()
    return found


def _written(notebook: Notebook) -> bytes:
    """Its bytes, which can be read again."""
    data = write(notebook)
    try:
        read(data, known=notebook.cells)
    except NotebookError as error:
        reason = str(error).removeprefix("notebook: ")
        raise HopelessError(f"what could be read of it is no notebook either: {reason}") from None
    return data


def _whole(data: bytes) -> bytes:
    match rebuild(data):
        case Sound():
            return data
        case Rebuilt(made):
            return made
        case Hopeless(reason):
            raise HopelessError(reason)


def _is_ended(text: Text) -> bool:
    """Whether the end of a notebook is there: its last brace, not indented if lines are, or what stands
    before that in most files."""
    lines = [line for line in text.lines if line.strip()]
    last = lines[-1].rstrip(" \t,") if lines else ""
    return _LAST_MEMBER.fullmatch(last) is not None or (
        last.endswith("}") and (len(lines) == 1 or last == "}")
    )


def _last(text: Text) -> int:
    """The number of the last line that is not blank."""
    numbered = zip(text.lines, text.numbers, strict=True)
    return max((number for line, number in numbered if line.strip()), default=1)
