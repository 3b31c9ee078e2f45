"""One notebook on several machines is one notebook, whatever fails between them.

Hundreds of random runs: `python -m tests.hosts`.  Here is one short one, and what can be said of one case
alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from random import Random

import pytest

from tests.helpers.build import code, notebook, source_of
from tests.helpers.spelling import JUPYTER
from tests.hosts.database import programs
from tests.hosts.logged import AFTER, BEFORE, STOPPED
from tests.hosts.network import lacking
from tests.hosts.proof import Run, Writer
from tests.hosts.world import World, until, world

pytestmark = pytest.mark.skipif(
    bool(lacking()) or programs() is None, reason=lacking() or "there is no PostgreSQL here"
)
NAME = "nb.ipynb"


def put(made: World) -> None:
    (made.share / NAME).write_bytes(
        JUPYTER.spell(notebook(code("one = 1", id="one"), code("two = 2", id="two")))
    )


def held(made: World) -> str:
    cells = json.loads((made.share / NAME).read_bytes())["cells"]
    return "\n".join(source_of(cell) for cell in cells)


def logged(made: World) -> str:
    """The history of the notebook, for a message."""
    run = Run(made, 0, Random(0), 0.0)
    with run.history() as store:
        notebook_id = store.adopt(str(made.share / NAME))
        versions = store.versions(notebook_id)
        lines = [f"@{one.number} {one.origin.value} of {one.parents}: {one.why}" for one in versions]
        return "\n".join([*lines, str(store.heads(notebook_id)), held(made)])


def test_saves_of_three_hosts_are_merged_while_the_database_goes_and_one_is_cut_off() -> None:
    def disturb(run: Run) -> None:
        time.sleep(0.5)
        run.cut("b", 1.0)
        run.kill_database(0.3)
        time.sleep(0.5)

    with world(settle=0.2) as made:
        run = Run(made, 0, Random(0), 2.0)
        run.writers = [Writer(f"{host}-told", host, "told", (host, "x")) for host in made.names]
        run.writers.append(Writer("c-untold", "c", "renamed", ("c2",)))
        outcome = run.go(disturb)
    assert (outcome.lost, outcome.wrong) == ([], [])
    assert outcome.saves >= len(run.writers)


@pytest.mark.slow
@pytest.mark.parametrize("where", [BEFORE, AFTER])
def test_who_is_cut_off_while_it_holds_a_notebook_writes_nothing_after_another_took_over(where: str) -> None:
    with world(settle=0.2) as made:
        put(made)
        first, second = (("told", f"{host}-told", host) for host in ("a", "b"))
        for kind, writer, host in (first, second):  # so each starts from what it has seen
            assert made.do(host, "save", writer, kind, NAME, cell=host, line="start = 1")["ok"]
        home = made.hosts["a"].host.home
        (home / where).touch()
        kind, writer, host = first
        order = made.order(host, "save", writer, kind, NAME, id="late", cell=host, line="late = 1")
        until((home / STOPPED).exists, "it is about to write")
        made.network.cut("a")
        kind, writer, host = second
        assert made.do(host, "save", writer, kind, NAME, cell=host, line="meanwhile = 1")["ok"]
        before = (made.share / NAME).read_bytes()
        (home / where).unlink()
        time.sleep(1.0)
        assert (made.share / NAME).read_bytes() == before
        made.network.heal("a")
        answer = made.hosts["a"].answer(order)
        while not answer["ok"]:
            kind, writer, host = first
            answer = made.do(host, "save", writer, kind, NAME, id="late", cell=host, line="late = 1")
        assert "late = 1" in held(made)
        assert "meanwhile = 1" in held(made)


@pytest.fixture(scope="module")
def deaf() -> Iterator[World]:
    """Host b is told of no write, and what it knows of files' times is half a minute old."""
    with world(deaf=("b",), jupyter=("a", "b"), settle=0.3) as made:
        yield made


@pytest.mark.slow
def test_a_tab_shows_within_a_second_what_a_tab_on_another_machine_saved(deaf: World) -> None:
    put(deaf)
    took = []
    for host in ("a", "b"):
        assert deaf.do(host, "open", f"tab-{host}", "tab", NAME)["ok"]
    deaf.do("b", "follow", "tab-b", "tab", NAME)
    for number in range(30):
        assert deaf.do("a", "save", "tab-a", "tab", NAME, cell="one", line=f"word{number} = 1")["ok"]
        saved = time.monotonic()
        answer = deaf.do("b", "hears", "tab-b", "tab", NAME, since=saved)
        assert answer["ok"], answer
        assert f"word{number} = 1" in answer["text"]
        took.append(answer["after"])
    print("seconds from a save on another machine to the tab:", [round(one, 3) for one in took])
    assert sorted(took)[15] < 1.0


@pytest.mark.slow
def test_a_watcher_that_begins_while_the_database_is_away_keeps_what_is_saved(deaf: World) -> None:
    put(deaf)
    running = deaf.hosts["a"]
    running.kill()
    deaf.database.kill()
    try:
        running.jupyter = False
        running.begin()
        until(
            lambda: "cannot be reached" in str(running.status().get("last_error")), "it says so", running.said
        )
        for number in range(3):
            order = {"cell": f"own{number}", "line": f"kept{number} = 1", "reload": True}
            assert deaf.do("a", "save", "editor", "renamed", NAME, **order)["ok"]
            time.sleep(0.3)
    finally:
        deaf.database.start()
    until(running.is_quiet, "it watches again", running.said)
    until(lambda: running.status().get("last_error") is None, "the trouble is over", running.said)
    assert [number for number in range(3) if f"kept{number} = 1" not in held(deaf)] == [], logged(deaf)
