"""Owns: scenarios of a few lines: who did what, and what is expected of the watcher.

Must not know: how the watcher works.  Invariant: a line that is not understood fails the test; a
failure names the line and what was there instead.

    file a1 | b1 | c1               there is a notebook, and the watcher starts
    A opens                         (or reloads) the editor A shows what the file holds
    A edits a2                      then: inserts d1 after a, deletes b, moves c first, runs a, clears,
                                    undoes, puts a1 | b2, uses script
    A saves                         (saves torn 3: in two pieces, for three seconds; or torn 3 20: in 20)
    A begins to save                the first half; A breaks the file: and that is all there ever is
    meanwhile A saves               at the very moment at which nbmerge writes next
    late A saves                    into the file that nbmerge has just displaced
    quiet, wait 0.5, later          until nothing is pending; so many seconds; two hours
    settle 3                        as `--settle`
    busy, calm                      a second writer is known, or not
    git works, git done             a rebase, say, is under way; git checkout a1 | b1
    git waits                       in the middle of it, for somebody to go on
    the judge says unsure 1         of the next save, whatever it shows: if stale, made from version 1;
                                    or stale 1, or sequential
    held WHY, released              something asks nbmerge not to write
    the store refuses, works        likewise the disk
    stopped, started                the watcher; restart: it was killed and started
    now NAME                        the file that the following lines are about
    remove, rename new.ipynb, restart, restore 1, copy NAME: a1 | b2
    expect a2 | b1                  what the file holds; outputs too if a word has brackets
    expect writes 1                 by nbmerge, since this was last asked
    expect merge, accept            the verdicts on the saves since this was last asked, but `same`
    expect open a2 | b1             an open tip that holds this; or: nothing
    expect told tug                 a notice of that kind, since this was last asked; or: nothing
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from nbmerge.lineage.heads import Outcome
from nbmerge.lineage.judge import BaseJudgement, Save, Sequential, Stale, Unsure, VersionContent, judge
from nbmerge.lineage.versions import Context, Git
from nbmerge.watch.notebook_state import WatchTiming
from tests.helpers.judged import judged_by
from tests.scenarios import cells
from tests.scenarios.editor import SPELLINGS, Editor, jupyter
from tests.scenarios.world import NOTEBOOK, World, busy

HANDS = 2.0  # seconds that one change takes
LATER = 7200.0


@dataclass
class Play:
    """A scenario while it is played; `ids`: whether the cells have them."""

    ids: bool = True
    world: World = field(default_factory=World)
    path: str = NOTEBOOK
    editors: dict[str, Editor] = field(default_factory=dict)
    said: BaseJudgement | None = None  # the judge's next verdict, if a line told it
    writes: int = 0
    verdicts: int = 0
    notices: int = 0

    def judge(
        self, save: Save, head: VersionContent, older: Sequence[VersionContent], context: Context
    ) -> BaseJudgement:
        """What a line told, once; else what the real judge says."""
        said, self.said = self.said, None
        return judge(save, head, older, context) if said is None else said

    def line(self, text: str) -> None:
        """Do what one line says."""
        first, _, rest = text.partition(" ")
        if re.fullmatch(r"[A-Z]", first):
            verb, _, rest = rest.partition(" ")
            self._act(first, verb, rest)
        else:
            method: Callable[[str], None] = getattr(self, f"do_{first}")
            method(rest)

    def _act(self, name: str, verb: str, rest: str) -> None:
        editor = self.editors.setdefault(name, Editor(name, ids=self.ids))
        world = self.world
        match verb, rest.split():
            case "opens" | "reloads", []:
                editor.open(world.disk.files[self.path])
            case "saves", []:
                world.advance(0.1)
                world.write(self.path, editor.saved(), editor.way)
            case "saves", ["torn", seconds, *pieces]:
                world.write_torn(self.path, editor.saved(), float(seconds), int(pieces[0]) if pieces else 2)
            case "begins", ["to", "save"]:
                world.begin(self.path, editor.saved())
            case "breaks", ["the", "file"]:
                world.begin(self.path, editor.saved())
            case "uses", [spelling]:
                editor.spell = SPELLINGS[spelling]
                editor.way = "in place"
            case _:
                world.advance(HANDS)
                self._edit(editor, verb, rest)

    def _edit(self, editor: Editor, verb: str, rest: str) -> None:
        match verb, rest.split():
            case "edits", words:
                for word in words:
                    editor.edit(word)
            case "inserts", [word, *where]:
                editor.insert(word, _place(editor, where))
            case "deletes", letters:
                for letter in letters:
                    editor.delete(letter)
            case "moves", [letter, *where]:
                editor.move(letter, _place(editor, where, letter))
            case "runs", letters:
                for letter in letters:
                    editor.run(letter)
            case "clears", []:
                editor.clear()
            case "undoes", []:
                editor.undo()
            case "puts", _:
                editor.put(rest)
            case _:
                raise AssertionError(f"not understood: {verb} {rest}")

    def do_file(self, words: str) -> None:
        self.world.write(self.path, jupyter(cells.notebook(words, self.ids)))

    def do_meanwhile(self, rest: str) -> None:
        data = self._saved_by(rest)
        self.world.disk.at(2, lambda disk: disk.write(self.path, data))

    def do_late(self, rest: str) -> None:
        self.world.disk.write_late(self.path, self._saved_by(rest))
        self.world.chores()

    def _saved_by(self, rest: str) -> bytes:
        name, verb = rest.split()
        assert verb == "saves"
        return self.editors[name].saved()

    def do_quiet(self, _: str) -> None:
        self.world.quiet()

    def do_wait(self, seconds: str) -> None:
        self.world.advance(float(seconds))

    def do_settle(self, seconds: str) -> None:
        self.world.timing = WatchTiming(settle=float(seconds))
        self.world.coordinator.timing = self.world.timing
        for state in self.world.coordinator.states.values():
            state.timing = self.world.timing

    def do_later(self, _: str) -> None:
        self.world.advance(LATER)

    def do_busy(self, _: str) -> None:
        busy(self.world)

    def do_calm(self, _: str) -> None:
        known = self.world.environment.known
        self.world.environment.known = replace(known, second_writer=())

    def do_git(self, rest: str) -> None:
        about = self.world.environment
        match rest.partition(" "):
            case "works", _, _:
                about.known = replace(about.known, git=Git.WORKING)
            case "waits", _, _:
                about.known = replace(about.known, git=Git.WAITING)
            case "done", _, _:
                about.known = replace(about.known, git=Git.NONE)
            case "checkout", _, words:
                before, about.known = about.known, replace(about.known, git=Git.REPLACED)
                self.world.write(self.path, jupyter(cells.notebook(words, self.ids)), "renamed")
                about.known = before
            case _:
                raise AssertionError(f"not understood: git {rest}")
        self._see_closed()

    def do_held(self, why: str) -> None:
        self.world.environment.held = why

    def do_released(self, _: str) -> None:
        self.world.environment.held = None

    def do_remove(self, _: str) -> None:
        self.world.remove(self.path)

    def do_rename(self, name: str) -> None:
        new = self._beside(name)
        self.world.rename(self.path, new)
        self.path = new

    def do_restart(self, _: str) -> None:
        self.world.restart()

    def do_restore(self, number: str) -> None:
        self.world.restore(self.path, int(number))

    def do_copy(self, rest: str) -> None:
        name, _, words = rest.partition(": ")
        self.world.write(self._beside(name), jupyter(cells.notebook(words, self.ids)), "renamed")

    def _beside(self, name: str) -> str:
        return self.path.rpartition("/")[0] + "/" + name

    def do_expect(self, rest: str) -> None:
        match rest.split():
            case ["writes", number]:
                found = len(self.world.disk.placed) - self.writes
                self.writes = len(self.world.disk.placed)
                assert found == int(number)
            case ["open", *words]:
                opened = [cells.told(data) for data in self.world.open_data(self.path)]
                assert opened == ([] if words == ["nothing"] else [" ".join(words)])
            case ["gone"]:
                assert self.path not in self.world.disk.files
            case ["told", *kinds]:
                told = [notice.kind for notice in self.world.notices[self.notices :]]
                self.notices = len(self.world.notices)
                assert told == ([] if kinds == ["nothing"] else " ".join(kinds).split(", "))
            case [word, *_] if word.strip(",") in {action.value for action in Outcome}:
                verdicts = [one.outcome for one in self.world.recorded[self.verdicts :]]
                self.verdicts = len(self.world.recorded)
                assert ", ".join(one.value for one in verdicts if one is not Outcome.SAME) == rest
            case _:
                assert cells.told(self.world.disk.files[self.path], runs="[" in rest) == rest

    def do_the(self, rest: str) -> None:
        if rest.startswith("judge says "):
            self.said = _verdict(*rest.split()[2:])
            return
        what, verb = rest.split()
        assert verb in ("refuses", "works")
        if what == "store":
            self.world.faults.refusing = verb == "refuses"
        else:
            self.world.disk.refusing = verb == "refuses"

    def do_stopped(self, _: str) -> None:
        self.world.running = False

    def do_started(self, _: str) -> None:
        self.world.running = True
        self.world.restart()

    def do_now(self, name: str) -> None:
        self.path = self._beside(name)

    def _see_closed(self) -> None:
        self.world.closed |= {(self.path, tip.version) for tip in self.world.heads(self.path).open}


def _verdict(word: str, base: str = "0") -> BaseJudgement:
    match word:
        case "sequential":
            return Sequential("said")
        case "stale":
            return Stale(int(base), "said")
    assert word == "unsure"
    return Unsure(int(base), "said")


def _place(editor: Editor, where: list[str], moved: str = "") -> int:
    """Where a cell is put, counted without the one that is moved."""
    match where:
        case ["first"]:
            return 0
        case ["last"]:
            return len(editor.cells)
        case [side, letter]:
            at = editor.at(letter)
            if moved and editor.at(moved) < at:
                at -= 1
            return at + (side == "after")
    raise AssertionError(f"no place: {where}")


def play(text: str, ids: bool = True) -> Play:
    """Play a scenario; whatever it expects is asserted."""
    stage = Play(ids)
    with judged_by(stage.judge, lambda: stage.said is not None):
        for line in text.strip().splitlines():
            said = line.partition("#")[0].strip()
            if said:
                try:
                    stage.line(said)
                except AssertionError as error:
                    raise AssertionError(f"{said!r}: {error}\n{so_far(stage)}") from error
    return stage


def so_far(stage: Play) -> str:
    """What happened until a line failed, for whoever has to find out why."""
    told = [f"  {notice.kind}: {notice.message}" for notice in stage.world.notices]
    store = stage.world.store
    notebook_id = store.adopt(stage.path)
    versions = []
    for version in store.versions(notebook_id):
        data = store.data(notebook_id, version.number)
        parents = ", ".join(map(str, version.parents))
        versions.append(
            f"  {version.number} ({version.origin.value}; from {parents}; {version.why}): {_words(data)}"
        )
    return "\n".join(["versions:", *versions, "told:", *told, f"{store.heads(notebook_id)}"])


def _words(data: bytes) -> str:
    try:
        return cells.told(data, runs=True)
    except json.JSONDecodeError:
        return "no notebook"
