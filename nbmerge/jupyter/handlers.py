"""Owns: the requests of nbmerge's part in the page, and what is answered when something fails.

Must not know: how saves are merged, how trust and versions are kept.  Invariant: nobody gets or changes here
what Jupyter's contents API would refuse them: the same login, permissions, origins, hidden files and root
folder; a failure is answered with the status that contents give, and what was sent is not lost by it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from jupyter_client.jsonutil import json_default
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from nbmerge import __version__
from nbmerge.errors import NbmergeError, UsageError
from nbmerge.files import read_ordinary_file
from nbmerge.history.values import StoreAway
from nbmerge.jupyter.failures import for_page, status_of
from nbmerge.jupyter.notebooks import (
    Contents,
    Spelled,
    as_node,
    bring_results,
    in_short,
    is_of,
    operations_shown,
    shown,
    spelled,
    why_not_here,
)
from nbmerge.jupyter.participants import Participants
from nbmerge.jupyter.presence_handlers import SETTING as PRESENCE
from nbmerge.jupyter.trusting import Trust
from nbmerge.jupyter.watching import OpenNotebooks
from nbmerge.notebook.writer import write
from nbmerge.sync import Answer, Opened, Operation, without_writer
from nbmerge.sync.spool import WaitingSave, opened_without_store
from nbmerge.sync.tokens import token_of_bytes

SETTING = "nbmerge"
_UNNAMED = "a tab in Jupyter"  # where the server does not know who its users are
_TRIES = 3
_LONGEST = {"base": 1000}  # characters; a token can end with the name of its writer
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Serving:
    """What all requests to one server share."""

    participants: Participants
    opened: OpenNotebooks


class NotebookHandler(APIHandler):
    """A request about one notebook."""

    auth_resource = "contents"

    @property
    def serving(self) -> Serving:
        """What all requests share."""
        found: Serving = self.settings[SETTING]
        return found

    @property
    def contents(self) -> Contents:
        """The contents as they are now: other extensions may replace the manager."""
        return Contents(self.contents_manager)

    @property
    def trust(self) -> Trust:
        """Whom and what the user trusts."""
        return Trust(self.contents_manager, self.serving.participants)

    @property
    def writer(self) -> str:
        """What the user is called in messages and conflicts; by the server's word, never by the page's."""
        return self._name if self.named else _UNNAMED

    @property
    def named(self) -> bool:
        """Whether the server knows who the user is."""
        return not self._name.startswith("Anonymous ")

    @property
    def _name(self) -> str:
        return str(self.current_user.display_name or self.current_user.username)

    def body(self, **kinds: type) -> dict[str, Any]:
        """The JSON object that was sent, which has these members.  Raises HTTPError if it has not."""
        found = self.get_json_body()
        if not isinstance(found, dict):
            raise web.HTTPError(400, "no JSON object was sent")
        for name, kind in kinds.items():
            if not isinstance(found.get(name), kind):
                raise web.HTTPError(400, f"the member {name!r} is missing or is no {kind.__name__}")
            if kind is str and (why := _why_no_name(found[name], _LONGEST.get(name, _LONGEST_NAME))):
                raise web.HTTPError(400, f"the member {name!r} {why}")
        return found

    def check_is_here(self) -> None:
        """Raises HTTPError where another contents manager has to save notebooks."""
        if why := why_not_here(self.contents_manager):
            raise web.HTTPError(400, f"nbmerge does not save here: {why}")

    def answer(self, reply: dict[str, Any]) -> None:
        """Send a JSON object."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(reply, default=json_default))

    def answer_failure(
        self, error: NbmergeError, path: str, file: str, unknown: str = "unknown base"
    ) -> None:
        """Say what failed: to the page in its words, to the server's log as it is; `unknown`: what a
        UsageError means to the page.

        Not by an HTTPError: of that Jupyter shows the message with every percent sign twice.
        """
        is_unknown = isinstance(error, UsageError)
        status = 409 if is_unknown else status_of(error, file)
        self.log.warning("nbmerge: %s", error, exc_info=status == 500)
        self.set_status(status)
        message = for_page(str(error), path, file, self.serving.participants.directory)
        self.answer({"reason": unknown if is_unknown else None, "message": message})

    async def opened(self, file: str) -> Opened:
        """What a file holds and its version, recorded."""
        return await self.serving.participants.ask(
            file, lambda participation: participation.open_notebook(file)
        )

    async def operations(self, operations: tuple[Operation, ...], content: bytes) -> list[dict[str, Any]]:
        """Operations that lead to this content, for a page."""
        if not bring_results(operations):
            return operations_shown(operations)
        run = self.serving.participants.run
        notebook = await run(lambda: shown(content))
        trusted = await self.trust.of(notebook)
        return await run(lambda: operations_shown(operations, notebook, trusted))


class AboutHandler(APIHandler):
    """Which nbmerge this is: the page's part is of the same version, or steps aside."""

    auth_resource = "contents"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.finish({"version": __version__})


