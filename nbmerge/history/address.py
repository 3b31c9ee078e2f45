"""Owns: the addresses of databases: which words are one, what is shown of one, and the password in it.

Must not know: how one is reached.  Invariant: what is shown holds no password, whatever it was given.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_SCHEMES = ("postgresql://", "postgres://")
_BEGIN = re.compile(r"(?P<scheme>postgres(?:ql)?://)(?:(?P<user>[^/?#]*)@)?", re.DOTALL)
_SECRETS = re.compile(r"(?i)([?&])(?:password|sslpassword|oauth_client_secret)=[^&]*")


def is_database(text: str) -> bool:
    """Whether somebody means a database, and no folder."""
    return text.startswith(_SCHEMES)


def without_password(address: str) -> str:
    """The address without what nobody else may read; libpq may find that elsewhere (~/.pgpass)."""
    found = _BEGIN.match(address)
    assert found is not None
    rest = address[found.end() :]
    before, mark, query = rest.partition("?")
    query = _SECRETS.sub(r"\1", f"?{query}") if mark else ""
    query = re.sub(r"&{2,}", "&", query).replace("?&", "?").rstrip("?&")
    user = (found["user"] or "").partition(":")[0]
    return f"{found['scheme']}{f'{user}@' if user else ''}{before}{query}"


shown = without_password


def password_in(address: str) -> str | None:
    """The password in an address; None: there is none."""
    found = _BEGIN.match(address)
    assert found is not None
    _, colon, password = (found["user"] or "").partition(":")
    if colon:
        return unquote(password)
    in_query = re.search(r"[?&]password=([^&]*)", address)
    return unquote(in_query[1]) if in_query else None
