"""The command takes the place of nbdime's: every option of that one is understood, or refused with what
to use instead.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nbmerge.cli.merge_command import MergeOptions, merge_options, merge_parser
from nbmerge.errors import UsageError
from nbmerge.merge.values import Favor, Outputs, Policy, Side
from tests.cli.world import CLEAN, CONFLICT, Command, sources
from tests.helpers.build import conflict

UNDERSTOOD = {
    "--merge-strategy inline": Policy(),
    "--merge-strategy use-base": Policy(favor=Favor.BASE),
    "--merge-strategy use-local": Policy(favor=Favor.LOCAL),
    "--merge-strategy use-remote": Policy(favor=Favor.REMOTE, newer=Side.REMOTE),
    "--input-strategy inline": Policy(),
    "--input-strategy use-base": Policy(favor=Favor.BASE),
    "--input-strategy use-local": Policy(favor=Favor.LOCAL),
    "--input-strategy use-remote": Policy(favor=Favor.REMOTE),
    "--merge-strategy use-remote --input-strategy inline": Policy(newer=Side.REMOTE),
    "--merge-strategy use-local --input-strategy use-remote": Policy(favor=Favor.REMOTE),
    "--output-strategy inline": Policy(outputs=Outputs.RUN),
    "--output-strategy use-base": Policy(outputs=Outputs.BASE),
    "--output-strategy use-local": Policy(outputs=Outputs.LOCAL),
    "--output-strategy use-remote": Policy(outputs=Outputs.REMOTE),
    "--output-strategy remove": Policy(outputs=Outputs.CLEAR),
    "--output-strategy clear-all": Policy(outputs=Outputs.CLEAR),
    "--output-strategy remove --outputs local": Policy(outputs=Outputs.LOCAL),
    "--output-strategy remove --outputs run": Policy(outputs=Outputs.RUN),
}
REFUSED = {
    "-s -S --sources --ignore-sources": "--input-strategy",
    "-O --ignore-outputs": "--outputs",
    "-a -A --attachments --ignore-attachments": "always merges the whole notebook",
    "-m -M --metadata --ignore-metadata": "always merges the whole notebook",
    "-i -I --id --ignore-id": "always merges the whole notebook",
    "-d -D --details --ignore-details": "always merges the whole notebook",
    "--no-git --no-use-diff": "not needed",
    "--no-color --no-ignore-transients": "not needed",
    "--log-level --log-level=DEBUG": "--verbose",
    "--config": "not needed",
}


def parse(words: list[str]) -> MergeOptions:
    return merge_options(merge_parser().parse(words))


@pytest.mark.parametrize("options", UNDERSTOOD)
def test_strategies(options: str) -> None:
    assert parse([*options.split(), *CLEAN]).policy == UNDERSTOOD[options]


@pytest.mark.parametrize("option", [word for words in REFUSED for word in words.split()])
def test_refused(nbmerge: Command, option: str) -> None:
    [why] = [why for words, why in REFUSED.items() if option in words.split()]
    for arguments in ([option, *CLEAN], [*CLEAN, option]):
        ended = nbmerge(*arguments)
        assert (ended.code, ended.out) == (2, b"")
        assert ended.line.startswith(f"nbmerge: {option.partition('=')[0]} is an option of nbdime: ")
        assert why in ended.line


def test_no_option_of_nbdime_is_unknown() -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "nbdime.nbmergeapp", "--help"], capture_output=True, text=True, check=True
    )
    options = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", asked.stdout))
    assert {"--out", "--decisions", "--merge-strategy", "-s", "--ignore-id"} <= options
    for option in options - {"-h", "--help", "--version"}:
        with pytest.raises(UsageError) as refused:
            parse([option])
        assert "unknown option" not in str(refused.value), option


def test_out_is_output(nbmerge: Command, folder: Path) -> None:
    assert nbmerge("--out", "out.ipynb", *CLEAN).code == 0
    assert sources((folder / "out.ipynb").read_bytes()) == ["a = 2", "b = 1", "c = 3"]


def test_two_files_have_an_empty_base(nbmerge: Command) -> None:
    ended = nbmerge("local.ipynb", "rival.ipynb")
    assert ended.code == 1
    assert ended.sources[0] == conflict(["a = 2"], ["a = 9"])


@pytest.mark.parametrize(("strategy", "text"), [("base", "a = 1"), ("local", "a = 2"), ("remote", "a = 9")])
@pytest.mark.parametrize("what", ["merge", "input"])
def test_a_conflict_is_settled(nbmerge: Command, what: str, strategy: str, text: str) -> None:
    ended = nbmerge(*CONFLICT, f"--{what}-strategy", f"use-{strategy}")
    assert (ended.code, ended.sources[0]) == (0, text)


def test_decisions_instead_of_the_notebook(nbmerge: Command, folder: Path) -> None:
    ended = nbmerge(*CONFLICT, "--decisions")
    assert ended.code == 1
    assert ended.out.decode().splitlines() == [
        "conflict in cell 1 (id one): both changed it",
        "  base:",
        "    a = 1",
        "  local:",
        "    a = 2",
        "  remote:",
        "    a = 9",
    ]
    assert ended.line == "nbmerge: 1 conflict in cell 1"
    assert nbmerge(*CLEAN, "--decisions").out == b"nothing had to be decided\n"


def test_decisions_in_a_file_are_json(nbmerge: Command, folder: Path) -> None:
    ended = nbmerge(*CONFLICT, "--decisions", "--out", "decisions.json", "--json")
    assert json.loads((folder / "decisions.json").read_bytes()) == ended.object
