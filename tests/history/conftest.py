from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.history import stores


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Iterator[None]:
    yield
    while stores.OPEN:
        stores.OPEN.pop().close()
