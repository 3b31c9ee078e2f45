"""Operations brought into a document that people share: they give what `sync.apply` gives in little steps."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from jupyter_ydoc import YNotebook
from pycrdt import Doc, Text

from nbmerge.jupyter.notebooks import operations_shown, shown
from nbmerge.jupyter.shared_cells import carry_out, set_text, splices
from nbmerge.sync import apply
from tests.helpers.build import Notebook, code, markdown, notebook
from tests.helpers.examples import tried
from tests.helpers.in_page import in_page, shape
from tests.helpers.strategies import Ids
from tests.sync.copies import Copy, edited, merges

TEXTS = st.text(st.sampled_from("ab\n é😀\r"), max_size=12)


def shared(found: Notebook) -> YNotebook:
    document = YNotebook()
    document.set(in_page(found))
    return document


def told(document: YNotebook) -> object:
    """What a document says, but for the marks of trust."""
    found = document.get()
    for cell in found["cells"]:
        cell["metadata"].pop("trusted", None)
    return shape(found)


@given(edited(Ids.OWN) | merges(Ids.OWN) | edited(Ids.NONE))
@tried(120)
def test_they_give_what_apply_gives(copy: Copy) -> None:
    sent = json.loads(copy.sent.decode("utf-8-sig"))
    if not sent["cells"]:
        return  # a document makes a cell of its own then
    document = shared(sent)
    carry_out(document, operations_shown(copy.operations, shown(copy.merged), trusted=True))
    wanted = apply(sent, (operation.as_json() for operation in copy.operations))
    if wanted["cells"]:
        assert told(document) == told(shared(wanted))


@given(TEXTS, TEXTS)
@tried(200)
def test_a_text_becomes_the_other(old: str, new: str) -> None:
    document: Doc[Text] = Doc()
    document["text"] = text = Text(old)
    set_text(text, new)
    assert str(text) == new


def test_of_a_text_only_what_differs_is_touched() -> None:
    old = "é = 1\nb = 2\nc = 3\n"
    assert [*splices(old, "é = 1\nb = 22\nc = 3\nd = 4\n")] == [(12, 12, "2"), (19, 19, "d = 4\n")]
    assert [*splices(old, old)] == []


def test_what_is_typed_elsewhere_at_that_moment_lands_where_it_is_typed() -> None:
    document = shared(notebook(code("a = 1\nb = 2", id="one")))
    page = YNotebook(Doc())
    page.ydoc.apply_update(document.ydoc.get_update())
    page.ycells[0]["source"].insert(len("a = 1"), "5")
    carry_out(document, [{"op": "set", "cell": "one", "field": "source", "value": "new\na = 1\nb = 22"}])
    document.ydoc.apply_update(page.ydoc.get_update())
    assert document.get()["cells"][0]["source"] == "new\na = 15\nb = 22"


def test_a_cell_that_becomes_another_keeps_what_both_kinds_have() -> None:
    document = shared(notebook(code("# A title", id="one", count=1, out="1\n")))
    carry_out(document, [{"op": "set", "cell": "one", "field": "cell_type", "value": "markdown"}])
    wanted = in_page(notebook(markdown("# A title", id="one")))
    assert document.get()["cells"] == wanted["cells"]
