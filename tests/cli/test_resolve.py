"""`nbmerge resolve`: a conflict is settled, the file is written once, and the history knows it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbmerge.cli import resolving
from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.values import Choice
from nbmerge.lineage.versions import Origin
from nbmerge.service.resolve import write_resolution
from nbmerge.sync import Timing, open_notebook, save
from tests.cli.past import BEGIN, Past
from tests.cli.world import Command, sources
from tests.helpers.build import Notebook, cells_of, code, conflict, markdown, notebook, notebook3, source_of
from tests.helpers.spelling import JUPYTER, Spelling

TITLE = markdown("# T", id="title")
LAST = code("c = 1", id="last", count=3, out="3\n")


def of(source: str, last: str = "c = 1", **fields: Any) -> Notebook:
    """A cell in question between two others."""
    return notebook(TITLE, code(source, id="one", **fields), {**LAST, "source": [last]})


BASE = of("a = 1", count=1, out="1\n")
LOCAL = of("a = 2", count=2, out="2\n", metadata={"tags": ["l"]})
REMOTE = of("a = 9", count=9, out="9\n", metadata={"tags": ["r"]})


def put(path: Path, content: Notebook | bytes) -> bytes:
    """A save that was a while ago, so that nobody waits for its editor."""
    data = content if isinstance(content, bytes) else JUPYTER.spell(content)
    path.write_bytes(data)
    os.utime(path, (BEGIN, BEGIN))
    return data


def held(path: Path) -> Notebook:
    found: Notebook = json.loads(path.read_bytes())
    return found


@pytest.fixture
def merged(past: Past, nbmerge: Command) -> Callable[..., Path]:
    """`out.ipynb`: what the plain command makes of three files; no git and no history knows them."""

    def merge(base: Notebook = BASE, local: Notebook = LOCAL, remote: Notebook = REMOTE, *more: str) -> Path:
        folder = past.path.parent
        names = ["b.ipynb", "l.ipynb", "r.ipynb"]
        for name, content in zip(names, (base, local, remote), strict=True):
            put(folder / name, content)
        assert nbmerge(*names, "--output", "out.ipynb", *more).code == 1
        put(folder / "out.ipynb", (folder / "out.ipynb").read_bytes())
        return folder / "out.ipynb"

    return merge


# Without git and history.


@pytest.mark.parametrize(
    ("option", "source"), [("local", "a = 2"), ("remote", "a = 9"), ("both", "a = 2\na = 9")]
)
def test_a_side(nbmerge: Command, merged: Callable[..., Path], option: str, source: str) -> None:
    """The source of that side; its outputs are not known."""
    path = merged()
    ended = nbmerge("resolve", "out.ipynb", f"--{option}")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.decode().splitlines() == [
        f"out.ipynb: 1 conflict settled ({option}), none left",
        "to undo it: python -m nbmerge restore out.ipynb@1",
    ]
    assert held(path) == of(source, metadata={"tags": ["l", "r"]})
    assert nbmerge("conflicts", "out.ipynb").code == 0


def test_a_base_that_nothing_tells(nbmerge: Command, merged: Callable[..., Path]) -> None:
    path = merged()
    before = path.read_bytes()
    ended = nbmerge("resolve", "out.ipynb", "--base")
    assert ended.code == 2
    assert ended.line.endswith(
        "out.ipynb: cell 2: what was there before both changes is not known: choose another side; "
        "nothing was written"
    )
    assert path.read_bytes() == before


def test_a_base_that_the_markers_show(nbmerge: Command, merged: Callable[..., Path]) -> None:
    path = merged(BASE, LOCAL, REMOTE, "--conflict-style", "diff3")
    assert nbmerge("resolve", "out.ipynb", "--base").code == 0
    assert source_of(cells_of(held(path))[1]) == "a = 1"


def three_conflicts(merged: Callable[..., Path]) -> Path:
    def cells(n: int) -> Notebook:
        first = code("\n".join([f"a = {n}", *(f"# {k}" for k in range(4)), f"b = {n}"]), id="one")
        return notebook(first, TITLE, code(f"c = {n}", id="7"))

    return merged(cells(1), cells(2), cells(9))


@pytest.mark.parametrize(
    ("cell", "after"),
    [
        ("1", (2, 1, "a = 9", "2 conflicts settled (remote), 1 left")),
        ("3", (1, 2, "c = 9", "1 conflict settled")),
    ],
)
@pytest.mark.parametrize("by", ["number", "id"])
def test_the_conflicts_of_one_cell(
    nbmerge: Command, merged: Callable[..., Path], cell: str, after: tuple[int, int, str, str], by: str
) -> None:
    path = three_conflicts(merged)
    number, left, line, said = after
    named = cell if by == "number" else {"1": "one", "3": "7"}[cell]
    ended = nbmerge("resolve", "out.ipynb", "--remote", "--cell", named)
    assert ended.code == 1
    assert said in ended.out.decode()
    assert ended.out.endswith(b"to go on: python -m nbmerge resolve out.ipynb\n")
    text = "\n".join(sources(path.read_bytes()))
    assert (text.count("<<<<<<<"), line in text.split("\n")) == (left, True)
    assert number + left == 3


@pytest.mark.parametrize("named", ["2", "title", "0", "99", "-1", "x"])
def test_a_cell_without_a_conflict(nbmerge: Command, merged: Callable[..., Path], named: str) -> None:
    path = three_conflicts(merged)
    before = path.read_bytes()
    ended = nbmerge("resolve", "out.ipynb", "--local", f"--cell={named}")
    assert ended.code == 2
    assert ended.line.endswith(
        f"no conflict is in cell {named}; there are some in cell 1 (id one), cell 3 (id 7)"
    )
    assert path.read_bytes() == before


def test_without_a_terminal_a_side_must_be_named(nbmerge: Command, merged: Callable[..., Path]) -> None:
    merged()
    ended = nbmerge("resolve", "out.ipynb")
    assert ended.code == 2
    assert "use python -m nbmerge resolve out.ipynb --local, --remote, --both or --base" in ended.line


def test_no_conflict(nbmerge: Command, past: Past) -> None:
    """Nothing is written, and no history is begun for it."""
    before = past.put(BASE)
    ended = nbmerge("resolve", "nb.ipynb", "--local")
    assert (ended.code, ended.out) == (0, b"nb.ipynb: no conflicts are in it\n")
    assert (past.path.read_bytes(), past.path.stat().st_mtime) == (before, BEGIN)
    assert not Path(past.state).exists()


def test_a_lesson_is_left_alone(nbmerge: Command, past: Past) -> None:
    lesson = markdown(f"```\n{conflict(['x'], ['y'], 'HEAD', 'topic')}\n```", id="lesson")
    true = code(conflict(["x = 1"], ["x = 2"], "HEAD", "topic"), id="true")
    past.put(notebook(lesson, true))
    assert nbmerge("resolve", "nb.ipynb", "--local").code == 0
    assert held(past.path) == notebook(lesson, code("x = 1", id="true"))


def test_what_git_broke_is_for_fix(nbmerge: Command, past: Past) -> None:
    past.put(b"{\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> topic\n}")
    ended = nbmerge("resolve", "nb.ipynb", "--local")
    assert ended.code == 3
    assert ended.line.endswith("python -m nbmerge fix nb.ipynb rebuilds it if that can be done")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "required: NOTEBOOK"),
        (["a", "b"], 2, "unexpected argument 'b'"),
        (["none.ipynb"], 3, "none.ipynb: cannot be read"),
        (["base.ipynb", "--local", "--remote"], 2, "not allowed with"),
        (["base.ipynb", "--ours"], 2, "unknown option --ours"),
        (["base.ipynb", "--cell"], 2, "--cell"),
    ],
)
def test_mistakes_are_one_line(nbmerge: Command, arguments: list[str], code: int, said: str) -> None:
    ended = nbmerge("resolve", *arguments)
    assert (ended.code, ended.out) == (code, b"")
    assert said in ended.line


def test_what_is_no_notebook(nbmerge: Command, past: Past) -> None:
    for data in (b"{}", b"no <<<<<<< json"):
        past.put(data)
        assert nbmerge("resolve", "nb.ipynb", "--local").code == 3


def test_a_conflict_inside_a_side_is_left_for_the_next_call(nbmerge: Command, past: Past) -> None:
    inner = conflict(["x = 1"], ["x = 2"])
    past.put(notebook(code(conflict(inner.split("\n"), ["x = 3"]), id="one")))
    ended = nbmerge("resolve", "nb.ipynb", "--local")
    assert (ended.code, sources(past.path.read_bytes())) == (1, [inner])
    assert ended.out.startswith(b"nb.ipynb: 1 conflict settled (local), 1 left\n")
    put(past.path, past.path.read_bytes())
    assert nbmerge("resolve", "nb.ipynb", "--remote").code == 0
    assert sources(past.path.read_bytes()) == ["x = 2"]


def test_nbformat_3(nbmerge: Command, past: Past) -> None:
    past.put(notebook3(TITLE, code(conflict(["x = 1"], ["x = 2"]), count=4)))
    assert nbmerge("resolve", "nb.ipynb", "--remote").code == 0
    assert held(past.path) == notebook3(TITLE, code("x = 2", count=4))


def test_the_spelling_of_the_file_stays(nbmerge: Command, past: Past) -> None:
    odd = Spelling(indent="   ", ascii=True, newline="\r\n", bom=True, tail="")
    cells = [markdown("ü", id="u"), code(conflict(["é"], ["x"]), id="one")]
    past.put(odd.spell(notebook(*cells)))
    nbmerge("resolve", "nb.ipynb", "--local")
    assert past.path.read_bytes() == odd.spell(notebook(cells[0], code("é", id="one")))


def test_link_and_mode_are_kept(nbmerge: Command, past: Past) -> None:
    target = past.path.with_name("target.ipynb")
    put(target, notebook(code(conflict(["x"], ["y"]), id="one")))
    target.chmod(0o640)
    past.path.symlink_to(target)
    assert nbmerge("resolve", "nb.ipynb", "--local").code == 0
    assert past.path.is_symlink()
    assert (sources(target.read_bytes()), target.stat().st_mode & 0o777) == (["x"], 0o640)


# With a history: a merge of a watcher's or of writers that take part.


@pytest.fixture
def contested(past: Past) -> Past:
    """Two people who did not see each other's saves: 1 base, 2 local, 3 remote, 4 their merge."""
    past.saved(BASE)
    tell(past, LOCAL, 1)
    tell(past, REMOTE, 1)
    put(past.path, past.path.read_bytes())
    return past


