"""Owns: where the state directory is, and whether the store is in it or in a database that machines share;
opening the store: making, migrating, setting aside; how a
store is, as one finds it.

Must not know: what is in the store, what is asked of it.  Invariant: a store that is there and sound is
never set aside, and one that is damaged is renamed, never removed.  A directory that is made here is
nobody else's to read: notebooks hold secrets.  One that others can write is refused before anything in it is
looked at, for what stands in it decides what is written to notebooks.  Looking at a store makes, mends, marks
and locks nothing, and what a process that writes at the same moment does is never taken for damage.

Each store has a name of its own, "history-WHEN-CHANCE.sqlite3", which no other one gets later: SQLite
removes a log by the name of its file, and a process that still has open what was set aside would remove
the log of the store that came after it.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from nbmerge.errors import NbmergeError, SystemFailure
from nbmerge.files import digest, reason
from nbmerge.history.address import is_database, without_password
from nbmerge.history.lock import DirectoryLock, lock_of
from nbmerge.history.places import this_host
from nbmerge.history.sqlite import SqliteDatabase, damage_mark, is_current, migrate, read_only_name
from nbmerge.history.store import Store
from nbmerge.history.values import Retention, StoreLost, Totals
from nbmerge.owners import Distrust, distrust_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    Answer = TypeVar("Answer")

VARIABLE = "NBMERGE_STATE_DIR"
WHERE = "NBMERGE_STATE"  # a database, or a directory


def database_of(option: str | None = None, environment: Mapping[str, str] | None = None) -> str | None:
    """The address of the database that holds the store, the option, else $NBMERGE_STATE; None: the store is
    in the state directory."""
    known = os.environ if environment is None else environment
    found = option or known.get(WHERE) or ""
    return found if is_database(found) else None


def state_directory(
    option: str | None = None,
    environment: Mapping[str, str] | None = None,
    platform: str = sys.platform,
) -> str:
    """The absolute path of the state directory, which exists: the option, else $NBMERGE_STATE_DIR,
    else the platform's place.  Raises SystemFailure if it cannot be made, or others can write it."""
    path = place_of(option, environment, platform)
    above = os.path.dirname(path)
    try:
        if database_of(option, environment) is not None:
            os.makedirs(os.path.dirname(above), exist_ok=True)
            os.makedirs(above, mode=0o700, exist_ok=True)
        os.makedirs(above, exist_ok=True)
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as error:
        message = f"{path}: cannot be made: {reason(error)}; name another state directory with --state"
        raise SystemFailure(message) from error
    refuse_what_others_can_write(path)
    _close_to_readers(path)
    return path


def place_of(
    option: str | None = None,
    environment: Mapping[str, str] | None = None,
    platform: str = sys.platform,
) -> str:
    """Where the state directory is, or would be made.

    Beside a database each machine keeps what is its own there: which process watches, what a killed one
    had read.  That is of this one database, so it has a folder of its own in the usual directory; and of this
    one machine: that directory may lie on a drive that others have, too.
    """
    known = os.environ if environment is None else environment
    chosen = option or known.get(WHERE) or known.get(VARIABLE)
    folder = ""
    if (address := database_of(option, environment)) is not None:
        chosen = known.get(VARIABLE)
        folder = f"database-{digest(os.fsencode(without_password(address)))[:12]}-{this_host(known)}"
    directory = os.path.expanduser(chosen or usual_place(known, platform))
    return os.path.abspath(os.path.join(directory, folder))


def refuse_what_others_can_write(directory: str) -> None:
    """Raises SystemFailure, with what to type, if others can write a state directory that is there."""
    for found in distrusted(directory):
        mends = f"type: {found.mend}" if found.mend else "remove it" if found.path != directory else ""
        elsewhere = "name another state directory with --state"
        advice = f"{mends}; or {elsewhere}" if mends else elsewhere
        raise SystemFailure(f"{found.path}: {found.why}, so nothing in it can be believed; {advice}")


def distrusted(directory: str) -> Iterator[Distrust]:
    """What others can change, or may have put there: the state directory itself, and what lies in it."""
    try:
        itself = os.stat(directory)
        inside = [os.path.join(directory, name) for name in sorted(os.listdir(directory))]
    except OSError:
        return  # whoever needs it says so
    if (found := distrust_of(directory, itself)) is not None:
        yield found
    can_be_reached = itself.st_mode & 0o011
    for path in inside:
        with contextlib.suppress(OSError):  # it has just been removed
            found = distrust_of(path, os.lstat(path)) or distrust_of(path, os.stat(path))
            if found is not None and (can_be_reached or not found.mend):
                yield found


