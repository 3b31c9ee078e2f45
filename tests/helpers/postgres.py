"""Owns: a real PostgreSQL for tests, in a folder of its own, and schemas in it.

Must not know: what is kept in it.  Invariant: it listens on a socket in that folder and nowhere else; it ends
with the process that started it, also if that is killed; nothing of it waits for a disk.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

_FAST = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
_SIZES = ("shared_buffers=32MB", "max_connections=60", "max_wal_size=200MB")


def _programs() -> Path | None:
    """Where `initdb` and `postgres` are: Debian keeps them out of PATH, one folder for each version."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=lambda folder: float(folder.parent.name), default=None)


PROGRAMS = _programs()
needs_postgres = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not installed")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs; `folder` has its socket."""

    folder: str
    process: subprocess.Popen[bytes]

    def address(self, schema: str) -> str:
        """The address of a schema, which is there then."""
        return address_in(self.folder, schema)


def address_in(folder: str, schema: str) -> str:
    """The address of a schema, which is there then, of the server with its socket in this folder."""
    connection = _connection(folder)
    if connection.execute("SELECT to_regnamespace(%s)", (schema,)).fetchone() == (None,):
        with contextlib.suppress(psycopg.errors.DuplicateSchema, psycopg.errors.UniqueViolation):
            # of several processes another one may have been faster
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    return f"{_address(folder)}&options=-csearch_path%3D{schema}"


def empty(folder: str, schema: str) -> None:
    """Take all out of the tables of a schema."""
    connection = _connection(folder)
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s)"
        " AND relkind = 'r' AND relname <> 'nbmerge_store'",
        (schema,),
    ).fetchall()
    for (table,) in tables:
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(schema, table)))


def _address(folder: str) -> str:
    return f"postgresql://tests@/postgres?host={folder}"


def _connection(folder: str) -> psycopg.Connection[tuple[Any, ...]]:
    """One for all that a run makes in a server, which ends it."""
    found = _connections.get(folder)
    if found is None or found.closed or found.broken:
        found = _connections[folder] = psycopg.connect(_address(folder), autocommit=True)
    return found


_connections: dict[str, psycopg.Connection[tuple[Any, ...]]] = {}


@contextlib.contextmanager
def postgres(*settings: str) -> Iterator[Server]:
    """A server with nothing in it, gone at the end; skips where there is none."""
    if PROGRAMS is None:
        pytest.skip("PostgreSQL is not installed")
    folder = tempfile.mkdtemp(prefix="nbmerge-postgres-")
    try:
        if os.geteuid() == 0:  # which PostgreSQL refuses to run as
            os.chown(folder, *_nobody())
        make = ["--auth=trust", "--username=tests", "--encoding=UTF8", "--locale=C", "--no-sync"]
        command = _unprivileged([str(PROGRAMS / "initdb"), "-D", f"{folder}/data", *make])
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=folder)
        with started(folder, *settings) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def started(folder: str, *settings: str) -> Iterator[Server]:
    """The server whose data are in the folder, until the block ends."""
    assert PROGRAMS is not None
    given = [f"{name}=off" for name in _FAST] + [*_SIZES, *settings]
    options = [word for setting in given for word in ("-c", setting)]
    where = ["-D", f"{folder}/data", "-k", folder, "-h", ""]
    command = [str(PROGRAMS / "postgres"), *where, *options]
    with open(f"{folder}/log", "ab") as log:
        process = subprocess.Popen(_unprivileged(command), stdout=log, stderr=log, cwd=folder)
    try:
        _wait(folder, process)
        yield Server(folder, process)
    finally:
        if folder in _connections:
            _connections.pop(folder).close()
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # ends connections, and then itself
        process.wait(30)


def _wait(folder: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(_address(folder)).close()
            return
        time.sleep(0.02)
    raise RuntimeError(Path(folder, "log").read_text(errors="replace")[-2000:])


def _unprivileged(command: Sequence[str]) -> list[str]:
    """The command by somebody without rights, which does not outlive a run of tests that is killed."""
    if os.geteuid() != 0:
        return list(command)
    user, group = _nobody()
    who = [f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    return ["setpriv", *who, "--pdeathsig", "INT", *command]


def _nobody() -> tuple[int, int]:
    """User and group of somebody without rights."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return found.pw_uid, found.pw_gid
    raise RuntimeError("there is no user without rights to run PostgreSQL as")
