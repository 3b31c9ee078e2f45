"""The page about a merge: what a person finds on it."""

from __future__ import annotations

import time
from base64 import b64encode
from pathlib import Path
from random import Random

import pytest
from hypothesis import given

from nbmerge.merge.markers import ConflictStyle, Labels, MarkerStyle
from nbmerge.merge.values import Outputs, Policy
from tests.browser.pages import Files, labelled, of_cells
from tests.browser.reading import Reading
from tests.helpers.build import Trio, code, markdown, notebook, notebook3, printed, shown
from tests.helpers.edits import trios
from tests.helpers.examples import tried

FIXTURES = Path(__file__).parents[2] / "fixtures"


def fixture(topic: str) -> Files:
    base, local, remote = (
        (FIXTURES / topic / f"{side}.ipynb").read_bytes() for side in ("base", "local", "remote")
    )
    return Files(base, local, remote)


@pytest.mark.parametrize("topic", sorted(folder.name for folder in FIXTURES.iterdir()))
@pytest.mark.parametrize("style", ConflictStyle)
def test_each_fixture_has_a_sound_page(topic: str, style: ConflictStyle) -> None:
    sides = fixture(topic)
    files = Files(sides.base, sides.local, sides.remote, markers=MarkerStyle(style))
    page, result = Reading(files.page), files.result
    assert len(page.all("article.cell")) == len(result.notebook.cells)
    assert len(page.all("section.conflict")) == len(result.conflicts)
    for decision in result.decisions:
        assert page.text.count(decision.reason) >= 1
    assert "<<<<<<<" not in page.text


@tried(100)
@given(trios())
def test_every_line_conflict_and_decision_is_on_the_page(trio: Trio) -> None:
    files = Files(*trio.files())
    page, result = Reading(files.page), files.result
    assert len(page.all("section.conflict")) == len(result.conflicts)
    for conflict in result.conflicts:
        for term in (conflict.base, conflict.local, conflict.remote):
            for line in (term or "").split("\n"):
                assert line in page.text
    shown = [cell.source for cell in result.notebook.cells if "<<<<<<<" not in cell.source]
    for source in [*shown, *("".join(cell["source"]) for cell in trio.base["cells"])]:
        assert all(line in page.text for line in source.splitlines())
    assert sum(page.text.count(f" {decision.reason}") > 0 for decision in result.decisions) == len(
        result.decisions
    )


def test_the_same_merge_gives_the_same_page() -> None:
    assert fixture("same-line").page == fixture("same-line").page


def test_a_conflict_is_shown_side_by_side_under_its_base() -> None:
    page = Reading(fixture("same-line").page)
    assert page.one("p.verdict").text == "1 conflict to decide in 1 cell; 1 choice made without asking."
    [base] = page.all("div.base")
    [local], [remote] = page.all("div.side.local"), page.all("div.side.remote")
    assert base.text == "baseprint(mean(levels))"
    assert local.text == "localprint('mean', mean(levels))"
    assert remote.text == "remoteprint(f'{mean(levels):.1f} m')"


def test_labels_stand_beside_the_sides() -> None:
    files = labelled(code("x = 1"), code("x = 2"), code("x = 3"), Labels("HEAD", "base", "topic/x"))
    [local], [remote] = (Reading(files.page).all(f"div.side.{side}") for side in ("local", "remote"))
    assert (local.text, remote.text) == ("local HEADx = 2", "remote topic/xx = 3")


def test_lines_around_a_conflict_say_whose_they_are() -> None:
    base = "a = 1\nsame = 0\nalso = 0\nstill = 0\nz = 1"
    local = base.replace("a = 1", "a = 2") + "\nlast = 'local'"
    remote = base.replace("a = 1", "a = 3").replace("also = 0", "also = 5")
    page = Reading(labelled(code(base), code(local), code(remote)).page)
    [theirs] = [
        line for line in page.all("div.ln.remote") if "gone" not in line.classes and "also" in line.text
    ]
    assert theirs.text == "Ralso = 5"
    assert [line.text for line in page.all("div.ln.local")][-1] == "Llast = 'local'"
    assert [line.text for line in page.all("div.ln.gone")] == ["\u2212Ralso = 0"]


def test_what_both_sides_of_a_conflict_share_stands_outside_of_it_once() -> None:
    local, remote = "start()\nshared = 1\nmine = 2\nend = 3", "start()\nshared = 1\nyours = 4\nend = 3"
    page = Reading(labelled(code("start()"), code(local), code(remote)).page)
    [mine], [theirs] = page.all("div.side.local"), page.all("div.side.remote")
    assert (mine.text, theirs.text) == ("localmine = 2", "remoteyours = 4")
    assert [line.text for line in page.all("div.ln.both")] == ["LRshared = 1", "LRend = 3"]


