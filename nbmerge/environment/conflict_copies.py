"""Owns: the names that sync clients give to files: a copy of a file that was changed on two sides, and
the temporary file in which they receive one.

Must not know: what is in files; whether an original exists is asked for.  Invariant: pure; a name that
people could have chosen is never certain, and one without any mark is no copy.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

NOTEBOOK = ".ipynb"

# The patterns are from the clients' sources and manuals.
_RECEIVING = tuple(
    (client, re.compile(pattern))
    for client, pattern in (
        ("Syncthing", r"\.syncthing\.(?P<name>.+)\.tmp"),
        ("Syncthing", r"~syncthing~(?P<name>.+)\.tmp"),  # on Windows
        ("Nextcloud or ownCloud", r"\.(?P<name>.+)\.~[0-9a-f]+"),
        ("iCloud", r"\.(?P<name>.+)\.icloud"),
        ("Resilio", r"(?P<name>.+)\.!sync"),
        ("Unison", r"\.unison\.(?P<name>.+)\.[0-9a-f]+\.unison\.tmp"),
        ("rclone", r"(?P<name>.+)\.[0-9a-z]{8}\.partial"),
        ("OneDrive", r"(?P<name>.+)\.partial"),
        ("rsync", r"\.(?P<name>.+)\.(?![a-z]{6}$)[0-9A-Za-z]{6}"),  # not .backup
    )
)


def receiving(name: str) -> tuple[str, str] | None:
    """The notebook that is being received under this name, and the client; None if it is neither."""
    if f"{NOTEBOOK}." not in name:
        return None
    for client, pattern in _RECEIVING:
        found = pattern.fullmatch(name)
        if found and found["name"].endswith(NOTEBOOK) and not found["name"].startswith((".", "~")):
            return found["name"], client
    return None


_DATE = r"\d{4}-\d\d-\d\d"


@dataclass(frozen=True, slots=True)
class Copy:
    """A conflict copy by its name.

    `original`: the path of the notebook that it is a copy of, also where it is the copy of a
    copy.  `certain`: only a sync client names files so; else people do, too.  `stamp` (digits)
    and `device` are what the client says of when and where, "" if it does not.
    """

    original: str
    client: str
    certain: bool
    stamp: str = ""
    device: str = ""
    name: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """An order that is the same on every machine, whatever the files' times are."""
        return (self.stamp, self.device, self.name)


# What Dropbox says in its user's language; those that are found in public file listings.
_DROPBOX = (
    "conflicted copy",
    "in konflikt stehende kopie",
    "konfliktkopie",
    "copie en conflit",
    "copia en conflicto",
    "copia conflictiva",
    "copia in conflitto",
    "cópia em conflito",
    "motstridiga kopia",
    "modstridende kopi",
    "kopia powodująca konflikt",
    "конфликтующая копия",
    "競合コピー",
    "冲突副本",
    "衝突複本",
)
_OWNED = re.compile(r"(?:'s|:s|s|的|の)$")  # HOST's, HOSTs, HOST:s
_OF = re.compile(r"^(?:von|de|di|użytkownika|пользователя) ")

# Client, and what it makes of the name before ".ipynb".
_CERTAIN = tuple(
    (client, re.compile(pattern))
    for client, pattern in (
        ("Syncthing", r"(?P<stem>.+)\.sync-conflict-(?P<stamp>\d{8}-\d{6})(?:-(?P<device>[0-9A-Z]{7}))?"),
        (
            "Nextcloud or ownCloud",
            rf"(?P<stem>.+) \(conflicted copy (?:(?P<device>.+) )?(?P<stamp>{_DATE} \d{{6}})\)",
        ),
        ("ownCloud", r"(?P<stem>.+)_conflict(?:_(?P<device>[^/]+?))?-(?P<stamp>\d{8}-\d{6})"),
        ("Seafile", rf"(?P<stem>.+) \(SFConflict (?:(?P<device>.+) )?(?P<stamp>{_DATE}-\d\d-\d\d-\d\d)\)"),
        (
            "Dropbox",
            rf"(?P<stem>.+?) ?\((?P<words>[^()]+?) ?(?P<stamp>{_DATE})(?P<more>[^()]*)\)(?: \(\d+\))?",
        ),
        ("Dropbox", rf"(?P<stem>.+?) ?\((?P<words>[^()]+?) ?(?P<stamp>{_DATE}) \(\d+\)\)"),
    )
)
_UNCERTAIN = tuple(
    (client, re.compile(pattern))
    for client, pattern in (
        ("Resilio", r"(?P<stem>.+?)(?:\.Conflict\d*)+"),
        ("Dropbox", r"(?P<stem>.+?) ?\((?P<words>[^()]+)\)"),  # without a date
        ("Google Drive", r"(?P<stem>.+) \(\d{1,2}\)"),
        ("iCloud", r"(?P<stem>.+) (?:[2-9]|[1-9]\d)"),
    )
)
_BACKUP = re.compile(r"(?P<stem>.+)-safeBackup-(?P<stamp>\d{4})")
_COMPUTER = re.compile(
    r"[A-Z0-9][A-Z0-9-]{3,14}|[\w-]*(?:MacBook|iMac|Laptop|laptop|Desktop|desktop|PC)[\w-]*"
)


