"""Owns: what a call of `nbmerge serve` costs for a notebook of 1 MB: round trip, and the processor's time.

Must not know: how the calls work.  Invariant: the median of many calls; the processor's time is that of the
process that serves, so other programs do not count in it.

    python -m tests.bench.serve
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbmerge.sync import apply
from tests.helpers.build import Notebook, code, notebook
from tests.helpers.spelling import JUPYTER
from tests.serve.talk import talking
from tests.serve.test_calls import Page

_TIMES = 40


def main() -> None:
    """Print a row for each call."""
    with tempfile.TemporaryDirectory() as folder, talking(f"{folder}/state") as talk:
        path = Path(folder) / "nb.ipynb"
        path.write_bytes(JUPYTER.spell(large()))
        page = Page(talk, path)
        page.open()
        calls = {
            "`head`": Measured("head"),
            "`pull`, nothing new": Measured("pull"),
            "`pull`, another cell": Measured("pull", others=True),
            "`save`": Measured("save", types=True),
            "`save`, exact": Measured("save", types=True, exact=True),
            "`save`, merged with another cell": Measured("save", types=True, others=True),
            "`claim`": Measured("claim", types=True, writes=True),
        }
        print(f"{path.stat().st_size / 1e6:.2f} MB, {_TIMES} calls each: median, shortest, of the processor")
        for name, call in calls.items():
            wall, cpu = zip(*call.times(page), strict=True)
            figures = statistics.median(wall), min(wall), statistics.median(cpu)
            print(
                f"| {name} |", " | ".join(f"{seconds * 1e3:.1f} ms" for seconds in figures), "|", flush=True
            )


def large() -> Notebook:
    """120 cells, of which each has a result of 8 KB."""
    line = "0.123456789 " * 8 + "\n"
    return notebook(*(code(f"x = {n}\nprint(x)", id=f"c{n}", out=line * 80) for n in range(120)))


@dataclass
class Measured:
    """A call; before it the editor `types`, it `writes` the file itself, or `others` have saved."""

    call: str
    types: bool = False
    writes: bool = False
    others: bool = False
    exact: bool = False

    def times(self, page: Page) -> Iterator[tuple[float, float]]:
        """Seconds that each call took, and seconds of the processor that the process used for it."""
        for number in range(_TIMES + 5):
            if self.others:
                other = Page(page.talk, page.path)
                other.open()
                other.type(100, f"other = {number}")
                other.call("save")
            if self.types:
                page.type(number % 100, f"{self.call} = {number}")
            members: dict[str, str | bool] = {}
            if self.call != "head":
                members |= {"base": page.base, "content": page.text}
            if self.exact:
                members["exact"] = True
            if self.writes:
                page.path.write_text(page.text)
            before, began = used(page.talk.process.pid), time.perf_counter()
            answer = page.talk.ask(self.call, path=str(page.path), **members)
            if number >= 5:
                yield time.perf_counter() - began, used(page.talk.process.pid) - before
            page.copy = apply(page.copy, answer.get("operations", []))
            page.base = answer["version"]


def used(pid: int) -> float:
    """Seconds of the processor; the system counts them in nanoseconds."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9 + sum(
        int((one / "schedstat").read_text().split()[0]) / 1e9
        for one in Path(f"/proc/{pid}/task").iterdir()
        if one.name != str(pid) and os.path.exists(one)
    )


if __name__ == "__main__":
    main()
