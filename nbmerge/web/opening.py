"""Owns: opening the page in somebody's browser.

Must not know: what the page shows.  Invariant: the address of the page is on no command line, where
other users could read it; without a browser nothing fails, for the address is told as well.
"""

from __future__ import annotations

import os
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.web.values import Where

VARIABLE = "NBMERGE_BROWSER"
NONE = "none"


def open_in_browser(where: Where, name: str | None) -> bool:
    """Have a browser open the page: that of a name which Python's `webbrowser` knows or a command with
    %s in it, else what `NBMERGE_BROWSER` names, else the usual one; whether there is one."""
    import webbrowser
    from threading import Thread

    told = name or os.environ.get(VARIABLE) or os.environ.get("BROWSER")
    if told == NONE:
        return False
    try:
        found = webbrowser.get(None if told == os.environ.get("BROWSER") else told)
    except webbrowser.Error:
        return False
    if told is None and type(found) is webbrowser.GenericBrowser:
        return False  # one for terminals, in which nbdime's page does not work
    # some return only when the browser is closed
    Thread(target=found.open, args=(Path(where.file).as_uri(),), daemon=True).start()
    return True
