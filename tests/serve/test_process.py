"""The process: how it starts and ends; nothing is lost when it is killed or others save beside it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from nbmerge.sync import open_notebook, participating
from tests.helpers.build import code, notebook, source_of
from tests.helpers.spelling import JUPYTER
from tests.serve.talk import PATIENCE, Talk, talking
from tests.serve.test_calls import Page

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of Unix")
START = notebook(*(code(f"start = {number}", id=f"cell-{number}") for number in range(6)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "nb.ipynb"
    found.write_bytes(JUPYTER.spell(START))
    return found


@pytest.fixture
def state(tmp_path: Path) -> str:
    return str(tmp_path / "state")


def opened(talk: Talk, path: Path) -> Page:
    page = Page(talk, path)
    page.open()
    return page


def test_the_end_of_the_input_ends_it(path: Path, state: str) -> None:
    with talking(state) as talk:
        talk.ask("follow", path=str(path))
        began = time.monotonic()
        assert talk.end() == 0
        assert time.monotonic() - began < 1 + PATIENCE / 20


def test_what_came_before_the_end_is_answered(path: Path, state: str) -> None:
    with talking(state) as talk:
        numbers = [talk.send("head", path=str(path)) for _ in range(5)]
        assert talk.end() == 0
        assert all("answer" in talk.reply(number) for number in numbers)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(path: Path, state: str, number: int) -> None:
    with talking(state) as talk:
        page = opened(talk, path)
        page.type(0, "a = 1")
        sent = talk.send("save", path=str(path), base=page.base, content=page.text)
        while path.read_text() != page.text:
            time.sleep(0.01)
        talk.process.send_signal(number)
        assert talk.process.wait(PATIENCE) == 0
        assert not talk.reply(sent)["answer"]["merged"]


def test_who_waits_for_others_is_not_waited_for_at_the_end(path: Path, state: str) -> None:
    """What was sent is in the history by then, and the answer says so."""
    with talking(state) as talk, path.open("r+b"):  # a program that has it open for writing
        page = opened(talk, path)
        page.type(0, "a = 1")
        sent = talk.send("save", path=str(path), base=page.base, content=page.text)
        talk.send("head", path=str(path.parent / "other.ipynb"))
        time.sleep(0.3)
        began = time.monotonic()
        assert talk.end() == 0
        assert time.monotonic() - began < 1 + PATIENCE / 20
        error = talk.reply(sent)["error"]
    assert error["reason"] == "system"
    assert "nbmerge is just ending; try again when it runs; what you sent is version 2" in error["message"]


def test_nobody_listens(path: Path, state: str) -> None:
    """The editor has died: what it had sent is saved."""
    command = [sys.executable, "-m", "nbmerge", "serve", "--state", state]
    base = open_notebook(str(path), state=state).version
    content = JUPYTER.spell(notebook(code("a = 1", id="a"))).decode()
    line = json.dumps({"id": 1, "call": "save", "path": str(path), "base": base, "content": content})
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stdin.write(line.encode())
    process.stdin.close()
    assert process.wait(PATIENCE) == 0
    assert process.stderr.read() == b""
    process.stderr.close()
    assert path.read_text() == content


def test_a_bug_is_told_and_its_traceback_goes_to_standard_error(tmp_path: Path, state: str) -> None:
    script = (
        "import sys; from nbmerge.sync import Participation; "
        "Participation.standing = lambda *_: 1 / 0; "
        "from nbmerge.__main__ import main; sys.exit(main())"
    )
    for words in ([], ["--debug"]):
        ran = subprocess.run(
            [sys.executable, "-c", script, "serve", "--state", state, *words],
            input=b'{"id": 1, "call": "head", "path": "n"}\n{"id": 2, "call": "about"}\n',
            capture_output=True,
            check=True,
        )
        lines = sorted(
            (json.loads(line) for line in ran.stdout.splitlines()), key=lambda one: str(one.get("id"))
        )
        assert lines[0]["error"]["reason"] == "bug"
        assert "a bug in nbmerge, please report it (ZeroDivisionError" in lines[0]["error"]["message"]
        assert "answer" in lines[1]
        assert (b"Traceback" in ran.stderr) == bool(words)


def test_it_is_killed_in_the_middle_of_saves(path: Path, state: str) -> None:
    """Whatever was answered is there, and whatever was sent is whole or not there at all."""
    chance = random.Random(1)
    answered: list[str] = []
    for number in range(3):
        with talking(state) as talk:
            page = opened(talk, path)
            killer = threading.Timer(chance.uniform(0.0, 0.15), talk.process.kill)
            killer.start()
            try:
                for step in range(200):
                    word = f"word_{number}_{step} = 1"
                    page.type(number, f"{source_of(page.copy['cells'][number])}\n{word}")
                    page.call("save", exact=True)
                    answered.append(word)
            except (EOFError, BrokenPipeError):
                pass
            killer.join()
    with talking(state) as talk:
        page = opened(talk, path)
        page.call("save")
        text = "\n".join(page.sources)
    assert [word for word in answered if text.count(word) != 1] == []


def test_two_processes_and_a_watcher_lose_no_word(path: Path, state: str) -> None:
    command = [sys.executable, "-m", "nbmerge", "watch", str(path), "--state", state, "--settle", "0.2"]
    words = []
    with ExitStack() as stack:
        watcher = subprocess.Popen(command, stdout=subprocess.PIPE)
        stack.callback(watcher.wait)
        stack.callback(watcher.terminate)
        assert watcher.stdout is not None
        stack.callback(watcher.stdout.close)
        watcher.stdout.readline()
        talks = [stack.enter_context(talking(state)) for _ in range(2)]
        pages = [opened(talk, path) for talk in talks]
        for number in range(10):
            page, cell = pages[number % 2], number % 6
            word = f"word_{number} = 1"
            words.append(word)
            page.type(cell, f"{source_of(page.copy['cells'][cell])}\n{word}")
            if number % 3:
                page.call("save", exact=True)
                continue
            page.path.write_text(page.text)  # as an editor does that does not look
            answer = page.call("claim")
            if answer["due"] or answer["head"] != answer["version"]:
                page.call("pull")
        for page in (*pages, *pages):
            page.call("save")
        text = "\n".join(pages[0].sources)
        assert pages[0].copy == pages[1].copy
    assert [word for word in words if text.count(word) != 1] == []


def test_a_store_that_was_lost_is_made_anew(path: Path, state: str) -> None:
    with talking(state) as talk:
        page = opened(talk, path)
        for file in Path(state).iterdir():
            if file.is_file():
                file.unlink()
        page.type(0, "a = 1")
        talk.ask("open", path=str(path))
        page.call("save")
        assert page.sources[0] == "a = 1"


STARTED = """
import sys, time
if sys.argv[1:]:
    from nbmerge.__main__ import main
    from nbmerge.cli import streams
    write, ready = streams.write_bytes, []
    streams.write_bytes = lambda line: (ready.append(time.process_time()), write(line))
    main()
