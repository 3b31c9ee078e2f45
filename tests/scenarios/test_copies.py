"""Conflict copies of sync tools: the other way for a concurrent save to arrive."""

from __future__ import annotations

import pytest

from nbmerge.lineage.versions import Origin
from tests.scenarios import cells
from tests.scenarios.editor import jupyter
from tests.scenarios.notation import play
from tests.scenarios.world import NOTEBOOK, World

COPY = "notebook.sync-conflict-20260102-150405-ABCDEFG.ipynb"
NAMES = [
    COPY,
    "notebook (conflicted copy 2026-01-02 150405).ipynb",
    "notebook_conflict-20260102-150405.ipynb",
    "notebook (ann's conflicted copy 2026-01-02).ipynb",
    "notebook (SFConflict ann@example.org 2026-01-02-15-04-05).ipynb",
]
BASE, MINE, THEIRS = "a1 | b1 | C1", "a2 | b1 | C1 | d1", "a1 | b2 | C2"
BOTH = "a2 | b2 | C2 | d1"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_merged_and_moves_into_the_store(name: str) -> None:
    stage = play(f"""
        file {BASE}
        A opens
        A puts {MINE}
        A saves
        copy {name}: {THEIRS}
        quiet
        expect {BOTH}
        expect writes 1
        expect told merged
        now {name}
        expect gone
    """)
    store = stage.world.store
    notebook_id = store.adopt(NOTEBOOK)
    copies = [one for one in store.versions(notebook_id) if one.origin is Origin.COPY]
    assert [cells.told(store.data(notebook_id, one.number)) for one in copies] == [THEIRS]


def test_what_was_here_becomes_the_copy() -> None:
    """Syncthing renames the older side, then puts the newer one in its place."""
    play(f"""
        file {BASE}
        A opens
        A puts {MINE}
        A saves
        rename {COPY}
        wait 0.1
        now notebook.ipynb
        B puts {THEIRS}
        B saves
        quiet
        expect {BOTH}
        expect writes 1
        now {COPY}
        expect gone
    """)


def test_the_copy_is_here_long_before_the_other_side() -> None:
    play(f"""
        file {BASE}
        A opens
        A puts {MINE}
        A saves
        copy {COPY}: {MINE}
        wait 8
        expect {MINE}
        B puts {THEIRS}
        B saves
        wait 3
        expect {BOTH}
        now {COPY}
        expect gone
    """)


def test_the_other_side_is_here_long_before_the_copy() -> None:
    play(f"""
        file {BASE}
        A opens
        A puts {MINE}
        A saves
        B puts {THEIRS}
        B saves
        wait 20
        copy {COPY}: {MINE}
        quiet
        expect {BOTH}
        expect open nothing
    """)


@pytest.mark.parametrize("verdict", ["sequential", "unsure 1", "stale 1"])
def test_the_sync_tool_knows_better_than_the_judge(verdict: str) -> None:
    """What it says of a save that had come before counts, whatever was thought of it."""
    play(f"""
        file {BASE}
        A opens
        A puts {MINE}
        A saves
        A reloads
        B puts {THEIRS}
        the judge says {verdict}
        B saves
        copy {COPY}: {MINE}
        quiet
        expect {BOTH}
        expect open nothing
    """)


def test_a_copy_of_what_the_notebook_holds_anyway() -> None:
    play(f"""
        file {BASE}
        A opens
        A puts {MINE}
        A saves
        copy {COPY}: {MINE}
        quiet
        expect {MINE}
        expect writes 0
        expect told nothing
        now {COPY}
        expect gone
    """)


def test_after_a_merge_the_copy_of_one_side_holds_nothing_else() -> None:
    play(f"""
        busy
        file {BASE}
        A opens
        B opens
        A puts {MINE}
        A saves
        B puts {THEIRS}
        B saves
        quiet
        expect {BOTH}
        A reloads
        A edits a22
        A saves
        copy {COPY}: {THEIRS}
        quiet
        expect a22 | b2 | C2 | d1
        now {COPY}
        expect gone
    """)


def test_copies_of_copies_and_several() -> None:
    play(f"""
        file {BASE}
        A opens
        A puts {THEIRS}
        A saves
        copy {COPY}: {MINE}
        copy {COPY.replace(".ipynb", ".sync-conflict-20260103-150405.ipynb")}: a1 | b1 | C1 | e1
        copy notebook.sync-conflict-20260104-150405-HGFEDCB.ipynb: a1 | b1 | C1 | f1
        quiet
        expect a2 | b2 | C2 | d1 | e1 | f1
        expect writes 1
    """)


@pytest.mark.parametrize("first", ["notebook.ipynb", COPY])
def test_both_are_there_at_the_start(first: str) -> None:
    """Nothing is known of what they have in common: all of both is shown."""
    world = World()
    files = {
        NOTEBOOK: jupyter(cells.notebook(MINE)),
        NOTEBOOK.replace("notebook.ipynb", COPY): _spelt(THEIRS),
    }
    world.disk.files.update(files)
    for path in sorted(files, key=lambda path: not path.endswith(first)):
        world.notice(path)
    world.quiet()
    assert list(world.disk.files) == [NOTEBOOK]
    assert cells.told(world.disk.files[NOTEBOOK]) == "a2~a1 | b1~b2 | C1~C2 | d1"


