"""Which names a sync client gives to a file that it is still receiving."""

from __future__ import annotations

import pytest

from nbmerge.environment.conflict_copies import receiving


@pytest.mark.parametrize(
    ("name", "client"),
    [
        (".syncthing.nb.ipynb.tmp", "Syncthing"),
        ("~syncthing~nb.ipynb.tmp", "Syncthing"),
        (".nb.ipynb.~1f2e", "Nextcloud or ownCloud"),
        (".nb.ipynb.icloud", "iCloud"),
        ("nb.ipynb.!sync", "Resilio"),
        (".unison.nb.ipynb.0123456789abcdef.unison.tmp", "Unison"),
        ("nb.ipynb.0a1b2c3d.partial", "rclone"),
        ("nb.ipynb.a1b2c3d4.partial", "rclone"),
        ("nb.ipynb.partial", "OneDrive"),
        (".nb.ipynb.Xy12Zz", "rsync"),
        (".nb.ipynb.Ab3dEf", "rsync"),
    ],
)
def test_names_of_clients(name: str, client: str) -> None:
    assert receiving(name) == ("nb.ipynb", client)


@pytest.mark.parametrize(
    "name",
    [
        "nb.ipynb",
        ".nb.ipynb",
        ".~nb.ipynb",
        "nb.ipynb~",
        "nb.ipynb.bak",
        "nb.ipynb.tmp",
        ".nb.ipynb.swp",
        "nb.ipynb.invalid",
        "nb.ipynb.watchdog.lock",
        ".~lock.nb.ipynb#",
        ".nb.ipynb.backup",
        ".nbmerge-12-0.tmp",
        ".syncthing.0123456789abcdef.tmp",
        ".syncthing.nb.py.tmp",
        ".syncthing..ipynb.tmp",
    ],
)
def test_names_of_others(name: str) -> None:
    assert receiving(name) is None