def _close_to_readers(directory: str) -> None:
    """Take from others the right to read what older versions of nbmerge have made here."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            mode = entry.stat(follow_symlinks=False).st_mode
            if mode & 0o077 and not entry.is_symlink():
                with contextlib.suppress(OSError):
                    os.chmod(entry.path, mode & 0o700)


def usual_place(environment: Mapping[str, str], platform: str) -> str:
    """Where programs of this platform keep their state (XDG: relative paths do not count)."""
    match platform:
        case "darwin":
            return "~/Library/Application Support/nbmerge"
        case "win32":
            return os.path.join(environment.get("LOCALAPPDATA") or "~/AppData/Local", "nbmerge")
        case _:
            home = environment.get("XDG_STATE_HOME", "")
            return os.path.join(home if os.path.isabs(home) else "~/.local/state", "nbmerge")


FIRST, LAST = "history-", ".sqlite3"
ENDS = ("", "-wal", "-shm", "-journal")  # SQLite's own


@dataclass(frozen=True, slots=True, eq=False)
class OpenedStore:
    """A store that can be used; `set_aside` is where a damaged one that stood in its place is now."""

    store: Store
    set_aside: str | None = None


def open_store(
    directory: str | None,
    clock: Callable[[], float],
    retention: Retention = Retention(),
    database: str | None = None,
) -> OpenedStore:
    """The store in the state directory, which exists; None: one in memory; or that in a database, beside
    which the directory is this machine's own.

    Raises SystemFailure if it is from a newer nbmerge, or cannot be opened for a reason
    that is not damage; StoreAway if the database cannot be reached.
    """
    lock = lock_of(directory)
    if database is not None:
        return OpenedStore(_shared(database, lock, retention))
    if directory is None:
        memory = SqliteDatabase(":memory:")
        migrate(memory)
        return OpenedStore(Store(memory, lock, retention))
    with contextlib.suppress(StoreLost):
        if (path := find_store(directory)) is not None:
            found, current = _opened(path)
            if current:
                return OpenedStore(Store(found, lock, retention))
            found.close()
    with lock:  # of several processes that find it missing, old or damaged, one mends it
        made, aside = _made_current(directory, clock())
    return OpenedStore(Store(made, lock, retention), aside)


def _shared(address: str, local: DirectoryLock, retention: Retention) -> Store:
    with _installed(address):
        from nbmerge.history.shared import open_shared
    return open_shared(address, local, retention)


@contextlib.contextmanager
def _installed(address: str) -> Iterator[None]:
    """What is imported within is there only where somebody wants a database."""
    try:
        yield
    except ImportError as error:
        mend = "type: pip install 'nbmerge-on-save[postgres]'"
        raise SystemFailure(f"{without_password(address)}: cannot be used: {error}; {mend}") from error


@dataclass(frozen=True, slots=True)
class SharedHealth:
    """A database that can be reached, as `role` in `schema` ("": there is none).

    `away`: seconds there and back; `skew`: by how many its clock is ahead; `totals` None if there is no
    store, or one that `is_old`.
    """

    shown: str
    server: str
    server_number: int
    role: str
    schema: str
    may_write: bool
    away: float
    skew: float
    is_old: bool
    totals: Totals | None


def look_at(address: str) -> SharedHealth:
    """How a database is, in which nothing is changed.

    Raises SystemFailure if it holds the store of a newer nbmerge or cannot be used, StoreAway if it cannot be
    reached.
    """
    with _installed(address):
        from nbmerge.history.shared import health_of
    return health_of(address, time.time)


def has_store(directory: str) -> bool:
    """Whether there is a store in a directory, for those who would not make one."""
    return os.path.isdir(directory) and find_store(directory) is not None


def find_store(directory: str) -> str | None:
    """The path of the store, the newest if somebody put another one back."""
    try:
        names = [name for name in os.listdir(directory) if name.startswith(FIRST) and name.endswith(LAST)]
    except OSError as error:
        raise SystemFailure(f"{directory}: cannot be read: {reason(error)}; see who owns it") from error
    return os.path.join(directory, max(names)) if names else None


def _opened(path: str, migrated: bool = False) -> tuple[SqliteDatabase, bool]:
    """The store, and whether it is of today's stage; `migrated`: it is brought there.

    Raises StoreLost if it is damaged.
    """
    if is_marked(path):
        raise StoreLost(f"{path}: the store was found damaged; start nbmerge again: it makes a new one")
    database = SqliteDatabase(path)
    try:
        current = is_current(database)
        if migrated and not current:
            migrate(database)
        return database, current or migrated
    except BaseException:
        database.close()
        raise


def _made_current(directory: str, now: float) -> tuple[SqliteDatabase, str | None]:
    """A store of today's stage, and where the damaged one is now that was in its place."""
    path, aside = find_store(directory), None
    if path is not None:
        try:
            return _opened(path, migrated=True)[0], None
        except StoreLost:
            aside = _put_aside(path, now)
    return _opened(_create(directory, now), migrated=True)[0], aside


