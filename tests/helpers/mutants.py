"""Owns: notebooks with something wrong in them, by chance or by intent.

Must not know: who reads them.  Invariant: the same chance gives the same bytes.
"""

from __future__ import annotations

import json
from random import Random

from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER

_CELLS = [
    code(f"import part_{n}\nvalue_{n} = part_{n}.work()", id=f"cell{n}", count=n, out=f"{n}\n")
    for n in range(6)
]
_TEXT = JUPYTER.spell(notebook(*_CELLS))


def mutant(chance: Random) -> bytes:
    """A notebook with something wrong in it."""
    data = bytearray(_TEXT)
    at, end = sorted((chance.randrange(len(data)), chance.randrange(len(data))))
    match chance.randrange(5):
        case 0:
            del data[at:end]
        case 1:
            data[at:at] = data[at:end]
        case 2:
            data[at] = chance.randrange(256)
        case 3:
            data[at:at] = bytes(chance.randrange(256) for _ in range(20))
        case _:
            return chance.choice(MADE)
    return bytes(data)


MADE = (
    b"",
    b"\0",
    b"\0" * 1_000_000,
    b"[" * 200_000,
    b'{"cells": ' + b"[" * 50_000 + b"]" * 50_000 + b', "nbformat": 4, "nbformat_minor": 5}',
    b"\xff\xfe" + _TEXT.decode().encode("utf-16-le"),
    json.dumps({"cells": [None, 1, "x", [], {"cell_type": {}}], "nbformat": 4}).encode(),
    JUPYTER.spell(notebook(*(code(f"cell_{n} = {n}", id="the-same") for n in range(300)))),
    _TEXT.replace(b'"execution_count": 0', b'"execution_count": ' + b"9" * 100_000),
    _TEXT.replace(b'"source"', b'"source": ["a"], "source"'),
    _TEXT.replace(b"import", b"\\ud800\\u0000<<<<<<< local\\n=======\\n>>>>>>> remote\\n"),
    *(
        _TEXT.replace(b'"nbformat": 4', b'"nbformat": ' + odd)
        for odd in (b"1e400", b"-1", b'"4"', b"[]", b"NaN")
    ),
)
