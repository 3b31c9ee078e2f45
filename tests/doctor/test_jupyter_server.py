"""The part in the Jupyter server: there, and switched on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nbmerge.doctor.installation import server_part
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
