"""The words of a conflict's buttons, and what a choice does to an open notebook: the modules in node."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.notebook.reader import read
from nbmerge.sync import operations
from tests.helpers.build import Notebook, code, notebook
from tests.helpers.examples import tried
from tests.helpers.node_process import NodeProcess, needs_node
from tests.helpers.spelling import JUPYTER

pytestmark = needs_node
NOW = datetime(2026, 5, 1, 12, 0).timestamp()
UNKNOWN: dict[str, Any] = {"versions": [], "time": None}
HAS_YDOC = bool(os.environ.get("NBMERGE_NODE_MODULES"))


def marked(upper: str, lower: str) -> str:
    return f"<<<<<<< {upper}\na\n=======\nb\n>>>>>>> {lower}\nend"


def shown(
    double: NodeProcess,
    upper: str,
    lower: str,
    sides: tuple[dict[str, Any], dict[str, Any]] = (UNKNOWN, UNKNOWN),
    *,
    writer: str = "ann",
    sent: tuple[str, ...] = (),
    named: bool = True,
    language: str = "",
) -> dict[str, Any]:
    told = {"writer": writer, "named": named, "hasBase": False, "upper": sides[0], "lower": sides[1]}
    name = f"<<<<<<< {upper}\n\n>>>>>>> {lower}\n0"
    (found,) = double.do(
        "offers",
        text=marked(upper, lower),
        known={name: told},
        sent=list(sent),
        now=NOW * 1000,
        language=language,
    )
    result: dict[str, Any] = found
    return result


def titles(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(offer["title"], offer["choice"]) for offer in found["offers"]]


def test_what_is_not_known_is_no_conflict(double: NodeProcess) -> None:
    assert double.do("offers", text=marked("a", "b"), known={}, sent=[], now=0) == []


@pytest.mark.parametrize(
    ("upper", "lower", "sent", "own"),
    [
        ("ann", "bob", [], "upper"),  # the user's name
        ("bob", "ann, 2026-05-01 11:59:58", [], "lower"),
        ("ann, 2026-05-01 11:59:57", "ann, 2026-05-01 11:59:58", [], None),  # two tabs of one
        ("ann, 2026-05-01 11:59:57", "ann, 2026-05-01 11:59:58", ["2.b"], "lower"),  # this one saved it
        ("ann, 2026-05-01 11:59:57", "ann, 2026-05-01 11:59:58", ["1.a", "2.b"], None),
        ("bob", "ann", ["1.a"], "upper"),  # a token says more than a name
        ("anna", "bob", [], None),
        ("local", "remote", [], None),
    ],
)
def test_whose_side_is_mine(
    double: NodeProcess, upper: str, lower: str, sent: list[str], own: str | None
) -> None:
    sides = {"versions": ["1.a"], "time": None}, {"versions": ["2.b"], "time": None}
    found = shown(double, upper, lower, sides, sent=tuple(sent))
    assert found["own"] == own
    first = [title for title, _ in titles(found)][:2]
    assert (first == ["Mine", "Theirs"]) is (own is not None)


def test_what_everybody_is_called_is_nobodys_name(double: NodeProcess) -> None:
    tab, program = "a tab in Jupyter", "a program"
    sides = {"versions": ["1.a"], "time": None}, UNKNOWN
    assert shown(double, tab, program, sides, writer=tab, named=False)["own"] is None
    found = shown(double, tab, program, sides, writer=tab, sent=("1.a",), named=False)
    assert (found["own"], found["offers"][0]["detail"]) == ("upper", "")


def test_sides_of_unknown_people_have_the_words_of_the_markers(double: NodeProcess) -> None:
    assert titles(shown(double, "main", "topic"))[:2] == [("main", "upper"), ("topic", "lower")]
    assert titles(shown(double, "", ""))[:2] == [("First side", "upper"), ("Second side", "lower")]
    twice = shown(double, "x, 2026-05-01 11:00:00, version 2", "x, 2026-05-01 11:00:00, version 3")
    assert titles(twice)[0][0] == "x, 2026-05-01 11:00:00, version 2"


def test_a_time_is_said_once_and_without_its_day_if_that_is_today(double: NodeProcess) -> None:
    sides = {"versions": [], "time": NOW - 60}, {"versions": [], "time": NOW - 999_999}
    recent, old = (offer["detail"] for offer in shown(double, "a", "b", sides)["offers"][:2])
    assert "59" in recent
    assert "2026" not in recent
    assert "2026" in old


def test_times_are_said_in_the_language_of_the_page(double: NodeProcess) -> None:
    sides = {"versions": [], "time": NOW - 60}, {"versions": [], "time": NOW - 999_999}
    details = [
        [offer["detail"] for offer in shown(double, "a", "b", sides, language=language)["offers"][:2]]
        for language in ("de", "en-GB")
    ]
    assert details == [["11:59", "19.4.2026 22:13"], ["11:59", "19/04/2026 22:13"]]


def test_what_a_tab_has_saved_is_known_when_its_page_is_loaded_anew(double: NodeProcess) -> None:
    tokens = [f"{number}.a" for number in range(400)]
    kept = double.do("saved", tokens=tokens, ask=["399.a", "0.a", "1.b"])
    assert kept["known"] == [True, True, False]  # a page knows all, of however many notebooks
    again = double.do(
        "saved", stored=kept["stored"], tokens=["400.b"], ask=["399.a", "400.b", "100.a", "99.a"]
    )
    assert again["known"] == [True, True, True, False]
    assert kept["open"] is again["open"] is None  # what a copy of the tab gets
    for stored in (
        "",
        "{}",
        "[1, null]",
        None,
    ):  # no tokens; a browser that keeps nothing
        assert double.do("saved", stored=stored, tokens=["1.a"], ask=["1.a", "2.a"])["known"] == [True, False]


def test_a_cell_that_one_side_deleted_offers_no_both(double: NodeProcess) -> None:
    found = shown(double, "ann", "bob (deleted)")
    assert titles(found) == [("Mine", "upper"), ("Theirs: delete the cell", "lower")]
    assert found["offers"][1]["hint"] == "Take Theirs (bob): delete this cell"


CONFLICT = marked("ann", "bob")
START = notebook(
    code(CONFLICT, id="one", metadata={"tags": ["x"], "keep": 1}),
    code("two", id="two", count=2, out="2\n"),
)
RAN = code("a\nend", id="one", count=7, out="ran\n", metadata={"keep": 1, "new": [2]})


def between(old: Notebook, new: Notebook) -> list[dict[str, Any]]:
    found = operations(read(JUPYTER.spell(old)), read(JUPYTER.spell(new)))
    return [as_page(one.as_json()) for one in found]


def as_page(operation: dict[str, Any]) -> dict[str, Any]:
    """Texts in one piece, as pages are sent them."""
    if operation.get("field") == "source":
        return operation | {"value": "".join(operation["value"])}
    return operation


def in_page(found: Notebook) -> Notebook:
    cells = [cell | {"source": "".join(cell["source"])} for cell in found["cells"]]
    for cell in cells:
        cell["outputs"] = [one | {"text": "".join(one["text"])} for one in cell["outputs"]]
    return found | {"cells": cells}


def choose(double: NodeProcess, new: Notebook | None, **more: Any) -> Any:
    todo = None if new is None else between(START, new)
    place = {"place": 0, "line": 0, "choice": "upper"}
    return double.do("choose", notebook=in_page(START), operations=todo, **place, **more)


def test_a_choice_becomes_what_the_server_made_of_it_and_is_taken_back_at_once(double: NodeProcess) -> None:
    made = choose(double, START | {"cells": [RAN, START["cells"][1]]}, undo=HAS_YDOC)
    assert made["done"] == "done"
    assert made["after"]["cells"] == in_page(notebook(RAN, START["cells"][1]))["cells"]
    if HAS_YDOC:
        assert made["undone"] == made["before"]


def test_a_choice_may_delete_the_cell(double: NodeProcess) -> None:
    made = choose(double, START | {"cells": START["cells"][1:]})
    assert (made["done"], [cell["id"] for cell in made["after"]["cells"]]) == ("deleted", ["two"])


@given(st.integers(0, len(CONFLICT)), st.sampled_from(["x", "\n", "more\n"]))
@tried(40)
def test_what_is_typed_meanwhile_stays(double: NodeProcess, at: int, text: str) -> None:
    made = choose(double, START | {"cells": [RAN, START["cells"][1]]}, typed={"at": at, "text": text})
    before, after = (made[when]["cells"][0] for when in ("before", "after"))
    if made["done"] == "nothing":  # the markers are others by now
        assert before == after
    else:
        assert after["outputs"] == []  # nobody has run this
        assert "<<<<<<<" not in after["source"]
        assert text.strip() in after["source"] or at > CONFLICT.index("=====")


def test_without_an_answer_the_text_alone_is_settled(double: NodeProcess) -> None:
    made = choose(double, None)
    assert made["after"]["cells"][0]["source"] == "a\nend"
    assert made["after"]["cells"][0]["metadata"] == {"tags": ["x"], "keep": 1}
