"""An editor that saves as fast as it can: `python -m tests.helpers.racing_editor PATH WAY SAVES PAUSE`.

Each save has a number of its own.  On standard output: the number of every save, and of those that this
editor overwrote itself before anybody else could ("own 17").  WAY: rename, in-place, or slow (in place, with
a pause between truncation and writing).  PAUSE is in milliseconds.
"""

from __future__ import annotations

import os
import random
import re
import sys
import time

BODY = "x" * 20_000


def content(number: int) -> bytes:
    return f'{{"save": {number}, "body": "{BODY}"}}\n'.encode()


def number_in(data: bytes) -> int | None:
    """The number of a whole save."""
    match = re.fullmatch(rb'\{"save": (\d+), "body": "x{20000}"\}\n', data)
    return int(match[1]) if match else None


def by_rename(path: str, data: bytes) -> bytes:
    """What stood there is found as nbmerge finds it, so that the count is exact."""
    from nbmerge.disk.linux import Linux

    beside, aside = f"{path}~", f"{path}~~"
    with open(beside, "wb") as file:
        file.write(data)
    Linux().swap(beside, path, aside)
    with open(aside, "rb") as file:
        before = file.read()
    os.unlink(aside)
    return before


def in_place(path: str, data: bytes, pause: float = 0.0) -> bytes:
    with open(path, "r+b", buffering=0) as file:
        before = file.read()
        file.truncate(0)
        file.seek(0)
        time.sleep(pause)
        file.write(data[:5000])
        file.write(data[5000:])
    return before


def main(path: str, way: str, saves: int, pause: float) -> None:
    chance = random.Random(7)
    for number in range(saves):
        time.sleep(pause * chance.random() * 2)
        data = content(number)
        before = by_rename(path, data) if way == "rename" else in_place(path, data, 0.001 * (way == "slow"))
        own = number_in(before)
        print(number, *([] if own is None else ["own", own]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]) / 1000)
