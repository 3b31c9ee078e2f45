"""Owns: how a broken notebook is made whole: which versions are merged, and against which base.

Must not know: git, files, the store.  Invariant: what git wrote and nobody touched is merged anew from
what git merged; else the text is the truth, and nothing that it says is left out: the versions only
tell what the sides have changed.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace

from nbmerge.errors import NotebookError
from nbmerge.merge.engine import merge
from nbmerge.merge.matching import match_cells
from nbmerge.merge.policy import ConflictStyle, Labels, Policy
from nbmerge.merge.results import Conflict, Decision
from nbmerge.merge.whole import Held, merge_bytes
from nbmerge.notebook.reader import BOM, read
from nbmerge.notebook.versions import harmonise
from nbmerge.notebook.writer import write
from nbmerge.repair.salvage import HopelessError, salvage
from nbmerge.repair.standing import Standing, Versions, standing
from nbmerge.repair.strings import text_in
from nbmerge.repair.text import Text, Variants, same_but_labels, text_of, variants
from nbmerge.repair.unknown import known, overlap, unknown_base
from nbmerge.repair.valid import completed, made_valid
from nbmerge.repair.values import Hopeless, How, Outcome, Rebuilt, Sides, Sound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nbmerge.notebook.model import Notebook

_COULD_BE = re.compile(r'"(cells|cell_type|worksheets)"')
_SAME_NOTEBOOK = 0.5  # of the cells; two versions that share fewer are parts of one


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
    try:
        text = text_of(content)
        if not _COULD_BE.search(content):
            raise HopelessError(reason)
        return _Rebuilding(text, ask(), data).run()
    except HopelessError as error:
        return Hopeless(str(error), error.number)
    except RecursionError:
        return Hopeless("it is nested too deeply")


@dataclass(frozen=True, slots=True)
class _Made:
    """A notebook with the conflicts that are shown in it, and what is to be said about it."""

    notebook: Notebook
    conflicts: tuple[Conflict, ...] = ()
    decisions: tuple[Decision, ...] = ()
    left_out: tuple[str, ...] = ()
    stray: tuple[int, ...] = ()


class _Rebuilding:
    """One broken file."""

    def __init__(self, text: Text, sides: Sides | None, data: bytes) -> None:
        self.text, self.data = text, data
        self.sides = sides if sides and sides.local is not None and sides.remote is not None else None
        self.shown = variants(text)
        self.policy = self.policy_shown()

    def run(self) -> Rebuilt:
        stands = self.stands()
        if stands is Standing.UNTOUCHED:
            with suppress(NotebookError, HopelessError):
                return self.from_sides()
        if not self.shown.conflicts and not self.shown.stray and not _is_ended(self.text):
            raise HopelessError(
                "the file ends here, in the middle (a save that was cut off?)", _last(self.text)
            )
        base = None
        if stands in (Standing.UNTOUCHED, Standing.EDITED) and self.sides and self.sides.base is not None:
            with suppress(NotebookError):
                base = read(self.sides.base)
        made = self.made(self.text, base)
        data = self.as_before(write(made.notebook))
        how = How.MARKERS if base is None else How.TEXT
        notes = tuple(dict.fromkeys(made.left_out))
        return Rebuilt(data, how, made.conflicts, made.decisions, notes, tuple(sorted(set(made.stray))))

    def stands(self) -> Standing:
        """How the text and git's versions stand to each other; to merge again is sure, and fast."""
        if self.sides is None or self.sides.local is None or self.sides.remote is None:
            return Standing.FOREIGN
        conflicts = self.shown.conflicts
        with_base = bool(conflicts) and conflicts[0].base is not None
        for style in (ConflictStyle.DIFF3, ConflictStyle.ZDIFF3) if with_base else (ConflictStyle.MERGE,):
            terms = self.sides.base or b"", self.sides.local, self.sides.remote
            for text in self.sides.again(*terms, style, self.policy.marker_size):
                if same_but_labels(self.text, text_of(text.removeprefix(BOM).decode("utf-8", "replace"))):
                    return Standing.UNTOUCHED
        return standing(self.text, _lines(self.sides))

    def policy_shown(self) -> Policy:
        """Conflicts are shown as those in the text are."""
        labels = self.sides.labels if self.sides else Labels()
        if not self.shown.conflicts:
            return Policy(labels=labels)
        first = self.shown.conflicts[0]
        local, base, remote = first.labels
        labels = Labels(local or labels.local, base or labels.base, remote or labels.remote)
        style = ConflictStyle.MERGE if first.base is None else ConflictStyle.DIFF3
        return Policy(conflict_style=style, labels=labels, marker_size=first.size)

    def from_sides(self) -> Rebuilt:
        """The merge of what git merged; sides that were broken already are rebuilt first."""
        assert self.sides is not None
        base, local, remote = (
            b"" if data is None else _whole(data)
            for data in (self.sides.base, self.sides.local, self.sides.remote)
        )
        whole = merge_bytes(base, local, remote, self.policy)
        return Rebuilt(self.as_before(whole.data), How.SIDES, whole.result.conflicts, whole.result.decisions)

    def made(self, text: Text, base: Notebook | None) -> _Made:
        """The notebook of a text; its conflicts may hold others, of which base knows nothing."""
        shown = variants(text)
        if not shown.conflicts:
            found = salvage(shown.local)
            return self.folded(
                found.notebooks, base, _Made(found.notebooks[0], (), (), found.left_out, shown.stray)
            )
        local, remote = self.made(shown.local, None), self.made(shown.remote, None)
        if base is None and shown.base is not None:
            with suppress(HopelessError):
                base = self.made(shown.base, None).notebook
        made = self.merged(local, remote, base)
        if base is not None and _drops(made, local, remote, shown):
            made = self.merged(local, remote, None)
        return replace(made, stray=(*made.stray, *shown.stray))

    def folded(self, notebooks: tuple[Notebook, ...], base: Notebook | None, made: _Made) -> _Made:
        """One notebook of what stands one behind the other: versions are merged, parts are joined."""
        others = notebooks if base is None else (*notebooks, base)
        made = _valid(made, others)
        for notebook in notebooks[1:]:
            other = _valid(_Made(notebook), others)
            if overlap(made.notebook, other.notebook) >= _SAME_NOTEBOOK:
                made = self.merged(*self.in_order(made, other), _kept_in_both(base, made, other))
            else:
                cells = (*made.notebook.cells, *other.notebook.cells)
                left_out = (*made.left_out, *other.left_out)
                joined = replace(made.notebook, cells=cells, frame_text=None)
                made = _valid(replace(made, notebook=joined, left_out=left_out), ())
        return made

    def in_order(self, one: _Made, other: _Made) -> tuple[_Made, _Made]:
        """Local and remote, where git knows which is which; else as they stand."""
        if self.sides is None or self.sides.local is None:
            return one, other
        with suppress(NotebookError):
            ours = {cell.key for cell in read(self.sides.local).cells}
            first, second = (sum(cell.key in ours for cell in made.notebook.cells) for made in (one, other))
            return (one, other) if first >= second else (other, one)
        return one, other

    def merged(self, local: _Made, remote: _Made, base: Notebook | None) -> _Made:
        ours = _valid(local, (remote.notebook,)).notebook
        theirs = _valid(remote, (local.notebook,)).notebook
        before = unknown_base(ours, theirs) if base is None else base
        policy = replace(self.policy, conflict_style=ConflictStyle.MERGE) if base is None else self.policy
        result = merge(*_of_one_major(before, ours, theirs), policy)
        places = {
            (side, at): place for place, row in enumerate(result.origins) for side, at in enumerate(row)
        }
        conflicts = [replace(conflict, base=known(conflict.base)) for conflict in result.conflicts]
        for side, made in ((1, local), (2, remote)):
            there = [inner for inner in made.conflicts if (side, inner.cell) in places]
            conflicts += [replace(inner, cell=places[side, inner.cell]) for inner in there]
        return _Made(
            result.notebook,
            tuple(sorted(conflicts, key=lambda conflict: conflict.cell)),
            (*local.decisions, *remote.decisions, *result.decisions),
            (*local.left_out, *remote.left_out),
            (*local.stray, *remote.stray),
        )

    def as_before(self, data: bytes) -> bytes:
        """With the ends of lines and the byte order mark of the broken file."""
        if self.data.count(b"\r\n") == self.data.count(b"\n") and b"\r" not in data:
            data = data.replace(b"\n", b"\r\n")
        return BOM + data if self.data.startswith(BOM) and not data.startswith(BOM) else data


