"""The database that machines share: whether it can be used, and nothing is changed there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from nbmerge.doctor import database as check
from nbmerge.doctor.database import database
from nbmerge.doctor.machine import integrity, store
from nbmerge.doctor.values import Finding, Severity
from nbmerge.history.opening import SharedHealth, open_store
from nbmerge.history.values import Draft, Totals
from nbmerge.lineage.versions import Origin
from tests.doctor.conftest import Place
from tests.helpers.postgres import Server, postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as started:
        yield started


def found(place: Place, address: str | None) -> list[Finding]:
    return list(database(replace(place.setting, database=address)))


def test_without_a_database_nothing_is_said(place: Place) -> None:
    assert found(place, None) == []


def test_a_database_with_a_store(place: Place, server: Server) -> None:
    address = server.address("full")
    opened = open_store(None, lambda: 0.0, database=address).store
    opened.record(opened.adopt("/n.ipynb"), b"{}", Draft(0.0, Origin.SAVED))
    opened.close()
    what, away, clock = found(place, address.replace("tests@", "tests:geheim@"))[:3]
    assert what.message.endswith(": 1 version of 1 notebook")
    assert "geheim" not in what.message
    assert "there and back" in away.message
    assert "the clocks differ by 0.0 s" in clock.message
    assert {one.state for one in (what, away, clock)} == {Severity.OK}
    setting = replace(place.setting, database=address)
    assert [*store(setting), *integrity(setting)] == []


def test_an_empty_schema_stays_empty(place: Place, server: Server) -> None:
    address = server.address("empty")
    what = found(place, address)[0]
    assert what.message.endswith("there is no store yet; it is made when it is needed")
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT to_regclass('book')").fetchone() == (None,)


def test_a_role_without_rights_and_a_schema_that_is_not_there(place: Place, server: Server) -> None:
    address = server.address("closed")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
    errors = [
        [one.message for one in found(place, other) if one.state is Severity.ERROR]
        for other in (address.replace("tests@", "guest@"), address.replace("closed", "nowhere"))
    ]
    assert errors == [
        ["the role guest may not write in the schema (there is none)"],
        ["the role tests may not write in the schema (there is none)"],
    ]


def test_a_database_that_is_away_or_newer(place: Place, server: Server) -> None:
    [away] = found(place, "postgresql://ann:geheim@127.0.0.1:1/d")
    assert away.state is Severity.ERROR
    assert "cannot be reached" in away.message
    assert "geheim" not in away.message + away.advice
    address = server.address("newer")
    opened = open_store(None, lambda: 0.0, database=address).store
    opened._database.run("UPDATE nbmerge_store SET stage = 99")
    opened.close()
    [newer] = found(place, address)
    assert "from a newer nbmerge" in newer.message


def test_what_is_slow_far_or_wrong_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    far = SharedHealth(
        "postgresql://h/d", "13.1", 130001, "ann", "s", True, 0.4, -90.0, False, Totals(0, 0, 0, 0, 0)
    )
    monkeypatch.setattr(check, "look_at", lambda address: far)
    states = [(one.state.value, one.message) for one in found(place, "postgresql://h/d")]
    assert states[1:] == [
        ("error", "PostgreSQL 13.1 is too old"),
        ("error", "400.0 ms there and back"),
        ("warning", "this machine's clock is 90 s ahead of the database's: `log` shows its times"),
    ]
