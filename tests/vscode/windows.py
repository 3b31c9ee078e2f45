"""Owns: windows of VS Code without VS Code: a node process with the extension, and answers to it.

Must not know: what is tested.  Invariant: nothing is answered, and no time passes, unless a test says so; the
calls are answered as the process would, with real files and a real store.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbmerge import __version__
from nbmerge.errors import NbmergeError
from nbmerge.serve.calls import CALLS, reason_of
from nbmerge.sync import Participation, Timing, participating, without_writer
from nbmerge.vscode.package import extension
from tests.helpers.build import Notebook, code, notebook, source_of
from tests.helpers.node_process import NodeProcess, Request, node_process
from tests.helpers.spelling import JUPYTER

ROOT = Path(__file__).parents[2]
_HOST = Path(__file__).with_name("host.mjs")
_STEP = 50  # milliseconds
CELLS = 3
MOST = 3  # windows
PROGRAM = MOST  # has lines of its own, too


@contextmanager
def host(folder: Path) -> Iterator[NodeProcess]:
    """A process that runs what `nbmerge vscode install` would install; it is unpacked into the folder."""
    for name, content in extension(str(ROOT / "data"), __version__).files.items():
        (folder / name).write_bytes(content)
    with node_process(_HOST, str(folder)) as found:
        yield found


@contextmanager
def windows_in(folder: Path) -> Iterator[Windows]:
    """Windows with a store, all in the folder."""
    (folder / "extension").mkdir()
    (folder / "notebooks").mkdir()
    timing = Timing(settle=0, patience=0.5)
    with (
        participating(str(folder / "state"), timing) as participation,
        host(folder / "extension") as process,
    ):
        yield Windows(process, participation, folder / "notebooks" / "0.ipynb")


@dataclass
class Windows:
    """Windows that show one notebook, and what they have asked, by the names of the calls."""

    host: NodeProcess
    participation: Participation
    path: Path
    count: int = 0
    asked: list[str] = field(default_factory=list)

    def start(self, count: int, notebook: Notebook) -> None:
        self.count = count
        self.path.write_bytes(JUPYTER.spell(notebook))
        self.host.requests.clear()
        self.asked.clear()
        self.host.errors.clear()
        self.host.do("start", count=count, path=str(self.path))
        self.answer_all()

    def answer(self, request: Request) -> None:
        self.host.requests.remove(request)
        self.asked.append(request.what)
        call = CALLS[request.what]
        assert call.run is not None
        try:
            answer = call.run(self.participation, {"path": str(self.path), **request.body})
        except NbmergeError as error:
            self.host.do("fail", id=request.id, reason=reason_of(error, str(self.path)))
            return
        tokens = {
            name: without_writer(str(answer[name])) for name in ("version", "sent", "head") if name in answer
        }
        self.host.do("answer", id=request.id, answer=json.loads(_plain(answer | tokens)))

    def answer_all(self) -> None:
        """Until nobody asks anything."""
        for _ in range(300):
            if not self.host.requests:
                return
            self.answer(self.host.requests[0])
        raise AssertionError("the windows go on asking")

    def pass_time(self, milliseconds: int) -> None:
        """Time passes in which everything is answered at once."""
        for _ in range(0, milliseconds, _STEP):
            self.host.do("advance", milliseconds=_STEP)
            self.answer_all()

    def settle(self) -> None:
        """Everybody looks and saves, until nothing changes."""
        for _ in range(3):
            for who in range(self.count):
                self.look(who)
                self.host.do("save", who=who)
                self.answer_all()
                self.pass_time(1200)
        for who in range(self.count):
            self.look(who)

    def look(self, who: int) -> None:
        """A window hears that the file has changed, and so does VS Code itself."""
        self.host.do("reload", who=who)
        self.host.do("noticed", who=who)
        self.pass_time(500)

    def read(self, who: int) -> dict[str, Any]:
        found: dict[str, Any] = self.host.do("told", who=who)
        return found

    def held(self) -> list[str]:
        """The sources that the file holds."""
        return [source_of(cell) for cell in json.loads(self.path.read_bytes())["cells"]]


def started(made: Windows, count: int, start: Notebook | None = None) -> Windows:
    """Another notebook: one keeps its history."""
    made.path = made.path.with_name(f"{int(made.path.stem) + 1}.ipynb")
    made.start(count, start or lines_of_their_own())
    return made


def lines_of_their_own() -> Notebook:
    """Cells in which each writer has a line that no other touches."""
    own = [[f"line_{who}_{cell} = [0]\n\npass\n\n" for who in range(MOST + 1)] for cell in range(CELLS)]
    return notebook(*(code("".join(lines) + "end", id=f"c{cell}") for cell, lines in enumerate(own)))


def typed(windows: Windows, who: int, cell: int, word: str) -> None:
    """A word into one's own line of a cell, if that is there."""
    source = windows.read(who)["sources"][cell]
    place = source.find(f"line_{who}_{cell} = [")
    if place >= 0:
        windows.host.do(
            "type", who=who, cell=cell, at=place + len(f"line_{who}_{cell} = ["), text=f"{word}, "
        )


def written(windows: Windows, cell: int, word: str) -> None:
    """A program reads the file, and writes it with a word of its own."""
    found = json.loads(windows.path.read_bytes())
    one = next(one for one in found["cells"] if one["id"] == f"c{cell}")
    mark = f"line_{PROGRAM}_{cell} = ["
    one["source"] = "".join(one["source"]).replace(mark, f"{mark}{word}, ").splitlines(keepends=True)
    windows.path.write_bytes(JUPYTER.spell(found))


def _plain(value: Any) -> str:
    from nbmerge.sync.operations import in_one_line

    return in_one_line(value)
