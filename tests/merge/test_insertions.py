"""Both inserted at one place: both kept, local's run first; what is the same is one cell."""

from __future__ import annotations

from tests.helpers.build import code, conflict, markdown, merge, notebook

A = code("table = read('samples.csv')", id="a")
B = code("score(model)", id="b")
BASE = notebook(A, B)
PLOT = "# draw the figure\nfigure, axes = subplots(2)\naxes[0].hist(weights)\naxes[1].hist(heights)"
EXPORT = "# export for the journal\narchive(folder, compress=True)\nupload(folder)"


def test_different_insertions_at_one_place_are_both_kept_local_s_first() -> None:
    merged = merge(BASE, notebook(A, code(PLOT, id="l"), B), notebook(A, code(EXPORT, id="r"), B))
    assert merged.clean
    assert [cell["id"] for cell in merged.cells] == ["a", "l", "r", "b"]


def test_runs_are_not_interleaved() -> None:
    ours = [code(f"first = {n}", id=f"l{n}") for n in range(3)]
    theirs = [markdown(f"Second {n}", id=f"r{n}") for n in range(2)]
    merged = merge(BASE, notebook(A, *ours, B), notebook(A, *theirs, B))
    assert merged.clean
    assert [cell["id"] for cell in merged.cells] == ["a", "l0", "l1", "l2", "r0", "r1", "b"]


def test_an_equal_insertion_is_kept_once() -> None:
    merged = merge(BASE, notebook(A, code(PLOT, id="l"), B), notebook(A, code(PLOT, id="r"), B))
    assert merged.clean
    assert [cell["id"] for cell in merged.cells] == ["a", "l", "b"]


def test_an_equal_short_insertion_is_kept_once() -> None:
    merged = merge(BASE, notebook(A, code("x", id="l"), B), notebook(A, code("x", id="r"), B))
    assert merged.sources == ["table = read('samples.csv')", "x", "score(model)"]


def test_an_equal_cell_among_different_ones_is_kept_once() -> None:
    local = notebook(A, code("one = 1", id="l"), code(PLOT, id="p"), B)
    remote = notebook(A, code(PLOT, id="q"), markdown("Two", id="r"), B)
    merged = merge(BASE, local, remote)
    assert merged.clean
    assert [cell["id"] for cell in merged.cells] == ["a", "l", "p", "r", "b"]


def test_very_similar_insertions_are_one_cell() -> None:
    more = PLOT + "\nfigure.save('weights.pdf')"
    merged = merge(BASE, notebook(A, code(PLOT, id="l"), B), notebook(A, code(more, id="r"), B))
    assert merged.clean
    assert merged.sources[1:-1] == [more]


def test_very_similar_insertions_that_differ_conflict_in_the_lines_that_differ() -> None:
    ours, theirs = PLOT.replace("weights", "masses"), PLOT.replace("weights", "lengths")
    merged = merge(BASE, notebook(A, code(ours, id="l"), B), notebook(A, code(theirs, id="r"), B))
    assert not merged.clean
    assert merged.sources[1] == "\n".join(
        [
            "# draw the figure",
            "figure, axes = subplots(2)",
            conflict(["axes[0].hist(masses)"], ["axes[0].hist(lengths)"]),
            "axes[1].hist(heights)",
        ]
    )


def test_one_id_and_similar_text_is_one_cell() -> None:
    more = EXPORT + "\nnotify('editor', subject='archived', body=summary(folder), urgent=False)"
    merged = merge(BASE, notebook(A, code(EXPORT, id="n"), B), notebook(A, code(more, id="n"), B))
    assert merged.clean
    assert merged.sources[1:-1] == [more]
    assert merged.cells[1]["id"] == "n"


def test_one_id_and_unrelated_text_are_two_cells_one_with_a_derived_id_noted() -> None:
    local, remote = notebook(A, code(PLOT, id="n"), B), notebook(A, code(EXPORT, id="n"), B)
    merged, again = merge(BASE, local, remote), merge(BASE, local, remote)
    assert merged.clean
    assert merged.sources[1:-1] == [PLOT, EXPORT]
    assert len({cell["id"] for cell in merged.cells}) == 4
    assert merged.cells[1]["id"] == "n"
    assert merged.noted("/cells/2/id")
    assert merged.data == again.data


def test_an_insertion_by_one_side_brings_its_outputs_and_metadata() -> None:
    cell = code("x", id="n", count=4, out="4\n", metadata={"tags": ["figure"]})
    merged = merge(BASE, notebook(A, cell, B), notebook(A, B, metadata={"title": "New"}))
    assert merged.cells[1] == cell


def test_add_add_of_two_notebooks_without_a_base_keeps_both() -> None:
    merged = merge(notebook(minor=5), notebook(A, code(PLOT, id="l")), notebook(A, code(EXPORT, id="r")))
    assert merged.clean
    assert [cell["id"] for cell in merged.cells] == ["a", "l", "r"]


def test_an_equal_insertion_at_another_place_is_kept_too_or_noted() -> None:
    base = notebook(code("a = first()"), code("b = second(a)"))
    local, remote = notebook(code(EXPORT), *base["cells"]), notebook(*base["cells"], code(EXPORT))
    merged = merge(base, local, remote)
    assert merged.sources.count(EXPORT) == 2 or merged.result.decisions


def test_an_equal_insertion_that_one_side_made_prose_of_is_one_cell() -> None:
    text = "the levels of the last ten years"
    base = notebook(code("x = 1", id="x"))
    merged = merge(
        base,
        notebook(code("x = 1", id="x"), markdown(text, id="mine")),
        notebook(code("x = 1", id="x"), code(text, id="theirs")),
    )
    assert merged.sources == ["x = 1", text]
    assert merged.noted("/cells/1/cell_type", "local")
