"""Owns: what nbmerge costs, beside bare Python, json and nbdime, in one run on one machine.

Must not know: how nbmerge works inside.  Invariant: every figure is of a whole process
that ran to its end, the median of several runs in turn with what it is compared to.

    python -m tests.bench.run [--nbdime]

The inputs come from `../shared/tools/gen_nb.py`; without it there is nothing to measure.
With --nbdime its driver also merges the 1,000 cells without ids (most of a minute).
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

GENERATOR = Path(__file__).parents[3] / "shared" / "tools" / "gen_nb.py"
NBDIME = Path(sys.executable).with_name("git-nbmergedriver")
START = "from nbmerge.cli.driver_command import entry; entry()"  # as git's entry starts it
JSON = """
import json, sys
three = [json.load(open(name, "rb")) for name in sys.argv[1:4]]
with open(sys.argv[4], "w", encoding="utf-8") as out:
    json.dump(three[1], out, indent=1, ensure_ascii=False)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """One process: seconds of processor and of wall clock, peak memory in MB."""

    cpu: float
    wall: float
    memory: float


def main() -> int:
    """Print the tables."""
    if not GENERATOR.exists():
        print(f"nothing measured: {GENERATOR.name} is not there")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.one_call()
        bench.many_cells("--nbdime" in sys.argv)
        bench.conflicts()
        bench.images()
    return 0


class Bench:
    """The measurements, with their inputs in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def one_call(self) -> None:
        """A driver call on a 40-cell notebook against bare Python and nbdime's driver."""
        files = self.made("call", "--cells", "40", "--output-bytes", "1024")
        commands = {"python -c pass": [sys.executable, "-c", "pass"], "nbmerge": self.driver(files)}
        if NBDIME.exists():
            commands["nbdime"] = self.nbdime(files)
        walls = {name: cost.wall for name, cost in medians(commands, 15, self.fresh(files)).items()}
        bare, ours = walls["python -c pass"], walls["nbmerge"]
        print("one driver call, 40 cells")
        for name, wall in walls.items():
            ratios = f"{wall / bare:5.1f} x bare python   {wall / ours:5.1f} x nbmerge"
            print(f"  {name:16}{wall * 1000:8.1f} ms   {ratios}")

    def many_cells(self, with_nbdime: bool) -> None:
        """Cells without ids, 1 KB of output each: the cost of each doubling."""
        print("cells without ids, 1 KB of output each")
        costs: dict[int, float] = {}
        for cells in (1000, 1250, 2500, 5000, 10_000, 20_000):
            files = self.made(f"cells-{cells}", "--cells", str(cells), "--no-ids", "--output-bytes", "1024")
            cpu = medians({"nbmerge": self.driver(files)}, 5, self.fresh(files))["nbmerge"].cpu
            ratio = f"   {cpu / costs[cells // 2]:4.2f} x the half" if cells // 2 in costs else ""
            print(f"  {cells:5} cells   {cpu:6.3f} s of processor{ratio}")
            if with_nbdime and cells == 1000:
                theirs = medians({"nbdime": self.nbdime(files)}, 1, self.fresh(files))["nbdime"].cpu
                print(f"  {cells:5} cells   {theirs:6.1f} s of processor by nbdime: {theirs / cpu:.0f} x")
            costs[cells] = cpu

    def conflicts(self) -> None:
        """2,000 cells of which local edited 100: against a remote that edited others, or the same lines."""
        files = self.made("conflicts", "--cells", "2000", "--ids", "--output-bytes", "1024")
        base, local, remote = (json.loads(file.read_bytes()) for file in files)
        edited = {cell["id"]: cell["source"] for cell in local["cells"]}
        before = {cell["id"]: cell["source"] for cell in base["cells"]}
        for cell in remote["cells"]:
            old, new = before.get(cell["id"]), edited.get(cell["id"])
            if cell["source"] == old and new not in (old, None):
                cell["source"] = [line if line in old else f"other = {line}" for line in new]
        clashing = files[2].with_name("clashing.ipynb")
        clashing.write_text(json.dumps(remote, indent=1))
        commands = {"clean": self.driver(files), "conflicts": self.driver([*files[:2], clashing])}
        costs = medians(commands, 15, self.fresh(files))
        print("2,000 cells, one side edited 100")
        for name, cost in costs.items():
            print(f"  {name:10}{cost.cpu:6.3f} s of processor   {cost.cpu / costs['clean'].cpu:4.2f} x clean")

    def images(self) -> None:
        """100 pictures of 1 MB in each file, against json loading three and dumping one."""
        files = self.made("images", "--cells", "125", "--png-bytes", "1000000")
        self.beside_json(files, "in one string")
        for name, spelled in (("in lines", in_lines), ("in one string with line ends", in_one_string)):
            self.beside_json([respelled(file, name, spelled) for file in files], name)

    def beside_json(self, files: list[Path], how: str) -> None:
        """One merge of pictures."""
        out = str(self.folder / "json.out")
        commands = {
            "json": [sys.executable, "-c", JSON, *(str(file) for file in files), out],
            "nbmerge": self.driver(files),
        }
        costs = medians(commands, 5, self.fresh(files))
        size = sum(file.stat().st_size for file in files) / 2**20
        print(f"100 pictures of 1 MB in each of three files ({size:.0f} MB), {how}")
        for name, cost in costs.items():
            ratio = f"{cost.cpu / costs['json'].cpu:4.2f} x json"
            memory = f"{cost.memory:6.0f} MB = {cost.memory / size:4.2f} x the files"
            print(f"  {name:8}{cost.cpu:6.2f} s of processor, {cost.wall:6.2f} s   {ratio}   {memory}")

    def made(self, name: str, *options: str) -> list[Path]:
        """base, local and remote, as the generator writes them."""
        target = self.folder / name
        subprocess.run([sys.executable, GENERATOR, target, *options], check=True)
        return [target / f"{side}.ipynb" for side in ("base", "local", "remote")]

    def driver(self, files: list[Path]) -> list[str]:
        base, local, remote = map(str, files)
        return [sys.executable, "-c", START, base, f"{local}.result", remote, "7", "bench.ipynb"]

    def nbdime(self, files: list[Path]) -> list[str]:
        base, local, remote = map(str, files)
        return [str(NBDIME), "merge", base, f"{local}.result", remote, "7", "bench.ipynb"]

    def fresh(self, files: list[Path]) -> tuple[Path, Path]:
        """What is copied where before every run: a driver writes into its local file."""
        return files[1], Path(f"{files[1]}.result")


