"""Metadata: by key, recursively; what both changed differently is chosen by name, and noted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbmerge.merge.values import Policy, Side
from tests.helpers.build import Cell, Merged, Notebook, code, merge, merge_cells, merge_each, notebook

NEWER_REMOTE = Policy(newer=Side.REMOTE)


def of_notebook(base: Any, local: Any, remote: Any, policy: Policy = Policy()) -> Merged:
    """Merge notebooks that differ in their metadata."""
    one = code("x = 1", id="a")
    return merge(*_three(base, local, remote, one), policy)


def _three(base: Any, local: Any, remote: Any, cell: Cell) -> tuple[Notebook, Notebook, Notebook]:
    return (
        notebook(cell, metadata=base),
        notebook(cell, metadata=local),
        notebook(cell, metadata=remote),
    )


def test_different_keys_are_both_changed() -> None:
    merged = of_notebook({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 2})
    assert merged.notebook["metadata"] == {"a": 2, "b": 2}
    assert not merged.result.decisions


def test_keys_deep_inside_are_both_changed() -> None:
    base = {"tool": {"view": {"x": 1, "y": 1}}}
    merged = of_notebook(base, {"tool": {"view": {"x": 2, "y": 1}}}, {"tool": {"view": {"x": 1, "y": 2}}})
    assert merged.notebook["metadata"] == {"tool": {"view": {"x": 2, "y": 2}}}


def test_a_key_added_by_one_side_and_one_removed_by_the_other() -> None:
    merged = of_notebook({"old": 1}, {"old": 1, "new": 2}, {})
    assert merged.notebook["metadata"] == {"new": 2}


def test_one_value_changed_differently_is_local_s_and_noted() -> None:
    merged = of_notebook({"title": "A"}, {"title": "B"}, {"title": "C"}, NEWER_REMOTE)
    assert merged.clean
    assert merged.notebook["metadata"] == {"title": "B"}
    assert merged.noted("/metadata/title", "local")


def test_a_value_removed_by_one_side_and_changed_by_the_other_stays_and_is_noted() -> None:
    merged = of_notebook({"title": "A"}, {}, {"title": "C"})
    assert merged.notebook["metadata"] == {"title": "C"}
    assert merged.noted("/metadata/title", "remote")


VOLATILE: list[tuple[str, Any, Any, Any]] = [
    ("language_info", {"version": "3.10"}, {"version": "3.11"}, {"version": "3.12"}),
    ("kernelspec", {"name": "a"}, {"name": "b"}, {"name": "c"}),
    ("widgets", {"state": 1}, {"state": 2}, {"state": 3}),
    ("papermill", {"duration": 1}, {"duration": 2}, {"duration": 3}),
    ("vscode", {"hash": "1"}, {"hash": "2"}, {"hash": "3"}),
    ("colab", {"provenance": "1"}, {"provenance": "2"}, {"provenance": "3"}),
]


@pytest.mark.parametrize(("key", "base", "local", "remote"), VOLATILE)
def test_what_tools_write_takes_local_s_in_git_and_the_newer_when_watching(
    key: str, base: Any, local: Any, remote: Any
) -> None:
    in_git = of_notebook({key: base}, {key: local}, {key: remote})
    watching = of_notebook({key: base}, {key: local}, {key: remote}, NEWER_REMOTE)
    assert in_git.notebook["metadata"] == {key: local}
    assert watching.notebook["metadata"] == {key: remote}
    for merged, side in ((in_git, "local"), (watching, "remote")):
        assert merged.clean
        assert any(d.path.startswith(f"/metadata/{key}") and d.took == side for d in merged.result.decisions)


@pytest.mark.parametrize("key", ["collapsed", "scrolled"])
def test_how_a_cell_is_shown_takes_the_newer_when_watching(key: str) -> None:
    cells = [code("x = 1", metadata=data) for data in ({}, {key: True}, {key: False})]
    merged = merge_each(cells, NEWER_REMOTE)
    assert merged.cells[0]["metadata"] == {key: False}
    assert merged.noted(f"/cells/0/metadata/{key}", "remote")


def test_execution_times_are_those_of_one_run() -> None:
    cells = [code("x = 1", metadata={"execution": {"begin": f"{n}:00", "end": f"{n}:59"}}) for n in (1, 2, 3)]
    merged = merge_each(cells, NEWER_REMOTE)
    assert merged.cells[0]["metadata"] == cells[2]["metadata"]


def test_half_a_kernel_is_never_mixed_with_half_of_another() -> None:
    base = {"kernelspec": {"name": "a", "display_name": "A", "language": "python"}}
    local = {"kernelspec": {"name": "b", "display_name": "A", "language": "python"}}
    remote = {"kernelspec": {"name": "a", "display_name": "C", "language": "python"}}
    merged = of_notebook(base, local, remote)
    assert merged.notebook["metadata"] in (local, remote)


def test_tags_are_a_set() -> None:
    cells = [code("x", metadata={"tags": tags}) for tags in (["a", "b"], ["b", "new"], ["a", "b", "more"])]
    merged = merge_each(cells)
    assert merged.clean
    assert merged.cells[0]["metadata"] == {"tags": ["b", "new", "more"]}


def test_the_same_tag_added_by_both_is_there_once() -> None:
    cells = [code("x", metadata=data) for data in ({}, {"tags": ["a", "b"]}, {"tags": ["b", "a"]})]
    assert merge_each(cells).cells[0]["metadata"] == {"tags": ["a", "b"]}


def test_numbers_that_both_sides_added_to_a_list_are_all_there() -> None:
    merged = of_notebook({"view": [1, 2]}, {"view": [1, 2, 3]}, {"view": [0, 1, 2]})
    assert merged.notebook["metadata"] == {"view": [0, 1, 2, 3]}
    assert merged.result.decisions == ()


def test_objects_that_both_sides_added_to_a_list_are_all_there() -> None:
    ada, eve, max_ = ({"name": name} for name in ("Ada", "Eve", "Max"))
    merged = of_notebook({"authors": [ada]}, {"authors": [ada, eve]}, {"authors": [ada, max_]})
    assert merged.notebook["metadata"] == {"authors": [ada, eve, max_]}


def test_changes_to_different_objects_of_a_list_merge() -> None:
    def sources(one: int, two: int) -> dict[str, object]:
        return {"kaggle": {"dataSources": [{"sourceId": 1, "version": one}, {"sourceId": 2, "version": two}]}}

    assert of_notebook(sources(1, 1), sources(2, 1), sources(1, 3)).notebook["metadata"] == sources(2, 3)


def test_one_object_of_a_list_is_merged_key_by_key() -> None:
    def items(*items: dict[str, object]) -> dict[str, object]:
        return {"kernelInfo": {"items": list(items)}}

    base = items({"name": "csharp", "aliases": []}, {"name": "sql", "aliases": []})
    local = items({"name": "csharp", "aliases": ["c#"]}, {"name": "sql", "aliases": []})
    remote = items({"name": "sql", "aliases": []}, {"name": "csharp", "aliases": [], "color": 1})
    merged = of_notebook(base, local, remote)
    assert merged.notebook["metadata"] == items(
        {"name": "sql", "aliases": []}, {"name": "csharp", "aliases": ["c#"], "color": 1}
    )


def test_an_object_that_one_side_removed_and_the_other_changed_stays_and_is_noted() -> None:
    base = {"authors": [{"name": "Ada"}, {"name": "Eve"}]}
    merged = of_notebook(
        base, {"authors": [{"name": "Ada"}]}, {"authors": [{"name": "Ada"}, {"name": "Eve", "x": 1}]}
    )
    assert merged.notebook["metadata"] == {"authors": [{"name": "Ada"}, {"name": "Eve", "x": 1}]}
    assert merged.noted("/metadata/authors/1", "remote")


def test_one_true_and_the_number_one_are_different_values() -> None:
    merged = of_notebook({"a": 1, "b": 0}, {"a": True, "b": 0}, {"a": 1, "b": 5})
    assert json.dumps(merged.notebook["metadata"]) == '{"a": true, "b": 5}'


def test_unknown_keys_of_notebook_and_cell_are_merged_like_metadata() -> None:
    base = notebook(code("x = 1", id="a", zoom=1, pin=1), minor=5) | {"custom": {"a": 1, "b": 1}}
    local = notebook(code("x = 1", id="a", zoom=2, pin=1), minor=5) | {"custom": {"a": 2, "b": 1}}
    remote = notebook(code("x = 1", id="a", zoom=1, pin=2), minor=5) | {"custom": {"a": 1, "b": 2}}
    merged = merge(base, local, remote)
    assert merged.notebook["custom"] == {"a": 2, "b": 2}
    assert (merged.cells[0]["zoom"], merged.cells[0]["pin"]) == (2, 2)


def test_keys_stay_in_the_order_of_the_side_that_changed_it() -> None:
    base = {"z": {"d": 1, "c": 1}, "a": 1}
    remote = {"a": 1, "z": {"c": 1, "d": 1}}
    one, other = of_notebook(base, {**base, "n": 1}, remote), of_notebook(base, remote, {**base, "n": 1})
    for merged in (one, other):
        found = merged.notebook["metadata"]
        assert [key for key in found if key != "n"] == ["a", "z"]
        assert list(found["z"]) == ["c", "d"]


def test_sorted_keys_stay_sorted() -> None:
    base = {"b": 1, "e": 1}
    for local, remote in (("c", "d"), ("d", "c")):
        sides = [dict.fromkeys(sorted(["b", key, "e"]), 1) for key in (local, remote)]
        merged = of_notebook(base, sides[0], sides[1])
        assert list(merged.notebook["metadata"]) == ["b", "c", "d", "e"]


@pytest.mark.parametrize(
    "path", ["dotnet_interactive/language", "polyglot_notebook/kernelName", "vscode/languageId"]
)
def test_a_language_chosen_by_one_side_for_a_source_that_the_other_changed_is_noted(path: str) -> None:
    def cell(language: str, source: str) -> Cell:
        tool, _, key = path.partition("/")
        return code(source, metadata={tool: {key: language}})

    base = cell("csharp", "var q = 0;")
    merged = merge_cells(base, cell("pwsh", "var q = 0;"), cell("csharp", "var q = 1;"))
    assert merged.sources == ["var q = 1;"]
    assert merged.noted("/cells/0/metadata", "local")
    assert not merge_cells(base, cell("pwsh", "$q = 1"), base).result.decisions


def test_an_id_in_the_metadata_that_both_sides_gave_to_other_cells_is_given_once() -> None:
    def grown(id: str, source: str) -> Notebook:
        return notebook(code("x = 1"), code(source, metadata={"nbgrader": {"grade_id": id}}), minor=4)

    merged = merge(
        notebook(code("x = 1"), minor=4), grown("q1", "import numpy"), grown("q1", "print(area(3))")
    )
    ids = [cell["metadata"]["nbgrader"]["grade_id"] for cell in merged.cells[1:]]
    assert ids[0] == "q1" != ids[1]
    assert merged.noted("/cells/2/metadata/grade_id", "both")