print(ready[0] if sys.argv[1:] else time.process_time(), file=sys.stderr)
print({'nbformat', 'nbdime', 'asyncio'} & sys.modules.keys(), file=sys.stderr)
"""


def test_it_starts_soon_and_loads_little() -> None:
    """Processor time over that of Python alone; a notebook is opened and saved without nbformat."""

    def cost(*words: str) -> float:
        ran = subprocess.run(
            [sys.executable, "-c", STARTED, *words], input=b"", capture_output=True, check=True
        )
        seconds, loaded = ran.stderr.decode().splitlines()
        assert loaded == "set()"
        return float(seconds)

    bare = min(cost() for _ in range(2))
    assert min(cost("serve") for _ in range(3)) - bare < 0.15


@pytest.mark.slow
def test_a_line_may_be_long(path: Path, state: str) -> None:
    """300 MB, as a notebook with many pictures."""
    with talking(state) as talk:
        page = opened(talk, path)
        talk.patience = 10 * PATIENCE
        page.copy["metadata"]["picture"] = "x" * 300_000_000
        page.call("save", exact=True)
        assert path.read_text() == page.text
        assert talk.ask("open", path=str(path))["content"] == page.text


@pytest.mark.slow
def test_memory_stays_flat(path: Path, state: str) -> None:
    """10,000 calls; what is in use is looked at from the second thousand on."""
    with talking(state) as talk:
        page = opened(talk, path)
        talk.ask("follow", path=str(path))
        sizes = []
        for number in range(10_000):
            match number % 4:
                case 0:
                    page.type(number % 6, f"word = {number}")
                    page.call("save", exact=True)
                case 1:
                    page.call("pull")
                case 2:
                    talk.ask("head", path=str(path))
                case 3:
                    talk.refusal("open", path="nowhere.ipynb")
            if number % 1000 == 999:
                sizes.append(resident(talk.process.pid))
    assert max(sizes[2:]) < sizes[1] + 12_000_000, sizes


def resident(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_a_call_in_python_sees_the_same(path: Path, state: str) -> None:
    with talking(state) as talk, participating(state) as participation:
        page = opened(talk, path)
        page.type(0, "a = 1")
        page.call("save")
        assert participation.head(str(path)) == page.base