AT_ONCE = Timing(settle=0.0, patience=5.0, pause=0.01)


def tell(past: Past, content: Notebook, base: int, writer: str = "") -> None:
    """A save by somebody who says which version it was made from."""
    [version] = [each for each in past.versions if each.number == base]
    token = f"{version.number}.{version.digest[:20]}"
    save(str(past.path), JUPYTER.spell(content), token, writer, past.state, AT_ONCE)


def test_the_history_knows_what_git_would_know(contested: Past, nbmerge: Command) -> None:
    """Outputs, count and metadata of the side, and the base."""
    assert [version.origin.value for version in contested.versions] == [
        "first seen",
        "saved",
        "saved",
        "merged",
    ]
    for option, side in (("local", LOCAL), ("remote", REMOTE), ("base", BASE)):
        ended = nbmerge("resolve", "nb.ipynb", f"--{option}")
        assert ended.code == 0
        assert held(contested.path) == side
        assert f"cell 2: {option}: with its outputs, count and metadata" in ended.out.decode()
        nbmerge("restore", "nb.ipynb@4")
        put(contested.path, contested.path.read_bytes())


def test_it_is_an_ordinary_save_that_closes_the_tips(contested: Past, nbmerge: Command) -> None:
    nbmerge("resolve", "nb.ipynb", "--local")
    *_, merge, settled = contested.versions
    assert (merge.origin, settled.origin, settled.parents) == (Origin.MERGED, Origin.SAVED, (merge.number,))
    heads = contested.heads
    assert (heads.head, heads.tips, heads.open) == (settled.number, (settled.number,), ())
    assert b"nbmerge resolve" in nbmerge("log", "nb.ipynb").out


