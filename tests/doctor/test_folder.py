"""What the file system of the current folder lets nbmerge do."""

from __future__ import annotations

import os

import pytest

from nbmerge.doctor import machine as looking
from nbmerge.doctor.machine import current_folder
from nbmerge.doctor.values import Severity
from nbmerge.observe.backend import Mounts
from tests.doctor.conftest import Place


def mounted(kind: str) -> Mounts:
    return Mounts(f"1 0 8:1 / / rw - {kind} /dev/disk rw\n")


@pytest.mark.parametrize(
    ("kind", "state"), [("ext4", Severity.OK), ("nfs4", Severity.WARNING), ("fuse.sshfs", Severity.WARNING)]
)
def test_whether_the_system_tells_of_saves(
    place: Place, monkeypatch: pytest.MonkeyPatch, kind: str, state: Severity
) -> None:
    monkeypatch.setattr(looking, "mounts", lambda: mounted(kind))
    disk, events = current_folder(place.setting)
    assert (disk.state, events.state) == (Severity.OK, state)
    assert f"is on {kind}" in events.message


def test_a_folder_that_cannot_be_written(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    disk, _ = current_folder(place.setting)
    assert disk.state is Severity.WARNING
    assert "with a journal" in disk.message
