"""`nbmerge open` and `nbmerge save`: what an agent or a script in any language needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nbmerge.sync import apply
from tests.cli.world import BASE, LOCAL, REMOTE, RIVAL, save, sources
from tests.helpers.spelling import JUPYTER

if TYPE_CHECKING:
    from tests.cli.world import Command


@pytest.fixture(autouse=True)
def state(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of its own, and a notebook that nobody has just saved."""
    monkeypatch.setenv("NBMERGE_STATE_DIR", str(folder / "state"))
    fresh(folder / "base.ipynb")
    return folder / "state"


def fresh(path: Path) -> None:
    """Let the last save of a file be a while ago, so that nothing waits for it to be over."""
    import os

    os.utime(path, (1e9, 1e9))


def test_open_prints_the_bytes_and_tells_the_token_aside(nbmerge: Command, folder: Path) -> None:
    ended = nbmerge("open", "base.ipynb", "--writer", "me")
    assert ended.code == 0
    assert ended.out == (folder / "base.ipynb").read_bytes()
    assert ended.line.startswith("1.")
    assert ended.line.endswith(".me")


def test_open_writes_a_file_and_prints_the_token(nbmerge: Command, folder: Path) -> None:
    ended = nbmerge("open", "base.ipynb", "--output", "copy.ipynb")
    assert (ended.code, ended.err) == (0, "")
    assert (folder / "copy.ipynb").read_bytes() == (folder / "base.ipynb").read_bytes()
    assert ended.out.decode() == nbmerge("open", "base.ipynb").err


def test_open_tells_both_in_one_object(nbmerge: Command) -> None:
    ended = nbmerge("open", "--json", "base.ipynb")
    assert ended.err == ""
    assert ended.out.count(b"\n") == 1
    assert json.loads(ended.out) == {"version": nbmerge("open", "base.ipynb").line, "content": BASE}


def test_a_save_from_a_file_that_nothing_came_before(nbmerge: Command, folder: Path) -> None:
    token = nbmerge("open", "base.ipynb").line
    ended = nbmerge("save", "base.ipynb", "--base", token, "local.ipynb")
    assert (ended.code, ended.err) == (0, "")
    told = json.loads(ended.out)
    assert told == {"version": told["version"], "merged": False, "conflicts": [], "operations": []}
    assert nbmerge("open", "base.ipynb").line == told["version"]
    assert (folder / "base.ipynb").read_bytes() == (folder / "local.ipynb").read_bytes()


def merged(nbmerge: Command, first: str, second: str, *options: str) -> Any:
    """The two saved one after the other, both made from base: how the second call ended."""
    token = nbmerge("open", "base.ipynb").line
    assert nbmerge("save", "base.ipynb", "--base", token, first).code == 0
    return nbmerge("save", "base.ipynb", "--base", token, *options, second)


def test_a_save_that_is_merged_says_how_to_follow(nbmerge: Command, folder: Path) -> None:
    ended = merged(nbmerge, "local.ipynb", "remote.ipynb")
    told = json.loads(ended.out)
    assert (ended.code, told["merged"], told["conflicts"]) == (0, True, [])
    assert sources((folder / "base.ipynb").read_bytes()) == ["a = 2", "b = 1", "c = 3"]
    assert told["operations"] == [{"op": "set", "cell": "one", "field": "source", "value": ["a = 2"]}]
    assert apply(REMOTE, told["operations"]) == json.loads((folder / "base.ipynb").read_bytes())


def test_conflicts_are_told_and_are_exit_code_1(nbmerge: Command, folder: Path) -> None:
    ended = merged(nbmerge, "local.ipynb", "rival.ipynb", "--writer", "agent")
    told = json.loads(ended.out)
    assert ended.code == 1
    terms = {"base": "a = 1", "local": "a = 2", "remote": "a = 9"}
    assert told["conflicts"] == [{"cell": 0, "id": "one", **terms, "lines": [0, 5]}]
    assert "\n>>>>>>> agent" in sources((folder / "base.ipynb").read_bytes())[0]
    assert apply(RIVAL, told["operations"]) == json.loads((folder / "base.ipynb").read_bytes())


