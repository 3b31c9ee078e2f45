"""Operations brought into an open notebook: they give what `sync.apply` gives, and take nothing back."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nbmerge.notebook.reader import read
from nbmerge.sync import apply, operations
from tests.helpers.build import Notebook, code, markdown, notebook, shown
from tests.helpers.examples import tried
from tests.helpers.in_page import in_page, shape
from tests.helpers.node_process import NodeProcess, needs_node
from tests.helpers.spelling import JUPYTER
from tests.helpers.strategies import Ids
from tests.sync.copies import Copy, edited, merges

pytestmark = needs_node
_KINDS = (Ids.OWN, Ids.NONE)
COPIES = edited(*_KINDS) | merges(*_KINDS)


def forms(sent: Notebook, merged: Notebook) -> list[dict[str, Any]]:
    return [one.as_json() for one in operations(read(JUPYTER.spell(sent)), read(JUPYTER.spell(merged)))]


@given(COPIES)
@tried(120)
def test_they_give_what_apply_gives(double: NodeProcess, copy: Copy) -> None:
    sent, merged = (json.loads(data.decode("utf-8-sig")) for data in (copy.sent, copy.merged))
    todo = [operation.as_json() for operation in copy.operations]
    wanted = double.do("load", notebook=in_page(apply(sent, todo)))
    found = double.do("apply", notebook=in_page(sent), operations=todo)
    assert found["done"]
    assert shape(found["after"]) == shape(wanted)
    assert len(merged["cells"]) == len(wanted["cells"])


@given(COPIES, st.data())
@tried(120)
def test_what_was_typed_meanwhile_is_kept_or_nothing_is_done(
    double: NodeProcess, copy: Copy, data: st.DataObject
) -> None:
    sent = json.loads(copy.sent.decode("utf-8-sig"))
    page = in_page(sent)
    if not page["cells"]:
        return
    typed = []
    for number in range(data.draw(st.integers(1, 2))):
        cell = data.draw(st.integers(0, len(page["cells"]) - 1))
        length = len(page["cells"][cell]["source"].encode("utf-16-le")) // 2
        typed.append({"cell": cell, "at": data.draw(st.sampled_from([0, length])), "text": f"«{number}»"})
    todo = [operation.as_json() for operation in copy.operations]
    found = double.do("apply", notebook=page, operations=todo, typed=typed)
    if not found["done"]:
        assert found["after"] == found["before"]
        return
    sources = [cell["source"] for cell in found["after"]["cells"]]
    for one in typed:
        assert sum(source.count(one["text"]) for source in sources) == 1
    without = [source.replace("«0»", "").replace("«1»", "") for source in sources]
    assert without == [cell["source"] for cell in in_page(apply(sent, todo))["cells"]]


@given(st.permutations(range(6)), st.integers(0, 5))
@tried(60)
def test_the_cell_with_the_caret_is_never_made_anew(double: NodeProcess, order: list[int], kept: int) -> None:
    cells = [code(f"value_{n} = compute({n}, depth=3)", id=f"c{n}") for n in range(6)]
    todo = forms(notebook(*cells), notebook(*(cells[n] for n in order)))
    found = double.do("apply", notebook=in_page(notebook(*cells)), operations=todo, kept=[kept])
    assert [cell["id"] for cell in found["after"]["cells"]] == [f"c{n}" for n in order]
    assert found["kept"]


def test_a_cell_that_did_not_change_is_not_touched(double: NodeProcess) -> None:
    cells = [code(f"value_{n} = compute({n}, depth=3)", id=f"c{n}") for n in range(6)]
    other = [cells[0], code("x = 1", id="new"), *cells[2:5], code("value_5 = 0", id="c5", count=1, out="7\n")]
    todo = forms(notebook(*cells), notebook(*other))
    assert double.do("apply", notebook=in_page(notebook(*cells)), operations=todo)["stayed"] == 5


def test_a_cell_that_moves_gets_its_outputs(double: NodeProcess) -> None:
    cells = [code(f"value_{n} = compute({n}, depth=3)", id=f"c{n}") for n in range(4)]
    ran = code("value_0 = compute(0, depth=3)", id="c0", count=1, out="7\n")
    todo = forms(notebook(*cells), notebook(*cells[1:], ran))
    found = double.do("apply", notebook=in_page(notebook(*cells)), operations=todo)["after"]["cells"]
    assert [cell["id"] for cell in found] == ["c1", "c2", "c3", "c0"]
    assert [output["text"] for output in found[-1]["outputs"]] == ["7\n"]


def test_lines_of_outputs_are_joined_and_json_is_not(double: NodeProcess) -> None:
    data = {"text/html": ["<b>\n", "x</b>"], "application/json": ["a", "b"]}
    rich = code("show()", id="a") | {
        "outputs": [shown(data), {"name": "stdout", "output_type": "stream", "text": ["1\n", "2"]}]
    }
    todo = forms(notebook(code("show()", id="a")), notebook(rich))
    [cell] = double.do("apply", notebook=in_page(notebook(code("show()", id="a"))), operations=todo)["after"][
        "cells"
    ]
    assert cell["outputs"][0]["data"] == {"text/html": "<b>\nx</b>", "application/json": ["a", "b"]}
    assert cell["outputs"][1]["text"] == "1\n2"


def test_trust_is_not_brought_in_and_not_taken_out(double: NodeProcess) -> None:
    mine = code("a", id="a", count=1) | {"metadata": {"trusted": True}}
    forged = code("b", id="b") | {"metadata": {"trusted": "yes"}}
    todo = forms(
        notebook(code("a", id="a", count=1)),
        notebook(code("a", id="a", count=1) | {"metadata": {"tags": ["x"]}}, forged),
    )
    found = double.do("apply", notebook=in_page(notebook(mine)), operations=todo)["after"]["cells"]
    assert [cell["metadata"] for cell in found] == [{"trusted": True, "tags": ["x"]}, {}]
    distrusting = {"op": "set", "cell": "a", "field": "metadata", "value": {"trusted": False}}
    todo = [{"op": "set", "cell": "a", "field": "outputs", "value": []}, distrusting]
    given_outputs = mine | {"outputs": [shown({"text/plain": "1"})]}
    [cell] = double.do("apply", notebook=in_page(notebook(given_outputs)), operations=todo)["after"]["cells"]
    assert (cell["outputs"], cell["metadata"]) == ([], {})


def test_edited_here_and_deleted_there_is_left_to_the_merge(double: NodeProcess) -> None:
    start = notebook(code("a = 1", id="a"), markdown("b", id="b"))
    todo = forms(start, notebook(start["cells"][1]))
    typed = [{"cell": 0, "at": 0, "text": "x"}]
    found = double.do("apply", notebook=in_page(start), operations=todo, typed=typed)
    assert (found["done"], found["after"]) == (False, found["before"])
