"""A browser is handed a file that leads to the page; whatever it does, the page is served meanwhile."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nbmerge.browser.site import Where
from nbmerge.browser.visit import open_in_browser
from tests.web.desk import Desk
from tests.web.versions import work

# A browser in a few lines: it goes where the file leads, and ends only long after it has closed the page.
BROWSER = """
import json, os, re, sys, time
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen
Path("told").write_text(json.dumps(sys.argv))
url = re.search(r'href="([^"]+)"', Path(unquote(urlsplit(sys.argv[1]).path)).read_text()).group(1)
origin = url.rsplit("/", 2)[0]
def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url + path, data, {"Origin": origin})) as answer:
        return answer.read()
ask("")
try:
    ask(*json.loads(Path("presses").read_text()))
    ask("save", {})
except HTTPError as error:
    Path("refused").write_text(error.read().decode())
    ask("close", {})
os.close(1), os.close(2)
time.sleep(60)
"""


def opened(desk: Desk, what: str, sent: object) -> tuple[int, str]:
    """How the command ends whose browser presses this, and then Save."""
    desk.path.write_bytes(work().merged())
    (desk.folder / "browser.py").write_text(BROWSER)
    (desk.folder / "presses").write_text(json.dumps([what, sent]))
    browser = f"{sys.executable} {desk.folder / 'browser.py'} %s"
    tool = desk.start([sys.executable, "-m", "nbmerge", "resolve", desk.name, "--browser", browser])
    ended = tool.ended()
    [_, where] = json.loads((desk.folder / "told").read_text())
    assert where.startswith("file:///")
    assert tool.url not in where
    return ended


def test_it_is_opened_and_saved(desk: Desk) -> None:
    exit_code, out = opened(desk, "take-all", {"way": "remote"})
    assert exit_code == 0
    assert "n.ipynb: 3 conflicts settled (remote), none left" in out
    assert desk.path.read_bytes() != work().merged()


def test_a_page_that_sends_nonsense(desk: Desk) -> None:
    """Nothing is written, and both are told."""
    assert opened(desk, "take", [{"way": 5}]) == (1, "n.ipynb: closed without saving, nothing was written\n")
    assert "there is no such thing to do" in (desk.folder / "refused").read_text()
    assert desk.path.read_bytes() == work().merged()


@pytest.mark.parametrize("name", ["none", "no-such-browser"])
def test_without_a_browser_the_address_is_told(name: str, tmp_path: Path) -> None:
    assert not open_in_browser(Where("http://127.0.0.1:1/x/", str(tmp_path / "open.html")), name)