def may_be_copy(name: str) -> bool:
    """Whether a file of that name can be a notebook's copy; some clients put their mark behind .ipynb."""
    return name.endswith(NOTEBOOK) or (f"{NOTEBOOK} (SFConflict " in name and name.endswith(")"))


def copy_of(path: str, exists: Callable[[str], bool] = os.path.exists) -> Copy | None:
    """What the name says; None: a notebook of its own.

    `exists` is asked for originals where the name alone does not tell what is a mark and what is not.
    """
    folder, name = os.path.split(path)
    if not may_be_copy(name):
        return None

    def is_there(stem: str) -> bool:
        return exists(os.path.join(folder, stem + NOTEBOOK))

    for found in _readings(_stem(name), is_there):
        stem = found.original
        while (below := next(_certain(stem, is_there), None)) is not None:
            stem = below.original  # the copy of a copy
        original = os.path.join(folder, stem + NOTEBOOK)
        plain = unicodedata.normalize("NFC", name)
        return Copy(original, found.client, found.certain, found.stamp, found.device, plain)
    return None


def _stem(name: str) -> str:
    """The name without ".ipynb", wherever that stands."""
    return name.removesuffix(NOTEBOOK) if name.endswith(NOTEBOOK) else name.replace(NOTEBOOK, "", 1)


def _readings(stem: str, is_there: Callable[[str], bool]) -> Iterator[Copy]:
    """What a name can mean, the surest first; `original` is a stem here."""
    yield from _certain(stem, is_there)
    yield from _uncertain(stem, is_there)


def _certain(stem: str, is_there: Callable[[str], bool]) -> Iterator[Copy]:
    for client, pattern in _CERTAIN:
        found = pattern.fullmatch(stem)
        if found is None:
            continue
        parts = found.groupdict()
        device = parts.get("device") or ""
        if "words" in parts:
            owner = _dropbox(found["words"])
            if owner is None:
                continue
            device = owner
        yield Copy(found["stem"], client, True, _digits(found["stamp"]), device)
    backup = _BACKUP.fullmatch(stem)
    if backup is not None:
        for original, device in _split(backup["stem"], is_there):
            yield Copy(original, "OneDrive", True, backup["stamp"], device)


def _uncertain(stem: str, is_there: Callable[[str], bool]) -> Iterator[Copy]:
    for client, pattern in _UNCERTAIN:
        found = pattern.fullmatch(stem)
        if found is None or not is_there(found["stem"]):
            continue
        if "words" not in found.groupdict() or _dropbox(found["words"]) is not None:
            yield Copy(found["stem"], client, False)
    for original, device in _split(stem, is_there):
        if _COMPUTER.fullmatch(device):
            yield Copy(original, "OneDrive", False, device=device)


def _split(stem: str, is_there: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """(original, device) for each hyphen with an existing notebook before it, the longest first."""
    at = stem.rfind("-")
    while at > 0:
        if is_there(stem[:at]):
            yield stem[:at], stem[at + 1 :]
        at = stem.rfind("-", 0, at)


def _dropbox(words: str) -> str | None:
    """Whose copy it is, if the words say "conflicted copy" in some language."""
    plain = unicodedata.normalize("NFC", words)
    for phrase in _DROPBOX:
        at = plain.lower().find(phrase)
        if at >= 0:
            before, behind = plain[:at].strip(), plain[at + len(phrase) :].strip()
            return _OWNED.sub("", before).strip() or _OF.sub("", behind)
    return None


def _digits(stamp: str) -> str:
    return "".join(character for character in stamp if character.isdigit())
