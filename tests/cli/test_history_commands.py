"""The history of a notebook, to be looked at: log, show, diff, status."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from nbmerge.lineage.versions import Context, Writer
from nbmerge.service.record import Saved
from tests.cli.past import BEGIN, Past
from tests.cli.world import BASE, LOCAL, REMOTE, RIVAL, Command
from tests.helpers.build import Notebook, code, notebook
from tests.helpers.spelling import JUPYTER

# Log.


def test_log_lists_the_versions_newest_last(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL)
    ended = nbmerge("log", "nb.ipynb")
    first, second, legend = ended.out.decode().splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert re.match(
        r"  @1  2023-11-1\d \d\d:\d\d:\d\d  first seen  +\d+ bytes  3 cells +a program, in place$", first
    )
    assert re.match(
        r"\* @2  2023-11-1\d \d\d:\d\d:\d\d  saved  +\d+ bytes  1 line in cell 1  a program, in place$",
        second,
    )
    assert legend == "* is what the file holds"


def test_log_as_json_is_an_object_a_line(past: Past, nbmerge: Command) -> None:
    [_, local] = past.saved(BASE, LOCAL, writer="the other editor")
    past.doubted(1, None, 2)
    one, two = map(json.loads, nbmerge("log", "nb.ipynb", "--json").out.splitlines())
    assert list(one) == [
        *("version", "time", "origin", "parents", "writer", "size", "why", "head", "open"),
        "changes",
    ]
    assert datetime.fromisoformat(two.pop("time")).timestamp() == BEGIN + 60
    assert two == {
        "version": 2,
        "origin": "saved",
        "parents": [1],
        "writer": "the other editor",
        "size": len(local),
        "why": "its writer started from version 1",
        "head": True,
        "open": False,
        "changes": {
            **{"added": [], "removed": [], "lines": [{"cell": 1, "lines": 1}], "ran": [], "cleared": []},
            **{"moved": [], "other": [], "text": "1 line in cell 1"},
        },
    }
    assert (one["origin"], one["head"], one["open"], one["changes"]) == ("first seen", False, True, None)


def typed(number: int) -> Notebook:
    """The second of three cells has so many lines."""
    lines = "\n".join(f"b = {line}" for line in range(number))
    return notebook(code("a = 1", id="one"), code(lines, id="two"), code("c = 1", id="three"))


def test_log_says_what_each_version_changed(past: Past, nbmerge: Command) -> None:
    added = notebook(*typed(2)["cells"], code("d = 1", id="four"))
    past.saved(typed(1), typed(2), added, typed(3))
    rows = nbmerge("log", "nb.ipynb", "--all").out.decode().splitlines()
    assert [re.split("  +", row[2:])[4] for row in rows[:4]] == [
        *("3 cells", "1 line in cell 2", "+1 cell after 3", "-1 cell, 1 line in cell 2"),
    ]
    assert rows[3].startswith("* @4")


def test_what_cannot_be_compared_says_so(past: Past, nbmerge: Command) -> None:
    past.saved(typed(1), typed(2))
    past.broken(b"{ torn")
    assert nbmerge("log", "nb.ipynb").out.decode().splitlines()[2].endswith("  6 bytes    is no notebook")
    past.saved(json.dumps(typed(2), indent=4).encode())
    assert "  the same cells  " in nbmerge("log", "nb.ipynb").out.decode().splitlines()[3]


def test_saves_of_one_program_that_follow_each_other_are_one_row(past: Past, nbmerge: Command) -> None:
    past.saved(*map(typed, range(1, 8)))
    past.saved(typed(9), writer="an agent")
    first, row, last, legend, hint = nbmerge("log", "nb.ipynb").out.decode().splitlines()
    assert first.startswith("  @1     ")
    assert re.match(r"  @2-@7  2023-11-14 \d\d:\d\d:\d\d  6 saves in 5 min  +\d+ bytes  ", row)
    assert row.endswith("  6 lines in cell 2  a program, in place")
    assert last.startswith("* @8")
    assert (legend[0], hint) == ("*", "python -m nbmerge log nb.ipynb --all lists each save")
    assert len(nbmerge("log", "nb.ipynb", "--all").out.splitlines()) == 9
    assert len(nbmerge("log", "nb.ipynb", "--json").out.splitlines()) == 8


def test_no_row_hides_what_may_have_been_overwritten(past: Past, nbmerge: Command) -> None:
    past.saved(*map(typed, range(1, 9)))
    past.doubted(5, 4, 6)
    rows = nbmerge("log", "nb.ipynb").out.decode().splitlines()
    assert [row[2:].split()[0] for row in rows[:4]] == ["@1", "@2-@4", "@5", "@6-@8"]
    assert rows[2].endswith("overwritten by @6?")


def test_a_row_ends_where_nobody_saved_for_long(past: Past, nbmerge: Command) -> None:
    past.saved(*map(typed, range(1, 5)))
    with past.service() as service:
        notebook_id = service.store.adopt(str(past.path.resolve()))
        late = Saved(JUPYTER.spell(typed(6)), BEGIN + 3600, Writer(way="in place"))
        service.recorder.record_save(notebook_id, late, Context(declared_base=4))
    rows = nbmerge("log", "nb.ipynb").out.decode().splitlines()
    assert [row[2:].split()[0] for row in rows[:3]] == ["@1", "@2-@4", "@5"]


def test_log_of_one_cell(past: Past, nbmerge: Command) -> None:
    one, two, three = typed(1)["cells"]
    moved = notebook(one, code("x = 1", id="new"), {**two, "source": ["b = 5"]}, three)
    past.saved(typed(1), notebook(code("a = 2", id="one"), two, three), typed(1), moved, LOCAL, typed(2))

    def shown(*words: str) -> list[int]:
        lines = nbmerge("log", "nb.ipynb", "--json", *words).out.splitlines()
        return [json.loads(line)["version"] for line in lines]

    assert shown("--cell", "2") == shown("--cell", "two") == [1, 4, 5, 6]
    assert shown("--cell", "1") == [1, 2, 3, 5, 6]
    assert shown("--cell", "new") == [4, 5]  # it came and went
    assert nbmerge("log", "nb.ipynb", "--cell", "2").out.decode().startswith("  @1")


@pytest.mark.parametrize(
    ("cell", "why"), [("4", "it has 3 cells"), ("four", "no version has a cell with this id")]
)
def test_a_cell_that_never_was(past: Past, nbmerge: Command, cell: str, why: str) -> None:
    past.saved(BASE)
    ended = nbmerge("log", "nb.ipynb", "--cell", cell)
    assert (ended.code, ended.line) == (2, f"nbmerge: nb.ipynb: there is no cell {cell}: {why}")


def test_log_says_what_is_open_and_what_to_type(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL, REMOTE)
    past.doubted(2, 1, 3)
    *_, second, third, _legend, last = nbmerge("log", "nb.ipynb").out.decode().splitlines()
    assert second.endswith("; overwritten by @3?")
    assert third.startswith("* @3")
    assert last == (
        "@2 may have been overwritten by @3: `python -m nbmerge recover nb.ipynb` merges it,"
        " `python -m nbmerge restore nb.ipynb@2` puts it back as it was"
    )


def test_log_tells_where_a_merge_came_from(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL, REMOTE)
    past.doubted(2, 1, 3)
    nbmerge("recover", "nb.ipynb")
    assert "merged from @3 and @2" in nbmerge("log", "nb.ipynb").out.decode()


def test_log_tells_that_the_file_has_changed_since(past: Past, nbmerge: Command) -> None:
    past.saved(BASE)
    past.put(LOCAL)
    *_, legend = nbmerge("log", "nb.ipynb").out.decode().splitlines()
    assert "it has changed since, and that is not recorded yet" in legend


def test_every_spelling_of_a_path_names_the_same_history(past: Past, nbmerge: Command, folder: Path) -> None:
    past.saved(BASE)
    (folder / "link.ipynb").symlink_to("nb.ipynb")
    (folder / "sub").mkdir()
    (folder / "elsewhere").symlink_to(folder, target_is_directory=True)
    listed = nbmerge("log", "--json", "nb.ipynb").out
    for word in ("link.ipynb", "./sub/../nb.ipynb", "elsewhere/nb.ipynb", str(past.path)):
        assert nbmerge("log", word, "--json").out == listed, word


def test_a_notebook_that_is_gone_still_has_its_history(past: Past, nbmerge: Command) -> None:
    [base] = past.saved(BASE)
    past.path.unlink()
    assert "nb.ipynb cannot be read now" in nbmerge("log", "nb.ipynb").out.decode()
    assert nbmerge("show", "nb.ipynb@1").out == base


@pytest.mark.parametrize(
    "words", [["log", "{}"], ["show", "{}@1"], ["diff", "{}"], ["restore", "{}@1"], ["recover", "{}"]]
)
@pytest.mark.parametrize(
    ("name", "why"), [("local.ipynb", "nothing watches it yet"), ("none.ipynb", "no such file")]
)
def test_a_notebook_without_a_history(
    past: Past, nbmerge: Command, words: list[str], name: str, why: str
) -> None:
    ended = nbmerge(*(word.format(name) for word in words))
    assert (ended.code, ended.out) == (3, b"")
    assert re.match(
        rf"nbmerge: {name}: has no history: .*{why}; python -m nbmerge watch \. begins one", ended.line
    )


def test_what_to_type_is_quoted_for_the_shell(past: Past, nbmerge: Command, folder: Path) -> None:
    odd = Past(folder / "my notes.ipynb", past.state)
    odd.saved(BASE, LOCAL)
    odd.doubted(1, None, 2)
    assert b"`python -m nbmerge restore 'my notes.ipynb@1'`" in nbmerge("log", "my notes.ipynb").out
    assert f"recover '{odd.path}'" in nbmerge("status").out.decode()


def test_a_folder_has_no_history(past: Past, nbmerge: Command) -> None:
    ended = nbmerge("log", ".")
    assert (ended.code, ended.line) == (3, "nbmerge: .: is a folder; name a notebook in it")


# Show.


def test_show_prints_what_was_saved_byte_for_byte(past: Past, nbmerge: Command) -> None:
    odd = json.dumps(LOCAL, indent=3).replace("\n", "\r\n").encode() + b"  \r\n"
    saves = past.saved(BASE, odd)
    past.broken(b"{ torn")
    for number, data in enumerate([*saves, b"{ torn"], 1):
        ended = nbmerge("show", f"nb.ipynb@{number}")
        assert (ended.code, ended.out, ended.err) == (0, data, "")


@pytest.mark.parametrize("name", ["me@home.ipynb", "a@2.ipynb", "@.ipynb", "x@1"])
def test_names_may_hold_an_at_sign(past: Past, nbmerge: Command, name: str) -> None:
    odd = Past(past.path.with_name(name), past.state)
    base, _local = odd.saved(BASE, LOCAL)
    assert nbmerge("show", f"{name}@1").out == base
    assert len(nbmerge("log", name, "--json").out.splitlines()) == 2
    assert b"-a = 1\n+  a = 2" in nbmerge("diff", f"{name}@1", "@2").out.replace(b"-  ", b"-")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ["show", "nb.ipynb"],
            2,
            r"the version is missing: nb\.ipynb@N \(python -m nbmerge log nb\.ipynb lists the versions\)",
        ),
        (["show", "nb.ipynb@x"], 2, "the version is missing"),
        (["show"], 2, "required: NOTEBOOK@N; see python -m nbmerge show --help"),
        (["show", "nb.ipynb@1", "nb.ipynb@2"], 2, "unexpected argument 'nb.ipynb@2'"),
        (
            ["show", "nb.ipynb@0"],
            3,
            r"nb\.ipynb: there is no version 0; python -m nbmerge log nb\.ipynb lists",
        ),
        (["show", "nb.ipynb@7"], 3, "there is no version 7"),
        (["restore", "nb.ipynb@7"], 3, "there is no version 7"),
        (["diff", "nb.ipynb@7"], 3, "there is no version 7"),
        (["diff", "nb.ipynb@1", "2"], 2, "'2' is not the number of a version of nb.ipynb, such as @3"),
        (["log"], 2, "required: NOTEBOOK; see python -m nbmerge log --help"),
        (["log", "--jsn", "nb.ipynb"], 2, "unknown option --jsn; see python -m nbmerge log --help"),
        (["log", ""], 2, "the name of a file is empty"),
        (["recover", "nb.ipynb", "other.ipynb"], 2, "unexpected argument 'other.ipynb'"),
        (["recover", "nb.ipynb", "--dismiss", "two"], 2, "'two' is not the number of a version, such as @3"),
        (["lost", "nb.ipynb", "--since", "-1"], 2, "'-1' is not the number of a version, such as @3"),
        (
            ["resolve", "nb.ipynb", "--both", "--browser", "x"],
            2,
            "leave out that, or --both",
        ),
        (["status", "nb.ipynb"], 2, "unexpected argument 'nb.ipynb'"),
    ],
)
def test_wrong_calls(past: Past, nbmerge: Command, arguments: list[str], code: int, said: str) -> None:
    past.saved(BASE, LOCAL)
    ended = nbmerge(*arguments)
    assert (ended.code, ended.out) == (code, b"")
    assert re.search(said, ended.line), ended.line


def test_a_version_that_is_no_longer_kept(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL, REMOTE)
    past.forgotten()
    assert [version.number for version in past.versions] == [3]
    assert "version 1 is no longer kept; " in nbmerge("show", "nb.ipynb@1").line


# Diff.


def test_diff_shows_how_versions_differ(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL)
    past.put(RIVAL)
    for arguments, names, changed in (
        (["nb.ipynb@1", "@2"], ("nb.ipynb@1", "nb.ipynb@2"), ("a = 1", "a = 2")),
        (["nb.ipynb@2", "@1"], ("nb.ipynb@2", "nb.ipynb@1"), ("a = 2", "a = 1")),
        (["nb.ipynb@1"], ("nb.ipynb@1", "nb.ipynb"), ("a = 1", "a = 9")),
        (["nb.ipynb"], ("nb.ipynb@2", "nb.ipynb"), ("a = 2", "a = 9")),
    ):
        ended = nbmerge("diff", *arguments)
        assert (ended.code, ended.err) == (0, "")
        lines = ended.out.decode().splitlines()
        assert lines[:2] == [f"--- {names[0]}", f"+++ {names[1]}"], arguments
        assert [line.split(maxsplit=1)[1] for line in lines[2:] if re.match(r"[-+] +a", line)] == list(
            changed
        )
        assert b"\x1b" not in ended.out


def test_diff_is_from_the_newest_version_that_is_something_else(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL)
    assert nbmerge("diff", "nb.ipynb").out.startswith(b"--- nb.ipynb@1\n+++ nb.ipynb\n")


def test_diff_of_a_merge_is_from_what_the_file_held_before(past: Past, nbmerge: Command) -> None:
    """Not from the save that the merge swallowed: what that lacked is news to nobody but its author."""
    past.saved(BASE, LOCAL)
    past.apart(REMOTE, 1)
    nbmerge("recover", "nb.ipynb")
    out = nbmerge("diff", "nb.ipynb").out
    assert out.startswith(b"--- nb.ipynb@2\n+++ nb.ipynb\n")
    assert re.search(rb"\+ +c = 3", out)
    past.apart(notebook(*REMOTE["cells"], code("d = 1", id="four")), 3)
    nbmerge("recover", "nb.ipynb")
    assert nbmerge("diff", "nb.ipynb").out.startswith(b"--- nb.ipynb@4\n")  # the merge before


def test_diff_of_what_is_not_recorded_yet_is_from_what_was(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL)
    past.put(BASE)
    assert nbmerge("diff", "nb.ipynb").out.startswith(b"--- nb.ipynb@2\n")


def test_diff_where_nothing_differs(past: Past, nbmerge: Command) -> None:
    base = JUPYTER.spell(BASE)
    past.saved(base)
    assert nbmerge("diff", "nb.ipynb@1", "@1").out == b"nb.ipynb@1 and nb.ipynb@1 are the same\n"
    assert nbmerge("diff", "nb.ipynb").line == "nbmerge: nb.ipynb: no other version of it is known"
    past.saved(json.dumps(BASE, indent=4).encode())
    assert nbmerge("diff", "nb.ipynb@1").out.endswith(b"\nonly the way they are written in JSON differs\n")


def test_diff_of_what_is_no_notebook(past: Past, nbmerge: Command) -> None:
    past.saved(BASE)
    past.put(b"{ torn")
    ended = nbmerge("diff", "nb.ipynb@1")
    assert (ended.code, ended.line.startswith("nbmerge: nb.ipynb: is not JSON")) == (3, True)


# Status without a watcher.


def test_status_without_a_watcher_tells_the_counts_of_the_store(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL, REMOTE)
    past.doubted(2, 1, 3)
    ended = nbmerge("status", "--json")
    assert (ended.code, ended.err, ended.out.count(b"\n")) == (0, "", 1)
    found = json.loads(ended.out)
    assert list(found) == [
        *("running", "pid", "paths", "notebooks", "versions", "merges", "open_tips", "conflicts"),
        *("last_error", "idle", "waiting", "backlog"),
    ]
    assert found == {
        "running": False,
        "pid": None,
        "paths": [],
        "notebooks": 1,
        "versions": 3,
        "merges": 0,
        "open_tips": 1,
        "conflicts": 0,
        "last_error": None,
        "idle": True,
        "waiting": 0,
        "backlog": 0,
    }


def test_status_names_notebooks_whose_merge_waits(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL)
    past.apart(REMOTE, 1)
    assert json.loads(nbmerge("status", "--json").out)["waiting"] == 1
    *_, waits = nbmerge("status").out.decode().splitlines()
    assert waits == f"{past.path}: a merge waits; `python -m nbmerge recover {past.path}` makes it now"
    told = '"a program" (@3: 1 line in cell 3) into "a program" (@2: 1 line in cell 1)'
    assert nbmerge("recover", str(past.path)).out.decode() == f"{past.path}: merged {told}: version 4\n"
    assert json.loads(nbmerge("status", "--json").out)["waiting"] == 0


def test_status_for_people_says_what_to_do(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL, REMOTE)
    past.doubted(2, 1, 3)
    state, counts, tip = nbmerge("status").out.decode().splitlines()
    assert state == "not running; python -m nbmerge start begins to watch"
    assert counts == f"1 notebook, 3 versions, 0 merges, 1 open tip (state directory {past.state})"
    assert tip.startswith(
        f"{past.path}: @2 may have been overwritten by @3: `python -m nbmerge recover {past.path}`"
    )


def test_status_of_an_empty_state_directory(past: Past, nbmerge: Command) -> None:
    ended = nbmerge("status")
    assert "0 notebooks, 0 versions, 0 merges, 0 open tips" in ended.out.decode()


def test_state_may_be_named(past: Past, nbmerge: Command, folder: Path) -> None:
    past.saved(BASE)
    assert nbmerge("log", "nb.ipynb", "--state", str(folder / "other")).code == 3
    assert nbmerge("log", f"--state={past.state}", "nb.ipynb").code == 0


def test_a_damaged_store_is_told_about(past: Past, nbmerge: Command, folder: Path) -> None:
    past.saved(BASE)
    [store] = (folder / "state").glob("*.sqlite3")
    store.write_bytes(b"no database" * 1000)
    ended = nbmerge("status")
    assert ended.code == 0
    assert re.match(
        r"nbmerge: the store was damaged; it was moved to .*sqlite3.*, and a new one was begun$", ended.line
    )


@pytest.mark.parametrize(
    "name",
    [
        "log",
        "show",
        "diff",
        "restore",
        "recover",
        "status",
        "replay",
        "watch",
        "start",
        "stop",
        "restart",
        "demo",
    ],
)
def test_each_command_tells_about_itself(nbmerge: Command, name: str) -> None:
    ended = nbmerge(name, "--help")
    text = ended.out.decode()
    assert (ended.code, ended.err) == (0, "")
    assert text.startswith(f"usage: python -m nbmerge {name}")
    assert re.search(r"^exit codes:\n  0 +\w", text, re.M)
    assert max(map(len, text.splitlines()[2:])) <= 100


@pytest.mark.parametrize("arguments", [["log", "none.ipynb"], ["replay", "none.ipynb"], ["show", "x"]])
def test_debug_tells_where_an_error_came_from(past: Past, nbmerge: Command, arguments: list[str]) -> None:
    ended = nbmerge(*arguments, "--debug")
    assert "Traceback" in ended.err
    assert ended.err.splitlines()[-1].startswith("nbmerge: ")
