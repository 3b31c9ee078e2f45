"""Two windows and a script on one notebook, by chance: at the end all is there once, and all show it.

Alone, beside the watcher, and with a tab of JupyterLab on the same notebook.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.chromium import needs_chromium
from tests.vscode.code_server import ENTRY
from tests.vscode.many_windows import window_crowd

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [
    needs_chromium,
    pytest.mark.slow,
    pytest.mark.skipif(
        not ENTRY.exists(), reason="run with --slow where code-server is installed: .ci/vscode does both"
    ),
]
SECONDS = 60.0


@pytest.mark.parametrize("beside", ["", "watch", "lab"])
def test_nothing_is_lost_or_doubled(chromium: Browser, tmp_path: Path, beside: str) -> None:
    with window_crowd(chromium, tmp_path, 1, lab=beside == "lab", watch=beside == "watch") as found:
        found.run(SECONDS)
        found.settle()
        assert list(found.faults()) == []
        assert list(found.disagree()) == []
        assert len(found.words | found.gone) > SECONDS / 4