def test_a_side_that_took_lines_out_says_so() -> None:
    page = Reading(
        labelled(code("a = 1\nb = 2\nc = 3"), code("a = 1\nc = 3"), code("a = 1\nb = 9\nc = 3")).page
    )
    assert page.all("div.side.local")[0].text == "localnothing: took these lines out"


def test_a_final_line_break_is_told_since_nobody_sees_it() -> None:
    base = code("x = 1")
    page = Reading(labelled(base, code("x = 1\n"), base).page)
    assert page.one("div.parts").text == "last line break from local"


def test_a_deleted_cell_is_folded_and_names_who_deleted_it() -> None:
    a, b = code("alpha = 1", id="a"), code("beta = compute(2)", id="b", out="two")
    page = Reading(of_cells([a, b], [a], [a, b]).page)
    gone = page.one("details.goner")
    assert gone.attributes.get("open") is None
    assert gone.text.startswith("deleted by local (cell 2 of base) beta = compute(2)")
    assert "two" in gone.text


def test_outputs_that_the_merged_notebook_does_not_have_are_still_to_be_seen() -> None:
    base, local, remote = (code("x", count=n, out=text) for n, text in ((1, "one"), (2, "two"), (3, "three")))
    page = Reading(labelled(base, local, remote).page)
    [left_out] = [box for box in page.all("div.more") if "does not have" in box.text]
    assert left_out.text == "outputs of remote that the merged notebook does not haveremotethree"


def test_pictures_of_both_sides_of_a_conflict() -> None:
    pictures = [b64encode(text).decode() for text in (b"base", b"local", b"remote")]
    cells = (code(f"plot({n})") | {"outputs": [shown({"image/png": p})]} for n, p in enumerate(pictures))
    base, local, remote = cells
    page = Reading(labelled(base, local, remote).page)
    assert [img.attributes["src"].partition(",")[2] for img in page.all("img")] == pictures[1:]


def test_many_unchanged_cells_are_folded_and_all_there() -> None:
    cells = [code(f"cell_{n} = compute({n})", id=f"c{n}") for n in range(9)]
    page = Reading(of_cells(cells, [*cells[:8], code("cell_8 = other", id="c8")], cells).page)
    run = page.one("details.run")
    assert run.text.startswith("8 unchanged cells, 1 to 8")
    assert all(f"cell_{n}" in run.text for n in range(8))


def test_metadata_are_told_in_a_table() -> None:
    base = code("x", metadata={"tags": ["a"], "n": 1})
    local = code("x", metadata={"tags": ["a", "b"], "n": 1})
    page = Reading(labelled(base, local, code("x", metadata={"tags": ["a"]})).page)
    rows = [row.text for row in page.all("tr")]
    assert rows == ["basemergedfrom", "n1nothingremote", 'tags["a"]["a", "b"]local']


def test_the_notebooks_own_metadata() -> None:
    base, local = (notebook(code("x", id="a"), metadata={"title": title}) for title in ("old", "new"))
    assert '"old""new"local' in Reading(Files(base, local, base).page).text


def test_without_a_base() -> None:
    a, b = code("alpha = compute(1)", id="a"), code("beta = compute(2)", id="b")
    page = Reading(Files(b"", notebook(a), notebook(a, b)).page)
    assert [bar.text for bar in page.all("div.bar")] == [
        "Cell 1codeinserted alike by botha",
        "Cell 2codeinserted by remoteb",
    ]


def test_files_of_different_nbformats() -> None:
    pytest.importorskip("nbformat")
    old = notebook3(code("x = 1", out="1"))
    page = Reading(Files(old, old, notebook(code("x = 2"))).page)
    assert len(page.all("article.cell")) == 1
    assert len(Reading(Files(old, notebook(code("x = 2")), old).page).all("article.cell")) == 1


def test_favoured_sides_and_outputs_that_were_asked_for() -> None:
    sides = fixture("same-line")
    for outputs in Outputs:
        files = Files(sides.base, sides.local, sides.remote, policy=Policy(outputs=outputs))
        assert Reading(files.page).all("section.conflict")


def test_markers_that_a_lesson_about_git_shows_are_lines_like_others() -> None:
    lesson = "a\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> topic\nz"
    files = labelled(markdown(lesson), markdown(lesson + "\nL"), markdown(lesson + "\nR"))
    page = Reading(files.page)
    assert len(page.all("section.conflict")) == 1
    assert page.text.count("<<<<<<< HEAD") == 1


