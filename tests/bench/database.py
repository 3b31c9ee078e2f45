"""The store in PostgreSQL: `python -m tests.bench.database [part ...]`.

A server of its own with its usual settings, which waits for the disk at each commit.  Times are of this
machine, which may be busy: beside them stand the processor time of both sides and, what depends on neither,
how often a save goes there and back.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from random import Random

import psycopg

from nbmerge.files import digest
from nbmerge.history import wire
from nbmerge.history.pieces import pack, pack_ids
from nbmerge.history.spelling import heads_text
from nbmerge.lineage.heads import Heads
from nbmerge.service.notebook_service import NotebookService, open_service
from nbmerge.service.record import Saved
from tests.helpers.postgres import Server, postgres
from tests.history.test_cost import edit, pretty, small_cells

USUAL = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "autovacuum=on", "shared_buffers=256MB")
SECONDS = 10.0


class Asked:
    """How often a process went there and back."""

    def __init__(self) -> None:
        self.count = 0
        real = wire.Wire.ask

        def ask(line: wire.Wire, statements: list[wire.Statement]) -> list[wire.Rows]:
            self.count += 1
            return real(line, statements)

        wire.Wire.ask = ask  # type: ignore[method-assign,assignment]


class Writer:
    """Somebody who saves a notebook of 1 MB, another cell each time, as a watcher sees it."""

    def __init__(self, service: NotebookService, name: str) -> None:
        self.service, self.path = service, f"/home/{name}/n.ipynb"
        self.chance = Random(name)
        self.notebook = small_cells(self.chance)
        self.saves = 0

    def save(self) -> float:
        """One save; the seconds from the lock to its release."""
        edit(self.notebook, self.chance, self.saves)
        data = pretty(self.notebook)
        began = time.perf_counter()
        with self.service.store.lock(self.path, seeking=partial(digest, data)):
            notebook_id = self.service.store.adopt(self.path)
            self.service.record(notebook_id, self.path, Saved(data, 1.7e9 + 120 * self.saves))
            self.service.store.set_stamp(notebook_id, (self.saves, len(data), 1))
        self.saves += 1
        return time.perf_counter() - began


@contextmanager
def service_at(address: str) -> Iterator[NotebookService]:
    with tempfile.TemporaryDirectory() as state:
        os.environ["NBMERGE_STATE_DIR"] = state
        with open_service(address) as service:
            yield service


def processor_time(server: Server) -> float:
    """Seconds of all of the server's processes, those that have ended too."""
    top = server.process.pid
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, rest = stat.read_text().partition(" ")
        except OSError:
            continue
        fields = rest.rpartition(")")[2].split()
        if int(pid) == top:
            total += sum(map(int, fields[11:15]))
        elif int(fields[1]) == top:
            total += sum(map(int, fields[11:13]))
    return total / os.sysconf("SC_CLK_TCK")


# Each part prints what it found.


def writers(server: Server) -> None:
    """Saves that are recorded in a second by so many writers, each a process with a notebook of its own."""
    for count in (1, 4, 16):
        address = server.address(f"w{count}")
        before = processor_time(server)
        command = [sys.executable, "-m", "tests.bench.database", "writer", address]
        running = [
            subprocess.Popen([*command, f"{number}"], stdout=subprocess.PIPE, text=True)
            for number in range(count)
        ]
        found = [list(map(float, one.communicate()[0].split())) for one in running]
        saves, rate = sum(one[0] for one in found), sum(one[0] / one[1] for one in found)
        mine = sum(one[2] for one in found) / saves
        theirs = (processor_time(server) - before) / saves
        print(
            f"{count} writers: {rate:.0f} saves/s; processor time of a save: {1000 * mine:.1f} ms here,"
            f" {1000 * theirs:.2f} ms in the database"
        )


def writer(address: str, name: str) -> None:
    """Saves for some seconds; how many, in what time, with how much processor time."""
    with service_at(address) as service:
        one = Writer(service, name)
        for _ in range(3):
            one.save()
        began, used, first = time.perf_counter(), time.process_time(), one.saves
        while time.perf_counter() - began < SECONDS:
            one.save()
        print(one.saves - first, time.perf_counter() - began, time.process_time() - used)


def growth(server: Server) -> None:
    """What 1,000 saves add to the database's files."""
    address = server.address("growth")
    with service_at(address) as service:
        one = Writer(service, "ann")
        one.save()
        sizes = [_on_disk(address)]
        for _ in range(1000):
            one.save()
        sizes.append(_on_disk(address))
        told = service.store.totals().bytes
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM")
    first, last = sizes
    print(f"1,000 saves of 1 MB: {(last - first) / 1e6:.1f} MB more, tables and indexes as they stand;")
    print(f"  the first save {first / 1e6:.1f} MB; what the store says of itself: {told / 1e6:.1f} MB")


