"""An editor that writes the file itself says what it was made from: it counts as if it had been saved so."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.errors import NotebookError, UsageError
from nbmerge.files import digest
from nbmerge.lineage.derivation import SHORTLY
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.judge import BaseJudgement, Sequential, Stale, Unsure
from nbmerge.lineage.versions import DECLARED
from nbmerge.service.notebook_service import open_service
from nbmerge.sync import Claimed, apply, claim, participating
from tests.helpers.build import code, notebook
from tests.helpers.examples import tried
from tests.helpers.judged import judged_by
from tests.helpers.spelling import JUPYTER
from tests.sync.writers import AT_ONCE, Desk, FrontEnd

START = notebook(*(code(f"def {name}(x):\n    return x\n\nprint({name}(1))", id=name) for name in "abcd"))
SEEN = Sequential("it looks so")
VERDICTS: dict[str, Callable[[int], BaseJudgement]] = {
    "seen": lambda base: SEEN,
    "unsure": lambda base: Unsure(base, ""),
    "stale": lambda base: Stale(base, ""),
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path, str(tmp_path / "state"))
    made.put(START)
    return made


@dataclass
class Editor:
    """An editor that writes the file itself, and claims what it wrote, some time later."""

    front: FrontEnd
    written: bytes = b""

    @property
    def path(self) -> str:
        return str(self.front.desk.path)

    def write(self) -> None:
        self.written = JUPYTER.spell(self.front.copy)
        self.front.desk.path.write_bytes(self.written)

    def claim(self) -> Claimed:
        with self.front.desk.participation() as calls:
            found = calls.claim(self.path, self.front.version, self.written, self.front.name)
        self.front.version = found.version
        return found

    def pull(self) -> None:
        """Take in what others saved."""
        with self.front.desk.participation() as calls:
            found = calls.pull(self.path, self.front.version, JUPYTER.spell(self.front.copy))
        self.front.copy = apply(self.front.copy, [one.as_json() for one in found.operations])
        self.front.version = found.version


def judged(desk: Desk, verdict: BaseJudgement = SEEN, write: bool = False) -> None:
    """The watcher looks at the file, and `write`: it writes what it takes to be due."""
    with (
        judged_by(lambda *_: verdict),
        desk.participation() as calls,
        calls.service.at(str(desk.path)) as (notebook_id, real),
    ):
        if write:
            calls.service.write_due(notebook_id, real)


def heads(desk: Desk) -> Heads:
    with desk.history() as (store, notebook_id):
        found = store.heads(notebook_id)
        assert found is not None
        return found


@pytest.fixture
def stale(desk: Desk) -> Editor:
    """Ann has version 1; Bob has saved version 2; Ann's editor writes over it."""
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    bob.add("b", "bob = 1")
    bob.save()
    ann.add("a", "ann = 1")
    editor = Editor(ann)
    editor.write()
    return editor


def everything(desk: Desk) -> None:
    """What both typed is there, once, and nothing is in doubt."""
    text = "\n".join(desk.sources())
    assert [text.count(word) for word in ("ann = 1", "bob = 1", "<<<<<<<")] == [1, 1, 0]
    assert desk.open_tips() == []


def test_a_claim_before_anybody_has_looked_is_believed(desk: Desk, stale: Editor) -> None:
    before = desk.path.stat().st_mtime_ns
    found = stale.claim()
    assert (found.version, found.due) == (found.head, True)
    assert desk.path.read_bytes() == stale.written
    assert desk.path.stat().st_mtime_ns == before
    [_, _, third] = desk.versions()
    assert (third.parents, third.writer.way, third.writer.name) == ((1,), DECLARED, "Ann")
    assert heads(desk) == Heads(3, (2, 3))
    stale.pull()
    stale.front.save()
    everything(desk)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_what_it_was_taken_for_is_put_right(desk: Desk, stale: Editor, verdict: str) -> None:
    judged(desk, VERDICTS[verdict](1))
    found = stale.claim()
    assert found.due
    assert desk.versions()[2].parents == (1,)
    assert heads(desk) == Heads(3, (2, 3))
    stale.front.save()
    everything(desk)


