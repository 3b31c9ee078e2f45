"""Owns: what a page is told of a failure: the status of the answer, and the message for people.

Must not know: requests, what failed.  Invariant: a page learns no path of the server's disk: it knows the
notebook by the path of the contents API, and nothing else by any.
"""

from __future__ import annotations

import errno
import os
import re

from nbmerge.errors import NbmergeError, NotebookError
from nbmerge.history.values import StoreAway

_STATE = "the state directory of nbmerge"
_STATUS = {
    errno.ENOSPC: 507,
    errno.EDQUOT: 507,
    errno.EACCES: 403,
    errno.EPERM: 403,
    errno.EROFS: 403,
}
_SQLITE_FULL = 13


def status_of(error: NbmergeError, file: str) -> int:
    """The status with which contents would answer such a failure."""
    if isinstance(error, StoreAway):
        return 503
    if isinstance(error, NotebookError):
        return 400 if os.path.exists(file) else 404
    cause: BaseException | None = error
    while cause is not None:
        if getattr(cause, "sqlite_errorcode", 0) & 0xFF == _SQLITE_FULL:
            return 507
        if isinstance(cause, OSError) and cause.errno in _STATUS:
            return _STATUS[cause.errno]
        cause = cause.__cause__
    return 500


def for_page(message: str, path: str, file: str, state: str) -> str:
    """A message in which the notebook `file`, and what stands beside it, is called as the API calls it."""
    path = path.strip("/")
    names = {state: _STATE, os.path.realpath(state): _STATE}
    for known in (file, os.path.realpath(file)):
        names |= {known: path, os.path.join(os.path.dirname(known), ""): path[: path.rfind("/") + 1]}
    names.pop(os.sep, None)
    longest_first = sorted(names, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda found: names[found[0]], message)
