"""Owns: whether anybody still looks at the page.

Must not know: connections, the clock.  Invariant: a page that is loaded again is the same visit; when
nobody has looked for a while the visit is over, and it never begins again.

A page keeps one connection open for as long as it lives.  It also tells when it is closed, but not
reliably: browsers may end a page without a word.
"""

from __future__ import annotations

NEVER = 900.0  # seconds that somebody may take to open the page at all
SLOW = 60.0  # seconds from when it is asked for until it is there
LAST = 0.3  # seconds after the page is closed, for what it asked for just before
GONE = 4.0  # seconds without any page, and none asked for: loading it again takes less


class Attendance:
    """The visit so far; times are seconds of one clock."""

    def __init__(self, now: float) -> None:
        self._newest = 0
        self._present = 0
        self._ends = now + NEVER  # if nobody comes until then
        self._closed: float | None = None

    def opened(self, now: float) -> int:
        """A page was asked for; its number."""
        self._newest += 1
        self._ends = now + SLOW
        return self._newest

    def came(self) -> None:
        """A page is there."""
        self._present += 1

    def left(self, page: int, now: float) -> None:
        """A page is not there any more; it may have been loaded again."""
        self._present -= 1
        if page == self._newest:
            self._ends = now + GONE

    def closed(self, page: int, now: float) -> None:
        """A page says that it is closed.  One that was loaded again says so of its earlier self."""
        if page == self._newest and self._closed is None:
            self._closed = now

    def is_over(self, now: float) -> bool:
        """Whether nobody will come any more."""
        if self._closed is not None:
            return now > self._closed + LAST
        return self._present == 0 and now > self._ends
