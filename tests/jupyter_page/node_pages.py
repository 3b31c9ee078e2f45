"""Owns: pages without a browser: a node process that runs the page's modules, and a server for its requests.

Must not know: what is tested.  Invariant: nothing is answered unless a test says when, and how it arrives.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbmerge.errors import UsageError
from nbmerge.sync import Participation, without_writer
from tests.helpers.build import Notebook
from tests.helpers.node_process import NodeProcess, Request, node_process
from tests.helpers.spelling import JUPYTER
from tests.jupyter_page.lab import EXTENSIONS

PAGE = EXTENSIONS / "nbmerge-on-save" / "page"
_HOST = Path(__file__).with_name("pages.mjs")


@contextmanager
def node(modules: str = "") -> Iterator[NodeProcess]:
    """A process; `modules`: a folder in which `@jupyter/ydoc` is installed, "" for the stand-in."""
    with node_process(_HOST, str(PAGE), *([modules] if modules else [])) as found:
        yield found


@dataclass
class Desk:
    """Pages that show one notebook, the server that they ask, and a program that writes the file."""

    node: NodeProcess
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
