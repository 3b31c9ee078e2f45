"""The state directory and the store: found as they are, and left so."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections import namedtuple
from pathlib import Path

import pytest

from nbmerge import owners
from nbmerge.doctor import machine as storage
from nbmerge.doctor.machine import integrity, size, state_directory, store
from nbmerge.doctor.values import Finding, Severity
from nbmerge.history.opening import find_store, open_store
from nbmerge.history.values import Draft
from nbmerge.lineage.heads import Heads, OpenTip
from nbmerge.lineage.versions import Origin
from tests.doctor.conftest import Place

Usage = namedtuple("Usage", "total used free")


def recorded(place: Place, tips: int = 0) -> Path:
    """A store with versions, and so many open tips."""
    place.state.mkdir(mode=0o700)
    opened = open_store(str(place.state), time.time).store
    notebook_id = opened.adopt("/n.ipynb")
    for number in range(30):
        opened.record(notebook_id, b"%d" % number * 3000, Draft(0.0, Origin.SAVED))
    opened.set_heads(
        notebook_id, Heads(30, (30,), tuple(OpenTip(n, 1, n + 1, 0.0) for n in range(1, tips + 1)))
    )
    opened.close()
    found = find_store(str(place.state))
    assert found is not None
    return Path(found)


def found(place: Place) -> list[Finding]:
    return [*state_directory(place.setting), *store(place.setting), *integrity(place.setting)]


def errors(place: Place) -> list[str]:
    return [finding.message for finding in found(place) if finding.state is Severity.ERROR]


def test_none_yet(place: Place) -> None:
    before = place.everything()
    assert {finding.state for finding in found(place)} == {Severity.OK}
    assert place.everything() == before  # above all, there is none now


def test_a_sound_store(place: Place) -> None:
    path = recorded(place)
    before = place.everything()
    findings = found(place)
    assert {finding.state for finding in findings} == {Severity.OK}
    assert f"{path}, {size(path.stat().st_size)}: 30 versions of 1 notebook" in [
        one.message for one in findings
    ]
    assert any("sound" in finding.message for finding in findings)
    assert place.everything() == before


@pytest.mark.parametrize(("tips", "words"), [(1, "1 version that"), (3, "3 versions that")])
def test_open_tips_are_named_with_what_merges_them(place: Place, tips: int, words: str) -> None:
    recorded(place, tips)
    [tip] = [finding for finding in store(place.setting) if finding.name == "open tips"]
    assert tip.state is Severity.WARNING
    assert tip.message.startswith(words)
    assert "nbmerge-on-save status" in tip.advice
    assert "recover" in tip.advice


@pytest.mark.parametrize("how", ["scribbled", "empty", "marked"])
def test_a_damaged_store_is_one_error_and_stays_as_it_is(place: Place, how: str) -> None:
    path = recorded(place)
    match how:
        case "scribbled":
            path.write_bytes(path.read_bytes()[:4096] + b"\xa5" * 90_000)
        case "empty":
            path.write_bytes(b"")
        case "marked":
            Path(f"{path}.damaged").touch()
    before = place.everything()
    [message] = errors(place)
    assert "damaged" in message
    assert place.everything() == before


def test_damaged_stores_that_were_kept_are_named(place: Place) -> None:
    recorded(place).write_bytes(b"no database")
    opened = open_store(str(place.state), time.time)
    opened.store.close()
    [kept] = [finding for finding in store(place.setting) if finding.state is Severity.WARNING]
    assert str(opened.set_aside) in kept.message
    assert errors(place) == []


def test_a_store_of_a_newer_nbmerge_is_one_error(place: Place) -> None:
    path = recorded(place)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    [message] = errors(place)
    assert "newer nbmerge" in message


def test_a_store_of_an_older_nbmerge(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(place)
    from nbmerge.history import sqlite as schema

    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, ("CREATE TABLE one_more (id INTEGER)",)))
    findings = found(place)
    assert {finding.state for finding in findings} == {Severity.OK}
    assert any("of an older nbmerge" in finding.message for finding in findings)


def test_the_state_directory_is_a_file(place: Place) -> None:
    place.state.write_text("")
    assert len(errors(place)) == 1


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_others_may_look_into_it(place: Place) -> None:
    recorded(place)
    place.state.chmod(0o755)
    [shown] = [finding for finding in state_directory(place.setting) if finding.state is Severity.WARNING]
    assert shown.advice == f"chmod 700 {place.state}"


def test_it_belongs_to_somebody_else(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(place)
    itself = os.stat(place.state).st_uid
    monkeypatch.setattr(owners, "this_user", lambda: itself + 4242)
    monkeypatch.setattr(owners, "ROOT", -1)
    assert any("belongs to another user" in message for message in errors(place))
    assert list(store(place.setting)) == list(integrity(place.setting)) == []


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_others_can_write_it(place: Place) -> None:
    recorded(place)
    place.state.chmod(0o777)
    [shown] = [finding for finding in found(place) if finding.state is Severity.ERROR]
    assert "can be written by other users" in shown.message
    assert shown.advice == f"chmod go-w {place.state}"
    assert [finding.name for finding in found(place)] == ["state directory"] * 2  # nobody looks at the store


@pytest.mark.parametrize("there", [True, False])
def test_it_cannot_be_written(place: Place, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    if there:
        recorded(place)
    monkeypatch.setattr(storage, "_can_write", lambda folder: False)
    [message] = [message for message in errors(place) if "cannot be" in message]
    assert ("cannot be made" in message) is not there


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write anywhere")
def test_a_home_that_is_write_protected(place: Place) -> None:
    place.root.chmod(0o555)
    try:
        assert len(errors(place)) == 1
    finally:
        place.root.chmod(0o755)


@pytest.mark.parametrize(
    ("free", "state"),
    [(10_000_000, Severity.ERROR), (100_000_000, Severity.WARNING), (900_000_000, Severity.OK)],
)
def test_room_on_the_disk(place: Place, monkeypatch: pytest.MonkeyPatch, free: int, state: Severity) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 0, free))
    states = [finding.state for finding in state_directory(place.setting)]
    assert states[1:] == ([] if state is Severity.OK else [state])


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0.0 MB"), (1_250_000, "1.2 MB"), (2_100_000_000, "2.1 GB")]
)
def test_sizes(number: int, words: str) -> None:
    assert size(number) == words