def test_an_agent_needs_two_commands(process: Command, folder: Path) -> None:
    ended = process(
        "token=$($nbmerge open base.ipynb --writer agent --output copy.ipynb)"
        " && sed 's/c = 1/c = 7/' copy.ipynb > edited.ipynb"
        " && $nbmerge save base.ipynb --base $token edited.ipynb"
    )
    assert (ended.code, ended.err) == (0, "")
    assert sources((folder / "base.ipynb").read_bytes()) == ["a = 1", "b = 1", "c = 7"]


def test_a_save_from_standard_input_beside_an_editor_that_knows_nothing_of_it(
    process: Command, folder: Path
) -> None:
    token = process("$nbmerge open base.ipynb").err.strip()
    save(folder / "base.ipynb", LOCAL)
    fresh(folder / "base.ipynb")
    ended = process(f"$nbmerge save base.ipynb --base {token} < remote.ipynb")
    assert json.loads(ended.out)["merged"]
    assert sources((folder / "base.ipynb").read_bytes()) == ["a = 2", "b = 1", "c = 3"]


def test_numbers_keep_their_digits(nbmerge: Command, folder: Path) -> None:
    text = (
        (folder / "base.ipynb").read_text().replace('"metadata": {}', '"metadata": {"n": 1.10, "m": 1E5}', 1)
    )
    (folder / "local.ipynb").write_text(text)
    ended = merged(nbmerge, "local.ipynb", "remote.ipynb")
    assert b'{"n": 1.10, "m": 1E5}' in ended.out


def test_a_token_that_is_not_known_is_a_wrong_call(nbmerge: Command, folder: Path) -> None:
    ended = nbmerge("save", "base.ipynb", "--base", "9.0123", "local.ipynb")
    assert (ended.code, ended.out) == (2, b"")
    assert "is not known here" in ended.line
    assert sources((folder / "base.ipynb").read_bytes()) == sources(JUPYTER.spell(BASE))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["open"], 2, "required: NOTEBOOK"),
        (["open", "none.ipynb"], 3, "none.ipynb: cannot be read"),
        (["open", "base.ipynb", "--what"], 2, "unknown option --what"),
        (["save"], 2, "required: NOTEBOOK"),
        (["save", "base.ipynb", "local.ipynb"], 2, "--base"),
        (["save", "base.ipynb", "--base"], 2, "--base"),
        (["save", "base.ipynb", "--base", "1.2", "none.ipynb"], 3, "none.ipynb: cannot be read"),
        (["save", "base.ipynb", "--base", "1.2", "a", "b"], 2, "unexpected argument 'b'"),
    ],
)
def test_mistakes_are_one_line(nbmerge: Command, arguments: list[str], code: int, said: str) -> None:
    ended = nbmerge(*arguments)
    assert (ended.code, ended.out) == (code, b"")
    assert said in ended.line


def test_content_that_is_no_notebook_is_named(nbmerge: Command, folder: Path) -> None:
    (folder / "broken.ipynb").write_text("{")
    token = nbmerge("open", "base.ipynb").line
    ended = nbmerge("save", "base.ipynb", "--base", token, "broken.ipynb", "--json")
    assert (ended.code, ended.out, ended.object["error"]["kind"]) == (3, b"", "notebook")
    assert "what was sent for base.ipynb" in ended.object["error"]["message"]


@pytest.mark.parametrize("name", ["open", "save"])
def test_help_tells_the_call(nbmerge: Command, name: str) -> None:
    ended = nbmerge(name, "--help")
    assert ended.code == 0
    assert b"--writer NAME" in ended.out
    assert b"NOTEBOOK" in ended.out
