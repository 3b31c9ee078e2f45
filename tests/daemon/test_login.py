"""What makes systemd and launchd start a watcher at login."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
from pathlib import Path

import pytest

from nbmerge.errors import SystemFailure
from nbmerge.watch.login import Login

COMMAND = (
    "/opt/my python/bin/python",
    "-c",
    "print('a', \"b\")",
    "--exclude=50%",
    "--exclude=$HOME",
    r"C:\n",
    "é",
)


def unit(home: Path) -> Path:
    [found] = (home / ".config" / "systemd" / "user").glob("*.service")
    return found


def test_a_systemd_unit_that_is_enabled(tmp_path: Path) -> None:
    path = Login({}, str(tmp_path), "linux").add("/state", COMMAND)
    assert path == str(unit(tmp_path))
    assert unit(tmp_path).read_text().splitlines() == [
        "[Unit]",
        "Description=nbmerge: merges notebooks on every save",
        "",
        "[Service]",
        r"""ExecStart="/opt/my python/bin/python" -c "print('a', \"b\")" "--exclude=50%%" """
        r'''"--exclude=$$HOME" "C:\\n" "é"''',
        "Restart=on-failure",
        "RestartSec=10",
        "RestartPreventExitStatus=2 3",
        "TimeoutStopSec=70",
        "",
        "[Install]",
        "WantedBy=default.target",
    ]
    link = unit(tmp_path).parent / "default.target.wants" / unit(tmp_path).name
    assert os.readlink(link) == path


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    path = Login({}, str(tmp_path), "linux").add("/state", ("/bin/true", *COMMAND[1:]))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--user", path], capture_output=True, text=True, check=False
    )
    assert Path(path).name not in checked.stderr


def test_each_state_directory_has_its_own(tmp_path: Path) -> None:
    login = Login({"XDG_CONFIG_HOME": str(tmp_path / "settings")}, "/nowhere", "linux")
    one, two = (login.add(directory, ("/bin/true",)) for directory in ("/one", "/two"))
    assert one != two
    assert login.add("/one", ("/bin/false",)) == one  # again: it is replaced
    assert "ExecStart=/bin/false" in Path(one).read_text()
    assert Path(one).parent == tmp_path / "settings" / "systemd" / "user"
    assert login.remove("/one") == one
    assert login.remove("/one") is None
    assert Path(two).exists()


def test_a_launchd_agent(tmp_path: Path) -> None:
    login = Login({}, str(tmp_path), "darwin")
    path = login.add("/state", COMMAND)
    [found] = (tmp_path / "Library" / "LaunchAgents").iterdir()
    assert path == str(found)
    agent = plistlib.loads(found.read_bytes())
    assert agent["ProgramArguments"] == list(COMMAND)
    assert (agent["RunAtLoad"], agent["KeepAlive"]) == (True, {"SuccessfulExit": False})
    assert found.name == f"{agent['Label']}.plist"
    assert login.remove("/state") == path
    assert list(found.parent.iterdir()) == []


def test_other_systems_are_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SystemFailure, match="Task Scheduler"):
        Login({}, str(tmp_path), "win32").add("/state", COMMAND)