def _on_disk(address: str) -> int:
    query = (
        "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    )
    with psycopg.connect(address) as connection:
        found = connection.execute(query).fetchone()
    assert found is not None
    return int(found[0])


def many(server: Server, notebooks: int = 100_000, versions: int = 100) -> None:
    """A save, and a list of versions, beside those of others: few, and very many."""
    for name, count in (("few", 1), ("many", notebooks)):
        address = server.address(name)
        with service_at(address):
            pass  # makes the tables
        began = time.perf_counter()
        _fill(address, count, versions)
        filled, size = time.perf_counter() - began, _on_disk(address) / 1e9
        print(f"{count:,} notebooks, {count * versions:,} versions: {filled:.0f} s to fill, {size:.2f} GB")
        asked = Asked()
        with service_at(address) as service:
            one = Writer(service, "ann")
            for _ in range(5):
                one.save()
            used, asked.count, before = time.process_time(), 0, processor_time(server)
            times = [one.save() for _ in range(200)]
            used = (time.process_time() - used) / 200
            theirs = (processor_time(server) - before) / 200
            here, ways = 1000 * used, asked.count / 200
            print(f"  a save: p50 {_ms(times, 50)}, {ways:.2f} ways there and back;")
            print(f"  processor time of it: {here:.1f} ms here, {1000 * theirs:.2f} ms in the database")
            picked = [Random(1).randrange(count) for _ in range(100)]
            times = []
            before = processor_time(server)
            for number in picked:
                began = time.perf_counter()
                notebook_id = service.store.notebook_id(f"/n/{number}.ipynb")
                assert notebook_id is not None
                assert len(service.store.versions(notebook_id)) == versions
                times.append(time.perf_counter() - began)
            theirs = (processor_time(server) - before) / 100
            print(f"  `log`, 100 versions: p50 {_ms(times, 50)}, {1000 * theirs:.2f} ms in the database")
            began = time.perf_counter()
            service.store.totals()
            print(f"  totals: {1000 * (time.perf_counter() - began):.1f} ms")


def _fill(address: str, notebooks: int, versions: int) -> None:
    """Notebooks with histories of small contents; indexes are made afterwards."""
    heads = heads_text(Heads(versions, (versions,)))
    packed = pack(b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', 6)
    with psycopg.connect(address, autocommit=True) as connection:
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
            " AND tablename = 'version' AND indexdef NOT LIKE '%UNIQUE%'"
        ).fetchall()
        for index, _ in indexes:
            connection.execute(f"DROP INDEX {index}".encode())
        connection.execute(
            "INSERT INTO book (path, last, standing, generation, kept)"
            " SELECT convert_to('/n/' || n || '.ipynb', 'UTF8'), %s, %s, %s, %s"
            " FROM generate_series(0, %s - 1) AS n",
            (versions, heads, versions, versions, notebooks),
        )
        connection.execute("INSERT INTO piece (hash, data) SELECT int8send(id), %s FROM book", (packed,))
        connection.execute(
            "INSERT INTO use (piece, book) SELECT piece.id, book.id FROM book"
            " JOIN piece ON piece.hash = int8send(book.id)"
        )
        connection.execute(
            "INSERT INTO version (book, number, digest, time, origin, parents, size, note, recipe, marked)"
            " SELECT book.id, n, sha256(int8send(book.id * 1000 + n)), 1.7e9 + n * 86400 / 4, 'saved',"
            " CASE WHEN n > 1 THEN (n - 1)::text ELSE '' END, 66, %s, %s, false"
            " FROM generate_series(1, %s) AS n, book",
            ('[["indent 1", "in place", null, ""], "shows what came before"]', pack_ids([1]), versions),
        )
        for _, made in indexes:
            connection.execute(made.encode())
        connection.execute("VACUUM ANALYZE")


def delays(server: Server) -> None:
    """How long a save takes where the database is so many milliseconds away, there and back."""
    for away in (0, 1, 20):
        near = server.address(f"d{away}")
        command = [sys.executable, "-m", "tests.bench.database", "relay", server.folder, str(away / 2000)]
        relaying = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert relaying.stdout is not None
        port = relaying.stdout.readline().strip()
        asked = Asked()
        with service_at(near.replace(f"host={server.folder}", f"host=127.0.0.1&port={port}")) as service:
            one = Writer(service, "ann")
            for _ in range(3):
                one.save()
            asked.count = 0
            times = [one.save() for _ in range(200)]
        ways = asked.count / len(times)
        print(f"{away} ms away: p50 {_ms(times, 50)}, p99 {_ms(times, 99)}; {ways:.2f} ways there and back")
        relaying.kill()
        relaying.communicate()


def relay(folder: str, delay: str) -> None:
    """Passes on what comes, to the server and back, so many seconds later."""
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    while True:
        near, _ = listening.accept()
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        far = socket.socket(socket.AF_UNIX)
        far.connect(f"{folder}/.s.PGSQL.5432")
        for source, target in ((near, far), (far, near)):
            held: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
            threading.Thread(target=_take, args=(source, held, float(delay)), daemon=True).start()
            threading.Thread(target=_give, args=(target, held), daemon=True).start()


def _take(source: socket.socket, held: SimpleQueue[tuple[float, bytes]], delay: float) -> None:
    with suppress(ConnectionResetError):  # whoever is measured has ended
        while data := source.recv(1 << 16):
            held.put((time.monotonic() + delay, data))


def _give(target: socket.socket, held: SimpleQueue[tuple[float, bytes]]) -> None:
    while True:
        due, data = held.get()
        time.sleep(max(0.0, due - time.monotonic()))
        target.sendall(data)


def _ms(times: list[float], percent: int) -> str:
    return f"{1000 * statistics.quantiles(times, n=100)[percent - 1]:.0f} ms"


def main() -> None:
    """All parts, or those that are named."""
    names = sys.argv[1:] or ["writers", "growth", "delays", "many"]
    if names[0] in ("writer", "relay"):
        {"writer": writer, "relay": relay}[names[0]](*names[1:])
        return
    with postgres(*USUAL) as server:
        for name in names:
            print(f"-- {name}", flush=True)
            part, _, number = name.partition(":")  # many:20000 has fewer notebooks
            parts = {"writers": writers, "growth": growth, "delays": delays, "many": many}
            parts[part](server, *map(int, filter(None, [number])))


if __name__ == "__main__":
    main()
