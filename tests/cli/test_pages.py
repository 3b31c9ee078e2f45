"""`--report` and `diff --html`: pages of HTML, where they go, and what they never replace."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nbmerge.cli.main import run
from tests.browser.reading import Reading
from tests.cli.past import Past
from tests.cli.world import BASE, CLEAN, CONFLICT, LOCAL, Command, save, snapshot, sources

MERGED = ["a = 2", "b = 1", "c = 3"]


def test_a_report_is_written_beside_the_merged_notebook(nbmerge: Command, folder: Path) -> None:
    ended = nbmerge(*CONFLICT, "--report", "report.html", "--labels", "mine", "base", "theirs")
    assert ended.code == 1
    assert ended.line == "nbmerge: 1 conflict in cell 1"
    assert ended.sources[1:] == ["b = 1", "c = 3"]
    page = Reading((folder / "report.html").read_text())
    assert page.one("h1").text == "local.ipynb"
    assert [dd.text for dd in page.all("dd")] == [
        "base.ipynb",
        "local.ipynb (mine): changed 1 cell",
        "rival.ipynb (theirs): changed 2 cells",
    ]


def test_the_merge_is_the_same_with_and_without_a_report(nbmerge: Command, folder: Path) -> None:
    plain = nbmerge(*CONFLICT, "--json")
    told = nbmerge(*CONFLICT, "--json", "--report", "report.html")
    assert (told.code, told.out, told.err) == (plain.code, plain.out, plain.err)


def test_the_report_is_made_before_one_of_the_files_is_replaced(nbmerge: Command, folder: Path) -> None:
    assert nbmerge(*CLEAN, "-o", "local.ipynb", "--report", "report.html").code == 0
    assert "changed 1 cell" in Reading((folder / "report.html").read_text()).text


def test_to_standard_output(nbmerge: Command, folder: Path) -> None:
    ended = nbmerge(*CLEAN, "--report", "-", "--output", "out.ipynb")
    assert ended.code == 0
    assert Reading(ended.out.decode()).one("h1").text == "out.ipynb"
    assert sources((folder / "out.ipynb").read_bytes()) == MERGED


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--report", *CLEAN), "not a name for a page"),  # its name was forgotten: BASE must stand
        (("--report", "-", *CLEAN), "standard output takes the merged notebook or the report"),
        (("--report", "", *CLEAN), "not a name for a page"),
        (("--report", "out.html", "-o", "./out.html", *CLEAN), "would replace a file of the merge"),
        (("--report", "local.html", "base.ipynb", "local.html", "remote.ipynb"), "would replace a file"),
    ],
)
def test_what_is_refused(nbmerge: Command, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    save(folder / "local.html", LOCAL)
    before = snapshot(folder)
    ended = nbmerge(*arguments)
    assert (ended.code, ended.out) == (2, b"")
    assert said in ended.line
    assert snapshot(folder) == before


def test_a_report_that_cannot_be_written(nbmerge: Command, folder: Path) -> None:
    ended = nbmerge(*CLEAN, "-o", "out.ipynb", "--report", "no/such/folder/report.html")
    assert ended.code == 4
    assert ended.line.startswith("nbmerge: no/such/folder/report.html: cannot be written")
    assert sources((folder / "out.ipynb").read_bytes()) == MERGED


def test_an_empty_base_and_no_base(nbmerge: Command, folder: Path) -> None:
    assert nbmerge("/dev/null", *CLEAN[1:], "--report", "a.html").code == 1
    assert nbmerge(*CLEAN[1:], "--report", "b.html").code == 1
    pages = [Reading((folder / name).read_text()) for name in ("a.html", "b.html")]
    assert [len(page.all("section.conflict")) for page in pages] == [2, 2]
    assert [len(page.all("article.cell")) for page in pages] == [3, 3]


def test_without_a_report_no_page_is_loaded(process: Command) -> None:
    ask = "import sys; from nbmerge.cli.main import run; run(sys.argv[1:]);"
    ask += "print([m for m in sys.modules if m.startswith('nbmerge.page') or m == 'nbmerge.cli.pages'])"
    ended = process(f'{sys.executable} -c "{ask}" {" ".join(CLEAN)} -o out.ipynb')
    assert ended.out == b"[]\n"


def test_a_comparison_as_a_page(past: Past, folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    past.saved(BASE, LOCAL)
    assert run(["diff", "nb.ipynb@1", "--html", "diff.html"]) == 0
    assert capsysbinary.readouterr().out == b""
    page = Reading((folder / "diff.html").read_text())
    assert page.one("p.verdict").text == "1 cell changed."
    assert [dd.text for dd in page.all("dd")] == ["nb.ipynb@1", "nb.ipynb"]
    assert run(["diff", "nb.ipynb@1", "@2", "--html", "-"]) == 0
    assert Reading(capsysbinary.readouterr().out.decode()).one("h1").text == "nb.ipynb@2"
    assert run(["diff", "nb.ipynb@1", "--html", "nb.ipynb"]) == 2
