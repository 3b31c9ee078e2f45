"""The shell line in git's configuration: whatever becomes of the interpreter, no side is silently absent."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nbmerge.git.entry import Launcher, command_of, interpreter_of, shell_line
from tests.git.repo import NAME, ROOT, Repository, run, spelled

BASE = spelled("a = 1", "b = 2", "c = 3")
OURS = spelled("a = 10", "b = 2", "c = 3")
THEIRS = spelled("a = 1", "b = 2", "c = 30")
CLASHING = spelled("a = 77", "b = 2", "c = 3")
ODD_FOLDER = 'it\'s $HOME 50% %A "x" ünï'


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment with nbmerge in it, in a folder with a name that needs quoting."""
    folder = tmp_path / ODD_FOLDER / "venv"
    make = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(make, check=True, capture_output=True)
    package(folder).write_text(f"{ROOT}\n")
    return folder


def package(environment: Path) -> Path:
    """What stands for the installed package."""
    (site,) = environment.glob("lib/python*/site-packages")
    return site / "nbmerge.pth"


def install_from(environment: Path, bare: Repository) -> Repository:
    done = bare.nbmerge("git", "install", python=str(environment / "bin" / "python"))
    assert done.code == 0, done
    return bare


def test_the_environment_that_installed_it_runs_it(bare: Repository, environment: Path) -> None:
    repo = install_from(environment, bare)
    assert str(environment / "bin" / "python") == interpreter_of(repo.driver())
    repo.diverge(BASE, OURS, THEIRS).git("merge", "--no-edit", "feature")
    assert repo.sources() == ["a = 10", "b = 2", "c = 30"]


def test_the_environment_was_deleted(bare: Repository, environment: Path) -> None:
    install_from(environment, bare)
    shutil.rmtree(environment)
    assert_merged_as_text(bare, "exit 127")


def test_what_is_said_of_an_interpreter_that_is_gone_is_one_line(repo: Repository) -> None:
    """A shell that finds nothing to start names the whole line, a thousand characters."""
    repo.config("merge.nbmerge.driver", shell_line(Launcher("/nowhere/python")))
    repo.diverge(BASE, OURS, CLASHING)
    said = repo.try_git("merge", "feature").err.splitlines()
    assert [line[:31] for line in said] == ["nbmerge did not run (exit 127),"]
    assert "install nbmerge again and run: nbmerge-on-save git install" in said[0]


def test_the_package_was_removed(bare: Repository, environment: Path) -> None:
    install_from(environment, bare)
    package(environment).unlink()
    assert_merged_as_text(bare, "exit 1")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("kill -9 $$", "exit 137"),
        ("kill -SEGV $$", "exit 139"),
        ("exit 0", "exit 0"),
        ("exit 1", "exit 1"),
        ("exit 2", "exit 2"),
    ],
)
def test_the_interpreter_ends_without_an_answer(repo: Repository, script: str, said: str) -> None:
    """A crash, a kill, a stub: no exit code that any program might give counts as a merge."""
    fake = repo.path.parent / "python"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    repo.config("merge.nbmerge.driver", shell_line(Launcher(str(fake))))
    assert_merged_as_text(repo, said)


def assert_merged_as_text(repo: Repository, said: str) -> None:
    """Conflict or not: git says that a person must look, and both sides are there to look at."""
    repo.diverge(BASE, OURS, CLASHING)
    done = repo.try_git("merge", "feature")
    assert (done.code, repo.unmerged()) == (1, [NAME])
    assert f"nbmerge did not run ({said}), so git merges {NAME} as text" in done.err
    assert '<<<<<<< HEAD\n    "a = 10"\n=======\n    "a = 77"\n>>>>>>> theirs\n' in repo.read()
    repo.git("merge", "--abort")
    repo.git("checkout", "--quiet", "-b", "clean", "main~1")
    repo.commit("elsewhere", THEIRS)
    assert repo.try_git("merge", "main").code == 1
    assert (repo.unmerged(), repo.sources()) == ([NAME], ["a = 10", "b = 2", "c = 30"])