def test_restore_brings_the_conflict_back(contested: Past, nbmerge: Command) -> None:
    before = contested.path.read_bytes()
    ended = nbmerge("resolve", "nb.ipynb", "--remote")
    assert ended.out.endswith(b"to undo it: python -m nbmerge restore nb.ipynb@4\n")
    assert nbmerge("restore", "nb.ipynb@4").code == 0
    assert contested.path.read_bytes() == before
    assert nbmerge("conflicts", "nb.ipynb").code == 1


def test_who_has_not_seen_it_brings_only_what_they_changed_since(contested: Past, nbmerge: Command) -> None:
    """The editor of the remote side never reloaded: its old answer to the conflict does not come back."""
    nbmerge("resolve", "nb.ipynb", "--local")
    tell(contested, of("a = 9", "c = 4", count=9, out="9\n", metadata={"tags": ["r"]}), 3)
    assert sources(contested.path.read_bytes()) == ["# T", "a = 2", "c = 4"]
    assert nbmerge("conflicts", "nb.ipynb").code == 0


def test_a_save_that_comes_in_between_is_merged(contested: Past) -> None:
    """An editor that shows the conflict saves while somebody is being asked."""
    with resolving.open_conflicts(str(contested.path), contested.state) as found:
        assert found is not None
        shown = held(contested.path)
        shown["cells"][2]["source"] = ["c = 5"]
        put(contested.path, shown)
        settled = choose(found.notebook, dict.fromkeys(found.conflicts, Choice.LOCAL))
        assert write_resolution(found, settled).left == 0
    assert sources(contested.path.read_bytes()) == ["# T", "a = 2", "c = 5"]


