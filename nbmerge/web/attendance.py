"""Owns: whether anybody still looks at the page.

Must not know: connections, the clock.  Invariant: a page that is loaded again is the same visit; when
nobody has looked for a while the visit is over, and it never begins again.

A page keeps one connection open for as long as it lives.  It also tells when it is closed, but not
reliably: browsers may end a page without a word.
"""

from __future__ import annotations

NEVER = 900.0  # seconds that somebody may take to open the page at all
GONE = 4.0  # seconds without any page: loading it again takes less


class Attendance:
    """The visit so far; times are seconds of one clock."""

    def __init__(self, now: float) -> None:
        self._newest = 0
        self._present = 0
        self._since = now  # when the last one left; the beginning, if nobody was here
        self._closed = False

    def opened(self) -> int:
        """A page was asked for; its number."""
        self._newest += 1
        return self._newest

    def came(self) -> None:
        """A page is there."""
        self._present += 1

    def left(self, now: float) -> None:
        """A page is not there any more."""
        self._present -= 1
        self._since = now

    def closed(self, page: int) -> None:
        """A page says that it is closed.  One that was loaded again says so of its earlier self."""
        self._closed = self._closed or page == self._newest

    def is_over(self, now: float) -> bool:
        """Whether nobody will come any more."""
        if self._closed:
            return True
        return self._present == 0 and now - self._since > (GONE if self._newest else NEVER)
