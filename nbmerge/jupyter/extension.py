"""Owns: what a Jupyter server loads: which requests go where, and what starts and ends with the server.

Must not know: what a request is answered.  Invariant: a server that nobody asks opens no store.
"""

from __future__ import annotations

import os

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, List, Unicode

from nbmerge.history.places import VARIABLE, roots_text
from nbmerge.jupyter import events
from nbmerge.jupyter.conflict_handlers import ConflictsHandler, SettleHandler
from nbmerge.jupyter.handlers import (
    SETTING,
    AboutHandler,
    HeadHandler,
    OpenHandler,
    PullHandler,
    SaveHandler,
    Serving,
)
from nbmerge.jupyter.history_handlers import HISTORY
from nbmerge.jupyter.notebooks import Contents
from nbmerge.jupyter.participants import Participants
from nbmerge.jupyter.presence_handlers import SETTING as PRESENCE
from nbmerge.jupyter.presence_handlers import PresenceHandler, PresentPeople
from nbmerge.jupyter.watching import OpenNotebooks

_ROOMS = "jupyter_server_ydoc"


class NbmergeExtension(ExtensionApp):
    """nbmerge's part in a Jupyter server."""

    name = "nbmerge"
    description = "Merges what the tabs, programs and people save, cell by cell"

    state = Unicode(
        "",
        config=True,
        help="The state directory of nbmerge, or its database; empty: the one that its commands use.",
    )

    roots = List(
        Unicode(),
        config=True,
        help="Folders that other machines have, too, each with its name there: /home/jovyan=team-a.",
    )

    rooms = Bool(
        True,
        config=True,
        help="Whether rooms of jupyter-collaboration merge what programs write into their notebooks.",
    )

    _leave_rooms = staticmethod(lambda: None)

    def initialize_settings(self) -> None:
        """Make what all requests share."""
        assert self.serverapp is not None
        logger = self.serverapp.event_logger
        assert logger is not None
        events.register(logger)
        if self.roots:
            os.environ[VARIABLE] = roots_text(self.roots)  # what is started from the server's terminals, too
        participants = Participants(self.state or None)
        server = self.serverapp
        people = PresentPeople(participants)

        def tell(event: events.NotebookChanged) -> None:
            events.emit(logger, event)
            people.changed(event, Contents(server.contents_manager).file(event.path))

        opened = OpenNotebooks(participants.head, participants.run, tell)
        participants.store.hear(
            lambda files: server.io_loop.add_callback(opened.heard, files),
            lambda message: server.io_loop.add_callback(people.spoken, message),
        )
        self.settings[SETTING] = Serving(participants, opened)
        self.settings[PRESENCE] = people
        if self.rooms and self.serverapp.jpserver_extensions.get(_ROOMS):
            self._merge_in_rooms(participants)

    def _merge_in_rooms(self, participants: Participants) -> None:
        from nbmerge.jupyter import rooms

        assert self.serverapp is not None
        server = self.serverapp
        if rooms.take_part(rooms.RoomFiles(lambda: server.contents_manager, participants)):
            self._leave_rooms = rooms.leave
        else:
            self.log.info("nbmerge: this version of jupyter-collaboration sets rooms to what programs write")

    def initialize_handlers(self) -> None:
        """Say which requests go where."""
        self.handlers.extend(
            [
                (r"/nbmerge/api/about", AboutHandler),
                (r"/nbmerge/api/open/(.+)", OpenHandler),
                (r"/nbmerge/api/save/(.+)", SaveHandler),
                (r"/nbmerge/api/pull/(.+)", PullHandler),
                (r"/nbmerge/api/head/(.+)", HeadHandler),
                (r"/nbmerge/api/conflicts/(.+)", ConflictsHandler),
                (r"/nbmerge/api/settle/(.+)", SettleHandler),
                (r"/nbmerge/api/presence/(.+)", PresenceHandler),
                *HISTORY,
            ]
        )

    async def stop_extension(self) -> None:
        """End with the server: what is being saved is saved first."""
        serving: Serving = self.settings[SETTING]
        self._leave_rooms()
        await self.settings[PRESENCE].stop()
        await serving.opened.stop()
        serving.participants.close()
