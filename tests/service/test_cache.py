"""What is held of versions that are compared takes no more memory than it is meant to."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from nbmerge.files import digest
from nbmerge.notebook.model import Notebook
from nbmerge.service.cache import NotebookCache
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER
from tests.history.stores import fresh

BUDGET = 120_000


def versions(cells: int, lines: int, number: int) -> Iterator[bytes]:
    """Of one notebook, in which one cell after the other is rewritten."""
    texts = ["".join(f"value_{cell}_{line} = {line}\n" for line in range(lines)) for cell in range(cells)]
    for version in range(number):
        texts[version % cells] = "".join(f"word_{version}_{line} = {line}\n" for line in range(lines))
        made = (code(text, id=f"cell-{at}", out=text) for at, text in enumerate(texts))
        yield JUPYTER.spell(notebook(*made))


@pytest.mark.parametrize(("cells", "lines"), [(1, 1), (8, 4)])
def test_many_versions_take_about_what_is_allowed(cells: int, lines: int) -> None:
    """Also where each has little that the one before it had not: what little there is counts."""
    cache, held = NotebookCache(fresh(), BUDGET, compared_only=True), list[Notebook]()
    tracemalloc.start()
    try:
        for data in versions(cells, lines, 60):
            held = [cache.put(digest(data), data, cache.latest)]
            assert [cell.key for cell in held[0].cells]
        took, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert took < 1.6 * BUDGET
