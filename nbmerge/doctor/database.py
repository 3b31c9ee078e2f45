"""Owns: the check of a database that machines share: whether it can be reached and used, how far away it is,
and what it holds.

Must not know: how a question reaches it.  Invariant: nothing is changed there, no table made; no password is
in what is found.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbmerge.doctor.values import Finding, Setting, counted, error, ok, warning
from nbmerge.errors import NbmergeError
from nbmerge.history.address import password_in
from nbmerge.history.opening import SharedHealth, database_of, look_at

DATABASE = "database"
_SLOW, _FAR = 0.05, 0.3  # seconds there and back
_SKEWED = 5.0  # seconds


def database(setting: Setting) -> Iterator[Finding]:
    """The database, where one is used."""
    if setting.database is None:
        return
    try:
        found = look_at(setting.database)
    except NbmergeError as failure:
        message, _, advice = str(failure).partition("; ")
        yield error(DATABASE, message, advice or "see that it runs, and that the address is right")
        return
    yield from _use(found)
    yield from _distance(found)
    yield from _clock(found)
    if password_in(setting.database) is not None and setting.database != database_of():
        message = "the password stands in what was typed, where every user of this machine can read it"
        yield warning(DATABASE, message, "put it into ~/.pgpass, and leave it out")


def _use(found: SharedHealth) -> Iterator[Finding]:
    where = f"{found.shown}, PostgreSQL {found.server.partition(' ')[0]}"
    if found.totals is not None:
        much = f"{counted(found.totals.versions, 'version')} of {counted(found.totals.notebooks, 'notebook')}"
        yield ok(DATABASE, f"{where}: {much}")
    elif found.is_old:
        yield ok(DATABASE, f"{where}: of an older nbmerge; the next command brings it up to date")
    else:
        yield ok(DATABASE, f"{where}: there is no store yet; it is made when it is needed")
    if found.server_number < 140000:
        yield error(DATABASE, f"PostgreSQL {found.server} is too old", "version 14 or later is needed")
    if not found.may_write:
        message = f"the role {found.role} may not write in the schema {found.schema or '(there is none)'}"
        yield error(DATABASE, message, "docs/hub.md names the rights that it needs")


def _distance(found: SharedHealth) -> Iterator[Finding]:
    away = f"{1000 * found.away:.1f} ms there and back"
    if found.away < _SLOW:
        yield ok(DATABASE, away)
    else:
        finding = error if found.away > _FAR else warning
        advice = "a save takes three such ways: have a database that is nearer"
        yield finding(DATABASE, away, advice)


def _clock(found: SharedHealth) -> Iterator[Finding]:
    seconds = abs(found.skew)
    if seconds <= _SKEWED:
        yield ok(DATABASE, f"the clocks differ by {seconds:.1f} s, which nothing depends on")
        return
    direction = "behind" if found.skew > 0 else "ahead of"
    message = f"this machine's clock is {seconds:.0f} s {direction} the database's: `log` shows its times"
    yield warning(
        DATABASE, message, "have the system set the clock (NTP); the order of saves is right anyway"
    )
