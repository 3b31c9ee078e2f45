"""The parts in the Jupyter server and in the page: there, of one version, and switched on."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from nbmerge.doctor.installation import page_part, server_part
from nbmerge.doctor.values import Setting, Severity

SETTING = Setting(
    program="nbmerge-on-save",
    version="2.0",
    package="",
    python="python",
    here="",
    state="",
    environment=os.environ,
    home="",
    platform="linux",
)


@pytest.mark.parametrize(
    ("enabled", "state", "said"),
    [
        (True, Severity.OK, "is switched on"),
        (False, Severity.WARNING, "switched off"),
        (None, Severity.WARNING, "server is not installed"),
    ],
)
def test_the_part_in_the_server(tmp_path: Path, enabled: bool | None, state: Severity, said: str) -> None:
    server = tmp_path / "etc/jupyter/jupyter_server_config.d/nbmerge.json"
    if enabled is not None:
        server.parent.mkdir(parents=True)
        server.write_text(json.dumps({"ServerApp": {"jpserver_extensions": {"nbmerge.jupyter": enabled}}}))
    [found] = server_part(str(tmp_path), SETTING)
    assert found.state is state
    assert said in found.message


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "is not installed"),
        ({"package.json": {"version": "1.9"}}, "is of version 1.9, the server's of 2.0"),
        ({"package.json": {"version": "2.0"}}, "is switched on"),
        ({"page_config.json": {"disabledExtensions": {"nbmerge-on-save": True}}}, "is disabled"),
        ({"page_config.json": {"disabledExtensions": {"nbmerge-on-save": False}}}, "is switched on"),
        ({"plugin.jupyterlab-settings": {"enabled": False}}, "turned off in your settings"),
        ({"plugin.jupyterlab-settings": {"enabled": True}}, "is switched on"),
    ],
)
def test_the_part_in_the_page(tmp_path: Path, files: dict[str, object], said: str) -> None:
    places = {
        "package.json": "share/jupyter/labextensions/nbmerge-on-save",
        "page_config.json": "home/.jupyter/labconfig",
        "plugin.jupyterlab-settings": "home/.jupyter/lab/user-settings/nbmerge-on-save",
    }
    for name, content in ({"package.json": {"version": "2.0"}} | files if files else {}).items():
        (tmp_path / places[name]).mkdir(parents=True)
        (tmp_path / places[name] / name).write_text(json.dumps(content))
    found = page_part(str(tmp_path), replace(SETTING, home=str(tmp_path / "home"), environment={}))
    assert said in found.message
    assert (found.state is Severity.OK) == ("switched on" in said)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_in_the_place_of_the_settings_is_not_waited_for(tmp_path: Path) -> None:
    part = tmp_path / "share" / "jupyter" / "labextensions" / "nbmerge-on-save"
    own = tmp_path / "home" / ".jupyter" / "lab" / "user-settings" / "nbmerge-on-save"
    for folder in (part, own):
        folder.mkdir(parents=True)
    (part / "package.json").write_text(json.dumps({"version": "2.0"}))
    os.mkfifo(own / "plugin.jupyterlab-settings")
    found = page_part(str(tmp_path), replace(SETTING, home=str(tmp_path / "home"), environment={}))
    assert "is switched on" in found.message
