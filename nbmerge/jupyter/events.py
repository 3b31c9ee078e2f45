"""Owns: the event that the file of an opened notebook has changed, and sending it.

Must not know: how that was noticed.  Invariant: an event holds no content: every page of the server sees all
of them; and it is a hint: who misses one learns the same by asking for the head.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jupyter_events import EventLogger

SCHEMA_ID = "https://schema.nbmerge.dev/notebook/v1"
_SCHEMA: dict[str, object] = {
    "$id": SCHEMA_ID,
    "version": "1",
    "title": "A notebook has changed",
    "description": "The file of a notebook that is open in a tab holds another version, or is gone.",
    "personal-data": True,  # paths name people and their work
    "type": "object",
    "properties": {
        "path": {"type": "string", "description": "The notebook, as the contents API names it."},
        "version": {"type": "string", "description": "The token of what it holds; empty: it is gone."},
        "tab": {"type": "string", "description": "The tab that saved it; empty: something else did."},
    },
    "required": ["path", "version", "tab"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class NotebookChanged:
    """The notebook at a path holds `version` now ("": it is gone), saved by `tab` ("": by anything else)."""

    path: str
    version: str
    tab: str = ""


def register(logger: EventLogger) -> None:
    """Make the event known to a server; once for each."""
    if SCHEMA_ID not in logger.schemas.schema_ids:
        logger.register_event_schema(_SCHEMA)


def emit(logger: EventLogger, event: NotebookChanged) -> None:
    """Send an event to all pages that listen; in the server's own thread."""
    logger.emit(schema_id=SCHEMA_ID, data=asdict(event))
