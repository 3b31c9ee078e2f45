"""fix: broken notebooks made whole in their place, the broken file kept, and what people are told."""

from __future__ import annotations

import json
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from nbmerge.lineage.versions import Origin
from nbmerge.service.notebook_service import Timing, taking_part
from tests.cli.past import Past
from tests.cli.world import BASE, LOCAL, REMOTE, RIVAL, Command, save, snapshot, sources
from tests.git.repo import Repository, surroundings
from tests.helpers.build import code, conflict, notebook, printed
from tests.helpers.spelling import JUPYTER
from tests.repair.by_git import merged_as_text

MERGED = ["a = 2", "b = 1", "c = 3"]
RIVALS = [conflict(["a = 2"], ["a = 9"], "HEAD", "topic"), "b = 1", "c = 3"]


def broken_by(remote: Any) -> bytes:
    """What git makes of local and another side."""
    base, local, other = map(JUPYTER.spell, (BASE, LOCAL, remote))
    return merged_as_text(base, local, other)[0]


@pytest.fixture
def repo(past: Past, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository in which a merge of nb.ipynb waits, in conflict."""
    made = Repository(folder, surroundings(folder))
    for name, value in made.env.items():
        monkeypatch.setenv(name, value)
    made.git("init", "--quiet", "--template=", "--initial-branch=main")
    base, local, rival = map(JUPYTER.spell, (BASE, LOCAL, RIVAL))
    made.diverge(base, local, rival, "nb.ipynb")
    made.try_git("merge", "feature")
    return made


def test_a_conflict_is_shown_in_its_cell(past: Past, nbmerge: Command) -> None:
    text = broken_by(RIVAL)
    past.path.write_bytes(text)
    ended = nbmerge("fix", "nb.ipynb")
    assert (ended.code, ended.err) == (1, "")
    assert sources(past.path.read_bytes()) == RIVALS
    first, *rest = ended.out.decode().splitlines()
    assert first == "nb.ipynb: rebuilt from its own text alone; 1 conflict is shown in cell 1"
    assert rest[-1].startswith("  settle the conflicts: ")
    assert rest[-1].endswith(" resolve nb.ipynb")


def test_the_broken_file_stays_in_the_history(past: Past, nbmerge: Command) -> None:
    """Byte for byte, and what was made of it is a version too."""
    text = broken_by(RIVAL).replace(b"\n", b"\r\n")
    past.path.write_bytes(text)
    nbmerge("fix", "nb.ipynb")
    assert nbmerge("show", "nb.ipynb@1").out == text
    assert nbmerge("show", "nb.ipynb@2").out == past.path.read_bytes()
    assert [version.origin for version in past.versions] == [Origin.UNREADABLE, Origin.RESTORED]


def test_lines_that_are_dropped_are_named(past: Past, nbmerge: Command) -> None:
    """Both ran the cell; the outputs of one run are taken."""
    base, local, remote = (
        JUPYTER.spell(notebook(code("plot()", id="a", outputs=[printed(text)])))
        for text in ("1\n", "2 in all\n", "3 in all\nof 4\n")
    )
    text = merged_as_text(base, local, remote)[0]
    past.path.write_bytes(text)
    [number] = [at for at, line in enumerate(text.decode().splitlines(), 1) if "3 in all" in line]
    line = f"  not in the notebook any more: lines {number}-{number + 1}"
    assert line in nbmerge("fix", "--check", "nb.ipynb").out.decode().splitlines()
    told = json.loads(nbmerge("fix", "nb.ipynb", "--json").out)
    assert told["dropped"] == [number, number + 1]
    assert text.splitlines()[number].strip() == b'"of 4\\n"'


def test_a_notebook_with_a_past(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL)
    text = broken_by(RIVAL)
    past.path.write_bytes(text)
    nbmerge("fix", "nb.ipynb")
    *_, broken, restored = past.versions
    assert (broken.number, broken.origin, restored.parents) == (3, Origin.UNREADABLE, (2,))
    assert restored.why == "rebuilt from version 3, which is no notebook"
    assert past.heads.head == restored.number
    assert nbmerge("restore", "nb.ipynb@2").code == 0
    assert sources(past.path.read_bytes()) == ["a = 2", "b = 1", "c = 1"]


def test_only_outputs_in_conflict(past: Past, nbmerge: Command) -> None:
    """Nothing is left to decide: exit 0."""
    count = JUPYTER.spell(LOCAL).replace(b'"execution_count": null', b'"execution_count": 7')
    other = JUPYTER.spell(LOCAL).replace(b'"execution_count": null', b'"execution_count": 8')
    past.path.write_bytes(merged_as_text(JUPYTER.spell(LOCAL), count, other)[0])
    ended = nbmerge("fix", "nb.ipynb")
    assert ended.code == 0
    assert ended.out.startswith(b"nb.ipynb: rebuilt from its own text alone; no conflicts are left\n")
    assert sources(past.path.read_bytes()) == ["a = 2", "b = 1", "c = 1"]


def test_check_writes_nothing(past: Past, nbmerge: Command, folder: Path) -> None:
    past.path.write_bytes(broken_by(RIVAL))
    before = snapshot(folder), os.stat(past.path).st_mtime_ns
    ended = nbmerge("fix", "nb.ipynb", "--check")
    assert ended.code == 1
    assert ended.out.startswith(b"nb.ipynb: is broken; it can be rebuilt from its own text alone; 1 conflict")
    assert (snapshot(folder), os.stat(past.path).st_mtime_ns) == before
    assert not (folder / "state").exists()
    assert nbmerge("log", "nb.ipynb").code == 3


def test_a_sound_notebook_is_not_touched(past: Past, nbmerge: Command, folder: Path) -> None:
    save(past.path, BASE)
    before = os.stat(past.path).st_mtime_ns
    assert nbmerge("fix", "nb.ipynb").out == b"nb.ipynb: it is a notebook; nothing to fix\n"
    assert os.stat(past.path).st_mtime_ns == before
    assert not (folder / "state").exists()


def test_conflicts_that_are_shown_already(past: Past, nbmerge: Command) -> None:
    past.path.write_bytes(broken_by(RIVAL))
    nbmerge("fix", "nb.ipynb")
    ended = nbmerge("fix", "nb.ipynb")
    assert ended.code == 1
    assert b"nothing to fix, but 1 conflict is shown in it: " in ended.out


def test_what_cannot_be_rebuilt_is_left_as_it_is(past: Past, nbmerge: Command, folder: Path) -> None:
    text = JUPYTER.spell(BASE).replace(b'   "outputs": []', b'   what is this?\n   "outputs": []', 1)
    past.path.write_bytes(text)
    ended = nbmerge("fix", "nb.ipynb")
    assert (ended.code, ended.out) == (3, b"")
    line = text[: text.index(b"what")].count(b"\n") + 1
    why = (
        f"cannot be rebuilt: line {line}: this is no part of a notebook: what is this?; it was left as it is"
    )
    assert ended.line == f"nbmerge: nb.ipynb: {why}"
    assert past.path.read_bytes() == text
    assert not (folder / "state").exists()


def test_the_others_are_fixed_all_the_same(past: Past, nbmerge: Command, folder: Path) -> None:
    past.path.write_bytes(broken_by(RIVAL))
    (folder / "notes.ipynb").write_text("just some notes\n")
    ended = nbmerge("fix", "no.ipynb", "notes.ipynb", str(folder), "base.ipynb", "nb.ipynb")
    assert ended.code == 3
    assert len(ended.err.splitlines()) == 3
    assert sources(past.path.read_bytes()) == RIVALS
    assert (folder / "notes.ipynb").read_text() == "just some notes\n"


def test_json(past: Past, nbmerge: Command) -> None:
    past.path.write_bytes(broken_by(RIVAL))
    ended = nbmerge("fix", "base.ipynb", "no.ipynb", "nb.ipynb", "--json")
    sound, failed, made = map(json.loads, ended.out.splitlines())
    assert ended.code == 3
    assert ended.err == ""
    assert sound == {"path": "base.ipynb", "result": "sound", "conflicts": 0}
    assert failed == {
        "path": "no.ipynb",
        "result": "failed",
        "reason": "cannot be read: no such file or directory",
        "line": None,
    }
    assert (made["result"], made["how"]) == ("conflict", "markers")
    [conflict] = made["conflicts"]
    terms = {"base": None, "local": "a = 2", "remote": "a = 9"}
    assert conflict == {"cell": 0, "id": "one", **terms, "lines": [0, 5]}
    assert (made["broken"], made["version"]) == (1, 2)


def test_a_marker_without_its_others(past: Past, nbmerge: Command) -> None:
    text = b"\n".join(line for line in broken_by(RIVAL).split(b"\n") if not line.startswith(b">>>>>>>"))
    past.path.write_bytes(text)
    ended = nbmerge("fix", "nb.ipynb")
    assert ended.code == 1
    assert b"a marker without its others" in ended.out
    assert sources(past.path.read_bytes())[0] == "<<<<<<< HEAD\na = 2\n=======\na = 9"


def test_no_notebook_is_named(nbmerge: Command) -> None:
    ended = nbmerge("fix")
    assert ended.code == 2
    assert "required: NOTEBOOK" in ended.line


# In a repository.


def test_the_versions_in_the_index(repo: Repository, nbmerge: Command) -> None:
    ended = nbmerge("fix", "nb.ipynb")
    assert ended.code == 1
    assert ended.out.startswith(b"nb.ipynb: rebuilt from git's index; 1 conflict is shown in cell 1\n")
    assert ended.out.endswith(b"  then: git add nb.ipynb\n")
    assert repo.sources("nb.ipynb") == [line.replace("topic", "feature") for line in RIVALS]
    assert repo.unmerged() == ["nb.ipynb"]


def test_settled_and_added(repo: Repository, nbmerge: Command) -> None:
    nbmerge("fix", "nb.ipynb")
    assert nbmerge("resolve", "nb.ipynb", "--remote").code == 0
    assert repo.sources("nb.ipynb") == ["a = 9", "b = 1", "c = 3"]
    repo.git("add", "nb.ipynb")
    repo.git("commit", "--quiet", "--no-edit")
    assert nbmerge("fix", "nb.ipynb").code == 0


def test_nothing_left_but_to_add(repo: Repository, nbmerge: Command) -> None:
    """Somebody settled the conflict, and left a comma behind."""
    text = repo.read("nb.ipynb")
    start, end = text.index("<<<<<<<"), text.index("\n", text.index(">>>>>>>"))
    repo.write("nb.ipynb", text[:start] + '    "a = 4",' + text[end:])
    ended = nbmerge("fix", "nb.ipynb", "--json")
    assert json.loads(ended.out)["how"] == "text"
    repo.write("nb.ipynb", text[:start] + '    "a = 4",' + text[end:])
    ended = nbmerge("fix", "nb.ipynb")
    assert ended.code == 0
    assert b"git add nb.ipynb\n" in ended.out
    assert repo.sources("nb.ipynb") == ["a = 4", "b = 1", "c = 3"]


def test_committed_broken(repo: Repository, nbmerge: Command) -> None:
    """The parents of the merge have the versions; HEAD stays as it is."""
    repo.git("commit", "--quiet", "--all", "--no-edit")
    ended = nbmerge("fix", "nb.ipynb")
    assert ended.out.startswith(b"nb.ipynb: rebuilt from the commits that git merged; 1 conflict")
    assert b"git add" not in ended.out
    assert repo.sources("nb.ipynb") == [line.replace("topic", "feature") for line in RIVALS]


def test_while_git_writes(
    repo: Repository, past: Past, nbmerge: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written then; the broken bytes are kept already."""
    at_once = partial(taking_part, timing=Timing(patience=0.0, pause=0.0))
    monkeypatch.setattr("nbmerge.service.notebook_service.taking_part", at_once)
    repo.write(".git/index.lock", "")
    before = repo.read("nb.ipynb")
    ended = nbmerge("fix", "nb.ipynb")
    assert ended.code == 4
    assert "git writes in its repository" in ended.line
    assert repo.read("nb.ipynb") == before
    assert [version.origin for version in past.versions] == [Origin.UNREADABLE]


def test_without_git(past: Past, folder: Path, nbmerge: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    past.path.write_bytes(broken_by(REMOTE).replace(b'"b = 1"', b'"b = 1",'))
    monkeypatch.setenv("PATH", str(folder / "nothing"))
    assert shutil.which("git") is None
    assert nbmerge("fix", "nb.ipynb").code == 0
    assert sources(past.path.read_bytes()) == MERGED
