"""Which names are conflict copies, of what, and in which order they are merged."""

from __future__ import annotations

import os
import unicodedata

import pytest

from nbmerge.environment.conflict_copies import Copy, copy_of, may_be_copy

CERTAIN = """
nb.sync-conflict-20261120-150405-ABCDEF2.ipynb | Syncthing | 20261120150405 | ABCDEF2
nb.sync-conflict-20161120-150405.ipynb | Syncthing | 20161120150405 |
nb (conflicted copy 2026-11-20 150405).ipynb | Nextcloud or ownCloud | 20261120150405 |
nb (conflicted copy anna b. 2026-11-20 150405).ipynb | Nextcloud or ownCloud | 20261120150405 | anna b.
nb_conflict-20261120-150405.ipynb | ownCloud | 20261120150405 |
nb_conflict_anna-20261120-150405.ipynb | ownCloud | 20261120150405 | anna
nb (SFConflict 2015-03-07-11-30-28).ipynb | Seafile | 20150307113028 |
nb (SFConflict me@example.org 2015-03-07-11-30-28).ipynb | Seafile | 20150307113028 | me@example.org
nb.ipynb (SFConflict me@example.org 2015-03-07-11-30-28) | Seafile | 20150307113028 | me@example.org
nb.ipynb (SFConflict 2015-03-07-11-30-28) | Seafile | 20150307113028 |
nb (HOST's conflicted copy 2026-11-20).ipynb | Dropbox | 20261120 | HOST
nb (James Glass's conflicted copy 2026-11-20).ipynb | Dropbox | 20261120 | James Glass
nb (HOST's conflicted copy 2026-11-20) (1).ipynb | Dropbox | 20261120 | HOST
nb (HOST's conflicted copy 2026-11-20 (2)).ipynb | Dropbox | 20261120 | HOST
nb (conflicted copy 2026-10-02).ipynb | Dropbox | 20261002 |
nb (In Konflikt stehende Kopie von HOST 2013-05-01).ipynb | Dropbox | 20130501 | HOST
nb (HOSTs in Konflikt stehende Kopie 2020-05-01).ipynb | Dropbox | 20200501 | HOST
nb (Copie en conflit de SEMLOG-GTH-0001 2025-11-17).ipynb | Dropbox | 20251117 | SEMLOG-GTH-0001
nb (Copia en conflicto de Eduardo Zago 2026-05-04).ipynb | Dropbox | 20260504 | Eduardo Zago
nb (copia en conflicto de PC2 2026-09-11).ipynb | Dropbox | 20260911 | PC2
nb (Copia in conflitto di MBP-di-Marco.box 2026-10-08).ipynb | Dropbox | 20261008 | MBP-di-Marco.box
nb (Cópia em conflito de ANA 2019-02-03).ipynb | Dropbox | 20190203 | ANA
nb (Elins iPhone:s motstridiga kopia 2026-10-03).ipynb | Dropbox | 20261003 | Elins iPhone
nb (NK2s modstridende kopi 2026-03-10).ipynb | Dropbox | 20260310 | NK2
nb (kopia powodująca konflikt użytkownika Jan 2026-10-02).ipynb | Dropbox | 20261002 | Jan
nb (Конфликтующая копия пользователя Alexei 2022-02-14).ipynb | Dropbox | 20220214 | Alexei
nb (平川知明 の競合コピー 2023-10-29).ipynb | Dropbox | 20231029 | 平川知明
nb (HOST 的冲突副本 2024-01-02).ipynb | Dropbox | 20240102 | HOST
nb (HOST 的衝突複本 2024-01-02).ipynb | Dropbox | 20240102 | HOST
"""
ROWS = [tuple(field.strip() for field in line.split("|")) for line in CERTAIN.strip().splitlines()]

OWN = """
nb.ipynb
conflict analysis.ipynb
sync-conflict handling.ipynb
merge_conflict.ipynb
nb_conflict.ipynb
nb (draft).ipynb
nb (2026-11-20).ipynb
nb (copy of 2026-11-20).ipynb
nb (our conflict 2026-11-20).ipynb
nb 2026-11-20.ipynb
nb.sync-conflict.ipynb
nb.sync-conflict-2026.ipynb
nb-copy.ipynb
nb-Copy1.ipynb
nb copy.ipynb
nb - Kopie.ipynb
nb.conflict.ipynb
nb (SFConflict).ipynb
results-safeBackup.ipynb
.ipynb
(1).ipynb
nb.sync-conflict-20261120-150405-ABCDEF2.py
nb (SFConflict me@example.org 2015-03-07-11-30-28).txt
"""


def nowhere(path: str) -> bool:
    return False


def there(*names: str) -> set[str]:
    return {os.path.join("/w", name) for name in names}


@pytest.mark.parametrize(("name", "client", "stamp", "device"), ROWS, ids=[row[0] for row in ROWS])
def test_names_that_only_clients_give(name: str, client: str, stamp: str, device: str) -> None:
    """The original need not be there any more."""
    plain = unicodedata.normalize("NFC", name)
    assert copy_of(f"/w/{name}", nowhere) == Copy("/w/nb.ipynb", client, True, stamp, device, plain)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("name", [row[0] for row in ROWS if not row[0].isascii()])
