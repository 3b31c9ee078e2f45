"""An agent's lock is honoured until it was forgotten."""

from __future__ import annotations

import os
from pathlib import Path

from nbmerge.environment.environment import LOCK_EXPIRES, locked


def test_a_lock_holds_while_it_is_there(tmp_path: Path) -> None:
    notebook, lock = tmp_path / "nb.ipynb", tmp_path / "nb.ipynb.watchdog.lock"
    notebook.write_text("{}")
    os.utime(notebook, (1000.0, 1000.0))
    assert not locked(str(notebook), 1000.0)
    lock.touch()
    os.utime(lock, (1000.0, 1000.0))
    assert locked(str(notebook), 1000.0)
    assert locked(str(notebook), 1000.0 + LOCK_EXPIRES - 1)
    assert not locked(str(notebook), 1000.0 + LOCK_EXPIRES + 1)
    lock.unlink()
    assert not locked(str(notebook), 1000.0)


def test_whoever_goes_on_writing_has_not_forgotten(tmp_path: Path) -> None:
    notebook, lock = tmp_path / "nb.ipynb", tmp_path / "nb.ipynb.watchdog.lock"
    notebook.write_text("{}")
    lock.touch()
    os.utime(lock, (1000.0, 1000.0))
    os.utime(notebook, (1200.0, 1200.0))
    assert locked(str(notebook), 1100.0 + LOCK_EXPIRES)
    notebook.unlink()
    assert not locked(str(notebook), 1100.0 + LOCK_EXPIRES)
