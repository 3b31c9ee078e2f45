"""What --help, docs/commands.md and the manual page say of commands, options and exit codes is the same.

`--update` rewrites both.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nbmerge import errors
from nbmerge.cli.arguments import USUAL_EXITS
from nbmerge.cli.program import COMMANDS, function_of, parser_of
from tests.cli.world import Command
from tests.helpers.manual import page, reference

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "commands.md"
PAGE = ROOT / "data" / "share" / "man" / "man1" / "nbmerge.1"
CODES = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}


@pytest.fixture(autouse=True)
def as_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["nbmerge-on-save"])


def test_the_reference_is_up_to_date(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        REFERENCE.parent.mkdir(exist_ok=True)
        REFERENCE.write_text(reference(), encoding="utf-8")
        return
    assert REFERENCE.read_text(encoding="utf-8") == reference(), (
        "run: python -m pytest tests/cli/test_manual.py --update"
    )


def test_the_manual_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page(), encoding="utf-8")
        return
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "run: python -m pytest tests/cli/test_manual.py --update"
    )


def test_the_other_name_has_the_same_page() -> None:
    assert PAGE.with_name("nbmerge-on-save.1").read_text(encoding="utf-8") == ".so man1/nbmerge.1\n"


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_manual_page_is_well_formed() -> None:
    ran = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", PAGE], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "nbmerge" in ran.stdout


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_in_the_list_can_be_called(name: str) -> None:
    assert callable(function_of(name))
    assert parser_of(name).call.split()[0] == name


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_tells_every_option_and_exit_code(nbmerge: Command, name: str) -> None:
    parser = parser_of(name)
    ended = nbmerge(name, "--help")
    text = ended.out.decode()
    assert (ended.code, ended.err) == (0, "")
    for action in parser.options:
        for option in action.option_strings:
            assert re.search(rf"^  .*(?<![\w-]){option}(?![\w-])", text, re.M), option
    codes = re.findall(r"^  (\d+) +\S", text.partition("exit codes:\n")[2], re.M)
    assert list(map(int, codes)) == sorted(parser.exits)
    assert set(parser.exits) <= CODES


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_options_that_a_help_text_names_exist(name: str) -> None:
    known = {
        option for each in COMMANDS for action in parser_of(each).options for option in action.option_strings
    }
    assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", parser_of(name).description or "")) <= known


def test_options_that_the_pages_name_exist() -> None:
    known = {
        option for name in COMMANDS for action in parser_of(name).options for option in action.option_strings
    }
    pages = [README, *(README.parent / "docs").glob("*.md")]
    texts = (page.read_text(encoding="utf-8") for page in pages)
    named = {option for text in texts for option in re.findall(r"`(--[a-z-]+)(?=[` ])", text)}
    assert named <= known | {"--help", "--debug", "--option"}
    assert len(named) > 20


def test_the_usual_exit_codes_are_those_of_the_code() -> None:
    assert set(USUAL_EXITS) == CODES - {errors.EXIT_CONFLICTS, errors.EXIT_DRIVER_FAILED}