def test_a_merge_that_should_not_have_been_is_taken_back(desk: Desk) -> None:
    """Ann has taken Bob's line out, knowing it; it was merged back in, as if she had never seen it."""
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    bob.add("b", "bob = 1")
    bob.save()
    ann.save()
    ann.type("b", "pass")
    ann.add("a", "ann = 1")
    editor = Editor(ann)
    editor.write()
    judged(desk, Stale(1, ""), write=True)
    assert desk.path.read_bytes() != editor.written
    assert editor.claim().due
    judged(desk, write=True)
    assert desk.path.read_bytes() == editor.written


def test_a_merge_from_the_wrong_base_is_made_again(desk: Desk) -> None:
    """Ann has version 1; hers was taken for a save of somebody who had seen version 2 and took a line out."""
    ann, bob, eve = desk.writer("Ann"), desk.writer("Bob"), desk.writer("Eve")
    bob.add("b", "bob = 1")
    bob.save()
    eve.save()
    eve.add("c", "eve = 1")
    eve.save()
    ann.add("a", "ann = 1")
    editor = Editor(ann)
    editor.write()
    judged(desk, Stale(2, ""), write=True)
    assert "bob = 1" not in "\n".join(desk.sources())
    assert editor.claim().due
    judged(desk, write=True)
    everything(desk)
    assert "eve = 1" in "\n".join(desk.sources())


def test_another_save_may_have_come_on_top(desk: Desk, stale: Editor) -> None:
    judged(desk)
    eve = desk.writer("Eve")
    eve.add("d", "eve = 1")
    eve.save()
    assert "bob = 1" not in "\n".join(desk.sources())
    found = stale.claim()
    assert (found.due, found.head == found.version) == (True, False)
    assert heads(desk).tips == (2, 4)
    judged(desk, write=True)
    everything(desk)
    assert "eve = 1" in "\n".join(desk.sources())


def test_an_unchanged_copy_that_was_written_back_brings_nothing(desk: Desk) -> None:
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    bob.add("b", "bob = 1")
    bob.save()
    held = desk.path.read_bytes()
    for look in (False, True):
        editor = Editor(FrontEnd(desk, "Ann", ann.copy, ann.version))
        editor.write()
        if look:
            judged(desk)
        assert editor.claim().due
        judged(desk, write=True)
        assert desk.path.read_bytes() == held


def test_the_file_may_hold_something_else_by_now(desk: Desk, stale: Editor) -> None:
    """Eve's editor has read what Ann's wrote, and saved; nobody has looked at either."""
    eve = desk.holds()
    eve["cells"][3]["source"] = "eve = 1"
    desk.put(eve)
    found = stale.claim()
    assert found.head != found.version
    assert desk.data(3) == stale.written
    assert desk.versions()[2].parents == (1,)
    judged(desk, write=True)
    everything(desk)
    assert "eve = 1" in desk.sources()


def test_what_is_known_already_is_claimed_for_nothing(desk: Desk) -> None:
    """The save was exact, and the editor has written the same bytes once more."""
    ann = desk.writer("Ann")
    ann.add("a", "ann = 1")
    ann.save()
    before = desk.versions()
    editor = Editor(ann)
    editor.write()
    for _ in range(2):
        found = editor.claim()
        assert (found.version, found.head, found.due) == (ann.version, ann.version, False)
    assert desk.versions() == before


def test_a_claim_that_is_made_again_says_nothing_new(desk: Desk, stale: Editor) -> None:
    base = stale.front.version
    first = claim(stale.path, base, stale.written, "Ann", desk.state)
    before = desk.versions(), heads(desk)
    stale.front.version = base
    assert stale.claim() == first
    assert (desk.versions(), heads(desk)) == before


def test_a_base_that_is_not_known_is_refused_and_the_file_is_taken_for_what_it_looks_like(
    desk: Desk, stale: Editor
) -> None:
    stale.front.version = "1.00000000000000000000"
    with pytest.raises(UsageError, match="what you wrote is version 3, taken for what it looks like"):
        stale.claim()
    assert [version.digest for version in desk.versions()][2:] == [digest(stale.written)]


def test_a_file_that_is_gone_leaves_what_was_written_in_the_history(desk: Desk, stale: Editor) -> None:
    desk.path.unlink()
    with pytest.raises(NotebookError, match=r"cannot be read.*; what you sent is version 3 \(see `log`\)"):
        stale.claim()
    assert desk.data(3) == stale.written


