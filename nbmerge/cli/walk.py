"""Owns: going through open conflicts one by one with somebody at a terminal.

Must not know: files, how conflicts are settled.  Invariant: nothing is settled before the end; what
is shown of a notebook holds no control characters; an answer can be taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from nbmerge.cli.conflict_lines import first_lines, place, sides
from nbmerge.cli.streams import printable
from nbmerge.conflicts.known import Traced
from nbmerge.conflicts.markers import conflicts_in
from nbmerge.conflicts.values import Absent, Choice, Chosen, DeletedCell, Edited, InSource
from nbmerge.notebook.model import CODE, Notebook

_SHOWN = 40  # lines of a side
_AROUND = 2  # lines before and after the markers
_KEYS = "l, r, b, o, e, s, p, q or ? for help"
_HELP = """\
  l  take local's lines       r  take remote's lines      b  take both, local's first
  o  take the original: what was there before both        e  edit in $EDITOR
  s  skip: leave it open      p  go back to the previous  q  stop here; what was chosen is written
  Ctrl-C leaves without writing anything
"""
_CHOICES = {"l": Choice.LOCAL, "r": Choice.REMOTE, "b": Choice.BOTH, "o": Choice.BASE}


@dataclass(frozen=True, slots=True)
class Screen:
    """Where people read and answer.  `ask` raises EOFError if nobody is there any more; `edit` gives
    back the text that somebody made of one, None if no editor could be run; the ending of a file tells
    it the language."""

    tell: Callable[[str], None]
    ask: Callable[[str], str]
    edit: Callable[[str, str], str | None]
    paint: Callable[[str, str], str]  # a text and the name of a colour


@dataclass(slots=True)
class Walk:
    """One walk through the conflicts of one notebook."""

    notebook: Notebook
    conflicts: Sequence[Traced]
    screen: Screen
    chosen: dict[Traced, Chosen] = field(default_factory=dict)

    def run(self) -> dict[Traced, Chosen]:
        """What was chosen; conflicts that were skipped are not in it."""
        at = 0
        while at < len(self.conflicts):
            self._show(at)
            step = self._answered(at)
            if step is None:
                break
            at = max(0, at + step)
        return self.chosen

    def _answered(self, at: int) -> int | None:
        """How far to go, once there is an answer that can be used; None: stop here."""
        traced = self.conflicts[at]
        while True:
            match self.screen.ask(self._question(traced)).strip().lower()[:1]:
                case "s":
                    self.chosen.pop(traced, None)
                    return 1
                case "p":
                    return -1
                case "q":
                    return None
                case "e":
                    edited = self._edited(traced)
                    if edited is not None:
                        self.chosen[traced] = edited
                        return 1
                case ("l" | "r" | "b" | "o") as key if self._is_known(traced, _CHOICES[key]):
                    self.chosen[traced] = _CHOICES[key]
                    return 1
                case "":
                    pass
                case _:
                    self.screen.tell(_HELP)

    def _question(self, traced: Traced) -> str:
        before = self.chosen.get(traced)
        said = "" if before is None else f" (was: {before.value if isinstance(before, Choice) else 'edited'})"
        return self.screen.paint(f"{_KEYS}{said}: ", "bold")

    def _is_known(self, traced: Traced, choice: Choice) -> bool:
        if choice is Choice.BASE and traced.conflict.terms.base is Absent.UNKNOWN:
            self.screen.tell("  what was there before both changes is not known\n")
            return False
        return True

    def _show(self, at: int) -> None:
        traced = self.conflicts[at]
        heading = f"conflict {at + 1} of {len(self.conflicts)}, {place(traced.conflict)}"
        self.screen.tell("".join(f"{line}\n" for line in ("", self.screen.paint(heading, "bold"))))
        before, after = _around(self.notebook, traced)
        self._lines(before, "dim", "    ")
        base = traced.conflict.terms.base
        (ours, local), (theirs, remote) = sides(traced.conflict)
        shown = [(ours, local, "green"), ("base", base, "dim"), (theirs, remote, "blue")]
        for name, term, colour in shown:
            if term is Absent.UNKNOWN:
                continue
            self._lines([f"{name}:"], "bold", "  ")
            self._lines(first_lines(term, _SHOWN), colour, "  | ")
        self._lines(after, "dim", "    ")

    def _lines(self, lines: Sequence[str], colour: str, lead: str) -> None:
        self.screen.tell("".join(f"{lead}{self.screen.paint(line, colour)}\n" for line in lines))

    def _edited(self, traced: Traced) -> Edited | None:
        """What somebody made of it; None if it cannot be used."""
        if not isinstance(traced.conflict.place, InSource | DeletedCell):
            self.screen.tell("  this one cannot be edited as text: choose a side\n")
            return None
        text = self.screen.edit("".join(f"{line}\n" for line in _to_edit(traced)), self._ending(traced))
        if text is None:
            return None
        if conflicts_in(text.split("\n")):
            self.screen.tell("  the markers are still there: nothing was chosen\n")
            return None
        return Edited(text.removesuffix("\n"))

    def _ending(self, traced: Traced) -> str:
        """That of a file with such a source."""
        cell = self.notebook.cells[traced.conflict.cell or 0]
        if cell.type != CODE:
            return ".md" if cell.type == "markdown" else ".txt"
        metadata = self.notebook.frame.get("metadata")
        language = metadata.get("language_info") if isinstance(metadata, dict) else None
        ending = language.get("file_extension") if isinstance(language, dict) else None
        known = isinstance(ending, str) and ending[:1] == "." and ending[1:].isalnum()
        return str(ending) if known else ".py"


def _to_edit(traced: Traced) -> Iterator[str]:
    """The conflict between markers, with the base if it is known."""
    conflict = traced.conflict
    size = conflict.place.marked.size if isinstance(conflict.place, InSource) else 7
    local, remote = sides(conflict)
    yield f"{'<' * size} {local[0]}"
    yield from _lines_of(local[1])
    if isinstance(conflict.terms.base, str):
        yield f"{'|' * size} base"
        yield from _lines_of(conflict.terms.base)
    yield "=" * size
    yield from _lines_of(remote[1])
    yield f"{'>' * size} {remote[0]}"


def _lines_of(term: object) -> list[str]:
    return term.split("\n") if isinstance(term, str) and term else []


def _around(notebook: Notebook, traced: Traced) -> tuple[list[str], list[str]]:
    """The lines of the cell just before and behind the markers."""
    where = traced.conflict.place
    if not isinstance(where, InSource):
        return [], []
    lines = notebook.cells[where.cell].source.split("\n")
    start, end = where.marked.start, where.marked.end
    near = lines[max(0, start - _AROUND) : start], lines[end : end + _AROUND]
    before, after = ([printable(line.expandtabs()) for line in part] for part in near)
    return before, after
