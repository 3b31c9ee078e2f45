"""Owns: what is to be expected of a file, by what people saw, made and removed, whatever a watcher did.

Must not know: watchers, pages, how people work.  Invariant: what somebody saved, and nobody removed who had
it before them, is expected; what an author removed, and nobody brought back knowingly, is not.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from tests.simulation.editor import Cell
from tests.simulation.words import Shown


@dataclass
class Truth:
    """What people made and removed, by what they saved; `had` is what each of them saw last.

    `given` is all that they can have made: words, or results of runs.  What somebody did not save
    nobody can know.  A removed word that is typed, pasted or undone back
    by who removed it is not removed by them any more; who brings back an older version brings all of it,
    and who takes the markers off a conflict (`disputed` are the words that they saw in one) what they leave.
    """

    given: set[str]
    typed: set[str] = field(default_factory=set)
    removed: dict[str, set[int]] = field(default_factory=dict)
    had: dict[int, frozenset[str]] = field(default_factory=dict)
    disputed: dict[int, frozenset[str]] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)  # the removed ones that the file shows all the same
    returns: Counter[str] = field(default_factory=Counter)

    def saved(self, who: int, page: Shown, knowingly: bool = False) -> None:
        before, now = self.had[who], page.words & self.given
        self.had[who] = now
        self.typed |= now
        for word in before - now:
            self.removed.setdefault(word, set()).add(who)
            self.shown.discard(word)
        for word in now - before:
            by = self.removed.get(word, set())
            by.clear() if knowingly else by.discard(who)
            if not by:
                self.removed.pop(word, None)
        for word in self.disputed[who] & page.plain:
            self.removed.pop(word, None)
        self.disputed[who] &= page.disputed

    def loaded(self, who: int, file: Shown) -> frozenset[str]:
        """They see the file: the words that they had removed."""
        self.had[who] = file.words & self.given
        self.disputed[who] = file.disputed
        return frozenset(word for word in self.had[who] if who in self.removed.get(word, ()))

    def settled(self, file: Shown) -> None:
        """The file holds these words for now; what a conflict shows is not back."""
        shown = {word for word in self.removed if word in file.plain}
        self.returns.update(shown - self.shown)
        self.shown = shown

    @property
    def expected(self) -> Set[str]:
        """What the file should hold at the end."""
        return self.typed - self.removed.keys()

    @property
    def again(self) -> int:
        """How many of the removed ones came back more than once."""
        return sum(self.returns[one] > 1 for one in self.removed)


def results_of(cells: Sequence[Cell]) -> frozenset[str]:
    """The results of runs that cells show, each with the source that was run."""
    return frozenset(result_of(cell) for cell in cells if cell.get("outputs"))


def result_of(cell: Cell) -> str:
    """What a run showed; its count aside."""
    plain = [
        {key: value for key, value in output.items() if key != "execution_count"}
        for output in cell["outputs"]
    ]
    return json.dumps(["".join(cell["source"]), plain], sort_keys=True)


def dropped(expected: Set[str], final: Sequence[Cell]) -> Set[str]:
    """Of results those whose source stands there without any of them: of two runs at a time one shows."""
    shows: dict[str, bool] = {}
    for cell in final:
        if cell["cell_type"] == "code":
            source = "".join(cell["source"])
            shows[source] = shows.get(source, False) or result_of(cell) in expected
    return {one for one in expected if not shows.get(json.loads(one)[0], True)}