def test_the_text_merge_takes_labels_and_size_from_git(repo: Repository) -> None:
    """The line as a git since 2.44 would run it, with an interpreter that is gone."""
    line = shell_line(Launcher("/nowhere/python"))
    for name, text in (("b", BASE), ("l", OURS), ("t", CLASHING)):
        repo.write(name, text)
    filled = {
        "O": "b",
        "A": "l",
        "B": "t",
        "L": "9",
        "P": "'it'\\''s'",
        "S": "''",
        "X": "'HEAD'",
        "Y": "'a b'",
    }
    done = run(["sh", "-c", as_git_fills(line, filled)], repo.path, repo.env)
    assert done.code == 1
    assert "git merges it's as text" in done.err
    assert "<<<<<<<<< HEAD\n" in repo.read("l")
    assert ">>>>>>>>> a b\n" in repo.read("l")


def test_a_text_merge_that_fails_is_no_conflict(repo: Repository) -> None:
    line = shell_line(Launcher("/nowhere/python"))
    filled = {"O": "b", "A": "l", "B": "absent", "L": "7", "P": "x"}
    repo.write("b", BASE)
    repo.write("l", OURS)
    assert run(["sh", "-c", as_git_fills(line, filled)], repo.path, repo.env).code > 128
    assert repo.read("l") == OURS


def as_git_fills(line: str, filled: dict[str, str]) -> str:
    """git's own replacement: %% is a percent sign, what it does not know it leaves."""
    parts = line.split("%%")
    for letter, value in filled.items():
        parts = [part.replace(f"%{letter}", value) for part in parts]
    return "%".join(parts)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_line_works_in_other_shells(repo: Repository, shell: str) -> None:
    """`sh` is dash here, bash or busybox elsewhere."""
    filled = {"O": "b", "A": "l", "B": "t", "L": "7", "P": "'n.ipynb'"}
    for name, text in (("b", BASE), ("l", OURS), ("t", THEIRS)):
        repo.write(name, text)
    assert run([shell, "-c", as_git_fills(repo.driver(), filled)], repo.path, repo.env).code == 0
    assert repo.sources("l") == ["a = 10", "b = 2", "c = 30"]


def test_a_clean_merge_loads_nothing_heavy(repo: Repository) -> None:
    """git waits for one start of the interpreter for each notebook."""
    for name, text in (("b", BASE), ("l", OURS), ("t", THEIRS)):
        repo.write(name, text)
    heavy = {"argparse", "asyncio", "logging", "nbdime", "nbformat", "parso", "pathlib", "runpy"}
    heavy |= {"shutil", "subprocess", "tempfile", "watchdog"}
    script = "import sys; from nbmerge.cli.driver_command import run_driver;"
    script += "print(run_driver(sys.argv[1:]), *sys.modules)"
    done = run([sys.executable, "-c", script, "b", "l", "t", "7", NAME], repo.path, repo.env)
    code, *loaded = done.out.split()
    assert code == "0"
    assert not heavy & set(loaded)


@pytest.mark.parametrize(
    "launcher",
    [
        Launcher("/usr/bin/python3"),
        Launcher(f"/{ODD_FOLDER}/python", "-EP"),
        Launcher("/x/python", "-sP", f"/{ODD_FOLDER}"),
    ],
)
def test_the_launcher_can_be_read_from_the_line(launcher: Launcher) -> None:
    line = shell_line(launcher)
    assert command_of(line) == launcher.command()
    assert interpreter_of(line) == launcher.python


@pytest.mark.parametrize("line", ["", "git-nbmergedriver merge %O %A %B %L %P", "set -- %O; 'unbalanced"])
def test_another_line_has_no_launcher(line: str) -> None:
    assert command_of(line) is None
    assert interpreter_of(line) is None