def test_either_spelling_of_accents(name: str, form: str) -> None:
    """macOS takes letters and accents apart; the original's own name is kept as it is spelled."""
    spelled = unicodedata.normalize(form, f"é {name}")  # type: ignore[arg-type]
    found = copy_of(f"/w/{spelled}", nowhere)
    assert found is not None
    assert found.original == "/w/" + unicodedata.normalize(form, "é nb.ipynb")  # type: ignore[arg-type]
    assert found.key == (found.stamp, found.device, unicodedata.normalize("NFC", spelled))


@pytest.mark.parametrize("name", OWN.strip().splitlines())
def test_names_that_people_give(name: str) -> None:
    assert copy_of(f"/w/{name}", there("nb.ipynb").__contains__) is None


@pytest.mark.parametrize(
    ("name", "client"),
    [
        ("nb (1).ipynb", "Google Drive"),
        ("nb 2.ipynb", "iCloud"),
        ("nb-DESKTOP-4F2K9QX.ipynb", "OneDrive"),
        ("nb-ELINS-LAPTOP.ipynb", "OneDrive"),
        ("nb-Johns-MacBook-Pro.ipynb", "OneDrive"),
        ("nb.Conflict.ipynb", "Resilio"),
        ("nb.Conflict1.ipynb", "Resilio"),
        ("nb.Conflict.Conflict.ipynb", "Resilio"),
        ("nb (User B's conflicted copy).ipynb", "Dropbox"),
    ],
)
def test_names_that_may_be_anything(name: str, client: str) -> None:
    """Never certain, and only where there is something that they could be a copy of."""
    found = copy_of(f"/w/{name}", there("nb.ipynb").__contains__)
    assert found is not None
    assert (found.original, found.client, found.certain) == ("/w/nb.ipynb", client, False)
    assert copy_of(f"/w/{name}", nowhere) is None


@pytest.mark.parametrize(
    ("existing", "original"),
    [
        (["nb.ipynb"], "nb"),
        (["nb-one.ipynb"], "nb-one"),
        (["nb.ipynb", "nb-one.ipynb"], "nb-one"),
    ],
)
def test_a_backup_is_one_of_what_is_there(existing: list[str], original: str) -> None:
    """OneDrive's client for Linux joins name and computer with the hyphen that both may hold."""
    path = "/w/nb-one-drive-client-safeBackup-0001.ipynb"
    found = copy_of(path, there(*existing).__contains__)
    assert found is not None
    assert (found.original, found.certain, found.stamp) == (f"/w/{original}.ipynb", True, "0001")
    assert copy_of(path, nowhere) is None


@pytest.mark.parametrize(
    "name",
    [
        "nb.sync-conflict-20261120-150405-AAAAAAA.sync-conflict-20261121-150405-BBBBBBB.ipynb",
        "nb (conflicted copy 2026-11-20 150405) (conflicted copy 2026-11-21 150405).ipynb",
        "nb (HOST's conflicted copy 2026-11-20) (PC2's conflicted copy 2026-11-21).ipynb",
        "nb.sync-conflict-20261120-150405-AAAAAAA (HOST's conflicted copy 2026-11-21).ipynb",
    ],
)
def test_the_copy_of_a_copy_belongs_to_the_notebook(name: str) -> None:
    found = copy_of(f"/w/{name}", nowhere)
    assert found is not None
    assert (found.original, found.certain) == ("/w/nb.ipynb", True)
    assert found.stamp.startswith("20261121")


def test_what_people_named_is_not_taken_further_apart() -> None:
    name = "nb (1).sync-conflict-20261120-150405-AAAAAAA.ipynb"
    found = copy_of(f"/w/{name}", there("nb.ipynb").__contains__)
    assert found is not None
    assert found.original == "/w/nb (1).ipynb"


def test_the_order_is_that_of_the_names() -> None:
    """Not of times or folders, which differ between the machines that see the copies."""
    names = [
        "nb (conflicted copy anna 2026-11-20 150405).ipynb",
        "nb (conflicted copy bert 2026-11-20 150405).ipynb",
        "nb.sync-conflict-20261120-150406-AAAAAAA.ipynb",
        "nb (HOST's conflicted copy 2026-11-21).ipynb",
    ]

    def order(folder: str, some: list[str]) -> list[str]:
        found = [copy for name in some if (copy := copy_of(f"{folder}/{name}", nowhere)) is not None]
        return [copy.name for copy in sorted(found, key=lambda copy: copy.key)]

    assert order("/home/anna", names[::-1]) == order("/Users/bert", names[2:] + names[:2]) == names


def test_marks_behind_the_extension_are_worth_a_look() -> None:
    assert may_be_copy("nb.ipynb (SFConflict me@example.org 2015-03-07-11-30-28)")
    assert not may_be_copy("nb.ipynb.bak")
