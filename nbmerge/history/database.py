"""Owns: what the store asks of an engine: statements, transactions, and what differs between engines.

Must not know: any engine, what the tables mean.  Invariant: after a failure nothing of the transaction is
there and the database can be used again; any thread may use it.  Statements are in the words that SQLite
and PostgreSQL share, with a `?` for each value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from nbmerge.errors import SystemFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True, slots=True)
class Growth:
    """By how much a notebook has grown: kept versions, merges among them, bytes."""

    versions: int = 0
    merges: int = 0
    bytes: int = 0

    def __add__(self, other: Growth) -> Growth:
        return Growth(self.versions + other.versions, self.merges + other.merges, self.bytes + other.bytes)


NO_GROWTH = Growth()


class Hearing(Protocol):
    """Being told of changes, until it is stopped."""

    def say(self, text: str) -> None:
        """Have others hear it who hear what is said; who cannot be reached now never does.  At most 7,999
        characters of ASCII."""

    def stop(self) -> None:
        """Be told nothing more, and say nothing more than was to be said already."""


class Database(Protocol):
    """One database that holds one store.  Raises SystemFailure, or StoreLost if it has to be opened anew."""

    @property
    def path(self) -> str:
        """How people are told of it."""

    @property
    def usual_size(self) -> int:
        """How many bytes it may have if nobody said."""

    @property
    def undone(self) -> int:
        """The count of transactions, or parts of them, that came to nothing."""

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""

    def foresee(self, asked: Sequence[tuple[str, Sequence[object]]]) -> None:
        """These questions come next, and nothing is changed before: they may be answered together."""

    def row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        """The first row, if there is one."""

    def run(self, sql: str, *values: object) -> None:
        """Execute a statement; within a transaction it may fail as late as at its end."""

    def run_all(self, sql: str, many: Sequence[Sequence[object]]) -> None:
        """Execute a statement for each sequence of values."""

    def note(self, sql: str, *values: object) -> None:
        """Execute a statement that may come to nothing: nobody waits for it."""

    def insert(self, sql: str, *values: object) -> int:
        """Execute a statement; the id of the row that it inserted."""

    def pieces(self, wanted: Mapping[bytes, Callable[[], bytes]]) -> Mapping[bytes, int]:
        """The ids of pieces by their names; one that is not there is added, as what is given for it."""

    def piece_name(self, notebook_id: int, name: bytes) -> bytes:
        """The name of a piece among those with which a notebook may share it."""

    def writing(self) -> AbstractContextManager[None]:
        """All or nothing.  Within another transaction: a part of it that may fail by itself."""

    def reading(self) -> AbstractContextManager[None]:
        """What is read within is of one moment."""

    def changed(self, notebook_id: int, growth: Growth = NO_GROWTH) -> None:
        """This transaction changes a notebook: whoever remembers it has to be told."""

    def confirm(self) -> None:
        """Raises SystemFailure if somebody else may have taken over what was locked here."""

    def flush(self) -> None:
        """Wait until all that was committed has reached the disk; not within a transaction."""

    def recount(self, notebook_id: int) -> None:
        """Versions of a notebook were dropped in this transaction."""

    def counts(self) -> tuple[int, int, int, int]:
        """How many notebooks with versions, kept versions, merges among them and open tips there are."""

    def size(self) -> int:
        """Bytes that are in use."""

    def shrink(self) -> None:
        """Give unused space back to the system, a little at a time so that others get their turn."""

    def check(self) -> None:
        """Read all of it and see whether it is sound.  Raises SystemFailure if it is not."""

    def decoding(self, what: str) -> AbstractContextManager[None]:
        """What is read within was written by nbmerge: if no sense can be made of it, it is damaged."""

    def damaged(self, what: str) -> SystemFailure:
        """The failure to raise for what cannot be."""

    def hear(
        self,
        told: Callable[[Collection[int] | None], None],
        spoken: Callable[[str | None], None] | None = None,
    ) -> Hearing | None:
        """Have it told, in another thread, which notebooks others have changed; None stands for any, after
        each gap.  `spoken`, if anybody wants that, is given what others say, and None after a gap, too.
        None is returned where no other machine can."""

    def close(self) -> None:
        """Give it back; it cannot be used after this."""


@contextmanager
def read_as_written(what: str, damaged: Callable[[str], Exception]) -> Iterator[None]:
    """What is read within was written by nbmerge: if no sense can be made of it, it is damaged."""
    try:
        yield
    except (ValueError, ArithmeticError, TypeError, LookupError, AttributeError) as error:
        raise damaged(f"{what}: {error}") from error
