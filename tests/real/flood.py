"""Owns: programs that save one notebook in place as fast as they can, each from a copy that it never reloads.

Must not know: who watches.  Run as `python tests/real/flood.py NOTEBOOK WRITERS SECONDS`.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from pathlib import Path


def content(words: str) -> bytes:
    """A notebook of a hundred cells that says these words."""
    cells = [_cell(f"cell{n}", f"value_{n} = compute({n})\nprint(value_{n})") for n in range(100)]
    cells.append(_cell("words", f"# {words}"))
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()


def _cell(id: str, source: str) -> dict[str, object]:
    run: dict[str, object] = {"execution_count": None, "outputs": []}
    return {"cell_type": "code", "id": id, "metadata": {}, **run, "source": source.splitlines(keepends=True)}


def save_without_pause(path: Path, name: str, seconds: float) -> None:
    """Save until the time is over."""
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        number += 1
        path.write_bytes(content(f"{name} saved {number}"))


def main(path: Path, writers: int, seconds: float) -> None:
    """So many writers at once."""
    fork = multiprocessing.get_context("fork")
    found = [
        fork.Process(target=save_without_pause, args=(path, f"writer{n}", seconds)) for n in range(writers)
    ]
    for writer in found:
        writer.start()
    for writer in found:
        writer.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
