"""Owns: the requests about conflicts that a tab shows: what is known of them, and what a choice makes.

Must not know: how conflicts are found and settled.  Invariant: nothing is written here; a choice comes into
the file when the tab saves it, like anything that somebody types.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbmerge.conflicts.values import Choice
from nbmerge.errors import NbmergeError
from nbmerge.jupyter.handlers import NotebookHandler
from nbmerge.jupyter.notebooks import as_node, bring_results, in_short, operations_shown, shown
from nbmerge.notebook.writer import write
from nbmerge.sync import ChoiceInCopy, Settled

_CHOICES = {choice.value: choice for choice in Choice}


class ConflictsHandler(NotebookHandler):
    """A tab shows conflicts."""

    @web.authenticated
    @authorized(action="read")  # type: ignore[untyped-decorator]
    async def post(self, path: str) -> None:
        body = self.body(base=str, content=dict)
        file, copy = await self.copy(path, body)
        base = body["base"]
        participants = self.serving.participants
        try:
            found = await participants.ask(
                file, lambda participation: participation.conflicts(file, base, copy)
            )
        except NbmergeError as error:
            self.answer_failure(error, path, file)
            return
        told = {"writer": self.writer, "named": self.named}
        self.answer({**told, "conflicts": [asdict(one) for one in found]})

    async def copy(self, path: str, body: dict[str, Any]) -> tuple[str, bytes]:
        """The file, and the copy of it that was sent.  Raises HTTPError for what is not to be had."""
        self.check_is_here()
        await self.contents.check_visible(path, 404)
        notebook = as_node(body["content"])
        return self.contents.file(path), await self.serving.participants.run(lambda: in_short(notebook))


class SettleHandler(ConflictsHandler):
    """Somebody chooses a side of a conflict."""

    @web.authenticated
    @authorized(action="read")  # type: ignore[untyped-decorator]
    async def post(self, path: str) -> None:
        body = self.body(base=str, content=dict, cell=int, line=int, choice=str)
        choice = _CHOICES.get(body["choice"])
        if choice is None:
            raise web.HTTPError(400, f"the member 'choice' is none of {', '.join(_CHOICES)}")
        file, copy = await self.copy(path, body)
        base, chosen = body["base"], ChoiceInCopy(body["cell"], body["line"], choice)
        participants = self.serving.participants
        try:
            made = await participants.ask(
                file, lambda participation: participation.settle(file, base, copy, chosen)
            )
        except NbmergeError as error:
            self.answer_failure(error, path, file)
            return
        self.answer(await self._shown(made))

    async def _shown(self, made: Settled) -> dict[str, Any]:
        """The operations for a page; results that come back are trusted if the notebook that had them is."""
        if not bring_results(made.operations):
            return {"operations": operations_shown(made.operations), "trusted": None}
        run = self.serving.participants.run
        content = await run(lambda: shown(write(made.content)))
        source = await run(lambda: shown(made.source) if made.source else None)
        trusted = source is not None and await self.trust.of(source)
        operations = await run(lambda: operations_shown(made.operations, content, trusted))
        return {"operations": operations, "trusted": trusted}
