"""Owns: windows of VS Code without VS Code: a node process with the extension, and answers to it.

Must not know: what is tested.  Invariant: nothing is answered, and no time passes, unless a test says so; the
calls are answered as the process would, with real files and a real store.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from nbmerge import __version__
from nbmerge.errors import NbmergeError
from nbmerge.serve.calls import CALLS, reason_of
from nbmerge.sync import Participation, without_writer
from nbmerge.vscode.package import extension
from tests.helpers.build import Notebook, source_of
from tests.helpers.spelling import JUPYTER

ROOT = Path(__file__).parents[2]
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")
_HOST = Path(__file__).with_name("host.mjs")
_STEP = 50  # milliseconds


@dataclass
class Request:
    """What a window asked and waits for."""

    id: int
    who: int
    call: str
    members: dict[str, Any]


@dataclass
class Host:
    """The node process."""

    commands: IO[str]
    results: IO[str]
    requests: list[Request] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def do(self, what: str, **arguments: Any) -> Any:
        """The result of a command; the requests that it led to are kept."""
        self.commands.write(json.dumps({"do": what, **arguments}) + "\n")
        self.commands.flush()
        told = json.loads(self.results.readline())
        assert told["error"] is None, told["error"]
        self.requests += [Request(**one) for one in told["requests"]]
        self.errors += told["errors"]
        return told["result"]


@contextmanager
def host(folder: Path) -> Iterator[Host]:
    """A process that runs what `nbmerge vscode install` would install; it is unpacked into the folder."""
    assert NODE is not None
    for name, content in extension(str(ROOT / "data"), __version__).files.items():
        (folder / name).write_bytes(content)
    command = [NODE, str(_HOST), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Host(process.stdin, process.stdout)
        process.stdin.close()


@dataclass
class Windows:
    """Windows that show one notebook, and what they have asked, by the names of the calls."""

    host: Host
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
        self.asked.append(request.call)
        call = CALLS[request.call]
        assert call.run is not None
        try:
            answer = call.run(self.participation, {"path": str(self.path), **request.members})
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
        found: dict[str, Any] = self.host.do("read", who=who)
        return found

    def held(self) -> list[str]:
        """The sources that the file holds."""
        return [source_of(cell) for cell in json.loads(self.path.read_bytes())["cells"]]


def _plain(value: Any) -> str:
    from nbmerge.sync.operations import in_one_line

    return in_one_line(value)
