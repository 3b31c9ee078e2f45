"""Owns: a server that knows several people, and the tabs of each.

Must not know: what is tested.  Invariant: who somebody is says a cookie of their browser, as a login would.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.jupyter_page.lab import Server, Tab, new_tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# More lines for the configuration of a server.
SEVERAL_PEOPLE = """
import json
from urllib.parse import unquote
from jupyter_server.auth import IdentityProvider, User

class FromCookie(IdentityProvider):
    async def _get_user(self, handler):
        who = handler.get_cookie("who")
        return User(**json.loads(unquote(who))) if who else User("operator")
    get_user = _get_user

c.ServerApp.identity_provider_class = FromCookie
c.ServerApp.disable_check_xsrf = True
"""


def tab_of(browser: Browser, there: Server, name: str, colour: str | None = None, size: str = "") -> Tab:
    """A tab of somebody, in a browser of their own."""
    user = {"username": name[:50], "display_name": name, "color": colour}

    def prepare(page: Page) -> None:
        page.context.add_cookies([{"name": "who", "value": quote(json.dumps(user)), "url": there.url}])
        if size:
            width, height = map(int, size.split("x"))
            page.set_viewport_size({"width": width, "height": height})

    return new_tab(browser, there, prepare)


def people(tab: Tab) -> list[str]:
    """What the toolbar says of each when somebody points at it."""
    tab.page.evaluate(
        "window.panel.node.querySelector('.nbmerge-people').dispatchEvent(new PointerEvent('pointerenter'))"
    )
    found: list[str] = tab.page.locator(".nbmerge-people button").evaluate_all(
        "all => all.map(one => one.title)"
    )
    return found
