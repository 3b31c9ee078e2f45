"""`nbmerge conflicts`: what waits for a person, in which notebook, and what to type next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.world import BASE, Command, Ended, save
from tests.helpers.build import cells_of, code, conflict, markdown, notebook
from tests.helpers.spelling import JUPYTER

BOTH = conflict(["a = 2"], ["a = 9"], "HEAD", "topic")
MARKED = notebook(markdown("# T", id="title"), code(BOTH, id="one"))
LESSON = notebook(markdown(f"```\n{conflict(['x'], ['y'], 'HEAD', 'topic')}\n```", id="lesson"))
BROKEN = b'{\n<<<<<<< HEAD\n "nbformat": 4,\n=======\n "nbformat": 3,\n>>>>>>> topic\n "cells": []\n}\n'


@pytest.fixture
def work(folder: Path) -> Path:
    """A folder of its own, with conflicts in two notebooks out of five."""
    work = folder / "work"
    (work / "deep" / "er").mkdir(parents=True)
    save(work / "a.ipynb", MARKED)
    save(work / "clean.ipynb", BASE)
    save(work / "lesson.ipynb", LESSON)
    save(work / "deep" / "er" / "b.ipynb", MARKED)
    save(work / "deep" / "clean.ipynb", BASE)
    return work


def told(ended: Ended) -> Any:
    assert (ended.err, ended.out.count(b"\n")) == ("", 1)
    return json.loads(ended.out)


def test_where_what_and_what_is_next(nbmerge: Command, work: Path) -> None:
    ended = nbmerge("conflicts", "work/a.ipynb")
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.decode().split("\n") == [
        "work/a.ipynb: cell 2 (id one)",
        "  local (HEAD):",
        "    a = 2",
        "  remote (topic):",
        "    a = 9",
        "1 conflict in 1 of 1 notebook; next: python -m nbmerge resolve work/a.ipynb",
        "",
    ]


def test_none(nbmerge: Command, work: Path) -> None:
    ended = nbmerge("conflicts", "work/clean.ipynb", "work/lesson.ipynb")
    assert (ended.code, ended.out, ended.err) == (0, b"no conflicts in 2 notebooks\n", "")


def test_a_folder_is_searched_with_all_below_it(nbmerge: Command, work: Path) -> None:
    ended = nbmerge("conflicts", "work")
    assert ended.code == 1
    named = [line for line in ended.out.decode().splitlines() if line.startswith("work/")]
    assert named == ["work/a.ipynb: cell 2 (id one)", "work/deep/er/b.ipynb: cell 2 (id one)"]
    assert "2 conflicts in 2 of 5 notebooks" in ended.out.decode()


def test_without_a_name_it_is_the_current_folder(
    nbmerge: Command, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work / "deep")
    assert nbmerge("conflicts").out.startswith(b"er/b.ipynb: cell 2")


@pytest.mark.parametrize("name", [".ipynb_checkpoints", ".git", "node_modules", ".venv"])
def test_folders_in_which_nobody_edits_are_left_out(nbmerge: Command, folder: Path, name: str) -> None:
    (folder / "w" / name).mkdir(parents=True)
    save(folder / "w" / name / "n.ipynb", MARKED)
    assert nbmerge("conflicts", "w").out == b"no conflicts in 0 notebooks\n"
    assert nbmerge("conflicts", f"w/{name}/n.ipynb").code == 1


def test_what_is_no_notebook_by_its_name_is_looked_at_if_it_is_named(nbmerge: Command, folder: Path) -> None:
    (folder / "w").mkdir()
    save(folder / "w" / "copy.json", MARKED)
    assert nbmerge("conflicts", "w").code == 0
    assert nbmerge("conflicts", "w/copy.json").code == 1


def test_one_object_for_programs(nbmerge: Command, work: Path) -> None:
    ended = nbmerge("conflicts", "--json", "work/a.ipynb", "work/clean.ipynb")
    assert ended.code == 1
    assert told(ended) == {
        "notebooks": 2,
        "conflicts": [
            {
                "path": "work/a.ipynb",
                "in": "source",
                "by": "nbmerge",
                "cell": 1,
                "number": 2,
                "id": "one",
                "line": None,
                "labels": {"local": "HEAD", "remote": "topic"},
                "local": "a = 2",
                "remote": "a = 9",
            }
        ],
        "errors": [],
    }


def test_terms_for_programs(nbmerge: Command, folder: Path) -> None:
    """A side that deleted is null; a base that nothing tells is not there, one that is shown is."""
    shown = BOTH.replace("=======", "||||||| base\na = 1\n=======")
    gone = conflict(["a = 2"], [], "local", "remote (deleted)")
    save(folder / "w.ipynb", notebook(code(shown), code(gone)))
    first, second = told(nbmerge("conflicts", "--json", "w.ipynb"))["conflicts"]
    assert (first["base"], first["id"]) == ("a = 1", None)
    assert (second["remote"], second["labels"]["remote"], "base" in second) == (None, "remote", False)


def test_long_sides_are_cut(nbmerge: Command, folder: Path) -> None:
    lines = [f"x = {n}" for n in range(9)]
    save(folder / "w.ipynb", notebook(code(conflict(lines, ["y" * 500]))))
    out = nbmerge("conflicts", "w.ipynb").out.decode()
    assert "    x = 2\n    ... 6 more lines\n" in out
    assert "y" * 100 in out
    assert "y" * 200 not in out


def test_long_lines_are_shown_where_they_differ(nbmerge: Command, folder: Path) -> None:
    sentence = "The same words again and again. " * 20
    save(folder / "w.ipynb", notebook(markdown(conflict([f"{sentence}Yes."], [f"{sentence}No."]))))
    out = nbmerge("conflicts", "w.ipynb").out.decode()
    assert "again. Yes.\n" in out
    assert "again. No.\n" in out


def test_sides_that_begin_alike_are_shown_from_where_they_differ(nbmerge: Command, folder: Path) -> None:
    """As markers show them together with their base."""
    same = [f"x = {n}" for n in range(5)]
    save(folder / "w.ipynb", notebook(code(conflict([*same, "y = 1"], [*same, "y = 2", "z"]))))
    assert nbmerge("conflicts", "w.ipynb").out.decode().splitlines()[1:-1] == [
        *("  local:", "    ... 5 lines that both have", "    y = 1"),
        *("  remote:", "    ... 5 lines that both have", "    y = 2", "    z"),
    ]


def test_a_notebook_that_git_broke(nbmerge: Command, folder: Path) -> None:
    (folder / "w.ipynb").write_bytes(BROKEN)
    ended = nbmerge("conflicts", "w.ipynb")
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.startswith(b"w.ipynb: line 2, no notebook any more\n")
    assert ended.out.endswith(b"next: python -m nbmerge fix w.ipynb\n")
    [one] = told(nbmerge("conflicts", "w.ipynb", "--json"))["conflicts"]
    assert (one["in"], one["by"], one["line"], one["cell"]) == ("file", "git", 2, None)


def test_what_nbdime_left(nbmerge: Command, folder: Path) -> None:
    gone = "<<<<<<< LOCAL CELL DELETED >>>>>>>\nx = 1"
    metadata: dict[str, Any] = {"nbdime-conflicts": {"local_diff": [], "remote_diff": []}}
    save(folder / "w.ipynb", notebook(code(gone, id="one"), metadata=metadata))
    found = told(nbmerge("conflicts", "--json", "w.ipynb"))["conflicts"]
    assert {each["by"] for each in found} == {"nbdime"}
    assert {each["in"] for each in found} >= {"cell"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b'{"cells": [<<<<<<< no', "is not JSON"),
        (b"\xff<<<<<<<", "is not UTF-8"),
        (b'{"cells": [],}', "is not JSON"),
        (b'{"cells": [', "is not JSON"),
        (b'{\n=======\n"cells": []}', "is not JSON"),
        (b'{"cells": 1}', "is no notebook"),
        (b">>>>>>> topic\n{}", "git conflict markers"),
    ],
)
def test_what_cannot_be_read(nbmerge: Command, folder: Path, data: bytes, reason: str) -> None:
    """Nobody can say that it holds no conflict."""
    (folder / "w.ipynb").write_bytes(data)
    ended = nbmerge("conflicts", "w.ipynb")
    assert ended.code == 3
    assert reason in ended.err
    assert ended.out == b"no conflicts in 1 notebook, of which 1 cannot be read\n"


def test_a_marker_that_was_forgotten(nbmerge: Command, folder: Path) -> None:
    save(folder / "w.ipynb", notebook(code("x = 1\n>>>>>>> topic\ny = 2", id="one")))
    ended = nbmerge("conflicts", "w.ipynb")
    assert ended.code == 1
    assert ended.out.decode().splitlines() == [
        "w.ipynb: cell 1 (id one), line 2: a conflict marker was left: delete the line",
        "    >>>>>>> topic",
        "1 marker left in 1 of 1 notebook",
    ]
    [one] = told(nbmerge("conflicts", "w.ipynb", "--json"))["conflicts"]
    assert (one["in"], one["cell"], one["line"], one["text"]) == ("marker", 0, 1, ">>>>>>> topic")
    asked = nbmerge("resolve", "w.ipynb", "--local")
    assert (asked.code, asked.out.splitlines()[0]) == (1, ended.out.splitlines()[0])


def test_markers_that_are_left_beside_a_conflict(nbmerge: Command, folder: Path) -> None:
    """To settle the conflict is not enough."""
    save(folder / "w.ipynb", notebook(code(f"{BOTH}\n>>>>>>> topic", id="one")))
    assert b"1 conflict, 1 marker left in 1 of 1 notebook" in nbmerge("conflicts", "w.ipynb").out
    ended = nbmerge("resolve", "w.ipynb", "--local")
    assert ended.code == 1
    assert b"line 2: a conflict marker was left" in ended.out
    assert nbmerge("conflicts", "w.ipynb").code == 1


def test_marker_cells_are_settled_like_all_others(nbmerge: Command, folder: Path) -> None:
    cells = ["`<<<<<<< HEAD`", "`=======`", "`>>>>>>> topic`"]
    opening, middle, closing = (markdown(source) for source in cells)
    ours, theirs = code("x = 1", id="a"), code("x = 2", id="a")
    save(folder / "w.ipynb", notebook(code("y", id="y"), opening, ours, middle, theirs, closing))
    ended = nbmerge("conflicts", "w.ipynb")
    assert (ended.code, ended.out.decode().splitlines()[:-1]) == (
        1,
        ["w.ipynb: cells 2 to 6", "  local (HEAD):", "    x = 1", "  remote (topic):", "    x = 2"],
    )
    assert nbmerge("resolve", "w.ipynb", "--remote").code == 0
    assert cells_of(json.loads((folder / "w.ipynb").read_bytes())) == [code("y", id="y"), theirs]
    assert nbmerge("conflicts", "w.ipynb").code == 0


def test_one_that_cannot_be_read_hides_no_other(nbmerge: Command, work: Path) -> None:
    (work / "0.ipynb").write_bytes(b"<<<<<<<")
    ended = nbmerge("conflicts", "work", "none.ipynb")
    assert ended.code == 3
    assert "2 conflicts in 2 of 7 notebooks" in ended.out.decode()
    named = [line.split(": ")[1] for line in ended.err.splitlines()]
    assert named == ["work/0.ipynb", "none.ipynb"]
    ended = nbmerge("conflicts", "--json", "work", "none.ipynb")
    assert ended.code == 3
    assert [error["path"] for error in told(ended)["errors"]] == ["work/0.ipynb", "none.ipynb"]


def test_nothing_is_written(nbmerge: Command, work: Path) -> None:
    def all_files() -> dict[Path, tuple[bytes, int]]:
        return {
            path: (path.read_bytes(), path.stat().st_mtime_ns) for path in work.rglob("*") if path.is_file()
        }

    before = all_files()
    nbmerge("conflicts", "work", "--state", "work/state")
    assert all_files() == before


def test_hostile_names_and_texts_do_nothing_to_a_terminal(nbmerge: Command, folder: Path) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202e"
    shown = conflict([f"x = '{evil}'"], ["y"], f"HEAD{evil}", evil)
    (folder / f"w{evil}.ipynb").write_bytes(JUPYTER.spell(notebook(code(shown, id="one"))))
    ended = nbmerge("conflicts", f"w{evil}.ipynb")
    assert ended.code == 1
    assert {"\x1b", "\x07", "\u202e"}.isdisjoint(ended.out.decode())
    assert "\\x1b]0;owned" in ended.out.decode()
