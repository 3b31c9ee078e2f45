"""With --json standard error is exactly one JSON object, however the call ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nbmerge.cli import merge_command
from tests.cli.world import CLEAN, CONFLICT, LOCAL, Command, save
from tests.helpers.build import code, notebook

KEYS = {"result", "conflicts", "decisions"}
FAILURES: dict[str, tuple[list[str], str, int]] = {
    "nothing asked for": ([], "usage", 2),
    "too few files": (["local.ipynb"], "usage", 2),
    "too many files": ([*CLEAN, "more.ipynb"], "usage", 2),
    "no such option": (["--bogus", *CLEAN], "usage", 2),
    "an option of nbdime": (["--no-git", *CLEAN], "usage", 2),
    "no such choice": ([*CLEAN, "--outputs", "mine"], "usage", 2),
    "a value is missing": ([*CLEAN, "--labels", "x", "y"], "usage", 2),
    "no such file": (["base.ipynb", "gone.ipynb", "remote.ipynb"], "notebook", 3),
    "no notebook": (["base.ipynb", "local.ipynb", "text"], "notebook", 3),
    "nowhere to write": ([*CLEAN, "--output", "gone/out.ipynb"], "system", 4),
}


@pytest.mark.parametrize("last", [True, False], ids=["last", "first"])
@pytest.mark.parametrize("ending", FAILURES)
def test_failures(nbmerge: Command, folder: Path, ending: str, last: bool) -> None:
    (folder / "text").write_text("text\n")
    arguments, kind, exit_code = FAILURES[ending]
    ended = nbmerge(*arguments, "--json") if last else nbmerge("--json", *arguments)
    assert (ended.code, ended.out) == (exit_code, b"")
    assert set(ended.object) == KEYS | {"error"}
    assert (ended.object["result"], ended.object["conflicts"], ended.object["decisions"]) == ("error", [], [])
    assert set(ended.object["error"]) == {"kind", "message"}
    assert ended.object["error"]["kind"] == kind
    said_to_people = nbmerge(*arguments).line
    assert said_to_people == f"nbmerge: {ended.object['error']['message']}"


@pytest.mark.parametrize("arguments", [CLEAN, CONFLICT], ids=["clean", "conflict"])
@pytest.mark.parametrize("more", [(), ("--output", "out.ipynb"), ("--decisions",), ("--verbose",)])
def test_merges(nbmerge: Command, arguments: tuple[str, ...], more: tuple[str, ...]) -> None:
    ended = nbmerge(*arguments, "--json", *more)
    assert set(ended.object) == KEYS
    assert ended.object["result"] == {0: "clean", 1: "conflict"}[ended.code]
    assert bool(ended.object["conflicts"]) is bool(ended.code)


def test_conflicts_and_decisions_are_complete(nbmerge: Command, folder: Path) -> None:
    save(folder / "local.ipynb", LOCAL | {"metadata": {"a/b": "mine"}})
    save(
        folder / "rival.ipynb",
        notebook(code("a = 9\x00\ud800", id="one"), *LOCAL["cells"][1:], metadata={"a/b": "theirs"}),
    )
    assert nbmerge(*CONFLICT, "--json").object == {
        "result": "conflict",
        "conflicts": [
            {
                **{"cell": 0, "id": "one", "lines": [0, 5]},
                **{"base": "a = 1", "local": "a = 2", "remote": "a = 9\x00\ud800"},
            }
        ],
        "decisions": [{"path": "/metadata/a~1b", "took": "local", "reason": "changed by both sides"}],
    }


def explode(error: BaseException) -> Callable[..., None]:
    def call(*_: object) -> None:
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "kind", "exit_code", "said"),
    [
        (KeyError("x"), "bug", 70, "a bug in nbmerge, please report it (KeyError: 'x'); --debug shows"),
        (RuntimeError("two\nlines"), "bug", 70, r"(RuntimeError: two\nlines)"),
        (AssertionError(), "bug", 70, "(AssertionError)"),
        (MemoryError(), "system", 4, "there is not enough memory"),
        (OSError(5, "Input/output error", "x.db"), "system", 4, "x.db: input/output error"),
        (KeyboardInterrupt(), "system", 130, "interrupted"),
    ],
)
@pytest.mark.parametrize("flags", [[], ["--debug"]], ids=["plain", "debug"])
def test_accidents(
    nbmerge: Command,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    *,
    error: BaseException,
    kind: str,
    exit_code: int,
    said: str,
) -> None:
    monkeypatch.setattr(merge_command, "merge_sources", explode(error))
    debug = bool(flags)
    ended = nbmerge(*CLEAN, "--json", *flags)
    assert (ended.code, ended.object["error"]["kind"]) == (exit_code, kind)
    assert said in ended.object["error"]["message"]
    assert ("traceback" in ended.object["error"]) is debug
    spoken = nbmerge(*CLEAN, *flags)
    assert spoken.code == exit_code
    assert ("Traceback (most recent call last)" in spoken.err) is debug
    assert spoken.err.splitlines()[-1] == f"nbmerge: {ended.object['error']['message']}"


def test_debug_tells_also_where_a_bad_file_was_found_out(nbmerge: Command) -> None:
    ended = nbmerge("base.ipynb", "gone.ipynb", "remote.ipynb", "--debug")
    assert ended.code == 3
    assert "Traceback (most recent call last)" in ended.err
    assert "FileNotFoundError" in ended.err


def test_a_broken_pipe_is_an_ending_too(process: Command) -> None:
    ended = process(f"(sleep 0.2; exec $nbmerge {' '.join(CLEAN)} --json; ) | true; exit ${{PIPESTATUS[0]}}")
    assert (ended.code, ended.object["error"]["kind"]) == (4, "system")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has this device")
@pytest.mark.parametrize("way", ["> /dev/full", "--output /dev/full", ">&-"])
def test_output_that_cannot_be_written(process: Command, way: str) -> None:
    ended = process(f"$nbmerge {' '.join(CLEAN)} --json {way}")
    assert (ended.code, ended.object["error"]["kind"]) == (4, "system")
    assert "cannot be written: " in ended.object["error"]["message"]
