"""What only the engine for one machine promises, whose store is one file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from nbmerge.history.values import Retention
from tests.history.stores import FOREVER, NOON, PATH, ROOT, file_of, fresh, process, save
from tests.history.test_processes import OPENING
from tests.history.test_retention import LATER, noise


def test_only_its_owner_can_read_the_store(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    save(store, store.adopt(PATH), b"secret")
    if os.name == "posix":
        assert {path.stat().st_mode & 0o77 for path in tmp_path.iterdir()} == {0}


def test_what_is_dropped_gives_its_place_on_disk_back(tmp_path: Path) -> None:
    store = fresh(tmp_path, Retention(days=1))
    notebook_id = store.adopt(PATH)
    for number in range(40):
        save(store, notebook_id, noise(number), time=NOON + number)
    store.prune(LATER)
    store.close()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 150_000


def test_nothing_to_drop_writes_nothing(tmp_path: Path) -> None:
    store = fresh(tmp_path, FOREVER)
    save(store, store.adopt(PATH), b"one")
    log = Path(f"{file_of(tmp_path)}-wal")
    before = log.read_bytes()
    assert store.prune(LATER) == 0
    assert log.read_bytes() == before


def test_of_several_processes_one_sets_a_damaged_store_aside(tmp_path: Path) -> None:
    (tmp_path / "history-1.sqlite3").write_bytes(b"no database" * 1000)
    found = [opener.communicate()[0] for opener in [process(OPENING, tmp_path, name) for name in "abcd"]]
    assert sorted(found) == ["False\n"] * 3 + ["True\n"]
    assert [notebook_id.path for notebook_id in fresh(tmp_path).notebooks()] == ["/a", "/b", "/c", "/d"]


ALONE = """
import sys, time
from nbmerge.__main__ import main
from nbmerge.errors import SystemFailure
from nbmerge.history.opening import open_store
from nbmerge.service.notebook_service import open_service
sys.modules["psycopg"] = None
with open_service(sys.argv[1]) as service:
    service.store.adopt("/n.ipynb")
try:
    open_store(sys.argv[1], time.time, database="postgresql://ann:geheim@h/d")
except SystemFailure as failure:
    print(failure)
"""


def test_nobody_needs_a_package_for_a_database_that_they_do_not_use(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ALONE, str(tmp_path)]
    said = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.startswith("postgresql://ann@h/d: cannot be used: ")
    assert said.endswith("; type: pip install 'nbmerge-on-save[postgres]'\n")
