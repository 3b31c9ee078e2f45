"""What --help, README and the manual page say of commands, options and exit codes is one and the same.

`--update` rewrites README and page.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nbmerge import errors
from nbmerge.cli.arguments import USUAL_EXITS, options_of
from nbmerge.cli.main import command_names, parser_of
from nbmerge.cli.options import COMMANDS
from tests.cli.world import Command
from tests.helpers.manual import HEADING, page, reference

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGE = ROOT / "data" / "share" / "man" / "man1" / "nbmerge.1"
CODES = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}


@pytest.fixture(autouse=True)
def as_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["nbmerge-on-save"])


def section(text: str) -> str:
    """The README's section, up to the next heading."""
    start = text.index(HEADING)
    return text[start : text.index("\n## ", start) + 1]


def test_readme_has_every_option_and_exit_code(request: pytest.FixtureRequest) -> None:
    text = README.read_text(encoding="utf-8")
    if request.config.getoption("--update"):
        README.write_text(text.replace(section(text), reference()), encoding="utf-8")
        return
    assert section(text) == reference(), "run: python -m pytest tests/cli/test_manual.py --update"


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


def test_every_command_that_can_be_called_is_in_the_list() -> None:
    assert {*command_names(), "driver"} == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_tells_every_option_and_exit_code(nbmerge: Command, name: str) -> None:
    parser = parser_of(name)
    ended = nbmerge(name, "--help")
    text = ended.out.decode()
    assert (ended.code, ended.err) == (0, "")
    for action in options_of(parser):
        for option in action.option_strings:
            assert re.search(rf"^  .*(?<![\w-]){option}(?![\w-])", text, re.M), option
    codes = re.findall(r"^  (\d+) +\S", text.partition("exit codes:\n")[2], re.M)
    assert list(map(int, codes)) == sorted(parser.exits)
    assert set(parser.exits) <= CODES


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_options_of_a_call_are_those_that_are_understood(name: str) -> None:
    """What the usage line names exists; it need not name all."""
    parser = parser_of(name)
    known = {option for action in options_of(parser) for option in action.option_strings}
    assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", parser.call)) <= known


def test_options_that_readme_names_exist() -> None:
    known = {
        option
        for name in COMMANDS
        for action in options_of(parser_of(name))
        for option in action.option_strings
    }
    rows = re.findall(r"^\| .*", README.read_text(encoding="utf-8"), re.M)
    named = {option for row in rows for option in re.findall(r"`(--[a-z-]+)", row)}
    assert named <= known
    assert len(named) > 20


def test_the_usual_exit_codes_are_those_of_the_code() -> None:
    assert set(USUAL_EXITS) == CODES - {errors.EXIT_CONFLICTS, errors.EXIT_DRIVER_FAILED}
