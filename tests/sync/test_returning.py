"""Bringing versions back while others save: nothing of theirs is overwritten unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from nbmerge.disk.disk import Disk
from nbmerge.disk.values import Busy, LateSave, Placed, PlaceResult
from nbmerge.errors import SystemFailure
from nbmerge.lineage.heads import OpenTip, unseen
from nbmerge.lineage.versions import Context, Graph, Origin
from nbmerge.service.notebook_service import NotebookService, Timing
from tests.cli.past import BEGIN, Past
from tests.cli.world import BASE, LOCAL, REMOTE, sources
from tests.helpers.build import code, notebook
from tests.helpers.fake_disk import all_known
from tests.helpers.spelling import JUPYTER

EXTRA = notebook(*REMOTE["cells"], code("extra = 1", id="four"))


class Others(Disk):
    """The real disk, on which others do something whenever something is about to be placed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder / "journal"), lambda: BEGIN, all_known)
        self.do: list[Callable[[], PlaceResult | None]] = []
        self.confirmed: list[LateSave] = []

    def place(self, path: str, data: bytes, expected: str) -> PlaceResult:
        instead = self.do.pop(0)() if self.do else None
        placed = None if isinstance(instead, Busy) else super().place(path, data, expected)
        return instead or placed or Busy("")

    def confirm(self, save: LateSave) -> None:
        self.confirmed.append(save)


@dataclass
class Around:
    """What is known around the notebook, one answer after the other."""

    holds: list[str | None] = field(default_factory=list)
    signed: list[tuple[bytes, list[bytes]]] = field(default_factory=list)

    def situation(self, path: str, data: bytes, since: float | None = None, way: str = "") -> Context:
        return Context()

    def hold(self, path: str) -> str | None:
        return self.holds.pop(0) if self.holds else None

    def sign(self, merged: bytes, sources: Iterable[bytes]) -> None:
        self.signed.append((merged, list(sources)))


@dataclass
class Desk:
    past: Past
    disk: Others
    around: Around
    slept: list[float] = field(default_factory=list)
    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    @contextmanager
    def service(self, patience: float = 5.0) -> Iterator[NotebookService]:
        with self.past.service() as service:
            yield replace(
                service,
                disk=self.disk,
                environment=self.around,
                clock=self.clock,
                sleep=self.sleep,
                timing=Timing(1.0, patience, 0.5),
            )

    def clock(self) -> float:
        return BEGIN + 1e6 + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.meanwhile:
            self.meanwhile.pop(0)()

    def restore(self, number: int) -> int:
        with self.service() as service:
            done = service.restore(str(self.past.path), number)
            assert done is not None
            return (done.merged or done).version.number

    def recover(self) -> int:
        with self.service() as service:
            done = service.reopen(str(self.past.path))
            assert done is not None
            return done.version.number

    @property
    def held(self) -> list[str]:
        return sources(self.past.path.read_bytes())

    @property
    def origins(self) -> list[Origin]:
        return [version.origin for version in self.past.versions]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(Past(tmp_path / "nb.ipynb", str(tmp_path / "state")), Others(tmp_path), Around())


@pytest.fixture
def doubted(desk: Desk) -> Desk:
    """Version 3 may have overwritten version 2."""
    (desk.past.path.parent / "state").mkdir()
    desk.past.saved(BASE, LOCAL, REMOTE)
    desk.past.doubted(2, 1, 3)
    return desk


def test_a_save_just_before_the_restoration_is_recorded(doubted: Desk) -> None:
    unseen_save = JUPYTER.spell(EXTRA)

    def editor() -> None:
        doubted.past.put(unseen_save)

    doubted.disk.do.append(editor)
    assert doubted.restore(2) == 5
    assert doubted.held == ["a = 2", "b = 1", "c = 1"]
    assert doubted.past.versions[3].size == len(unseen_save)
    assert doubted.origins[3:] == [Origin.SAVED, Origin.RESTORED]


def test_a_save_that_the_restoration_displaced_is_merged_with_it(doubted: Desk) -> None:
    """Its author had seen what the file held before, and not what was brought back."""
    displaced = JUPYTER.spell(EXTRA)
    doubted.disk.do.append(lambda: Placed(displaced))
    assert doubted.restore(2) == 6
    assert doubted.held == ["a = 2", "b = 1", "c = 1", "extra = 1"]
    assert doubted.origins[3:] == [Origin.RESTORED, Origin.SAVED, Origin.MERGED]
    assert [save.data for save in doubted.disk.confirmed] == [displaced]


