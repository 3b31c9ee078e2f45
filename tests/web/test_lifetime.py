"""The process that serves the page ends when it should, whatever ends, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from nbmerge.browser.server import GONE, NEVER, SLOW, Attendance
from tests.web.desk import Desk, Tool
from tests.web.versions import work

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def tool(desk: Desk) -> Tool:
    return desk.mergetool(*work().files())


def listens(tool: Tool) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", urlsplit(tool.url).port or 0)) == 0


def gone(desk: Desk, tool: Tool) -> bool:
    """Whether the server is gone, and the file that led to it, in a while."""
    end = time.monotonic() + 10
    while listens(tool) or list(desk.folder.glob("nbmerge-*")):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_the_command_is_ended(desk: Desk, tool: Tool, number: int) -> None:
    assert listens(tool)
    tool.process.send_signal(number)
    assert tool.process.wait(10) == -number
    assert gone(desk, tool)
    assert not desk.path.exists()


def test_ctrl_c(desk: Desk, tool: Tool) -> None:
    tool.process.send_signal(signal.SIGINT)
    exit_code, out = tool.ended()
    assert (exit_code, out) == (130, "nbmerge: interrupted\n")
    assert gone(desk, tool)


def test_ctrl_c_keeps_what_was_chosen(desk: Desk, tool: Tool) -> None:
    parts = urlsplit(tool.url)
    headers = {"Origin": f"http://{parts.netloc}"}
    with urlopen(Request(f"{tool.url}take-all", b'{"way": "remote"}', headers)) as answer:
        assert json.loads(answer.read())["settled"] == 3
    tool.process.send_signal(signal.SIGINT)
    kept = "3 choices not saved, but kept for a day: the page shows them again\n"
    assert tool.ended() == (130, f"{kept}nbmerge: interrupted\n")
    [draft] = (desk.folder / "state" / "drafts").iterdir()
    assert b"remote" in draft.read_bytes()


def test_the_server_is_killed(desk: Desk, tool: Tool) -> None:
    """Somebody else's doing: the command says that nothing was saved."""
    os.kill(server_of(tool), signal.SIGKILL)
    assert tool.ended() == (1, "n.ipynb: closed without saving\n")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_the_server_is_a_process_of_its_own_and_needs_little(tool: Tool) -> None:
    """Nothing that takes long to load."""
    maps = Path(f"/proc/{server_of(tool)}/maps").read_text()
    assert not any(name in maps for name in ("tornado", "zmq", "rpds"))


def server_of(tool: Tool) -> int:
    told = Path(f"/proc/{tool.process.pid}/task/{tool.process.pid}/children").read_text()
    [number] = told.split()
    return int(number)


def test_a_page_that_is_open_keeps_it() -> None:
    visit = Attendance(0.0)
    page = visit.opened(0.0)
    visit.came()
    assert not visit.is_over(1e6)
    visit.left(page, 1e6)
    assert not visit.is_over(1e6 + GONE)
    assert visit.is_over(1e6 + GONE + 0.1)


def test_a_page_that_nobody_opens() -> None:
    visit = Attendance(0.0)
    assert not visit.is_over(NEVER)
    assert visit.is_over(NEVER + 0.1)


def test_a_page_that_loads_slowly() -> None:
    visit = Attendance(0.0)
    visit.opened(100.0)
    assert not visit.is_over(100.0 + SLOW)
    assert visit.is_over(100.0 + SLOW + 0.1)


def test_a_page_that_is_loaded_again() -> None:
    visit = Attendance(0.0)
    before = visit.opened(0.0)
    visit.came()
    now = visit.opened(10.0)
    visit.left(before, 10.1)
    assert not visit.is_over(10.1 + GONE + 1)  # it is still loading
    visit.came()
    assert not visit.is_over(1e6)
    visit.left(now, 1e6)
    assert visit.is_over(1e6 + GONE + 0.1)


def test_two_tabs() -> None:
    visit = Attendance(0.0)
    one, other = visit.opened(0.0), visit.opened(0.0)
    visit.came()
    visit.came()
    visit.left(other, 1.0)
    assert not visit.is_over(1e6)
    visit.left(one, 1e6)
    assert visit.is_over(1e6 + 0.1)
