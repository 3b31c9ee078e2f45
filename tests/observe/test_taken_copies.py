"""A conflict copy is read only where its owner could have written the notebook, and never through links."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nbmerge.observe.reading import TakenCopy, read_now, take_copy
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="users of Unix")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make other people's files")
MINE, THEIRS = b"{mine}", b"{theirs}"


class Shared:
    """A folder with a notebook of this user's, and the name of a copy of it."""

    def __init__(self, root: Path) -> None:
        self.notebook, self.copy = root / "nb.ipynb", root / "nb.sync-conflict-20260101-101010.ipynb"
        self.secret = root / "secret.ipynb"
        for path in (self.notebook, self.secret):
            path.write_bytes(MINE)
        self.secret.chmod(0o600)

    def lay(self, owner: int = 4711) -> None:
        self.copy.write_bytes(THEIRS)
        os.chown(self.copy, owner, owner)

    def taken(self) -> TakenCopy:
        return take_copy(str(self.copy), str(self.notebook))


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared(tmp_path)


def test_ones_own_copy(shared: Shared) -> None:
    shared.copy.write_bytes(THEIRS)
    assert shared.taken() == TakenCopy(THEIRS)


def test_one_that_is_gone_is_not_taken(shared: Shared) -> None:
    """Whoever laid it can no longer be asked for."""
    assert shared.taken() == TakenCopy()


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_another_name_of_a_file_is_no_copy(shared: Shared, link: Callable[[Path, Path], None]) -> None:
    link(shared.secret, shared.copy)
    found = shared.taken()
    assert (found.data, "no copy" in found.refused) == (None, True)


def test_nor_is_a_pipe_and_nobody_waits_for_it(shared: Shared) -> None:
    os.mkfifo(shared.copy)
    assert shared.taken().refused.startswith("is no ordinary file")


@needs_root
@pytest.mark.parametrize(("mode", "taken"), [(0o600, False), (0o644, False), (0o666, True)])
@pytest.mark.parametrize("linked", [False, True])
def test_another_users_counts_only_where_that_user_could_write(
    shared: Shared, mode: int, taken: bool, linked: bool
) -> None:
    """Also where the notebook is reached by a link that somebody laid."""
    shared.lay()
    shared.notebook.chmod(mode)
    if linked:
        real = shared.notebook.rename(shared.notebook.with_name("real.ipynb"))
        shared.notebook.symlink_to(real)
    found = shared.taken()
    assert found.data == (THEIRS if taken else None)
    assert taken or "belongs to another user (number 4711)" in found.refused


@needs_root
def test_what_counts_is_whose_it_is_when_it_is_taken(shared: Shared) -> None:
    """Laid by somebody, read by the watcher, and in its place a file of the user's own before its turn."""
    shared.lay()
    read_before = read_now(str(shared.copy))
    shared.copy.unlink()
    shared.copy.write_bytes(MINE)
    assert read_before is not None
    assert read_before.data == THEIRS
    assert shared.taken() == TakenCopy(MINE)


def test_the_watcher_asks_when_the_copys_turn_has_come() -> None:
    """A copy that was laid, read and taken away again brings nothing into the notebook."""
    from tests.scenarios.world import NOTEBOOK, World

    base, theirs = (JUPYTER.spell(notebook(code(text, id="one"))) for text in ("a = 1", "evil = 1"))
    copy = NOTEBOOK.replace(".ipynb", ".sync-conflict-20260101-101010.ipynb")
    world = World()
    world.write(NOTEBOOK, base)
    world.quiet()
    world.write(copy, theirs)
    del world.disk.files[copy]  # before anybody is told that it is gone
    del world.seen[copy]
    world.quiet()
    assert world.disk.files == {NOTEBOOK: base}
    assert len(world.store.versions(world.store.adopt(NOTEBOOK))) == 1
