"""Owns: the requests about a notebook's past: history, one version, what is lost, and bringing back.

Must not know: how versions are kept and shown.  Invariant: as in `handlers`: nobody gets or changes here what
Jupyter's contents API would refuse them; what is asked for in vain changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbmerge.errors import NbmergeError
from nbmerge.jupyter.handlers import NotebookHandler
from nbmerge.jupyter.past import Answer, Begun, Past
from nbmerge.service.listing import WantedRows
from nbmerge.service.lost import LostName

_MOST = 200  # rows of one page
_USUAL = 30
_LONGEST_WORDS = 200  # characters
_LARGEST = 1 << 53  # as numbers that a page has


class PastHandler(NotebookHandler):
    """A request about the past of one notebook."""

    async def reply(self, path: str, question: Callable[[Past], Answer]) -> None:
        """Answer a question about a notebook that is kept here and that this user may see."""
        contents = self.contents
        self.check_is_here()
        await contents.check_visible(path, 404)
        file, begun = contents.file(path), Begun()
        try:
            answer = await self.serving.participants.ask(
                file, lambda participation: question(Past(participation.service, file, begun))
            )
        except NbmergeError as error:
            self.answer_failure(error, path, file, "not there")
            return
        self.answer(answer)

    async def act(self, path: str, question: Callable[[Past], Answer]) -> None:
        """The same for what changes the notebook: one at a time."""
        self.check_is_here()
        async with self.serving.participants.turn(self.contents.file(path)):
            await self.reply(path, question)

    def number(self, name: str, usual: int | None = None) -> int:
        """A number in the query.  Raises HTTPError if there is none."""
        text = self.get_query_argument(name, "" if usual is None else str(usual))
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise web.HTTPError(400, f"{name!r} is no number")
        return int(text)

    @property
    def words(self) -> tuple[str, ...]:
        """The words that are looked for."""
        return tuple(self.get_query_argument("words", "")[:_LONGEST_WORDS].split())

    def sent(self, **kinds: type) -> dict[str, Any]:
        """The JSON object that was sent, with numbers that may be some.  Raises HTTPError."""
        found = self.body(**kinds)
        for name, kind in kinds.items():
            value = found[name]
            if kind is int and (isinstance(value, bool) or not 0 < value < _LARGEST):
                raise web.HTTPError(400, f"the member {name!r} is no number that counts from 1")
        return found


class HistoryHandler(PastHandler):
    """A page wants some of the versions."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        wanted = WantedRows(
            most=min(self.number("most", _USUAL), _MOST),
            before=self.number("before", 0),
            words=self.words,
            each=self.get_query_argument("each", "") == "1",
            since=self.number("since", 0),
        )
        await self.reply(path, lambda past: past.history(wanted))


class VersionHandler(PastHandler):
    """A page shows a version."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        number = self.number("version")
        await self.reply(path, lambda past: past.version(number))


class LostHandler(PastHandler):
    """A page wants to know what is lost."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        words = self.words
        await self.reply(path, lambda past: past.lost(words))


class RestoreHandler(PastHandler):
    """Somebody brings a version back, or a cell of it; without a version: the one before."""

    @web.authenticated
    @authorized
    async def post(self, path: str) -> None:
        body = self.body()
        if "version" not in body:
            await self.act(path, lambda past: past.restore_before())
            return
        number = self.sent(version=int)["version"]
        if "cell" not in body:
            await self.act(path, lambda past: past.restore(number))
            return
        cell = self.sent(cell=int)["cell"]
        await self.act(path, lambda past: past.restore_cell(number, cell))


class PutBackHandler(PastHandler):
    """Somebody puts back what is lost."""

    @web.authenticated
    @authorized
    async def post(self, path: str) -> None:
        body = self.sent(last=int, cell=int, kind=str)
        name = LostName(body["last"], body["cell"], body["kind"])
        await self.act(path, lambda past: past.put_back(name))


class RecoverHandler(PastHandler):
    """Somebody merges what may have been overwritten."""

    @web.authenticated
    @authorized
    async def post(self, path: str) -> None:
        await self.act(path, lambda past: past.recover())


class DismissHandler(PastHandler):
    """Somebody says that what may have overwritten a version was meant."""

    @web.authenticated
    @authorized
    async def post(self, path: str) -> None:
        number = self.sent(version=int)["version"]
        await self.act(path, lambda past: past.dismiss(number))


HISTORY = [
    (r"/nbmerge/api/history/(.+)", HistoryHandler),
    (r"/nbmerge/api/version/(.+)", VersionHandler),
    (r"/nbmerge/api/lost/(.+)", LostHandler),
    (r"/nbmerge/api/restore/(.+)", RestoreHandler),
    (r"/nbmerge/api/put-back/(.+)", PutBackHandler),
    (r"/nbmerge/api/recover/(.+)", RecoverHandler),
    (r"/nbmerge/api/dismiss/(.+)", DismissHandler),
]
