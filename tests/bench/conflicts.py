"""Owns: what looking for conflicts and settling them costs, on 2,000 notebooks of 100 KB.

Must not know: how nbmerge works inside.  Invariant: every figure is of a whole process that ran to
its end, the median of several runs; files were read before, so that it is not of the disk.

    python -m tests.bench.conflicts
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.bench.notebooks import Notebook, megabyte
from tests.bench.run import Cost, measured
from tests.helpers.build import conflict

NOTEBOOKS, MARKED, LESSONS = 2000, 100, 20
NBMERGE = ["/bin/sh", "-c", 'exec "$0" -m nbmerge "$@" > /dev/null', sys.executable]
GIT = ["git", "-c", "user.name=Tester", "-c", "user.email=tester@example.org"]
SHOWN = conflict(["a = 1", "print(a)"], ["a = 2"], "HEAD", "topic").splitlines(keepends=True)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        subprocess.run([*GIT, "init", "--quiet", folder], check=True)
        size = sum(fill(root, lambda number: number % (NOTEBOOKS // MARKED) == 0))
        subprocess.run([*GIT, "-C", folder, "add", "."], check=True)
        subprocess.run([*GIT, "-C", folder, "commit", "--quiet", "-m", "all"], check=True)
        print(f"{NOTEBOOKS} notebooks, {size / 1e6:.0f} MB, in a repository")
        report(f"{MARKED} with a conflict, {LESSONS} with a lesson about git", median(root), "3")
        sum(fill(root, lambda number: True))
        report("a conflict in every one", median(root), "3")
        shutil.rmtree(root / "000")
        one = root / "one"
        one.mkdir()
        (one / "n.ipynb").write_text(json.dumps(marked(megabyte()), indent=1))
        report("one of 1 MB", median(one))
        report("one of 1 MB settled", resolving(one))


def fill(root: Path, is_marked: Callable[[int], bool]) -> Iterator[int]:
    """Notebooks in folders of a hundred; the size of each."""
    for number in range(NOTEBOOKS):
        content = notebook(number)
        if is_marked(number):
            content = marked(content)
        elif number % (NOTEBOOKS // LESSONS) == 1:
            content["cells"].append(lesson())
        path = root / f"{number // 100:03}" / f"n{number}.ipynb"
        path.parent.mkdir(exist_ok=True)
        data = json.dumps(content, indent=1).encode()
        path.write_bytes(data)
        yield len(data)


def notebook(number: int) -> Notebook:
    """About 100 KB, a part of it a picture."""
    content = megabyte()
    start = number % 270
    content["cells"] = content["cells"][start : start + 18]
    data = {"image/png": f"{number:04}" * 9_000}
    content["cells"][3]["outputs"] = [{"data": data, "metadata": {}, "output_type": "display_data"}]
    return content


def marked(content: Notebook) -> Notebook:
    content["cells"][5]["source"] += ["\n", *SHOWN]
    return content


def lesson() -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "lesson", "metadata": {}, "source": ["```\n", *SHOWN, "\n```"]}


def median(root: Path) -> Cost:
    """What looking through a folder costs."""
    costs = [measured([*NBMERGE, "conflicts", str(root), "--json"]) for _ in range(6)][1:]
    return middle(costs)


def resolving(folder: Path) -> Cost:
    """What settling the conflicts of the one notebook costs, with its history begun."""
    path, before = folder / "n.ipynb", folder / "before"
    shutil.copy2(path, before)
    costs = []
    for number in range(6):
        shutil.copy2(before, path)
        state = str(folder / f"state{number}")
        costs.append(measured([*NBMERGE, "resolve", str(path), "--local", "--state", state]))
    return middle(costs[1:])


def middle(costs: list[Cost]) -> Cost:
    return Cost(
        *(statistics.median(getattr(cost, part) for cost in costs) for part in ("cpu", "wall", "memory"))
    )


def report(what: str, cost: Cost, target: str = "") -> None:
    aim = f" (target {target} s)" if target else ""
    print(f"  {what}: {cost.wall:.2f} s{aim}, {cost.cpu:.2f} s of processor, {cost.memory:.0f} MB")


if __name__ == "__main__":
    main()
