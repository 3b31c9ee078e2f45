"""Owns: what a Jupyter server loads: which requests go where, and what starts and ends with the server.

Must not know: what a request is answered.  Invariant: a server that nobody asks opens no store.
"""

from __future__ import annotations

from jupyter_server.extension.application import ExtensionApp
from traitlets import Unicode

from nbmerge.jupyter import events
from nbmerge.jupyter.handlers import (
    SETTING,
    AboutHandler,
    HeadHandler,
    OpenHandler,
    PullHandler,
    SaveHandler,
    Serving,
)
from nbmerge.jupyter.participants import Participants
from nbmerge.jupyter.watching import OpenNotebooks


class NbmergeExtension(ExtensionApp):
    """nbmerge's part in a Jupyter server."""

    name = "nbmerge"
    description = "Merges what the tabs, programs and people save, cell by cell"

    state = Unicode(
        "", config=True, help="The state directory of nbmerge; empty: the one that its commands use."
    )

    def initialize_settings(self) -> None:
        """Make what all requests share."""
        assert self.serverapp is not None
        logger = self.serverapp.event_logger
        assert logger is not None
        events.register(logger)
        participants = Participants(self.state or None)
        opened = OpenNotebooks(
            participants.head,
            participants.run,
            lambda event: events.emit(logger, event),
        )
        self.settings[SETTING] = Serving(participants, opened)

    def initialize_handlers(self) -> None:
        """Say which requests go where."""
        self.handlers.extend(
            [
                (r"/nbmerge/api/about", AboutHandler),
                (r"/nbmerge/api/open/(.+)", OpenHandler),
                (r"/nbmerge/api/save/(.+)", SaveHandler),
                (r"/nbmerge/api/pull/(.+)", PullHandler),
                (r"/nbmerge/api/head/(.+)", HeadHandler),
            ]
        )

    async def stop_extension(self) -> None:
        """End with the server: what is being saved is saved first."""
        serving: Serving = self.settings[SETTING]
        await serving.opened.stop()
        serving.participants.close()
