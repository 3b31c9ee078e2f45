"""Owns: a visit of somebody to a page: the page opened in their browser, and all that it asks for answered,
until it is closed.

Must not know: conflicts, what the page shows, what becomes of what is asked.  Invariant: the process that
serves the page never outlives this one; whatever is asked gets an answer, one after the other.  The address
of the page is on no command line, where other users could read it; without a browser nothing fails, for the
address is printed as well.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

from nbmerge.browser.site import Asked, PageAnswer, Where, receive, send
from nbmerge.errors import SystemFailure
from nbmerge.files import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


VARIABLE = "NBMERGE_BROWSER"
NONE = "none"


def open_in_browser(where: Where, name: str | None) -> bool:
    """Have a browser open the page: that of a name which Python's `webbrowser` knows or a command with
    %s in it, else what `NBMERGE_BROWSER` names, else the usual one; whether there is one."""
    import webbrowser
    from threading import Thread

    chosen = name or os.environ.get(VARIABLE) or os.environ.get("BROWSER")
    if chosen == NONE:
        return False
    try:
        found = webbrowser.get(None if chosen == os.environ.get("BROWSER") else chosen)
    except webbrowser.Error:
        return False
    if chosen is None and type(found) is webbrowser.GenericBrowser:
        return False  # one for terminals, which run no JavaScript
    # some return only when the browser is closed
    Thread(target=found.open, args=(Path(where.file).as_uri(),), daemon=True).start()
    return True


_IS_WINDOWS = sys.platform == "win32"
_OWN_GROUP = 0x00000200 | 0x08000000  # CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW
_ENDS_IN = 5.0  # seconds


class Visit:
    """The page as it is served; `with` ends it."""

    def __init__(self) -> None:
        self._process = _started()  # it starts while the page is still made

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._process)

    def run(self, open_page: Callable[[Where], None], answer: Callable[[Asked], PageAnswer]) -> None:
        """Answer all that the page asks, until it is closed or an answer is the last one.

        `open_page` gets its address.  Raises SystemFailure if the page cannot be served.
        """
        told, heard = self._process.stdin, self._process.stdout
        assert told is not None
        assert heard is not None
        where = receive(heard)
        if not isinstance(where, Where):
            raise SystemFailure("the page cannot be served on 127.0.0.1: see above why")
        open_page(where)
        while isinstance(asked := receive(heard), Asked):
            given = answer(asked)
            with contextlib.suppress(BrokenPipeError):
                send(told, given)
            if given.is_last:
                return


def _started() -> subprocess.Popen[bytes]:
    above = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    places = json.dumps([place for place in sys.path if place] + [above])
    code = f"import sys; sys.path[:] = {places}; from nbmerge.browser.server import main; main()"
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=None if _IS_WINDOWS else 0,
            creationflags=_OWN_GROUP if _IS_WINDOWS else 0,
        )
    except OSError as error:
        raise SystemFailure(f"{sys.executable}: cannot be started: {reason(error)}") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """The end of its input tells it to end."""
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if pipe is not None:
                pipe.close()
    try:
        process.wait(_ENDS_IN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
