"""Owns: notebooks that may have been renamed, and what is to be told of them once that is clear.

Must not know: files, time.  Invariant: pure; an event that was held back comes out once, after
the `Renamed` that it belongs to, and in its order.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from nbmerge.observe.events import Event, Looked, Renamed


@dataclass(slots=True)
class _Pending:
    """A notebook was moved; `held` is what happened under the new name since."""

    old: str
    held: list[Event] = field(default_factory=list)


class Renames:
    """Those that are not decided yet.

    A notebook that moved is renamed if nothing takes its old name for a while: many programs
    move the old file aside before they put the new one there.
    """

    def __init__(self) -> None:
        self._pending: dict[str, _Pending] = {}  # by new name
        self._leaving: dict[str, str] = {}  # old name -> new name

    def begin(self, old: str, new: str) -> None:
        """A notebook moved from a name to one that was free."""
        self._pending[new] = _Pending(old)
        self._leaving[old] = new

    def hold(self, path: str, event: Event) -> bool:
        """Whether the event waits for a decision."""
        pending = self._pending.get(path)
        if pending is not None:
            pending.held.append(event)
        return pending is not None

    def undone(self, old: str, new: str) -> list[Event] | None:
        """If moving `old` to `new` only takes back what is pending: what it held meanwhile."""
        if self._leaving.get(new) != old:
            return None
        del self._leaving[new]
        held = self._pending.pop(old).held
        return [replace(event, path=new) for event in held if isinstance(event, Looked)]

    def taken(self, path: str) -> list[Event]:
        """Something has this name now: what moved away from it was not renamed."""
        new = self._leaving.pop(path, None)
        return [] if new is None else self._pending.pop(new).held

    def decide(self, old: str, new: str, at: float) -> list[Event]:
        """Long enough after `begin`: what is to be told, if nothing came in between."""
        if self._leaving.get(old) != new:
            return []
        del self._leaving[old]
        return [Renamed(old, new, at), *self._pending.pop(new).held]
