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
    """Open the page in a browser: that of a name which Python's `webbrowser` knows or a command with
    %s in it, else what `NBMERGE_BROWSER` names, else the usual one; whether one was found."""
    import webbrowser

    wanted = name or os.environ.get(VARIABLE) or None
    if wanted == NONE:
        return False
    try:
        found = webbrowser.get(wanted)
    except webbrowser.Error:
        return False
    if type(found) is webbrowser.GenericBrowser and wanted is None:
        return False  # one for terminals, in which nbdime's page does not work
    return found.open(Path(where.file).as_uri())
