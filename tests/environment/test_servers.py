"""Which servers are found, and that asking them is safe."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from nbmerge.environment.jupyter import JupyterServers, ask, data_folder, listed, runtime_folder
from tests.environment.clock import Clock
from tests.environment.jupyter import TOKEN, announce, fake_server


def ports(folder: Path) -> list[int]:
    return [server.port for server in listed(str(folder))]


def test_servers_that_run(tmp_path: Path) -> None:
    announce(tmp_path, tmp_path, 8889)
    announce(tmp_path, tmp_path, 8888)
    old = announce(tmp_path, tmp_path, 8890, root_dir=None, notebook_dir=str(tmp_path))
    old.rename(tmp_path / "nbserver-8890.json")  # Notebook 6
    (tmp_path / "jpserver-8888-open.html").write_text("")
    (tmp_path / "kernel-1.json").write_text("{}")
    assert ports(tmp_path) == [8888, 8889, 8890]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_that_is_called_like_a_server_is_passed_by(tmp_path: Path) -> None:
    announce(tmp_path, tmp_path, 8889)
    os.mkfifo(tmp_path / "jpserver-1.json")
    assert ports(tmp_path) == [8889]


@pytest.mark.parametrize(
    "other",
    [
        {"hostname": "192.168.1.5"},
        {"hostname": "example.org"},
        {"sock": "/run/jupyter.sock"},
        {"port": "8888"},
        {"root_dir": None},
        {"pid": None},
        {"pid": 2**80},
    ],
    ids=str,
)
def test_servers_that_are_not_asked(tmp_path: Path, other: dict[str, object]) -> None:
    announce(tmp_path, tmp_path, 8888, **other)
    assert ports(tmp_path) == []


@pytest.mark.parametrize("host", ["", "localhost", "0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::1", "*"])
def test_only_loopback_is_asked(tmp_path: Path, host: str) -> None:
    announce(tmp_path, tmp_path, 8888, hostname=host)
    [server] = listed(str(tmp_path))
    assert server.hosts
    assert all(one == "::1" or one.startswith("127.") for one in server.hosts)


def test_a_server_that_ended_without_a_word(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    announce(tmp_path, tmp_path, 8888, pid=process.pid)
    assert ports(tmp_path) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"port": 1}', "[" * 100000, "\xff"])
def test_words_that_make_no_sense(tmp_path: Path, text: str) -> None:
    (tmp_path / "jpserver-1.json").write_text(text, encoding="latin-1")
    (tmp_path / "jpserver-2.json").mkdir()
    assert ports(tmp_path) == []
    assert ports(tmp_path / "missing") == []


def test_the_token_goes_to_its_server_and_nowhere_else(tmp_path: Path) -> None:
    with fake_server() as fake:
        announce(tmp_path, tmp_path, fake.port)
        [server] = listed(str(tmp_path))
        assert ask(server, "GET", "api/sessions") == (200, b"[]")
        assert TOKEN not in repr(server)
        assert TOKEN not in "".join(fake.asked)


def test_nobody_listens(tmp_path: Path) -> None:
    with fake_server() as fake:
        announce(tmp_path, tmp_path, fake.port)
    [server] = listed(str(tmp_path))
    assert ask(server, "GET", "api/sessions") is None


def test_a_server_that_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    with fake_server() as fake:
        fake.delay = 2.0
        announce(tmp_path, tmp_path, fake.port)
        [server] = listed(str(tmp_path))
        server = replace(server, hosts=("127.0.0.1",) * 3)
        begun = time.monotonic()
        assert ask(server, "GET", "api/sessions") is None
        assert time.monotonic() - begun < 1.5
        assert len(fake.asked) == 1
        fake.delay = 0.0


def test_the_list_is_read_again_after_a_while(tmp_path: Path, clock: Clock) -> None:
    servers = JupyterServers(str(tmp_path), clock)
    assert servers.running() == ()
    announce(tmp_path, tmp_path, 8888)
    assert servers.running() == ()
    clock.passed = 6.0
    assert [server.port for server in servers.running()] == [8888]


def test_what_a_server_calls_a_notebook(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub/nb.ipynb").touch()
    (tmp_path / "link").symlink_to(root)
    announce(tmp_path / "run", tmp_path / "link", 8888)
    [server] = listed(str(tmp_path / "run"))
    for folder in (root, tmp_path / "link"):
        assert server.name_of(str(folder / "sub" / "nb.ipynb")) == "sub/nb.ipynb"
    (tmp_path / "short").symlink_to(root / "sub")
    assert server.name_of(str(tmp_path / "short/nb.ipynb")) == "sub/nb.ipynb"
    assert server.name_of(str(tmp_path / "root2/nb.ipynb")) is None
    assert server.name_of(str(tmp_path / "nb.ipynb")) is None


def test_a_server_at_the_root_of_everything(tmp_path: Path) -> None:
    announce(tmp_path, Path("/"), 8888)
    [server] = listed(str(tmp_path))
    assert server.name_of("/w/nb.ipynb") == "w/nb.ipynb"


@pytest.mark.parametrize(
    ("environment", "platform", "data", "runtime"),
    [
        ({}, "linux", "/h/.local/share/jupyter", None),
        ({"XDG_DATA_HOME": "/x"}, "linux", "/x/jupyter", None),
        ({"JUPYTER_DATA_DIR": "/d"}, "linux", "/d", None),
        ({"JUPYTER_RUNTIME_DIR": "/r"}, "linux", "/h/.local/share/jupyter", "/r"),
        ({"JUPYTER_PLATFORM_DIRS": "1"}, "linux", "/h/.local/share/jupyter", None),
        ({}, "darwin", "/h/Library/Jupyter", None),
        ({"JUPYTER_PLATFORM_DIRS": "1"}, "darwin", "/h/Library/Application Support/Jupyter", None),
        ({"JUPYTER_PLATFORM_DIRS": "off"}, "darwin", "/h/Library/Jupyter", None),
        ({"APPDATA": "/a"}, "win32", "/a/jupyter", None),
        ({"LOCALAPPDATA": "/l", "JUPYTER_PLATFORM_DIRS": "1"}, "win32", "/l/Jupyter", None),
        ({}, "win32", "/h/.jupyter/data", None),
    ],
)
def test_jupyters_folders(environment: dict[str, str], platform: str, data: str, runtime: str | None) -> None:
    assert data_folder(environment, "/h", platform) == data
    assert runtime_folder(environment, "/h", platform) == (runtime or f"{data}/runtime")


def test_the_folders_are_those_of_jupyter_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = pytest.importorskip("jupyter_core.paths")
    for name in [name for name in os.environ if name.startswith(("JUPYTER_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_folder(os.environ, str(tmp_path), sys.platform) == paths.jupyter_data_dir()
    assert runtime_folder(os.environ, str(tmp_path), sys.platform) == paths.jupyter_runtime_dir()
