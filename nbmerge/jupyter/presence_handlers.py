"""Owns: the connection of each page that shows a notebook, over which it hears who else has it open.

Must not know: what is told to whom, where anybody is.  Invariant: nobody hears of a notebook, or is heard in
it, who may not read it as contents: asked when the page comes and while it stays; who somebody is, the server
says.

A connection of its own for each notebook, since the server's events go to everybody who may hear any: names
and places would reach people who may not read the notebook.  And that a page is gone is noticed at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from nbmerge.errors import NbmergeError
from nbmerge.jupyter.events import NotebookChanged
from nbmerge.jupyter.neighbours import PAUSE, Neighbours
from nbmerge.jupyter.notebooks import Contents, why_not_here
from nbmerge.jupyter.participants import Participants
from nbmerge.jupyter.persons import person_of, plain
from nbmerge.jupyter.presence import Message, Presences

SETTING = "nbmerge_presence"
_LONGEST_MESSAGE = 4096  # bytes
_CHECKED_AFTER = 10.0  # seconds until it is asked again whether somebody may read the notebook
_REFUSED, _TOO_MANY = 1008, 1013  # codes with which a connection is closed


class PresentPeople:
    """Who is there on one server, and the time that passes for them."""

    def __init__(self, participants: Participants, presences: Presences | None = None) -> None:
        self.presences = presences or Presences()
        self.neighbours = Neighbours(self.presences, participants.store.alias)
        self._participants = participants
        self._tab_writers: set[str] = set()
        self._ticking: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._is_over = False
        self._asking: set[asyncio.Task[None]] = set()

    def go_on(self) -> None:
        """Let time pass while somebody is there; something has just happened."""
        self._news.set()
        if not self._is_over and (self._ticking is None or self._ticking.done()):
            self._ticking = asyncio.get_running_loop().create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            self._news.clear()
            pause = self.presences.tick()
            if message := self.neighbours.message():
                self._participants.store.say(message)
            if self.neighbours.waits:
                pause = PAUSE
            if not pause:
                return  # at once: whoever comes now has it begun anew
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), pause)
            await asyncio.sleep(PAUSE / 2)  # what happens at once is told at once

    def spoken(self, message: str | None) -> None:
        """Another server speaks; None: it may have, and was not heard.  In the server's own thread."""
        self.neighbours.hear(message)
        if self._ticking is not None and not self._ticking.done():
            self._news.set()

    def tab_saves(self, writer: str) -> None:
        """A tab saves as this writer: its saves are no program's."""
        self._tab_writers.add(writer)

    def changed(self, event: NotebookChanged, file: str) -> None:
        """A notebook has changed: if not by a tab, it is told that a program has saved it."""
        if event.version and not event.tab:
            asking = asyncio.get_running_loop().create_task(self._program(file))
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)

    async def _program(self, file: str) -> None:
        with contextlib.suppress(NbmergeError):  # it changes again just now
            name = await self._participants.ask(file, lambda participation: participation.writer(file))
            key = await self.key(file)
            if name is None or name in self._tab_writers or self.presences.is_elsewhere(key, plain(name)):
                return
            self.presences.saved(key, plain(name))

    async def key(self, file: str) -> str:
        """What names a notebook whichever way its file is reached; a slow drive keeps nobody else waiting."""
        return await self._participants.run(lambda: os.path.realpath(file))

    async def stop(self) -> None:
        """Let no more time pass, and take leave."""
        self._is_over = True
        if message := self.neighbours.farewell():
            self._participants.store.say(message)
        tasks = [task for task in (self._ticking, *self._asking) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class PresenceHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """A page shows a notebook, for as long as it is connected."""

    auth_resource = "contents"
    _id = ""
    _key = ""
    _checked = 0.0

    @property
    def _people(self) -> PresentPeople:
        found: PresentPeople = self.settings[SETTING]
        return found

    @property
    def max_message_size(self) -> int:
        """In bytes; the connection of a page that sends more is closed."""
        return _LONGEST_MESSAGE

    def set_default_headers(self) -> None:
        """Those of Jupyter's other answers mean nothing here."""

    async def get(self, path: str) -> None:
        """Connect, if the user may read the notebook."""
        if not await self._may_read():
            raise HTTPError(403)
        contents = Contents(self.contents_manager)
        await contents.check_visible(path, 404)
        await contents.model(path)
        if why := why_not_here(contents.manager):
            raise HTTPError(404, why)
        self._key = await self._people.key(contents.file(path))
        self._checked = asyncio.get_running_loop().time()
        await super().get(path)

    def open(self, path: str) -> None:
        """Be there."""
        super().open(path)
        people = self._people
        self._id = people.presences.join(self._key, person_of(self.current_user), self._send, self._dismiss)
        if self._id:
            people.go_on()
        else:
            self.close(_TOO_MANY, "too many have this notebook open")

    async def on_message(self, message: str | bytes) -> None:
        """Hear what the page says."""
        now = asyncio.get_running_loop().time()
        if now - self._checked > _CHECKED_AFTER:
            self._checked = now
            if not await self._may_read():
                self._refuse("not allowed any more")
                return
        try:
            said = json.loads(message)
            if not isinstance(said, dict):
                raise ValueError("no message")
            self._people.presences.hear(self._id, said)
            self._people.go_on()
        except (ValueError, RecursionError) as error:
            self._refuse(str(error)[:100])

    def on_close(self) -> None:
        """Be there no more."""
        self._people.presences.leave(self._id)
        self._people.go_on()
        if self.ping_callback is not None:
            self.ping_callback.stop()

    async def _may_read(self) -> bool:
        user = self.current_user
        return bool(user) and bool(
            await ensure_async(self.authorizer.is_authorized(self, user, "read", self.auth_resource))
        )

    def _send(self, message: Message) -> None:
        with contextlib.suppress(WebSocketClosedError):
            sent = self.write_message(json.dumps(message))
            sent.add_done_callback(lambda done: done.exception())  # that it has ended is heard by `on_close`

    def _dismiss(self) -> None:
        self.close(1001, "no answer")

    def _refuse(self, why: str) -> None:
        self._people.presences.leave(self._id)
        self.close(_REFUSED, why.encode("ascii", "replace").decode())
