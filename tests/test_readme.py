"""The README is true: its commands are typed, its samples compared, its tables held against the code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nbmerge import errors
from nbmerge.cli.options import COMMANDS, help_text
from nbmerge.merge.values import ConflictStyle, Outputs
from nbmerge.merge.whole import MergedFile

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    """The fenced blocks of one kind, in order."""
    parts = re.split(r"^```(.*)\n", README, flags=re.M)  # text, opening, block, closing, text, ...
    return [block for opening, block in zip(parts[1::4], parts[2::4], strict=True) if opening == kind]


def dialogues() -> list[tuple[str, str]]:
    """(command, what it prints) of every console block."""
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, printed = part.partition("\n")
            found.append((command, printed))
    return found


@pytest.fixture
def terminal(tmp_path: Path) -> dict[str, str]:
    """An environment in which the commands are this checkout's, and no configuration is anybody's."""
    programs = tmp_path / "bin"
    programs.mkdir()
    script = f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -c "{START}" "$@"\n'
    (programs / "nbmerge-on-save").write_text(script, encoding="utf-8")
    (programs / "nbmerge-on-save").chmod(0o755)
    (programs / "python").symlink_to(sys.executable)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    quiet = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    return {**os.environ, **quiet, "PATH": path}


START = "import sys; sys.argv[0] = 'nbmerge-on-save'; from nbmerge.__main__ import main; sys.exit(main())"


def test_what_is_typed_prints_what_the_readme_says(tmp_path: Path, terminal: dict[str, str]) -> None:
    folder = tmp_path / "work"
    shutil.copytree(ROOT / "fixtures", folder / "fixtures")
    subprocess.run(["git", "init", "-q"], cwd=folder, env=terminal, check=True)
    assert len(dialogues()) >= 5
    for command, printed in dialogues():
        ran = subprocess.run(
            ["sh", "-c", f"{command} 2>&1"],
            cwd=folder,
            env=terminal,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.stdout.replace(sys.executable, "PYTHON") == printed, command


def test_the_first_block_is_the_line_that_installs_and_the_line_that_tests() -> None:
    install, test = blocks("sh")[0].splitlines()
    assert install.startswith("python -m pip install . && nbmerge-on-save ")
    assert test == "python -m pip install '.[test]' && python -m pytest -n auto"
    for word in install.split():
        if word.startswith("fixtures/"):
            assert (ROOT / word).exists()


def test_the_picture_of_a_merge_is_a_golden_one() -> None:
    picture = next(block for block in blocks("") if block.startswith("base "))
    head, *rows = picture.splitlines()
    starts = [head.index(side) for side in ("base", "local", "remote", "merged")]
    for start, end, side in zip(starts, [*starts[1:], None], head.split(), strict=True):
        notebook = json.loads((ROOT / "fixtures" / "different-cells" / f"{side}.ipynb").read_bytes())
        text = "\n".join(map(shown, notebook["cells"]))
        for row in rows:
            assert row[start:end].strip() in text, side


def shown(cell: dict[str, object]) -> str:
    def joined(lines: object) -> str:
        return "".join(lines) if isinstance(lines, list) else str(lines)

    outputs = cell.get("outputs") or []
    assert isinstance(outputs, list)
    count = f"[{cell['execution_count']}] " if cell.get("execution_count") else ""
    return count + "\n".join([joined(cell["source"]), *(joined(output["text"]) for output in outputs)])


def test_exit_codes_are_those_of_the_code() -> None:
    table = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.M)}
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert table == codes - {errors.EXIT_DRIVER_FAILED}  # that one is told to git, not to people
    for code in table:
        assert re.search(rf"^  {code} +\w", help_text(), re.M)


def test_options_and_their_choices_are_those_of_the_command() -> None:
    usage = next(block for block in blocks("") if "BASE LOCAL REMOTE" in block)
    for option in re.findall(r"--[a-z-]+", usage):
        assert option in help_text()
    for choices in (ConflictStyle, Outputs):
        assert "|".join(choice.value for choice in choices) in usage


def test_every_command_is_in_the_table() -> None:
    rows = re.findall(r"^\| (`[^|]*)\|", README, re.M)
    named = {word for row in rows for word in re.findall(r"[`(]([a-z]+)", row)}
    assert set(COMMANDS) <= named


def test_every_command_that_is_shown_exists() -> None:
    for block in blocks("sh")[1:]:
        for command in re.findall(r"^nbmerge-on-save ([a-z]+)", block, re.M):
            assert command in COMMANDS


def test_the_sample_for_python_runs() -> None:
    [sample] = [block for block in blocks("python") if "merge_bytes" in block]
    folder = ROOT / "fixtures" / "same-line"
    names: dict[str, object] = {
        side: (folder / f"{side}.ipynb").read_bytes() for side in ("base", "local", "remote")
    }
    exec(sample, names)
    whole = names["whole"]
    assert isinstance(whole, MergedFile)
    assert whole.data == (folder / "merged.ipynb").read_bytes()
    assert len(whole.result.conflicts) == 1
