"""Owns: pages without a browser: a node process that runs the page's modules, and a server for its requests.

Must not know: what is tested.  Invariant: nothing is answered unless a test says when, and how it arrives.
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

from nbmerge.errors import UsageError
from nbmerge.sync import Participation, without_writer
from tests.helpers.build import Notebook
from tests.helpers.spelling import JUPYTER
from tests.jupyter_page.lab import EXTENSIONS

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")
STATIC = EXTENSIONS / "nbmerge-on-save" / "static"
_HOST = Path(__file__).with_name("pages.mjs")


@dataclass
class Request:
    """What a page asked and waits for."""

    id: int
    who: int
    what: str
    body: Any


@dataclass
class Node:
    """The process; `model` is where the real shared model is installed, or None: a stand-in is used."""

    commands: IO[str]
    results: IO[str]
    requests: list[Request] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    later: int = 0

    def do(self, what: str, **arguments: Any) -> Any:
        """The result of a command; the requests that it led to are kept."""
        self.commands.write(json.dumps({"do": what, **arguments}) + "\n")
        self.commands.flush()
        told = json.loads(self.results.readline())
        assert told["error"] is None, told["error"]
        self.requests += [Request(**one) for one in told["requests"]]
        self.errors += told["errors"]
        self.later = told["later"]
        return told["result"]


@contextmanager
def node(modules: str = "") -> Iterator[Node]:
    """A process; `modules`: a folder in which `@jupyter/ydoc` is installed, "" for the stand-in."""
    assert NODE is not None
    command = [NODE, str(_HOST), str(STATIC), *([modules] if modules else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Node(process.stdin, process.stdout)
        process.stdin.close()


@dataclass
class Desk:
    """Pages that show one notebook, the server that they ask, and a program that writes the file."""

    node: Node
    participation: Participation
    path: Path

    def start(self, count: int, notebook: Notebook) -> None:
        self.path.write_bytes(JUPYTER.spell(notebook))
        self.node.requests.clear()
        self.node.errors.clear()
        self.node.do("start", count=count, opened=self.opened())

    def opened(self) -> dict[str, Any]:
        found = self.participation.open_notebook(str(self.path))
        content = json.loads(found.content)
        for cell in content["cells"]:
            cell["source"] = "".join(cell["source"])
        return {"version": found.version, "content": content}

    def answer(self, request: Request, how: str = "arrives") -> None:
        """Do what was asked, unless it is `unsent`; the page hears of it unless it is `lost`."""
        self.node.requests.remove(request)
        if how != "unsent":
            try:
                answer = self._answer(request)
            except UsageError:
                self.node.do("fail", id=request.id, status=409)
                return
        if how == "arrives":
            self.node.do("answer", id=request.id, answer=answer)
        else:
            self.node.do("fail", id=request.id)

    def _answer(self, request: Request) -> Any:
        asked = self.participation
        body, path = request.body, str(self.path)
        match request.what:
            case "open":
                return self.opened()
            case "head":
                return {"version": asked.head(path)}
        data = JUPYTER.spell(_as_file(body["content"]))
        if request.what == "save":
            saved = asked.save(path, data, body["base"], f"tab {request.who}", body["save_id"])
            return {
                "sent": without_writer(saved.sent),
                "version": without_writer(saved.version),
                "operations": [one.as_json() for one in saved.operations],
                "conflicts": [one.as_json() for one in saved.conflicts],
                "came": [],
            }
        pulled = asked.pull(path, body["base"], data)
        return {
            "version": without_writer(pulled.version),
            "operations": [one.as_json() for one in pulled.operations],
            "held": list(pulled.held),
            "came": [],
        }

    def answer_all(self) -> None:
        """Until nobody asks anything any more."""
        for _ in range(200):
            if self.node.requests:
                self.answer(self.node.requests[0])
            elif self.node.later:
                self.node.do("later")
            else:
                return
        raise AssertionError("the pages go on asking")

    def settle(self, count: int) -> None:
        """Everybody saves, then looks."""
        self.answer_all()
        for what in ("save", "save", "pull"):
            for who in range(count):
                self.node.do(what, who=who)
                self.answer_all()

    def sources(self, who: int) -> list[str]:
        notebook = self.node.do("read", who=who)["notebook"]
        return [cell["source"] for cell in notebook["cells"]]

    def held(self) -> list[str]:
        """The sources that the file holds."""
        return ["".join(cell["source"]) for cell in json.loads(self.path.read_bytes())["cells"]]


def _as_file(content: Notebook) -> Notebook:
    """A notebook as Jupyter spells it in the file."""
    cells = [{**cell, "source": cell["source"].splitlines(keepends=True)} for cell in content["cells"]]
    return content | {"cells": cells}
