"""What each side brought to a merge, numbered as the merge is."""

from __future__ import annotations

from nbmerge.history.opening import open_store
from nbmerge.history.values import Draft
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Origin
from nbmerge.service.cache import NotebookCache
from nbmerge.service.changes import brought
from nbmerge.service.tips import merge_tips
from tests.helpers.build import Notebook, code, notebook
from tests.helpers.spelling import JUPYTER

ONE, TWO, THREE = code("a", id="one"), code("b", id="two"), code("c", id="three")


def sides(*versions: tuple[Notebook, tuple[int, ...]], tips: tuple[int, ...]) -> dict[int, str]:
    store = open_store(None, lambda: 0.0).store
    notebook_id = store.adopt("/n.ipynb")
    for number, (content, parents) in enumerate(versions):
        store.record(notebook_id, JUPYTER.spell(content), Draft(float(number), Origin.SAVED, parents))
    cache = NotebookCache(store)
    merge = merge_tips(store, notebook_id, Heads(tips[0], tips), cache)
    made = store.record(notebook_id, merge.data, Draft(9.0, Origin.MERGED, tips))
    found = brought(cache, notebook_id, made, merge)
    store.close()
    return {tip: changes.words for tip, changes in found.items()}


def test_cells_have_the_numbers_that_they_have_in_the_merge() -> None:
    added = notebook(code("top", id="top"), ONE, TWO, THREE)
    edited = notebook(ONE, TWO, code("c2", id="three", out="1", count=1))
    assert sides((notebook(ONE, TWO, THREE), ()), (added, (1,)), (edited, (1,)), tips=(2, 3)) == {
        2: "+1 cell at the top",
        3: "1 line in cell 4, ran cell 4",
    }


def test_each_of_three_sides_is_told() -> None:
    found = sides(
        (notebook(ONE, TWO, THREE), ()),
        (notebook(code("a2", id="one"), TWO, THREE), (1,)),
        (notebook(ONE, THREE), (1,)),
        (notebook(ONE, TWO, THREE, code("d", id="four")), (1,)),
        tips=(2, 3, 4),
    )
    assert found == {2: "1 line in cell 1", 3: "-1 cell", 4: "+1 cell after 2"}


def test_what_has_no_common_version_is_not_told() -> None:
    assert sides((notebook(ONE), ()), (notebook(TWO), ()), tips=(1, 2)) == {}
