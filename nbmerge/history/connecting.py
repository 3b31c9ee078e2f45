"""Owns: connecting to a PostgreSQL, and what is said if that fails.

Must not know: what the connection is for.  Invariant: what is said holds no password; a connection is given
up when nothing has come over it for `PATIENCE` seconds although something should have.
"""

from __future__ import annotations

import psycopg
from psycopg import conninfo

from nbmerge.errors import SystemFailure
from nbmerge.history.address import without_password
from nbmerge.history.values import StoreAway

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PATIENCE = 15  # seconds without an answer of the other side's system until a connection is given up
USUAL = {  # of libpq, where the address says nothing else
    "application_name": "nbmerge",
    "connect_timeout": "10",
    "keepalives_idle": "5",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": str(PATIENCE * 1000),
}


def connection_to(address: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A new connection.  Raises SystemFailure if that is no address, StoreAway if nobody answers there."""
    shown = without_password(address)
    try:
        given = conninfo.conninfo_to_dict(address)
    except psycopg.Error:  # what it says quotes the password
        raise SystemFailure(
            f"{shown}: is no address of a database; it is like postgresql://USER@HOST/DATABASE"
        ) from None
    if "@" in str(given.get("host", "")):  # of a password, which what is said would quote
        raise SystemFailure(f"{shown}: is no address of a database; an @ in a password is written %40")
    settings: dict[str, Any] = {**USUAL, **given, "client_encoding": "UTF8"}
    try:
        return psycopg.connect(autocommit=True, **settings)
    except psycopg.Error as error:
        said = next(iter(str(error).strip().splitlines()), "")
        raise StoreAway(f"{shown}: the database cannot be reached: {said}") from error
