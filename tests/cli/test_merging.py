"""`nbmerge BASE LOCAL REMOTE`: what goes in, where it goes, what is said about it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.world import CLEAN, CONFLICT, LOCAL, Command, save, snapshot, sources
from tests.helpers.build import code, conflict, markdown, notebook
from tests.helpers.spelling import JUPYTER

MERGED = ["a = 2", "b = 1", "c = 3"]
SHOWN = conflict(["a = 2"], ["a = 9"])


def test_the_merged_notebook_goes_to_standard_output(nbmerge: Command) -> None:
    ended = nbmerge(*CLEAN)
    assert (ended.code, ended.sources) == (0, MERGED)
    assert ended.line == "nbmerge: merged without conflicts"


def test_conflicts_stand_in_the_notebook_and_exit_with_1(nbmerge: Command) -> None:
    ended = nbmerge(*CONFLICT)
    assert (ended.code, ended.sources) == (1, [SHOWN, "b = 1", "c = 3"])
    assert ended.line == "nbmerge: 1 conflict in cell 1"


def test_the_bytes_are_exact(nbmerge: Command, folder: Path) -> None:
    data = (folder / "local.ipynb").read_bytes().replace(b"\n", b"\r\n").rstrip()
    (folder / "local.ipynb").write_bytes(data)
    assert nbmerge("base.ipynb", "local.ipynb", "base.ipynb").out == data


def test_to_a_file_nothing_else_is_written(nbmerge: Command, folder: Path) -> None:
    before = snapshot(folder)
    ended = nbmerge(*CLEAN, "--output", "out.ipynb")
    assert (ended.code, ended.out) == (0, b"")
    after = snapshot(folder)
    assert sources(after.pop("out.ipynb")) == MERGED
    assert after == before


@pytest.mark.parametrize("name", CLEAN)
def test_the_output_may_be_one_of_the_inputs(nbmerge: Command, folder: Path, name: str) -> None:
    assert nbmerge(*CLEAN, "--output", name).code == 0
    assert sources((folder / name).read_bytes()) == MERGED


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_names_of_standard_output(nbmerge: Command, folder: Path, name: str) -> None:
    before = snapshot(folder)
    assert nbmerge(*CLEAN, "--output", name).sources == MERGED
    assert snapshot(folder) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("merge", *CLEAN, "--json", "--output", "out.ipynb"),
        ("--json", "--output", "out.ipynb", *CLEAN),
        (CLEAN[0], "--json", CLEAN[1], "--output=out.ipynb", CLEAN[2]),
        (CLEAN[0], "-oout.ipynb", "--json", "--", *CLEAN[1:]),
        (*CLEAN, "--json", "-o", "out.ipynb"),
    ],
)
def test_options_stand_anywhere(nbmerge: Command, folder: Path, arguments: tuple[str, ...]) -> None:
    ended = nbmerge(*arguments)
    assert (ended.code, ended.object["result"]) == (0, "clean")
    assert sources((folder / "out.ipynb").read_bytes()) == MERGED


def test_behind_two_dashes_all_is_a_file(nbmerge: Command, folder: Path) -> None:
    (folder / "local.ipynb").rename(folder / "--json")
    ended = nbmerge("--", "base.ipynb", "--json", "remote.ipynb")
    assert (ended.code, ended.sources) == (0, MERGED)
    assert ended.line.startswith("nbmerge: ")


@pytest.mark.parametrize("content", [None, b"", b" \n"])
def test_an_empty_base_is_an_empty_notebook(nbmerge: Command, folder: Path, content: bytes | None) -> None:
    """Each side put its cells in; one id with other text in it is one cell in conflict."""
    if content is not None:
        (folder / "base.ipynb").write_bytes(content)
    base = os.devnull if content is None else "base.ipynb"
    save(folder / "mine.ipynb", notebook(markdown("mine", id="x"), minor=5))
    save(folder / "theirs.ipynb", notebook(markdown("quite other", id="y"), minor=5))
    ended = nbmerge(base, "mine.ipynb", "theirs.ipynb")
    assert (ended.code, ended.sources) == (0, ["mine", "quite other"])
    assert nbmerge("mine.ipynb", "theirs.ipynb").out == ended.out


def test_a_side_may_be_a_pipe(nbmerge: Command, folder: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, (folder / "local.ipynb").read_bytes())
    os.close(writer)
    try:
        assert nbmerge("base.ipynb", f"/dev/fd/{reader}", "remote.ipynb").sources == MERGED
    finally:
        os.close(reader)


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ((), "<<<<<<< local\na = 2\n=======\na = 9\n>>>>>>> remote"),
        (
            ("--conflict-style", "diff3"),
            "<<<<<<< local\na = 2\n||||||| base\na = 1\n=======\na = 9\n>>>>>>> remote",
        ),
        (
            ("--conflict-style", "zdiff3", "--labels", "HEAD", "0a1b2c", "topic"),
            "<<<<<<< HEAD\na = 2\n||||||| 0a1b2c\na = 1\n=======\na = 9\n>>>>>>> topic",
        ),
        (("--marker-size", "9"), "<<<<<<<<< local\na = 2\n=========\na = 9\n>>>>>>>>> remote"),
        (
            ("--labels", "two\nlines", "", "\udcff topic"),
            "<<<<<<< two lines\na = 2\n=======\na = 9\n>>>>>>> ? topic",
        ),
    ],
)
def test_how_conflicts_look(nbmerge: Command, options: tuple[str, ...], shown: str) -> None:
    assert nbmerge(*CONFLICT, *options).sources[0] == shown


@pytest.mark.parametrize(
    ("option", "printed"),
    [
        ((), "mine\n"),
        (("--outputs", "run"), "mine\n"),
        (("--outputs", "local"), "mine\n"),
        (("--outputs", "remote"), "theirs\n"),
        (("--outputs", "base"), "old\n"),
        (("--outputs", "clear"), ""),
        (("--outputs", "union"), "mine\ntheirs\n"),
    ],
)
def test_whose_outputs(nbmerge: Command, folder: Path, option: tuple[str, ...], printed: str) -> None:
    for name, out in (("base", "old\n"), ("local", "mine\n"), ("remote", "theirs\n")):
        save(folder / f"{name}.ipynb", notebook(code("run()", id="x", out=out)))
    ended = nbmerge(*CLEAN, *option)
    assert ended.code == 0
    assert "".join(outputs(ended.out)) == printed


def outputs(data: bytes) -> list[str]:
    import json

    return [text for cell in json.loads(data)["cells"] for out in cell["outputs"] for text in out["text"]]


def test_verbose_tells_each_conflict_and_choice(nbmerge: Command, folder: Path) -> None:
    local = LOCAL | {"metadata": {"title": "mine"}}
    rival = notebook(code("a = 9", id="one"), *LOCAL["cells"][2:], metadata={"title": "theirs"})
    local["cells"] = [local["cells"][0], code("b = 7", id="two"), local["cells"][2]]
    save(folder / "local.ipynb", local)
    save(folder / "rival.ipynb", rival)
    brief, full = nbmerge(*CONFLICT), nbmerge(*CONFLICT, "--verbose")
    assert brief.line == "nbmerge: 2 conflicts in cells 1 and 2; 1 choice noted (--verbose lists it)"
    assert full.err.splitlines() == [
        brief.line,
        "nbmerge: conflict in cell 1 (id one): both changed it",
        "nbmerge: conflict in cell 2 (id two): remote deleted it, local edited it",
        "nbmerge: metadata.title: local: changed by both sides",
    ]
    assert full.out == brief.out


def test_the_summary_stays_short(nbmerge: Command, folder: Path) -> None:
    for name in ("base", "local", "rival"):
        cells = [code(f"{name} = {number}", id=f"c{number}") for number in range(20)]
        save(folder / f"{name}.ipynb", notebook(*cells))
    ended = nbmerge(*CONFLICT)
    assert ended.line == "nbmerge: 20 conflicts in cells 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 8 more"


def test_nothing_is_reported_that_a_terminal_obeys(nbmerge: Command, folder: Path) -> None:
    evil = "\x1b]0;owned\x07"
    for name, text in (("base", "1"), ("local", f"2{evil}"), ("rival", f"3{evil}")):
        save(folder / f"{name}.ipynb", notebook(code(text, id="x"), metadata={evil: text}))
    for option in ("--verbose", "--decisions"):
        ended = nbmerge(*CONFLICT, option)
        told = ended.err + ("" if option == "--verbose" else ended.out.decode())
        assert "owned" in told
        assert "\x1b" not in told
        assert "\x07" not in told


def test_the_style_of_the_files_is_kept(nbmerge: Command, folder: Path) -> None:
    """The command adds nothing to what the engine writes: a merge of one side's change is that side."""
    assert nbmerge("base.ipynb", "base.ipynb", "local.ipynb").out == JUPYTER.spell(LOCAL)
