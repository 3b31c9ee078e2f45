"""A browser is handed a file that leads to the page; whatever it does, the page is served meanwhile."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nbmerge.browser.mergetool import open_in_browser
from nbmerge.browser.site import Where
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
shown = json.loads(ask("api/merge", {}))
merged = shown["base"]
for cell in merged["cells"]:
    cell["source"] = "settled" if "<<<<<<<" in cell["source"] else cell["source"]
try:
    ask("api/store", {"merged": merged, "conflicts": []})
except HTTPError as error:
    Path("refused").write_text(error.read().decode())
ask("api/closetool?page=1", {})
os.close(1), os.close(2)
time.sleep(60)
"""


def test_it_is_opened_saved_and_closed(desk: Desk) -> None:
    desk.path.write_bytes(work().merged())
    (desk.folder / "browser.py").write_text(BROWSER)
    tool = desk.resolve("--browser", f"{sys.executable} {desk.folder / 'browser.py'} %s")
    assert tool.ended()[0] == 0
    assert desk.sources()[1] == desk.sources()[3] == "settled"
    [_, where] = json.loads((desk.folder / "told").read_text())
    assert where.startswith("file:///")
    assert tool.url not in where


@pytest.mark.parametrize("name", ["none", "no-such-browser"])
def test_without_a_browser_the_address_is_told(name: str, tmp_path: Path) -> None:
    assert not open_in_browser(Where("http://127.0.0.1:1/x/", str(tmp_path / "open.html")), name)


@pytest.mark.parametrize(
    "nonsense",
    ["[]", "{}", '{"cells": [{}]}', '{"cells": [{"metadata": {"nbmerge": [0, 0]}}]}', '{"cells": 5}'],
)
def test_a_page_that_sends_nonsense(desk: Desk, nonsense: str) -> None:
    """Nothing is written, and both sides are told."""
    before = work().merged()
    desk.path.write_bytes(before)
    sends = BROWSER.replace('"merged": merged', f'"merged": {nonsense}')
    (desk.folder / "browser.py").write_text(sends)
    tool = desk.resolve("--browser", f"{sys.executable} {desk.folder / 'browser.py'} %s")
    exit_code, out = tool.ended()
    assert exit_code == 1
    assert "nbmerge: not saved: n.ipynb: what the page sent cannot be used" in out
    assert "what the page sent cannot be used" in (desk.folder / "refused").read_text()
    assert desk.path.read_bytes() == before