def test_what_the_watcher_thinks_of_later_saves_does_not_undo_a_claim(desk: Desk) -> None:
    """Its thoughts of the saves so far are older than the claim, which another process has made."""
    ann = desk.writer("Ann")
    old, now = FrontEnd(desk, "Ann", ann.copy, ann.version), [time.time()]
    with open_service(desk.state, lambda: now[0], AT_ONCE) as watcher:

        def look(write: bool = False) -> int:
            with watcher.at(str(desk.path)) as (notebook_id, real):
                if write:
                    watcher.write_due(notebook_id, real)
                return watcher.head(notebook_id).number

        def others(cell: int, *texts: str) -> None:
            for text in texts:
                changed = desk.holds()
                changed["cells"][cell]["source"] = text
                desk.put(changed)
                look()

        others(1, "other = 1", "other = 12", "other = 123")
        old.copy = desk.holds()  # it looks like a save of somebody who had seen all that
        old.add("a", "ann = 1")
        editor = Editor(old)
        editor.write()
        number = look()
        editor.claim()
        look(write=True)
        others(3, "x = 1")
        now[0] += 2 * SHORTLY  # until then it is known that somebody takes part: saves are judged alone
        others(3, "x = 12", "x = 123")
    assert desk.versions()[number - 1].parents == (1,)


WHEN = ("at once", "judged", "merged", "saved over")
STEPS = st.one_of(
    st.just(("other",)),
    st.tuples(
        st.just("editor"),
        st.sampled_from(("add", "add", "delete")),
        st.sampled_from(WHEN),
        st.sampled_from(sorted(VERDICTS)),
        st.integers(0, 99),
    ),
)


@tried(5)
@given(st.lists(STEPS, max_size=6))
def test_whenever_it_comes_a_claim_counts_as_a_save(steps: list[tuple[str, ...]]) -> None:
    """But for markers: who is shown a conflict before the claim, and types right below it, keeps it."""
    assert played(steps, claims=True) == played(steps, claims=False)


def played(steps: list[tuple[str, ...]], claims: bool) -> list[str]:
    """What the notebook holds when all have saved; without `claims` the editor takes part like the other."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        desk = Desk(
            Path(folder), f"{folder}/state", stack.enter_context(participating(f"{folder}/state", AT_ONCE))
        )
        desk.put(START)
        editor, other = Editor(desk.writer("Ann")), desk.writer("Bob")
        for number, step in enumerate(steps):
            match step:
                case ("editor", edit, when, verdict, pick):
                    change(editor.front, edit, number)
                    late = [(other, number)] if when == "saved over" else []
                    if claims:
                        saved_by_itself(editor, when, verdict, int(pick), late)
                    else:
                        editor.front.save()
                        for one in late:
                            add(*one)
                case _:
                    add(other, number)
        for writer in (editor.front, other, editor.front):
            writer.save()
        return ["\n".join(without_markers(source)) for source in desk.sources()]


def without_markers(source: str) -> list[str]:
    return [line for line in source.split("\n") if not line.startswith(("<<<<<<<", "=======", ">>>>>>>"))]


def change(front: FrontEnd, edit: str, number: int) -> None:
    """In the editor's own cells."""
    if edit == "add":
        front.add("a", f"ann_{number} = 1")
    else:
        front.type("b", "" if number % 2 else f"pass  # {number}")


def add(other: FrontEnd, number: int) -> None:
    """A line, or a cell."""
    if number % 2:
        other.copy["cells"].append(code(f"bob_{number} = 1", id=f"bob-{number}"))
    else:
        other.add("c", f"bob_{number} = 1")
    other.save(check=False)


def saved_by_itself(
    editor: Editor, when: str, verdict: str, pick: int, late: list[tuple[FrontEnd, int]]
) -> None:
    desk = editor.front.desk
    editor.write()
    if when != "at once":
        judged(desk, VERDICTS[verdict](1 + pick % len(desk.versions())), write=when == "merged")
    for one in late:
        add(*one)
    found = editor.claim()
    if found.due or found.head != found.version:
        editor.pull()
