"""Owns: nbdime's page for merges as a tool: opened in somebody's browser, waited for, and what is saved in
it handed over.

Must not know: conflicts, what the page shows, what becomes of what is saved.  Invariant: the process that
serves the page never outlives this one; every save is answered, after it was written or with the reason
why it was not.  The address of the page is on no command line, where other users could read it; without a
browser nothing fails, for the address is printed as well.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from nbmerge.browser.site import SaveAnswer, SaveRequest, Task, Where, receive, send
from nbmerge.errors import NbmergeError, SystemFailure
from nbmerge.files import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nbmerge.browser.site import PageContent, Where


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
        return False  # one for terminals, in which nbdime's page does not work
    # some return only when the browser is closed
    Thread(target=found.open, args=(Path(where.file).as_uri(),), daemon=True).start()
    return True


_IS_WINDOWS = sys.platform == "win32"
_OWN_GROUP = 0x00000200 | 0x08000000  # CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW
_ENDS_IN = 5.0  # seconds


def show(page: PageContent, open_page: Callable[[Where], None], take: Callable[[object], None]) -> None:
    """Show the page until it is closed.

    `open_page` gets its address; `take` gets what nbdime sends to be stored, each time somebody
    saves, and writes it: if it raises NbmergeError, nothing was written and the page says so.
    Raises SystemFailure if the page cannot be shown.
    """
    assets = _assets()
    if assets is None:
        raise SystemFailure("nbdime's page for merges is not there: install nbdime (pip install nbdime)")
    process = _started()
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with contextlib.suppress(BrokenPipeError):
            send(process.stdin, Task(page, assets))
        where = receive(process.stdout)
        if not isinstance(where, Where):
            raise SystemFailure("the page cannot be served on 127.0.0.1: see above why")
        open_page(where)
        while isinstance(save := receive(process.stdout), SaveRequest):
            with contextlib.suppress(BrokenPipeError):
                send(process.stdin, _kept(save, take))
    finally:
        _end(process)


def _kept(save: SaveRequest, take: Callable[[object], None]) -> SaveAnswer:
    try:
        take(save.sent)
    except NbmergeError as error:
        return SaveAnswer(str(error))
    return SaveAnswer(None)


def _assets() -> str | None:
    """The folder of nbdime's page; None if nbdime is not there.  nbdime itself is not loaded: that
    takes a second and more, and nothing of it is needed."""
    found = importlib.util.find_spec("nbdime")
    for place in (found.submodule_search_locations or ()) if found is not None else ():
        folder = os.path.join(place, "webapp")
        if os.path.exists(os.path.join(folder, "static", "nbdime.js")):
            return folder
    return None


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