def test_displaced_bytes_that_are_no_notebook_are_kept(doubted: Desk) -> None:
    doubted.disk.do.append(lambda: Placed(b"{ torn"))
    doubted.restore(2)
    assert doubted.origins[3:] == [Origin.RESTORED, Origin.UNREADABLE]
    assert doubted.held == ["a = 2", "b = 1", "c = 1"]


@pytest.mark.parametrize("number", [2, None])
def test_whoever_writes_is_waited_for(doubted: Desk, number: int | None) -> None:
    doubted.disk.do += [lambda: Busy("it is being written")] * 3
    doubted.around.holds += ["somebody types"] * 2
    assert (doubted.recover() if number is None else doubted.restore(number)) == 4
    assert doubted.slept == [0.5] * 5


def test_a_file_that_is_never_quiet_is_left_alone(doubted: Desk) -> None:
    doubted.disk.do += [lambda: Busy("it is being written")] * 99
    before = doubted.past.path.read_bytes()
    with pytest.raises(
        SystemFailure, match="cannot be written now: it is being written; nothing was changed"
    ):
        doubted.restore(2)
    assert doubted.past.path.read_bytes() == before
    assert len(doubted.past.versions) == 3
    assert len(doubted.past.heads.open) == 1


def test_a_recovery_that_cannot_be_written_is_not_forgotten(doubted: Desk) -> None:
    doubted.disk.do += [lambda: Busy("it is being written")] * 11
    with pytest.raises(SystemFailure, match="try again, the merge is not forgotten"):
        doubted.recover()
    assert doubted.recover() == 4
    assert doubted.held == ["a = 2", "b = 1", "c = 3"]


def test_the_watcher_may_be_faster(doubted: Desk) -> None:
    """Once the tips are open again, whoever comes first writes the merge."""

    def watcher() -> None:
        with doubted.service() as service:
            notebook_id = service.store.adopt(str(doubted.past.path))
            service.write_due(notebook_id, str(doubted.past.path))

    doubted.disk.do.append(lambda: Busy("it is being written"))
    doubted.meanwhile.append(watcher)
    assert doubted.recover() == 4
    assert doubted.held == ["a = 2", "b = 1", "c = 3"]


def test_a_recovered_merge_keeps_its_trust(doubted: Desk) -> None:
    doubted.recover()
    [(merged, parts)] = doubted.around.signed
    assert merged == doubted.past.path.read_bytes()
    assert sorted(parts) == sorted(JUPYTER.spell(one) for one in (LOCAL, REMOTE))


def test_who_never_reloads_keeps_their_work_after_a_recovery(doubted: Desk) -> None:
    """The merge stands on its tips: each editor's next save takes the place of its own."""
    doubted.recover()
    assert doubted.past.heads.tips == (3, 2)


@pytest.mark.parametrize(
    ("parents", "tip", "expected"),
    [
        # 3 was accepted after 2, and may derive from 1
        ({1: (), 2: (1,), 3: (2,)}, OpenTip(2, 1, 3, 0), (1,)),
        # 5 dropped what 3 brought into the merge 4; it goes on from the other side
        ({1: (), 2: (1,), 3: (1,), 4: (2, 3), 5: (4,)}, OpenTip(3, 1, 5, 0), (2,)),
        # 2 was accepted after the merge 4 of 2 and 3, and may derive from 2
        ({1: (), 2: (1,), 3: (1,), 4: (2, 3), 5: (4,)}, OpenTip(4, 2, 5, 0), (2,)),
        # nothing is known to be common
        ({1: (), 2: (1,)}, OpenTip(1, None, 2, 0), ()),
        # it was never taken to descend from it
        ({1: (), 2: (), 3: (1,)}, OpenTip(2, None, 3, 0), (1,)),
    ],
)
def test_what_the_save_in_doubt_descends_from(
    parents: dict[int, tuple[int, ...]], tip: OpenTip, expected: tuple[int, ...]
) -> None:
    assert unseen(Graph(parents), tip) == expected