def _drops(made: _Made, local: _Made, remote: _Made, shown: Variants) -> bool:
    """Whether a line is gone that stands outside of markers.

    A cell that base has twice, and each side once, can be taken for another one on each side.
    """
    ours, theirs, now = (_sources(each.notebook) for each in (local, remote, made))
    fewer = (ours & theirs) - now
    if not fewer:
        return False
    common = set(shown.remote.numbers)
    lines = zip(shown.local.lines, shown.local.numbers, strict=True)
    texts = (line.strip(" \t,") for line, number in lines if number in common)
    outside = Counter(text_in(text).rstrip() for text in texts if text[:1] == '"')
    return any(now[line] < min(ours[line], theirs[line], outside[line]) for line in fewer)


def _sources(notebook: Notebook) -> Counter[str]:
    lines = (line.rstrip() for cell in notebook.cells for line in cell.source.split("\n"))
    return Counter(line for line in lines if line)


def _lines(sides: Sides) -> Versions:
    base, local, remote = (
        text_of((data or b"").removeprefix(BOM).decode("utf-8", "replace")).lines
        for data in (sides.base, sides.local, sides.remote)
    )
    return Versions(base, local, remote)


def _whole(data: bytes) -> bytes:
    match rebuild(data):
        case Sound():
            return data
        case Rebuilt(made):
            return made
        case Hopeless(reason):
            raise HopelessError(reason)


def _valid(made: _Made, others: tuple[Notebook, ...]) -> _Made:
    notebook, notes = made_valid(completed(made.notebook, *others))
    return replace(made, notebook=notebook, left_out=(*made.left_out, *notes))


def _kept_in_both(base: Notebook | None, one: _Made, other: _Made) -> Notebook | None:
    """Base without the cells that one of two versions lacks: nobody knows that they were deleted."""
    if base is None:
        return None
    kept = (
        match_cells(base.cells, one.notebook.cells).keys()
        & match_cells(base.cells, other.notebook.cells).keys()
    )
    cells = tuple(cell for place, cell in enumerate(base.cells) if place in kept)
    return replace(base, cells=cells, frame_text=None)


def _of_one_major(base: Notebook, local: Notebook, remote: Notebook) -> tuple[Notebook, Notebook, Notebook]:
    if base.major == local.major == remote.major:
        return base, local, remote
    files = [Held(name, write(n)) for name, n in (("base", base), ("local", local), ("remote", remote))]
    return harmonise((base, local, remote), (files[0], files[1], files[2]))[0]


def _is_ended(text: Text) -> bool:
    lines = [line for line in text.lines if line.strip()]
    return bool(lines) and lines[-1].rstrip().endswith("}") and (len(lines) == 1 or lines[-1][0] == "}")


def _last(text: Text) -> int:
    return max(
        (number for line, number in zip(text.lines, text.numbers, strict=True) if line.strip()), default=1
    )
