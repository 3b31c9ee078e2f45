"""Completion, in real shells on a pseudo-terminal: what is typed, and what a TAB makes of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbmerge.cli.program import COMMANDS
from tests.cli.world import Command

pytest.importorskip("pty")

from tests.cli.shells import ROOT, SHELLS, Shell, programs

NOTEBOOKS = ("analysis.ipynb", "my notes.ipynb", "it's.ipynb", "q@x.ipynb", "x:y.ipynb", "tab.ipynb")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with both programs, and in `work` notebooks, two of which have a version."""
    home = tmp_path_factory.mktemp("home")
    bin = programs(home / "bin")
    work = home / "work"
    (work / "figures").mkdir(parents=True)
    shutil.copy(ROOT / "fixtures/different-cells/base.ipynb", work / "figures" / "deep.ipynb")
    (work / "table.csv").write_text("1\n")
    for name in NOTEBOOKS:
        shutil.copy(ROOT / "fixtures/different-cells/base.ipynb", work / name)
    for name in ("analysis.ipynb", "my notes.ipynb"):
        command = [f"{bin}/nbmerge", "open", name]
        subprocess.run(command, cwd=work, env={"HOME": str(home)}, check=True, capture_output=True)
    return home


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest, home: Path) -> Iterator[Shell]:
    shell = Shell(request.param, home / "work", home)
    yield shell
    shell.close()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("nbmerge wat", "watch"),
        ("nbmerge-on-save conf", "conflicts"),
        ("nbmerge watch --settl", "--settle"),
        ("nbmerge log --js", "--json"),
        ("nbmerge status --state fig", "figures/"),
        ("nbmerge status --state=fig", "--state=figures/"),
        ("nbmerge merge --outputs un", "union"),
        ("nbmerge merge --outputs=un", "--outputs=union"),
        ("nbmerge --conflict-styl", "--conflict-style"),
        ("nbmerge analysis.ipynb --conflict-style zd", "zdiff3"),
        ("nbmerge git ins", "install"),
        ("nbmerge git --global unin", "uninstall"),
        ("nbmerge completion fi", "fish"),
        ("nbmerge replay --out table", "table.csv"),
    ],
)
def test_a_beginning_is_completed(shell: Shell, line: str, word: str) -> None:
    last = shell.typed(line)[-1]
    assert last in (word, word.removesuffix("/"))  # zsh adds the slash when one goes on


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("nbmerge log ana", "analysis.ipynb"),
        ("nbmerge ana", "analysis.ipynb"),
        ("nbmerge my\\ notes.ipynb ana", "analysis.ipynb"),
        ("nbmerge log my", "my notes.ipynb"),
        ('nbmerge log "my n', "my notes.ipynb"),
        ("nbmerge log my\\ n", "my notes.ipynb"),
        ("nbmerge log it", "it's.ipynb"),
        ("nbmerge log q@", "q@x.ipynb"),
        ("nbmerge log x:", "x:y.ipynb"),
        ("nbmerge log tab", "tab.ipynb"),
        ("nbmerge log ~/work/ana", "/work/analysis.ipynb"),
        ("nbmerge watch figures/de", "figures/deep.ipynb"),
        ("nbmerge watch fig", "figures/"),
        ("nbmerge watch figures --poll ana", "analysis.ipynb"),
    ],
)
def test_notebooks_and_folders_are_completed(shell: Shell, line: str, name: str) -> None:
    last = shell.typed(line)[-1]
    assert last.endswith((name, name.removesuffix("/")))


def test_what_there_is_to_choose_from_is_shown(shell: Shell) -> None:
    for line, words in (
        ("nbmerge ", set(COMMANDS) - {"driver"}),
        ("nbmerge watch --", {"--settle", "--poll", "--state"}),
        ("nbmerge git ", {"install", "status", "uninstall"}),
        ("nbmerge merge --outputs ", {"run", "local", "remote", "base"}),
    ):
        assert words <= shell.listed(line, words)


def test_other_files_are_not_offered_where_a_notebook_is_due(shell: Shell) -> None:
    shown = shell.listed("nbmerge recover ", {"analysis.ipynb", "figures/"})
    assert {"analysis.ipynb", "figures/"} <= shown
    assert "table.csv" not in shown


def test_versions_are_completed(shell: Shell) -> None:
    assert shell.typed("nbmerge show ana")[-1] == "analysis.ipynb"
    assert shell.typed("nbmerge show analysis.ipynb@")[-1] == "analysis.ipynb@1"
    assert shell.typed("nbmerge diff ~/work/analysis.ipynb@")[-1].endswith("/work/analysis.ipynb@1")
    assert shell.typed("nbmerge restore my\\ notes.ipynb@")[-1] == "my notes.ipynb@1"


def test_what_is_said_once_is_not_offered_again(shell: Shell) -> None:
    assert shell.typed("nbmerge git install sta")[-1] == "sta"


def test_another_shell_is_refused(nbmerge: Command) -> None:
    ended = nbmerge("completion", "tcsh")
    assert (ended.code, ended.out) == (2, b"")
    assert "invalid choice: 'tcsh'" in ended.line


@pytest.mark.parametrize("name", SHELLS)
def test_the_script_alone_is_printed(nbmerge: Command, name: str) -> None:
    ended = nbmerge("completion", name)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(b"#")
