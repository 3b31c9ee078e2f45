"""What was saved while the store was away waits on the machine's own disk, and is delivered in order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Event, local

import pytest

from nbmerge.errors import SystemFailure
from nbmerge.history.values import NotebookHeld, StoreAway
from nbmerge.service.notebook_service import NotebookService
from nbmerge.sync import Participation, apply
from nbmerge.sync.api import participating
from nbmerge.sync.spool import Spool, WaitingSave, opened_without_store, spool_directory
from nbmerge.sync.standing import StandingStore
from nbmerge.sync.tokens import token_of_bytes
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER
from tests.sync.writers import Desk

BASE = notebook(code("one = 1", id="one"), code("two = 2", id="two"))


class Receiving:
    """A store that takes so many saves before it is away."""

    def __init__(self, most: int = 100) -> None:
        self.most, self.taken = most, list[tuple[str, bytes]]()

    def claim(self, path: str, base: str, content: bytes, writer: str = "") -> None:
        self._take(base, content)

    def found(self, path: str, content: bytes) -> None:
        self._take("", content)

    def hurrying(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _take(self, base: str, content: bytes) -> None:
        if len(self.taken) >= self.most:
            raise StoreAway("it is away")
        self.taken.append((base, content))


def test_saves_are_delivered_in_order_also_by_a_later_process(tmp_path: Path) -> None:
    sent = [WaitingSave("/nb.ipynb", b"%d" % number, f"base {number}") for number in range(12)]
    for save in sent[:6]:
        Spool(str(tmp_path)).keep(save)
    spool, receiving = Spool(str(tmp_path)), Receiving(most=4)
    for save in sent[6:]:
        spool.keep(save)
    with pytest.raises(StoreAway):
        spool.deliver(receiving)
    assert len(spool) == len(Spool(str(tmp_path))) == 8
    receiving.most = 100
    Spool(str(tmp_path)).deliver(receiving)
    assert receiving.taken == [(save.base, save.content) for save in sent]
    assert os.listdir(tmp_path) == []


class Holding(Receiving):
    """A store in which another machine holds a notebook: who is in a hurry is told so, others wait for it."""

    def __init__(self, path: str, error: SystemFailure) -> None:
        super().__init__()
        self.path, self.error = path, error
        self.is_free, self.asked = Event(), Event()
        self.in_a_hurry = local()
        self.tries = 0

    def claim(self, path: str, base: str, content: bytes, writer: str = "") -> None:
        if path == self.path and not self.is_free.is_set():
            self.tries += 1
            if getattr(self.in_a_hurry, "is_so", False):
                raise self.error
            self.asked.set()
            self.is_free.wait(20)
        super().claim(path, base, content, writer)

    @contextmanager
    def hurrying(self) -> Iterator[None]:
        self.in_a_hurry.is_so = True
        yield
        self.in_a_hurry.is_so = False


@pytest.mark.parametrize("error", [NotebookHeld("it is held"), SystemFailure("it cannot be read")])
def test_a_notebook_that_is_held_elsewhere_keeps_no_other_one_waiting(
    tmp_path: Path, error: SystemFailure
) -> None:
    spool, receiving = Spool(str(tmp_path)), Holding("/held.ipynb", error)
    for number in range(3):
        for path in ("/held.ipynb", "/free.ipynb"):
            spool.keep(WaitingSave(path, b"%s %d" % (path.encode(), number), "base"))
    with ThreadPoolExecutor(1) as threads:
        about_it = threads.submit(spool.deliver, receiving, "/held.ipynb")
        assert receiving.asked.wait(20)
        spool.deliver(receiving)  # of nothing in particular
        spool.deliver(receiving, "/free.ipynb")
        spool.deliver(receiving, "/another.ipynb")
        assert receiving.taken == [("base", b"/free.ipynb %d" % number) for number in range(3)]
        assert len(spool) == 3
        receiving.is_free.set()
        about_it.result(20)
    assert receiving.taken[3:] == [("base", b"/held.ipynb %d" % number) for number in range(3)]
    assert (len(spool), os.listdir(tmp_path)) == (0, [])


def test_what_could_not_be_delivered_is_tried_again_after_a_while(tmp_path: Path) -> None:
    spool, receiving = Spool(str(tmp_path)), Holding("/held.ipynb", NotebookHeld("it is held"))
    spool.keep(WaitingSave("/held.ipynb", b"held", "base"))
    for _ in range(5):
        spool.deliver(receiving)
    assert (receiving.tries, len(spool)) == (1, 1)
    receiving.is_free.set()
    spool._not_before.clear()
    spool.deliver(receiving)
    assert receiving.taken == [("base", b"held")]


def test_what_the_file_held_is_kept_once(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    for _ in range(3):
        spool.keep(WaitingSave("/nb.ipynb", b"held"))
    spool.keep(WaitingSave("/nb.ipynb", b"saved", "base"))
    spool.keep(WaitingSave("/nb.ipynb", b"saved"))  # that is what the file holds now
    assert len(spool) == 2


def test_what_another_process_has_delivered_waits_no_more(tmp_path: Path) -> None:
    spool, save = Spool(str(tmp_path)), WaitingSave("/nb.ipynb", b"held")
    spool.keep(save)
    Spool(str(tmp_path)).deliver(Receiving())
    spool.deliver(Receiving())
    assert len(spool) == 0
    spool.keep(save)  # the store is away once more, and the file holds the same
    assert len(spool) == len(os.listdir(tmp_path)) == 1


def test_what_is_no_save_is_left_and_holds_nothing_up(tmp_path: Path) -> None:
    spool, receiving = Spool(str(tmp_path)), Receiving()
    spool.keep(WaitingSave("/nb.ipynb", b"one", "base"))
    spool.keep(WaitingSave("/nb.ipynb", b"two", "base"))
    (tmp_path / sorted(os.listdir(tmp_path))[0]).write_bytes(b"nonsense")
    Spool(str(tmp_path)).deliver(receiving)
    assert receiving.taken == [("base", b"two")]
    assert [name.endswith(".unread") for name in os.listdir(tmp_path)] == [True]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "notebooks").mkdir()
    return Desk(tmp_path / "notebooks", str(tmp_path / "state"))


def test_the_store_is_asked_nothing_before_it_has_what_was_saved_meanwhile(desk: Desk) -> None:
    """Two saves of one tab while the store is away, and one of another: none is lost, none is merged
    wrongly."""
    desk.put(BASE)
    store = StandingStore(desk.state)
    opened = store.ask(lambda ask: ask.open_notebook(str(desk.path), "ann"))
    bob = opened_without_store(str(desk.path))
    assert bob.content == opened.content
    first = JUPYTER.spell(notebook(code("one = 11", id="one"), code("two = 2", id="two")))
    second = JUPYTER.spell(notebook(code("one = 111", id="one"), code("two = 2", id="two")))
    others = JUPYTER.spell(notebook(code("one = 1", id="one"), code("two = 22", id="two")))
    for content, base, writer in (
        (first, opened.version, "ann"),
        (others, bob.version, "bob"),
        (second, token_of_bytes(first), "ann"),
    ):
        store.spool.keep(WaitingSave(str(desk.path), desk.path.read_bytes()))
        store.spool.keep(WaitingSave(str(desk.path), content, base, writer))
        desk.path.write_bytes(content)
    pulled = store.ask(lambda ask: ask.pull(str(desk.path), token_of_bytes(second), second))
    copy = apply(
        notebook(code("one = 111", id="one"), code("two = 2", id="two")),
        [one.as_json() for one in pulled.operations],
    )
    assert ["".join(cell["source"]) for cell in copy["cells"]] == ["one = 111", "two = 22"]
    assert os.listdir(spool_directory(desk.state)) == []
    store.close()


def test_a_store_that_is_away_is_not_waited_for_again_and_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    store = StandingStore(desk.state)

    def away(question: object) -> None:
        asked.append(question)
        raise StoreAway("it is away")

    monkeypatch.setattr(store, "_asked", away)
    for _ in range(5):
        with pytest.raises(StoreAway, match="it is away"):
            store.ask(lambda ask: ask.head(str(desk.path)))
    assert len(asked) == 2  # a connection that was lost may be had again at once


def test_a_connection_that_was_lost_is_made_anew_unnoticed(desk: Desk) -> None:
    desk.put(BASE)
    store = StandingStore(desk.state)
    lost = [StoreAway("the connection was lost")]

    def head(participation: Participation) -> str:
        if lost:
            raise lost.pop()
        return participation.head(str(desk.path))

    assert store.ask(head).startswith("1.")
    store.close()


def test_two_processes_spool_into_one_folder(tmp_path: Path) -> None:
    one, other, receiving = Spool(str(tmp_path)), Spool(str(tmp_path)), Receiving()
    for number, spool in enumerate((one, other, one, other)):
        spool.keep(WaitingSave("/nb.ipynb", b"%d" % number, "base"))
    assert len(os.listdir(tmp_path)) == 4
    one.deliver(receiving)
    other.deliver(receiving)
    assert [content for _, content in receiving.taken] == [b"0", b"1", b"2", b"3"]


def test_who_saves_is_told_that_the_store_is_away_and_not_that_it_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "n.ipynb"
    path.write_bytes(JUPYTER.spell(notebook(code("one = 1", id="one"))))
    with participating(str(tmp_path / "state")) as participation:
        opened = participation.open_notebook(str(path))

        def away(*_: object) -> object:
            raise StoreAway("the database cannot be reached")

        monkeypatch.setattr(NotebookService, "at", away)
        with pytest.raises(StoreAway):
            participation.save(str(path), opened.content, opened.version)
