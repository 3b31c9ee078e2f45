"""What somebody else laid where nbmerge looks: the watcher says so, touches nothing, and goes on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nbmerge.disk.journal import Entry, EntryKind, Journal
from nbmerge.disk.system import this_system
from nbmerge.files import digest
from tests.daemon.machine import ADA, BASE, BEN, BOTH, Machine
from tests.helpers.fake_disk import all_known
from tests.helpers.spelling import JUPYTER
from tests.real.place import Place

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of Unix")
PROFILE = b"umask 022\n"
TORN = b"exec sh 022\n"  # as if a write of the one below had been cut short
NEW = b"exec sh /tmp/x\n"


@pytest.fixture
def machine(place: Place) -> Machine:
    place.machine.path.write_bytes(JUPYTER.spell(BASE))
    (place.machine.home / ".profile").write_bytes(TORN)
    (place.machine.home / ".profile").chmod(0o600)
    return place.machine


def planted(machine: Machine) -> list[Path]:
    """Entries of a journal that would have a file removed, and another one overwritten."""
    profile = str(machine.home / ".profile")
    machine.state.mkdir(mode=0o700, exist_ok=True)
    journal = Journal(str(machine.state / "journal"), this_system(), all_known)
    removed = Entry(EntryKind.EXCHANGE, profile, profile, digest(PROFILE), "", profile)
    written = Entry(EntryKind.IN_PLACE, profile, profile, digest(PROFILE), digest(NEW))
    records = [journal.begin(removed), journal.begin(written, PROFILE, NEW)]
    for record in records:
        journal.leave(record)
    return [Path(record.file) for record in records]


def is_untouched(machine: Machine, files: list[Path]) -> bool:
    return (machine.home / ".profile").read_bytes() == TORN and all(file.exists() for file in files)


def test_a_planted_journal_is_told_of_and_left_alone(machine: Machine) -> None:
    files = planted(machine)
    watch = machine.watch("--json")
    told = [json.loads(watch.ready), watch.object(), watch.object()]
    named = [("ready", ""), *(("trouble", str(file)) for file in files)]
    assert sorted((one["event"], one["path"]) for one in told) == sorted(named)
    machine.save(ADA)
    machine.save(BEN)
    assert watch.object()["event"] == "merged"
    assert watch.end()[0] == 0
    assert machine.sources[:6] == BOTH
    assert is_untouched(machine, files)


def test_a_journal_that_is_opened_to_all_while_it_runs_stops_writes_until_that_is_mended(
    machine: Machine,
) -> None:
    watch = machine.watch("--json")
    machine.save(ADA)
    files = planted(machine)
    (machine.state / "journal").chmod(0o777)
    machine.path.write_bytes(JUPYTER.spell(BEN))
    told = watch.object()
    while told["event"] != "error":
        told = watch.object()
    assert "can be written by other users" in str(told["message"])
    assert machine.path.read_bytes() == JUPYTER.spell(BEN)
    (machine.state / "journal").chmod(0o700)
    while told["event"] != "merged":
        told = watch.object()
    assert watch.end()[0] == 0
    assert machine.sources[:6] == BOTH
    assert is_untouched(machine, files)
