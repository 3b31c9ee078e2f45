"""Owns: whether a notebook's bytes can hold a conflict at all, told without reading the notebook.

Must not know: what a conflict is, how it is resolved.
Invariant: "no" is certain; "perhaps" costs the one who asks a reading.  A search of the bytes and nothing
more, so that every save can afford it.
"""

from __future__ import annotations

import re

_MARKER = b"<<<<<<"
_ESCAPED_LETTER = re.compile(rb"\\u00[5-7]")


def may_hold_conflicts(data: bytes) -> bool:
    """Whether a conflict may be in a notebook, whoever wrote it; False is certain.

    Every form has either six `<` or a key that begins with `remote_`; JSON may spell any of these
    characters as an escape.
    """
    if (b"<" in data and _MARKER in data) or b'"remote_' in data:  # one character is found at once
        return True
    if b"\\u00" not in data:
        return False
    unescaped = data.replace(b"\\u003c", b"<").replace(b"\\u003C", b"<")
    return _MARKER in unescaped or _ESCAPED_LETTER.search(data) is not None