def _create(directory: str, now: float) -> str:
    """Make an empty store and name it when it is whole, so that nobody ever finds half of one."""
    path = os.path.join(directory, f"{FIRST}{_stamp(now)}-{os.urandom(4).hex()}{LAST}")
    beside = os.path.join(directory, "new.sqlite3")
    try:
        for old in _all(beside):
            os.unlink(old)  # of a process that was killed
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # its companions follow it
        database = SqliteDatabase(beside)
        try:
            database.rows("PRAGMA auto_vacuum = INCREMENTAL")  # counts only before the first table
            migrate(database)
            database.rows("PRAGMA journal_mode = WAL")  # last: until here all is in the file itself
        finally:
            database.close()
        os.rename(beside, path)
    except OSError as error:
        raise SystemFailure(
            f"{path}: the store cannot be made: {reason(error)}; name another state directory with --state"
        ) from error
    return path


def _put_aside(path: str, now: float) -> str:
    target = f"{path}.{_stamp(now)}"
    try:
        for old in _all(path):
            os.rename(old, target + old.removeprefix(path))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(damage_mark(path))
    except OSError as error:
        raise SystemFailure(
            f"{path}: the store is damaged and cannot be set aside: {reason(error)}; rename it yourself"
        ) from error
    return target


def _all(path: str) -> Iterator[str]:
    """The files of a store that are there, itself first: without it the others are nothing."""
    return (path + end for end in ENDS if os.path.exists(path + end))


def _stamp(now: float) -> str:
    return time.strftime("%Y%m%dT%H%M%S", time.localtime(now))


_SET_ASIDE = re.compile(f"{re.escape(FIRST)}.+{re.escape(LAST)}\\.[0-9T]+")


@dataclass(frozen=True, slots=True)
class Health:
    """A store that can be read; `current`: it is at today's stage, else the next start brings it there."""

    totals: Totals | None
    current: bool


def health(path: str) -> Health:
    """How the store is; `totals` None if it is of an older nbmerge.

    Raises SystemFailure if it is from a newer nbmerge or cannot be read, StoreLost if it is damaged.
    """
    return _ask(path, lambda store, current: Health(store.totals() if current else None, current))


def verify(path: str) -> None:
    """Read all of the store, some seconds for each gigabyte.  Raises as `health`."""
    _ask(path, lambda store, current: store.check())


def bytes_on_disk(path: str) -> int:
    """The size of a store with its log."""
    return sum(map(os.path.getsize, _all(path)))


def is_marked(path: str) -> bool:
    """Whether the store was found damaged; the next start sets it aside."""
    return os.path.exists(damage_mark(path))


def stores_set_aside(directory: str) -> list[str]:
    """The damaged stores that were kept, oldest first."""
    names = sorted(name for name in os.listdir(directory) if _SET_ASIDE.fullmatch(name))
    return [os.path.join(directory, name) for name in names]


def _ask(path: str, ask: Callable[[Store, bool], Answer]) -> Answer:
    name = read_only_name(path)
    try:
        return _ask_once(path, name, ask)
    except NbmergeError:
        if read_only_name(path) == name:
            raise
        return _ask_once(path, read_only_name(path), ask)  # somebody began to write when nobody seemed to


def _ask_once(path: str, name: str, ask: Callable[[Store, bool], Answer]) -> Answer:
    database = SqliteDatabase(name)
    database.path = path  # for what it says
    try:
        return ask(Store(database, lock_of(None), Retention()), is_current(database))
    finally:
        database.close()