def in_lines(picture: str) -> list[str]:
    """As nbformat spells a text with line ends, 76 characters each."""
    return [f"{picture[at : at + 76]}\n" for at in range(0, len(picture), 76)]


def in_one_string(picture: str) -> str:
    """As some programs spell it."""
    return "".join(in_lines(picture))


def respelled(file: Path, name: str, spell: Callable[[str], object]) -> Path:
    """The same notebook with its pictures in another spelling."""
    notebook = json.loads(file.read_bytes())
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", ()):
                output["data"]["image/png"] = spell(output["data"]["image/png"].rstrip("\n"))
    target = file.parent.with_name(f"images-{name.replace(' ', '-')}") / file.name
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(notebook, indent=1))
    return target


def medians(commands: dict[str, list[str]], runs: int, copy: tuple[Path, Path]) -> dict[str, Cost]:
    """The commands in turn, `runs` times each after one that is not counted."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(runs + (runs > 1)):
        for name, command in commands.items():
            shutil.copyfile(*copy)
            cost = measured(command)
            if number or runs == 1:
                costs[name].append(cost)
    return {
        name: Cost(
            *(statistics.median(getattr(c, part) for c in found) for part in ("cpu", "wall", "memory"))
        )
        for name, found in costs.items()
    }


def measured(command: list[str]) -> Cost:
    """Run one process to its end."""
    start = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ)
    _, _, usage = os.wait4(process, 0)
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    sys.exit(main())
