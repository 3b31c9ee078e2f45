"""Who shares a database sees no other's notebooks or paths: docs/hub.md's own lines, run as they stand."""

from __future__ import annotations

import contextlib
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
        once, user, group, _ = lines_of(DOCS.read_text())
        owner = psycopg.connect(f"postgresql://tests@/postgres?host={started.folder}", autocommit=True)
        with owner:
            owner.execute(once.encode())
            owner.execute(user.encode())
            owner.execute(user.replace("ann", "bob").encode())
            owner.execute(user.replace("ann", "eve").encode())
            owner.execute(group.encode())
            owner.execute(b"GRANT team_a TO bob")
            owner.execute(b"CREATE ROLE monitor LOGIN")
            owner.execute(b"GRANT pg_monitor TO monitor")
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


def test_what_is_told_of_a_change_is_a_number(server: Server, tmp_path: Path) -> None:
    ann = store_of(server, "ann", tmp_path / "ann")
    with psycopg.connect(address(server, "eve"), autocommit=True) as knowing:
        knowing.execute(f'LISTEN "nbmerge_{secret_of(server)}"'.encode())
        notebook_id = ann.adopt(PATH)
        save(ann, notebook_id, b'{"cells": ["more"]}')
        told = [one.payload for one in knowing.notifies(timeout=5, stop_after=1)]
    assert set(told) == {str(notebook_id)}
    ann.close()


def secret_of(server: Server, role: str = "ann", group: str = "") -> str:
    """The name of a store, as only who may read it knows it."""
    with psycopg.connect(address(server, role, group), autocommit=True) as knowing:
        [(name,)] = knowing.execute("SELECT name FROM nbmerge_store").fetchall()
    return str(name)


SESSIONS = "pg_catalog.pg_(stat_|locks|settings|cursors|prepared|notification)"  # what others do just now


def all_that_can_be_read(server: Server, role: str, where: str = "") -> str:
    """Whatever stands in any table or view that PostgreSQL has (of this name), as far as a role may read
    it."""
    found = []
    with psycopg.connect(address(server, role), autocommit=True) as curious:
        names = curious.execute(
            "SELECT quote_ident(nspname), quote_ident(relname) FROM pg_class JOIN pg_namespace"
            " ON pg_namespace.oid = relnamespace WHERE relkind IN ('r', 'v', 'm', 'S', 'p', 't')"
            " AND nspname || '.' || relname ~ %s",
            (where,),
        ).fetchall()
        for schema, name in names:
            with contextlib.suppress(psycopg.Error):
                rows = curious.execute(f"SELECT one::text FROM {schema}.{name} AS one".encode()).fetchall()
                found += [f"{schema}.{name}: {text}" for (text,) in rows]
    return "\n".join(found)


def hidden(secret: str) -> list[str]:
    """How it would be seen: as it is, and as bytes are shown."""
    return [secret, secret.encode().hex()]


def test_another_role_finds_nothing_in_all_that_it_may_read_while_others_work(
    server: Server, tmp_path: Path
) -> None:
    ann, same = (store_of(server, "ann", tmp_path / name) for name in ("ann", "same"))
    spoken, heard = list[str | None](), list[object]()
    hearings = [one.hear(heard.append, spoken.append) for one in (ann, same)]
    notebook_id = ann.adopt(PATH)
    end = time.monotonic() + 20
    while spoken != [None, None]:
        assert time.monotonic() < end
        time.sleep(0.01)
    wanted = [
        *hidden(SECRET),
        *hidden(secret_of(server)),
        *hidden("Ann Lee"),
        *hidden(ann.places.alias(PATH)),
    ]
    with psycopg.connect(address(server, "eve"), autocommit=True) as eve:
        for channel in ("nbmerge", "nbmerge_", "nbmerge_people", "nbmerge_ann", "ann"):
            eve.execute(f"LISTEN {channel}".encode())
        with ann.lock(PATH):
            save(ann, notebook_id, f'{{"cells": ["{SECRET}"]}}'.encode())
            roles = ("eve", "monitor")
            seen = [all_that_can_be_read(server, role, SESSIONS) for role in roles]  # they have just begun
            for hearing in hearings:
                assert hearing is not None
                hearing.say(f"Ann Lee is in {ann.places.alias(PATH)}")
            seen += [all_that_can_be_read(server, role, SESSIONS) for role in roles]
            seen.append(all_that_can_be_read(server, "eve"))
        while len(spoken) < 4:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert list(eve.notifies(timeout=0.2)) == []
    assert "nbmerge.channel" in seen[1], "it sees statements"
    for text in seen:
        assert [line for line in text.splitlines() if any(one in line for one in wanted)] == []
    own = all_that_can_be_read(server, "ann", "^ann[.]")
    assert all(any(one in own for one in hidden(secret)) for secret in (SECRET, secret_of(server)))
    for hearing in hearings:
        assert hearing is not None
        hearing.stop()
    ann.close()
    same.close()


def test_who_was_taken_out_of_a_group_hears_no_more_of_it(server: Server, tmp_path: Path) -> None:
    store_of(server, "ann", tmp_path / "ann", "team_a").close()
    before = secret_of(server, "ann", "team_a")
    *_, taking_out = lines_of(DOCS.read_text())
    with psycopg.connect(f"postgresql://tests@/postgres?host={server.folder}", autocommit=True) as owner:
        owner.execute(taking_out.encode())
    with psycopg.connect(address(server, "ann"), autocommit=True) as ann:
        ann.execute(f'LISTEN "nbmerge_{before}"'.encode())
        ann.execute(f'LISTEN "nbmerge_{before}_people"'.encode())
        bob, also_bob = (store_of(server, "bob", tmp_path / name, "team_a") for name in ("bob", "also"))
        spoken = list[str | None]()
        hearing, speaking = also_bob.hear(print, spoken.append), bob.hear(print, spoken.append)
        assert hearing is not None
        assert speaking is not None
        save(bob, bob.adopt(PATH), b'{"cells": []}')
        end = time.monotonic() + 20
        while "here" not in spoken:
            assert time.monotonic() < end
            speaking.say("here")
            time.sleep(0.05)
        assert list(ann.notifies(timeout=0.2)) == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ann.execute(b"SELECT * FROM team_a.nbmerge_store")
    hearing.stop()
    speaking.stop()
    bob.close()
    also_bob.close()
