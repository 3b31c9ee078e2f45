"""Owns: the server that requests are sent to, with nbmerge's part in it and a state directory of its own.

Must not know: what is asked of it.  Invariant: no test uses the history of another one, or of the user.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def jp_server_config(tmp_path: Path) -> dict[str, Any]:
    """What pytest-jupyter starts; a test with more in its server says so itself."""
    return {
        "ServerApp": {"jpserver_extensions": {"nbmerge.jupyter": True}},
        "NbmergeExtension": {"state": str(tmp_path / "state")},
    }
