"""Three tabs, a script and git on one notebook, by chance: at the end all is there once, and all show it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.chromium import needs_chromium
from tests.jupyter_page.many_tabs import crowd

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [needs_chromium, pytest.mark.slow]
SECONDS = 60.0


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_or_doubled(chromium: Browser, tmp_path: Path, seed: int) -> None:
    with crowd(chromium, tmp_path, seed) as found:
        found.run(SECONDS)
        found.settle()
        assert list(found.faults()) == []
        assert len(found.words | found.gone) > SECONDS
