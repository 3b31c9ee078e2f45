"""What each version changed, and where one cell is in all of them, over branches and merges."""

from __future__ import annotations

import time

import pytest

from nbmerge.history.opening import open_store
from nbmerge.history.values import Draft
from nbmerge.lineage.versions import Origin
from nbmerge.service.changes import Development, development
from tests.helpers.build import Notebook, code, notebook
from tests.helpers.spelling import JUPYTER


def developed(*versions: tuple[Notebook | bytes, tuple[int, ...]]) -> Development:
    """The development through these versions, each with its parents."""
    store = open_store(None, lambda: 0.0).store
    notebook_id = store.adopt("/n.ipynb")
    for number, (content, parents) in enumerate(versions):
        data, origin = (content, Origin.UNREADABLE) if isinstance(content, bytes) else (None, Origin.SAVED)
        spelled = JUPYTER.spell(content) if not isinstance(content, bytes) else data
        assert spelled is not None
        store.record(notebook_id, spelled, Draft(float(number), origin, parents))
    found = development(store, notebook_id)
    store.close()
    return found


def book(a: str, b: str, *more: str) -> Notebook:
    names = ("one", "two", "three")
    return notebook(*(code(text, id=name) for name, text in zip(names, (a, b, *more), strict=False)))


def words(found: Development) -> list[str | None]:
    changes = map(found.changes, found.versions)
    return [None if one is None else one.words for one in changes]


def test_a_side_is_compared_with_what_it_came_from() -> None:
    found = developed(
        (book("a", "b"), ()),
        (book("a2", "b"), (1,)),
        (b"{ torn", (2,)),
        (book("a", "b\nc"), (1,)),
        (book("a2", "b\nc"), (2, 4)),
    )
    assert words(found) == [None, "1 line in cell 1", None, "1 line in cell 2", "1 line in cell 2"]


def test_a_cell_is_followed_over_sides_and_places() -> None:
    late = notebook(code("top", id="top"), *book("a", "b\nd")["cells"])
    found = developed(
        (book("a", "b"), ()),
        (book("a2", "b"), (1,)),
        (book("a", "b\nc"), (1,)),  # a side that nobody went on from
        (book("a2", "b\nd"), (2,)),
        (late, (4,)),
    )
    assert [version.number for version in found.touching(5, 2)] == [1, 3, 4]
    assert [version.number for version in found.touching(5, 1)] == [1, 2, 5]
    assert found.with_id("two") == (5, 2)


@pytest.mark.slow
def test_two_hundred_versions_of_a_large_notebook_take_less_than_a_second() -> None:
    cells = [code(f"f({n})\n" * 8, id=f"c{n}", out=f"{n * 7919:010}" * 300) for n in range(280)]
    store = open_store(None, lambda: 0.0).store
    notebook_id = store.adopt("/n.ipynb")
    for number in range(200):
        place = number * 37 % len(cells)
        cells[place] = code(f"g({number})\n" * 9, id=f"c{place}", out=f"{number:010}" * 300)
        data = JUPYTER.spell(notebook(*cells))
        store.record(notebook_id, data, Draft(float(number), Origin.SAVED, (number,) if number else ()))
    assert len(data) > 900_000
    begin = time.process_time()
    found = development(store, notebook_id)
    told = words(found)
    spent = time.process_time() - begin
    store.close()
    assert (told[0], told[1]) == (None, "9 lines in cell 38, ran cell 38")
    assert spent < 1.0
