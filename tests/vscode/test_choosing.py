"""What is offered above a conflict in VS Code, and what is left of the cell once a side is chosen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.build import code, notebook
from tests.helpers.node_process import NodeProcess, needs_node
from tests.vscode.windows import Windows, host, windows_in

pytestmark = needs_node
MARKED = "above\n<<<<<<< ann\nmine\n||||||| base\nold\n=======\ntheirs\n>>>>>>> bob\nbelow\n"
ONE_GONE = "<<<<<<< ann (deleted)\n=======\ntheirs\n>>>>>>> bob"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    with host(tmp_path_factory.mktemp("extension")) as found:
        yield found


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    with windows_in(tmp_path_factory.mktemp("windows")) as found:
        yield found


def settled(window: Windows, text: str, choice: str) -> object:
    window.start(1, notebook(code(text, id="a"), code("other", id="b")))
    return window.host.do("settle", who=0, cell=0, choice=choice)


@pytest.mark.parametrize(
    ("choice", "lines"),
    [("upper", "mine\n"), ("lower", "theirs\n"), ("both", "mine\ntheirs\n"), ("base", "old\n")],
)
def test_each_side_of_a_conflict_can_be_taken(window: Windows, choice: str, lines: str) -> None:
    assert settled(window, MARKED, choice) == f"above\n{lines}below\n"


def test_one_that_ends_the_cell_leaves_no_empty_line(window: Windows) -> None:
    assert settled(window, MARKED.removesuffix("below\n").rstrip(), "lower") == "above\ntheirs"


def test_a_base_that_is_not_shown_is_not_known_here(window: Windows) -> None:
    assert settled(window, MARKED.replace("||||||| base\nold\n", ""), "base") is False


def test_no_torn_marker_is_left_of_a_conflict_that_crosses_it(window: Windows) -> None:
    longer, shorter = (["<" * size, "=" * size, ">" * size] for size in (8, 7))
    begin, middle, end = longer
    text = "\n".join(
        [
            f"{begin} a",
            "one",
            f"{shorter[0]} b",
            middle,
            "two",
            f"{end} c",
            shorter[1],
            "x",
            f"{shorter[2]} d",
        ]
    )
    assert settled(window, text, "lower") == "two\nx"


def test_a_side_that_has_no_such_cell_deletes_it(window: Windows) -> None:
    assert settled(window, ONE_GONE, "upper") is None
    assert settled(window, ONE_GONE, "lower") == "theirs"


def test_what_is_offered_says_whose_it_is_and_what_becomes_of_the_cell(process: NodeProcess) -> None:
    (plain,) = process.do("markers", text=MARKED)
    assert plain["offered"] == [
        ["lower", "Mine (bob)"],
        ["upper", "Theirs (ann)"],
        ["both", "Both"],
        ["base", "Base"],
    ]
    (gone,) = process.do("markers", text=ONE_GONE)
    assert gone["offered"] == [
        ["lower", "Mine (bob)"],
        ["upper", "Theirs (ann): delete the cell"],
        ["base", "Base"],
    ]


def test_a_number_is_no_name(process: NodeProcess) -> None:
    text = MARKED.replace("ann", "version 46").replace("bob", "bob, 2026-11-30 18:33:18, version 7")
    assert process.do("markers", text=text)[0]["offered"][:2] == [
        ["lower", "Mine (bob, 2026-11-30 18:33:18)"],
        ["upper", "Theirs (another program)"],
    ]


@pytest.mark.parametrize(
    ("upper", "lower"),
    [("bob, 18:33, version 6", "bob, 18:34, version 7"), ("bobby, version 6", "ann"), ("bob", "bob")],
)
def test_where_names_do_not_tell_which_side_is_ones_own_both_are_shown_as_they_stand(
    process: NodeProcess, upper: str, lower: str
) -> None:
    text = MARKED.replace("ann", upper).replace("bob\nbelow", f"{lower}\nbelow")
    assert process.do("markers", text=text)[0]["offered"][:2] == [
        ["upper", f"Upper ({upper})"],
        ["lower", f"Lower ({lower})"],
    ]


def test_a_longer_name_is_another(process: NodeProcess) -> None:
    text = MARKED.replace("ann", "bob - Insiders, 18:33")
    assert process.do("markers", text=text)[0]["offered"][:2] == [
        ["lower", "Mine (bob)"],
        ["upper", "Theirs (bob - Insiders, 18:33)"],
    ]
    text = MARKED.replace("ann", "bob, 18:33").replace("bob\nbelow", "bob - Insiders\nbelow")
    assert process.do("markers", text=text)[0]["offered"][:2] == [
        ["upper", "Mine (bob, 18:33)"],
        ["lower", "Theirs (bob - Insiders)"],
    ]


@pytest.mark.parametrize(
    "text", ["<<<<<<< a\nx\n", "=======\nx\n>>>>>>> b\n", "<<<<<<< a\nx\n>>>>>>> b\n", "a <<<<<<< b\n"]
)
def test_markers_that_are_not_whole_are_no_conflict(process: NodeProcess, text: str) -> None:
    assert process.do("markers", text=text) == []
