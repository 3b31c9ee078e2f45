"""Calls that are wrong, and what the command tells about itself."""

from __future__ import annotations

import re

import pytest

import nbmerge as package
from tests.cli.world import CLEAN, Command

OPTIONS = """
    --output --json --outputs --conflict-style --labels --marker-size --verbose --debug --version --help
    --out --decisions --merge-strategy --input-strategy --output-strategy -o -v -h
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name the files to merge: .* BASE LOCAL REMOTE.*--help"),
        (["merge"], "name the files to merge"),
        (["only.ipynb"], "1 file was given, two or three are needed"),
        ([*CLEAN, "more.ipynb"], "4 files were given, two or three are needed"),
        (["frob"], r"'frob' is not a command \(merge, git, driver, .*, doctor.*\)"),
        (["base.ipynb", "", "remote.ipynb"], "the name of a file is empty"),
        ([*CLEAN, "--output", ""], "--output.*: the name is empty"),
        ([*CLEAN, "--output"], "--output.*: expected one argument"),
        ([*CLEAN, "--bogus"], "unknown option --bogus"),
        ([*CLEAN, "--bogus=5"], "unknown option --bogus=5"),
        ([*CLEAN, "-x"], "unknown option -x"),
        ([*CLEAN, "--conflict", "diff3"], "unknown option --conflict"),
        ([*CLEAN, "--verb"], "unknown option --verb"),
        ([*CLEAN, "--conflict-style", "diff2"], "--conflict-style: .*diff2.*zdiff3"),
        ([*CLEAN, "--outputs", "mine"], "--outputs: .*mine.*union"),
        ([*CLEAN, "--labels", "a", "b"], "--labels: expected 3 arguments"),
        ([*CLEAN, "--marker-size", "0"], "'0' is not a number from 1 to 1000"),
        ([*CLEAN, "--marker-size", "-7"], "'-7' is not a number"),
        ([*CLEAN, "--marker-size", "9999999999"], "'9999999999' is not a number"),
        ([*CLEAN, "--marker-size", "seven"], "'seven' is not a number"),
        ([*CLEAN, "--merge-strategy", "union"], "--merge-strategy: .*union"),
    ],
)
def test_wrong_calls(nbmerge: Command, arguments: list[str], said: str) -> None:
    ended = nbmerge(*arguments)
    assert (ended.code, ended.out) == (2, b"")
    assert re.search(said, ended.line), ended.line


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["merge", "--help"], ["--help", "--bogus"]])
def test_help(nbmerge: Command, arguments: list[str]) -> None:
    ended = nbmerge(*arguments)
    text = ended.out.decode()
    assert (ended.code, ended.err) == (0, "")
    assert [option for option in OPTIONS.split() if option not in re.split(r"[\s,{}]+", text)] == []
    assert re.findall(r"^  (\d+) ", text, re.M) == ["0", "1", "2", "3", "4", "70", "130"]
    assert [word for word in ("merge", "git", "driver") if not re.search(rf"^  {word}\b", text, re.M)] == []
    assert max(map(len, text.splitlines())) <= 100


def test_version_tells_which_nbmerge_answers(nbmerge: Command) -> None:
    """Another package installs a command of this name too."""
    ended = nbmerge("--version")
    assert (ended.code, ended.err) == (0, "")
    [folder] = package.__path__
    assert ended.out.decode().startswith(f"nbmerge {package.__version__} from {folder} (Python 3.")


@pytest.mark.parametrize("arguments", [["git", "--help"], ["driver", "--help"]])
def test_other_commands_have_help_too(nbmerge: Command, arguments: list[str]) -> None:
    ended = nbmerge(*arguments)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.strip()