def test_a_conflict_of_three_tips(contested: Past, nbmerge: Command) -> None:
    """The third lineage's edit conflicts with what the first two made of the cell."""
    tell(contested, of("a = 7", count=7, out="7\n", metadata={"tags": ["t"]}), 1, "third")
    put(contested.path, contested.path.read_bytes())
    before = sources(contested.path.read_bytes())[1]
    assert all(f"a = {n}" in before.split("\n") for n in (2, 9, 7))
    found = json.loads(nbmerge("conflicts", "nb.ipynb", "--json").out)["conflicts"]
    assert {each["cell"] for each in found} == {1}
    for _ in range(5):
        ended = nbmerge("resolve", "nb.ipynb", "--local")
        put(contested.path, contested.path.read_bytes())
        if ended.code == 0:
            break
    assert sources(contested.path.read_bytes()) == ["# T", "a = 2", "c = 1"]
    assert contested.heads.tips == (contested.heads.head,)


def test_three_tips_settled_for_the_third(contested: Past, nbmerge: Command) -> None:
    third = of("a = 7", count=7, out="7\n", metadata={"tags": ["t"]})
    tell(contested, third, 1, "third")
    put(contested.path, contested.path.read_bytes())
    assert nbmerge("resolve", "nb.ipynb", "--remote").code == 0
    assert sources(contested.path.read_bytes()) == ["# T", "a = 7", "c = 1"]
    assert cells_of(held(contested.path))[1]["outputs"] == third["cells"][1]["outputs"]


def test_edited_since_the_merge(contested: Past, nbmerge: Command) -> None:
    """Somebody worked on other cells, and put a cell before; what is known is found all the same."""
    shown = held(contested.path)
    shown["cells"].insert(0, markdown("New.", id="new"))
    shown["cells"][-1]["source"] = ["c = 6"]
    put(contested.path, shown)
    assert nbmerge("resolve", "nb.ipynb", "--remote").code == 0
    _, _, cell, last = cells_of(held(contested.path))
    assert cell == REMOTE["cells"][1]
    assert source_of(last) == "c = 6"


def test_edited_between_the_markers(contested: Past, nbmerge: Command) -> None:
    """The side is what stands there now: no version made its outputs."""
    shown = held(contested.path)
    shown["cells"][1]["source"] = [line.replace("a = 9", "a = 99") for line in shown["cells"][1]["source"]]
    tell(contested, shown, 4)
    put(contested.path, contested.path.read_bytes())
    assert nbmerge("resolve", "nb.ipynb", "--remote").code == 0
    cell = cells_of(held(contested.path))[1]
    assert (source_of(cell), cell["outputs"], cell["execution_count"]) == ("a = 99", [], None)


def test_open_tips_stay_open(contested: Past, nbmerge: Command) -> None:
    """What may have been overwritten elsewhere is another question."""
    contested.doubted(2, 1, 4)
    nbmerge("resolve", "nb.ipynb", "--local")
    assert [tip.version for tip in contested.heads.open] == [2]


def test_opening_again_gives_what_was_settled(contested: Past, nbmerge: Command) -> None:
    nbmerge("resolve", "nb.ipynb", "--both")
    opened = open_notebook(str(contested.path), state=contested.state)
    assert sources(opened.content)[1] == "a = 2\na = 9"
