"""Owns: going through open conflicts one by one with somebody at a terminal.

Must not know: how conflicts look, how they are settled.  Invariant: nothing is settled before the end;
an answer can be taken back; what is none of the keys chooses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nbmerge.cli.report import sides
from nbmerge.cli.streams import printable
from nbmerge.cli.terminal import Screen
from nbmerge.cli.walk_view import View
from nbmerge.conflicts.known import Traced
from nbmerge.conflicts.values import Absent, Choice, Chosen, DeletedCell, Edited, InSource
from nbmerge.merge.markers import LEAST, conflicts_in
from nbmerge.notebook.model import CODE, Notebook

_HELP = """\
  l, local     take local's lines
  r, remote    take remote's lines
  b, both      take both, local's first
  o, original  take base: what was there before both changes
  e, edit      write it yourself, in $EDITOR
  s, skip      leave this one open and go on
  p, prev      go back to the one before
  v, view      show it with all its lines
  q, quit      stop here, and write what was chosen so far
  Ctrl-C       leave without writing anything
"""
_CHOICES = {"l": Choice.LOCAL, "r": Choice.REMOTE, "b": Choice.BOTH, "o": Choice.BASE}
_WORDS = {
    **{"local": "l", "ours": "l", "remote": "r", "theirs": "r", "both": "b", "original": "o", "base": "o"},
    **{"edit": "e", "skip": "s", "next": "s", "n": "s", "prev": "p", "previous": "p", "back": "p"},
    **{"view": "v", "quit": "q", "help": "?", "h": "?"},
}
_NARROW = 80  # columns; on fewer the keys stand without their words


@dataclass(slots=True)
class Walk:
    """One walk through the conflicts of one notebook, which `name` names."""

    name: str
    notebook: Notebook
    conflicts: Sequence[Traced]
    screen: Screen
    chosen: dict[Traced, Chosen] = field(default_factory=dict)
    drafts: dict[Traced, str] = field(default_factory=dict)  # what was typed; the editor begins with it

    def run(self) -> dict[Traced, Chosen]:
        """What was chosen; conflicts that were skipped are not in it.

        Raises KeyboardInterrupt if somebody leaves, or nobody is there any more.
        """
        number = len(self.conflicts)
        counted = f"{number} conflict{'s' * (number != 1)}"
        self.screen.tell(f"{printable(self.name)}: {counted}; nothing is written before the end\n")
        at = 0
        while at < number:
            step = self._answered(at, self._show(at))
            if step is None:
                break
            at = max(0, at + step)
        return self.chosen

    def _answered(self, at: int, cut: bool) -> int | None:
        """How far to go, once there is an answer that can be used; None: stop here."""
        traced = self.conflicts[at]
        while True:
            word = self.screen.ask(self._question(at, cut)).strip().lower()
            match _WORDS.get(word, word):
                case "" if traced in self.chosen:
                    return 1
                case "s":
                    self.chosen.pop(traced, None)
                    return 1
                case "p" if at == 0:
                    self.screen.tell("  this is the first one\n")
                case "p":
                    return -1
                case "q":
                    return None
                case "v":
                    self._show(at, whole=True)
                case "e":
                    edited = self._edited(traced)
                    if edited is not None:
                        self.chosen[traced] = edited
                        return 1
                case ("l" | "r" | "b" | "o") as key:
                    if key != "o" or traced.conflict.terms.base is not Absent.UNKNOWN:
                        self.chosen[traced] = _CHOICES[key]
                        return 1
                    self.screen.tell("  what was there before both changes is not known\n")
                case other:
                    named = f"  {printable(other)!r} is none of the keys\n" if other not in ("", "?") else ""
                    self.screen.tell(named + _HELP)

    def _question(self, at: int, cut: bool) -> str:
        traced = self.conflicts[at]
        words = ["local", "remote", "both"]
        words += ["original"] if traced.conflict.terms.base is not Absent.UNKNOWN else []
        words += ["edit"] if _can_be_edited(traced) else []
        words += ["skip"] + ["prev"] * (at > 0) + ["view"] * cut + ["quit", "?"]
        columns, _ = self.screen.size()
        keys = [self.screen.paint(f"[{word[0]}]", "bold") + word[1:] * (columns >= _NARROW) for word in words]
        before = self.chosen.get(traced)
        was = before.value if isinstance(before, Choice) else "edited"
        keep = "" if before is None else f"{self.screen.paint(f'(chosen: {was}; Enter keeps it)', 'dim')}\n"
        return f"{keep}{' '.join(keys)} > "

    def _show(self, at: int, whole: bool = False) -> bool:
        """Show a conflict; whether something was left out."""
        view = View(self.screen.paint, *self.screen.size(), whole)
        position = f"conflict {at + 1} of {len(self.conflicts)}"
        lines, cut = view.of(self.notebook, self.conflicts[at], position)
        self.screen.tell("".join(f"{line}\n" for line in ("", *lines, "")))
        return cut

    def _edited(self, traced: Traced) -> Edited | None:
        """What somebody made of it; None if it cannot be used."""
        if not _can_be_edited(traced):
            self.screen.tell("  this one cannot be edited as text: choose a side\n")
            return None
        draft = self.drafts.get(traced) or "".join(f"{line}\n" for line in _to_edit(traced))
        text = self.screen.edit(draft, self._ending(traced))
        if text is None:
            return None
        self.drafts[traced] = text
        if _markers_left(traced, text):
            self.screen.tell("  markers are still in it: nothing was chosen\n")
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


def _can_be_edited(traced: Traced) -> bool:
    return isinstance(traced.conflict.place, InSource | DeletedCell)


def _markers_left(traced: Traced, text: str) -> bool:
    """Whether one of the lines that part the sides is still there."""
    marks = [line for line in _to_edit(traced) if line not in _sides_of(traced)]
    return any(line in marks for line in text.split("\n")) or bool(conflicts_in(text.split("\n")))


def _sides_of(traced: Traced) -> set[str]:
    terms = traced.conflict.terms
    return {line for term in (terms.base, terms.local, terms.remote) for line in _lines_of(term)}


def _to_edit(traced: Traced) -> Iterator[str]:
    """The conflict between markers, with the base if it is known."""
    conflict = traced.conflict
    size = conflict.place.marked.size if isinstance(conflict.place, InSource) else LEAST
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
