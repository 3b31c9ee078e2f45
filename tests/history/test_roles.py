"""Who shares a database sees no other's notebooks or paths: docs/hub.md's own lines, run as they stand."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from nbmerge.history.opening import open_store
from nbmerge.history.store import Store
from tests.helpers.postgres import Server, postgres
from tests.history.stores import save

DOCS = Path(__file__).parents[2] / "docs" / "hub.md"
SECRET = "layoffs-2027"
PATH = f"/home/ann/{SECRET}.ipynb"


def lines_of(page: str) -> list[str]:
    return re.findall(r"```sql\n(.*?)```", page, re.DOTALL)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Its roles are of the whole server, so it is not the others' one."""
    with postgres() as started:
        once, user, group = lines_of(DOCS.read_text())
        owner = psycopg.connect(f"postgresql://tests@/postgres?host={started.folder}", autocommit=True)
        with owner:
            owner.execute(once.encode())
            owner.execute(user.encode())
            owner.execute(user.replace("ann", "bob").encode())
            owner.execute(user.replace("ann", "eve").encode())
            owner.execute(group.encode())
            owner.execute(b"GRANT team_a TO bob")
        yield started


def address(server: Server, role: str, group: str = "") -> str:
    options = f"&options=-crole%3D{group}%20-csearch_path%3D{group}" if group else ""
    return f"postgresql://{role}@/postgres?host={server.folder}{options}"


def store_of(server: Server, role: str, folder: Path, group: str = "") -> Store:
    folder.mkdir(exist_ok=True)
    return open_store(str(folder), time.time, database=address(server, role, group)).store


def test_a_user_sees_no_other_users_notebooks_or_paths(server: Server, tmp_path: Path) -> None:
    ann, bob = (store_of(server, role, tmp_path / role) for role in ("ann", "bob"))
    notebook_id = ann.adopt(PATH)
    save(ann, notebook_id, f'{{"cells": ["{SECRET}"]}}'.encode())
    assert [one.path for one in ann.notebooks()] == [PATH]
    assert bob.notebooks() == ()
    assert bob.notebook_id(PATH) is None
    with psycopg.connect(address(server, "bob"), autocommit=True) as curious:
        for table in ("book", "version", "piece", "use", "sent", "conflicts", "nbmerge_store"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                curious.execute(f"SELECT * FROM ann.{table}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                curious.execute(f"DELETE FROM ann.{table}".encode())
        seen = curious.execute("SELECT query FROM pg_stat_activity WHERE usename = 'ann'").fetchall()
        seen += curious.execute("SELECT most_common_vals::text FROM pg_stats").fetchall()
        assert SECRET not in str(seen)
    ann.close()
    bob.close()


def test_members_of_a_group_share_notebooks_and_nobody_else_does(server: Server, tmp_path: Path) -> None:
    ann, bob = (store_of(server, role, tmp_path / role, "team_a") for role in ("ann", "bob"))
    notebook_id = ann.adopt(PATH)
    save(ann, notebook_id, b'{"cells": []}')
    assert bob.notebook_id(PATH) == notebook_id
    save(bob, notebook_id, b'{"cells": [1]}')
    assert [version.number for version in ann.versions(notebook_id)] == [1, 2]
    with psycopg.connect(address(server, "eve"), autocommit=True) as curious:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            curious.execute(b"SELECT * FROM team_a.book")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            curious.execute(b"SET ROLE team_a")
    ann.close()
    bob.close()


def test_what_is_told_to_the_whole_database_is_a_number(server: Server, tmp_path: Path) -> None:
    ann = store_of(server, "ann", tmp_path / "ann")
    with psycopg.connect(address(server, "ann"), autocommit=True) as knowing:
        [(name,)] = knowing.execute("SELECT name FROM nbmerge_store").fetchall()
    with psycopg.connect(address(server, "eve"), autocommit=True) as curious:
        curious.execute(f'LISTEN "nbmerge_{name}"'.encode())
        notebook_id = ann.adopt(PATH)
        save(ann, notebook_id, b'{"cells": ["more"]}')
        told = [one.payload for one in curious.notifies(timeout=5, stop_after=1)]
    assert set(told) == {str(notebook_id)}
    ann.close()