def _spelt(words: str) -> bytes:
    return jupyter(cells.notebook(words))


def test_a_copy_without_its_original_is_a_notebook_of_its_own() -> None:
    play(f"""
        now {COPY}
        file {BASE}
        quiet
        A opens
        A edits a2
        A saves
        quiet
        expect a2 | b1 | C1
        expect first, accept
        expect writes 0
    """)


def test_a_copy_that_is_no_notebook_is_left_alone_and_told() -> None:
    stage = play(f"""
        file {BASE}
        A opens
        now {COPY}
        A begins to save
        quiet
        expect told unreadable
    """)
    assert len(stage.world.disk.files) == 2


def test_a_copy_that_is_still_being_written() -> None:
    play(f"""
        file {BASE}
        A opens
        A puts {MINE}
        A saves
        B puts {THEIRS}
        now {COPY}
        B saves torn 3
        quiet
        expect gone
        now notebook.ipynb
        expect {BOTH}
        expect told merged
    """)


@pytest.mark.parametrize("name", ["notebook (1).ipynb", "notebook 2.ipynb", "notebook-LAPTOP7.ipynb"])
def test_names_that_people_give_too_are_left_alone(name: str) -> None:
    stage = play(f"""
        file {BASE}
        A opens
        A puts {MINE}
        A saves
        copy {name}: {THEIRS}
        quiet
        expect {MINE}
        expect writes 0
        expect told nothing
        now {name}
        expect {THEIRS}
        copy {name}: a3 | b2 | C2
        quiet
        expect a3 | b2 | C2
    """)
    assert len(stage.world.disk.files) == 2


@pytest.mark.parametrize(
    ("name", "client"),
    [
        ("notebook (1).ipynb", "Google Drive"),
        ("notebook 2.ipynb", "iCloud"),
        ("notebook-LAPTOP7.ipynb", "OneDrive"),
    ],
)
def test_what_the_notebook_held_once_is_named_under_such_a_name(name: str, client: str) -> None:
    """It may be a conflict copy, or what somebody put aside: it stays, and is told once."""
    stage = play(f"""
        file {BASE}
        A opens
        A puts {MINE}
        A saves
        wait 60
        A puts a3 | b1 | C1 | d1
        A saves
        quiet
        copy {name}: {MINE}
        quiet
        expect told copy
        expect a3 | b1 | C1 | d1
        copy {name}: {MINE} | e1
        quiet
        expect told nothing
        expect writes 0
        now {name}
        expect {MINE} | e1
    """)
    [told] = stage.world.told("copy")
    assert told.message.startswith(
        f"{name} beside it holds version 2, which {client} may have replaced; it is"
    )
    assert told.as_json()["version"] == 2


def test_a_plain_copy_of_what_the_notebook_holds_is_not_news() -> None:
    play(f"""
        file {BASE}
        A opens
        A puts {MINE}
        A saves
        quiet
        copy notebook 2.ipynb: {MINE}
        quiet
        expect told nothing
    """)


def test_such_a_name_is_taken_where_the_original_was_given_it_and_another_took_its_place() -> None:
    play(f"""
        file {BASE}
        A opens
        A puts {MINE}
        A saves
        B puts {THEIRS}
        rename notebook 2.ipynb
        wait 0.1
        now notebook.ipynb
        B saves
        quiet
        expect {BOTH}
        now notebook 2.ipynb
        expect gone
    """)


def test_who_renames_a_notebook_so_keeps_its_history() -> None:
    stage = play(f"""
        file {BASE}
        A opens
        A puts {MINE}
        A saves
        rename notebook 2.ipynb
        quiet
        A edits a3
        A saves
        expect first, accept, accept
        expect a3 | b1 | C1 | d1
    """)
    assert stage.world.store.notebook_id(NOTEBOOK) is None


CLASHING = "a3 | b1 | C2"


def machine(other: str, copy: str, *before: str, renamed: bool) -> bytes:
    """What a machine makes of both sides: it had the last of `before`, and the sync tool brings the rest."""
    lines = [f"file {before[0]}", "A opens"]
    for words in before[1:]:
        lines += [f"A puts {words}", "A saves", "wait 30"]
    if renamed:
        lines += [f"rename {COPY}", "wait 0.05", "now notebook.ipynb", f"B puts {other}", "B saves"]
    else:
        lines += [f"copy {COPY}: {copy}"]
    stage = play("\n".join([*lines, "quiet", f"now {COPY}", "expect gone"]))
    return stage.world.disk.files[NOTEBOOK]


@pytest.mark.parametrize("theirs", [THEIRS, CLASHING])
def test_every_machine_makes_the_same_of_it(theirs: str) -> None:
    """The older side is `MINE`: here it becomes the copy, there the copy arrives."""
    here = machine(theirs, MINE, BASE, "a1 | b1 | C1 | e1", BASE, MINE, renamed=True)
    there = machine(theirs, MINE, BASE, theirs, renamed=False)
    late = machine(theirs, MINE, BASE, "a1 | b1 | C3", theirs, renamed=False)
    assert here == there == late