def test_a_conflict_inside_of_such_markers_is_the_conflict() -> None:
    lesson = "<<<<<<< HEAD\n{}\n=======\ntheirs\n>>>>>>> topic"
    base, local, remote = (markdown(lesson.format(word)) for word in ("ours", "mine", "yours"))
    page = Reading(labelled(base, local, remote).page)
    [mine], [yours] = page.all("div.side.local"), page.all("div.side.remote")
    assert (mine.text, yours.text) == ("localmine", "remoteyours")
    assert page.text.count("<<<<<<< HEAD") == 1


def test_a_large_notebook_with_pictures_takes_little_time_and_room() -> None:
    random = Random(0)
    pictures = [b64encode(random.randbytes(75_000)).decode() for _ in range(100)]
    cells = [
        code(f"plot({n})", id=f"c{n}") | {"outputs": [shown({"image/png": p})]}
        for n, p in enumerate(pictures)
    ]
    cells.append(code("print(text)", id="text") | {"outputs": [printed("a line of text\n" * 100_000)]})
    local = [*cells[:50], code("new", id="new"), *cells[50:]]
    remote = [cells[0] | {"source": "plot(-1)"}, *cells[1:]]
    files = of_cells(cells, local, remote)
    whole, sources = files.whole, files.sources
    from nbmerge.cli.pages import report_of

    begun = time.process_time()
    page = report_of(whole, sources, "large", Labels())
    assert time.process_time() - begun < 5
    assert len(page) < 1.05 * sum(map(len, pictures)) + 300_000


def test_a_run_of_cells_that_one_side_deleted_is_folded_once() -> None:
    cells = [code(f"cell_{n} = compute({n})", id=f"c{n}") for n in range(7)]
    page = Reading(of_cells(cells, cells[:2], cells).page)
    assert page.one("details.run").text.startswith("deleted by local 5 cells")
    assert len(page.all("details.goner")) == 5


@pytest.mark.parametrize(("kept", "others"), [([], []), (["a"], ["b"]), ([], ["a"])])
def test_a_merge_that_leaves_no_cell(kept: list[str], others: list[str]) -> None:
    cells = {id: code(f"{id} = compute()", id=id) for id in "ab"}
    local, remote = ([cells[id] for id in ids] for ids in (kept, others))
    page = Reading(of_cells(list(cells.values()), local, remote).page)
    assert page.all("article.cell") == []
    assert len(page.all("details.goner")) == 2


def test_cells_that_only_moved_are_marked_at_the_top() -> None:
    page = Reading(fixture("both-move").page)
    assert [way.attributes["title"] for way in page.all("a.both")] == ["cell 2: moved by both"]


def test_outputs_that_are_gone_are_nobodys() -> None:
    assert "outputs from" not in Reading(fixture("same-line").page).text


@pytest.mark.parametrize(("gone", "edits"), [("local", "remote"), ("remote", "local")])
def test_a_cell_that_one_side_deleted_and_the_other_edited(gone: str, edits: str) -> None:
    a, b = code("alpha = 1", id="a"), code("first = 1\nbeta = compute(2)", id="b")
    edited = [a, code("first = 1\nbeta = compute(2, deep=True)", id="b")]
    local, remote = ([a], edited) if gone == "local" else (edited, [a])
    page = Reading(of_cells([a, b], local, remote).page)
    assert page.one("section.conflict").text.startswith(
        f"Conflict 1 of 1{gone} deleted the cell, {edits} edited itlistbase, 2 lines"
    )
    [without], [held] = page.all(f"div.side.{gone}"), page.all(f"div.side.{edits}")
    assert without.text == f"{gone}deleted the cell"
    assert held.text == f"{edits}first = 1beta = compute(2)beta = compute(2, deep=True)"
    bar = page.all("div.bar")[1].text
    assert bar == f"Cell 2codedeleted by {gone}edited by {edits}1 conflictb"


def test_conflicts_lead_to_each_other_and_to_the_list() -> None:
    cells = [[code(f"x = {n}", id=id) for id in "abc"] for n in range(3)]
    ways = [nav for nav in Reading(of_cells(*cells).page).all("nav") if "go" in nav.classes]
    assert [way.text for way in ways] == ["listnext →", "list← previousnext →", "list← previous"]


def test_decisions_about_the_notebook_itself_are_listed_first() -> None:
    listed = [item.text for item in Reading(fixture("metadata").page).all("li")]
    assert listed[:2] == [
        "metadata.language_info: local taken changed by both sides",
        "cell 2, metadata.collapsed: local taken changed by both sides",
    ]


def test_headings_stand_out_but_not_in_a_fence() -> None:
    cell = markdown("# Title\n```\n# a comment\n```\n## Part\n#hashtag")
    page = Reading(labelled(cell, cell, cell).page)
    assert [heading.text for heading in page.all("b.hd")] == ["# Title", "## Part"]