class OpenHandler(NotebookHandler):
    """A tab opens a notebook."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        contents = self.contents
        await contents.check_visible(path, 404)
        model = await contents.model(path)
        if why := why_not_here(contents.manager):
            self.answer({"here": False, "why": why})
            return
        file = contents.file(path)
        try:
            for _ in range(_TRIES):  # a save may come between the two
                opened = await self.opened(file)
                if is_of(model, opened.content):
                    break
                model = await contents.model(path)
        except StoreAway:
            try:
                opened = await self.serving.participants.run(lambda: opened_without_store(file))
            except NbmergeError as error:
                self.answer_failure(error, path, file)
                return
        except NbmergeError as error:
            self.answer_failure(error, path, file)
            return
        invalid: dict[str, Any] = {}
        notebook = await self.serving.participants.run(lambda: shown(opened.content, invalid))
        await self.trust.mark(notebook)
        model |= {"content": notebook, "format": "json"}
        contents.manager.validate_notebook_model(model, validation_error=invalid)
        self.serving.opened.asked(path, file, opened.version)
        self.answer({"here": True, "version": opened.version, "model": model})


class HeadHandler(NotebookHandler):
    """A tab asks what the file holds now."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        contents = self.contents
        await contents.check_visible(path, 404)
        model = await contents.model(path)
        file = contents.file(path)
        try:
            version = await self.serving.participants.head(file)
        except NbmergeError as error:
            self.answer_failure(error, path, file)
            return
        self.serving.opened.asked(path, file, version)
        self.answer({"version": version, "model": model})


class SaveHandler(NotebookHandler):
    """A tab saves."""

    @web.authenticated
    @authorized
    async def put(self, path: str) -> None:
        body = self.body(base=str, save_id=str, tab=str, content=dict)
        contents = self.contents
        self.check_is_here()
        await contents.check_visible(path, 400)
        file = contents.file(path)
        async with self.serving.participants.turn(file):
            notebook = contents.prepared(path, body["content"])
            await self.trust.sign(notebook, path)
            sent = await self.serving.participants.run(lambda: spelled(notebook))
            try:
                answer = await self._saved(file, sent.data, body)
            except StoreAway as error:
                try:
                    self.answer(await self._saved_without_store(path, file, sent, body["base"], error))
                except NbmergeError as failure:
                    self.answer_failure(failure, path, file)
                return
            except NbmergeError as error:
                self.answer_failure(error, path, file)
                return
            self.serving.opened.asked(path, file, without_writer(answer.version), body["tab"])
            operations = await self.operations(answer.operations, answer.content)
            model = await contents.saved(path, sent.invalid)
        self.answer(
            {
                "sent": without_writer(answer.sent),
                "version": without_writer(answer.version),
                "operations": operations,
                "conflicts": [conflict.as_json() for conflict in answer.conflicts],
                "came": [asdict(came) for came in answer.came],
                "model": model,
                "away": None,
            }
        )

    async def _saved_without_store(
        self, path: str, file: str, sent: Spelled, base: str, away: StoreAway
    ) -> dict[str, Any]:
        """Save as Jupyter does without nbmerge; the store takes it in when it is back."""
        participants, contents, writer = self.serving.participants, self.contents, self.writer
        self.log.warning("nbmerge: %s; %s is saved without merging", away, path)

        def kept_and_written() -> None:
            spool = participants.store.spool
            spool.keep(WaitingSave(file, read_ordinary_file(file)))
            spool.keep(WaitingSave(file, sent.data, base, writer))
            contents.write(file, sent.data)

        await participants.run(kept_and_written)
        token = token_of_bytes(sent.data)
        return {
            "sent": token,
            "version": token,
            "operations": [],
            "conflicts": [],
            "came": [],
            "model": await contents.saved(path, sent.invalid),
            "away": "database not reachable: saved; merged when it is back",
        }

    async def _saved(self, file: str, data: bytes, body: dict[str, Any]) -> Answer:
        base, save_id, writer = body["base"], body["save_id"], self.writer
        self.settings[PRESENCE].tab_saves(writer)
        return await self.serving.participants.ask(
            file, lambda participation: participation.save(file, data, base, writer, save_id)
        )


class PullHandler(NotebookHandler):
    """A tab wants what others have saved, and does not save."""

    @web.authenticated
    @authorized(action="read")  # type: ignore[untyped-decorator]
    async def post(self, path: str) -> None:
        body = self.body(base=str, content=dict)
        contents = self.contents
        self.check_is_here()
        await contents.check_visible(path, 404)
        model = await contents.model(path)
        file = contents.file(path)
        notebook, base = as_node(body["content"]), body["base"]
        participants = self.serving.participants
        sent = await participants.run(lambda: in_short(notebook))
        try:
            pulled = await participants.ask(file, lambda participation: participation.pull(file, base, sent))
        except NbmergeError as error:
            self.answer_failure(error, path, file)
            return
        self.serving.opened.asked(path, file, without_writer(pulled.head))
        self.answer(
            {
                "version": without_writer(pulled.version),
                "operations": await self.operations(pulled.operations, write(pulled.content)),
                "held": pulled.held,
                "came": [asdict(came) for came in pulled.came],
                "due": pulled.due,
                "model": model,
            }
        )


def _why_no_name(text: str, longest: int) -> str:
    """Why a text cannot be what the page calls a tab, a save or a version; "": it can."""
    if len(text) > longest:
        return f"is longer than {longest} characters"
    return (
        "" if text.isascii() and text.isprintable() else "has characters other than those of printable ASCII"
    )
