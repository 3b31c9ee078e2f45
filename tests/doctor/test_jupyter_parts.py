"""Both parts of what makes Jupyter's tabs take part: there, switched on, of one version."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nbmerge.doctor.installation import parts
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
    ("enabled", "version", "state", "said"),
    [
        (True, "2.0", Severity.OK, "of 2.0"),
        (True, "1.0", Severity.WARNING, "of 1.0"),
        (True, None, Severity.WARNING, "page is not installed"),
        (False, "2.0", Severity.WARNING, "switched off"),
        (None, "2.0", Severity.WARNING, "server is not installed"),
    ],
)
def test_parts(tmp_path: Path, enabled: bool | None, version: str | None, state: Severity, said: str) -> None:
    server = tmp_path / "etc/jupyter/jupyter_server_config.d/nbmerge.json"
    page = tmp_path / "share/jupyter/labextensions/nbmerge-on-save/package.json"
    switch = {"ServerApp": {"jpserver_extensions": {"nbmerge.jupyter": enabled}}}
    for file, content in ((server, enabled is not None and switch), (page, version and {"version": version})):
        if content:
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps(content))
    [found] = parts(str(tmp_path), SETTING)
    assert found.state is state
    assert said in found.message
