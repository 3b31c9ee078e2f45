"""Owns: the addresses of databases: which words are one, what is shown of one, and the password in it.

Must not know: how one is reached.  Invariant: what is shown holds no password, whatever it was given.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_SCHEMES = ("postgresql://", "postgres://")
_SECRETS = {"password", "sslpassword", "oauth_client_secret"}
_QUERY = re.compile(r"\?[^=&@/]*=")


def is_database(text: str) -> bool:
    """Whether somebody means a database, and no folder."""
    return text.startswith(_SCHEMES)


def without_password(address: str) -> str:
    """The address without what nobody else may read; libpq may find that elsewhere (~/.pgpass)."""
    scheme, user, rest = _parts(address)
    before, mark, query = rest.partition("?")
    open_ones = "&".join(one for one in query.split("&") if one and _named(one).lower() not in _SECRETS)
    name = user.partition(":")[0]
    return f"{scheme}{f'{name}@' if name else ''}{before}{mark if open_ones else ''}{open_ones}"


def password_in(address: str) -> str | None:
    """The password in an address; None: there is none."""
    _, user, rest = _parts(address)
    _, colon, password = user.partition(":")
    if colon:
        return unquote(password)
    for one in rest.partition("?")[2].split("&"):
        if _named(one) == "password":
            return unquote(one.partition("=")[2])
    return None


def _parts(address: str) -> tuple[str, str, str]:
    """Scheme, user with password, and the rest.

    libpq looks for an `@` before the first `/`, whatever stands between; beyond that all is taken for a
    password that goes up to the last `@` before what can be a query: who forgot to escape it is not
    to see it printed.
    """
    scheme = next(one for one in _SCHEMES if address.startswith(one))
    rest = address.removeprefix(scheme)
    first, slash = rest.find("@"), rest.find("/")
    begin = first + 1 if first < slash or slash < 0 else 0
    query = _QUERY.search(rest, begin)
    end = rest.rfind("@", 0, query.start() if query else len(rest))
    return scheme, rest[: max(0, end)], rest[end + 1 :]


def _named(parameter: str) -> str:
    return unquote(parameter.partition("=")[0])
