from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.postgres import Server, postgres
from tests.history import stores


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Iterator[None]:
    yield
    while stores.OPEN:
        stores.OPEN.pop().close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL for all tests."""
    with postgres() as started:
        yield started


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """What holds for a store holds for both engines."""
    if request.param == "postgresql":
        stores.use(request.getfixturevalue("server"))
    yield request.param
    stores.use(None)


@pytest.fixture
def files(engine: str) -> None:
    """What is said of files is said of the engine that keeps its store in one."""
    if engine != "sqlite":
        pytest.skip("PostgreSQL's files are its own: only one engine is mounted here")
