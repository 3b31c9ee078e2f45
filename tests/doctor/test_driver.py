"""What git does with notebooks here, in real repositories."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nbmerge.doctor.installation import attribute, driver, other_tools
from nbmerge.doctor.values import Finding, Severity
from nbmerge.git.entry import Launcher, shell_line
from tests.doctor.conftest import Place

ROOT = Path(__file__).parents[2]


def git(place: Place, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=place.here, check=True, capture_output=True)


def nbmerge(place: Place, *arguments: str, python: str = sys.executable) -> None:
    environment = {**place.environment, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [python, "-m", "nbmerge", *arguments],
        cwd=place.here,
        env=environment,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def repo(place: Place) -> Place:
    git(place, "init", "--quiet", "--template=")
    return place


def first(place: Place) -> Finding:
    return next(iter(driver(place.setting)))


def test_outside_of_repositories(place: Place) -> None:
    found = first(place)
    assert found.state is Severity.OK
    assert "nbmerge-on-save git install --global" in found.advice
    assert list(other_tools(place.setting)) == []


def test_not_installed(repo: Place) -> None:
    found = first(repo)
    assert (found.state, found.advice) == (Severity.WARNING, "nbmerge-on-save git install")
    assert found.message == "git merges the notebooks of this repository as text"


@pytest.mark.parametrize("options", [[], ["--global"]])
def test_installed_and_running(repo: Place, options: list[str]) -> None:
    nbmerge(repo, "git", "install", *options)
    before = repo.everything()
    found = first(repo)
    assert found.state is Severity.OK
    assert sys.executable in found.message
    assert repo.everything() == before


@pytest.mark.parametrize(("options", "advice"), [([], "git install"), (["--global"], "git install --global")])
def test_installed_with_an_interpreter_that_is_gone(repo: Place, options: list[str], advice: str) -> None:
    python = repo.root / "python"
    python.symlink_to(sys.executable)
    nbmerge(repo, "git", "install", *options)
    for file in (repo.here / ".git/config", repo.home / ".gitconfig"):
        if file.exists():
            file.write_text(file.read_text().replace(sys.executable, "/gone/python"))
    found = first(repo)
    assert found.state is Severity.ERROR
    assert "/gone/python" in found.message
    assert found.advice == f"nbmerge-on-save {advice}"


def test_half_installed(repo: Place) -> None:
    nbmerge(repo, "git", "install")
    git(repo, "config", "--unset", "merge.nbmerge.driver")
    assert first(repo).state is Severity.ERROR


def test_an_entry_of_another_version(repo: Place) -> None:
    nbmerge(repo, "git", "install")
    git(repo, "config", "merge.nbmerge.driver", "nbmerge driver %O %A %B")
    found = first(repo)
    assert (found.state, found.advice) == (Severity.WARNING, "nbmerge-on-save git install")


def test_another_driver(repo: Place) -> None:
    (repo.here / ".gitattributes").write_text("*.ipynb merge=jupyternotebook\n")
    found = first(repo)
    assert found.state is Severity.WARNING
    assert "`jupyternotebook`" in found.message


def test_attributes_that_overrule_the_driver(repo: Place) -> None:
    nbmerge(repo, "git", "install")
    with (repo.here / ".git/info/attributes").open("a") as file:
        file.write("*.ipynb merge=jupyternotebook\n")
    found = first(repo)
    assert found.state is Severity.WARNING
    assert "attributes say otherwise" in found.message


def test_rules_that_have_no_effect_are_named(repo: Place) -> None:
    (repo.here / ".gitattributes").write_text("*.ipynb merge=jupyternotebook\n")
    nbmerge(repo, "git", "install")
    found, rule = driver(repo.setting)
    assert found.state is rule.state is Severity.OK
    assert "jupyternotebook" in rule.message


@pytest.mark.parametrize(
    ("command", "state", "said"),
    [
        ("", Severity.OK, "no such command"),
        ("cat", Severity.OK, ": cat"),
        ("nbstripout-that-is-gone -x", Severity.WARNING, "not there"),
        ('"/gone/python" -m nbstripout', Severity.WARNING, "not there"),
        ("FLAG=1 anything", Severity.OK, "anything"),
        ("it's broken", Severity.OK, "it's"),
    ],
)
def test_a_filter(repo: Place, command: str, state: Severity, said: str) -> None:
    (repo.here / ".gitattributes").write_text("*.ipynb filter=nbstripout\n")
    if command:
        git(repo, "config", "filter.nbstripout.clean", command)
    [found] = other_tools(repo.setting)
    assert (found.name, found.state) == ("git filter", state)
    assert said in found.message


def test_nbstripout_numbers_the_ids_unless_it_is_told_to_keep_them(repo: Place) -> None:
    """What is advised is all that is needed."""
    (repo.here / ".gitattributes").write_text("*.ipynb filter=nbstripout\n")
    command = f'"{sys.executable}" -m nbstripout'
    git(repo, "config", "filter.nbstripout.clean", command)
    [found] = other_tools(repo.setting)
    assert (found.name, found.state) == ("git filter", Severity.WARNING)
    assert "replaces the ids of cells by their places" in found.message
    git(repo, *shlex.split(found.advice.partition(": git ")[2]))
    [found] = other_tools(repo.setting)
    assert (found.state, f"{command} --keep-id" in found.message) == (Severity.OK, True)


def test_a_differ(repo: Place) -> None:
    (repo.here / ".gitattributes").write_text("*.ipynb diff=jupyternotebook\n")
    git(repo, "config", "diff.jupyternotebook.command", "git-nbdiffdriver-that-is-gone diff")
    [found] = other_tools(repo.setting)
    assert (found.name, found.state) == ("git diff", Severity.WARNING)


def test_without_git_nothing_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(place.bin))
    assert shutil.which("git") is None
    assert [*driver(place.setting), *other_tools(place.setting)] == []


def test_what_git_tells_of_attributes() -> None:
    told = "x.ipynb\0filter\0lfs\0x.ipynb\0diff\0unspecified\0"
    assert (attribute(told, "filter"), attribute(told, "diff"), attribute(told, "merge")) == (
        "lfs",
        "unspecified",
        "",
    )


LINE = shell_line(Launcher(sys.executable))


@pytest.mark.parametrize(
    "pretended",
    [
        lambda program: LINE.replace(sys.executable, program),
        lambda program: LINE.replace("; then ", f"; then {program}; ", 1),
        lambda program: LINE.replace("-c ", f'-c \'__import__("os").system("{program}")\' ', 1),
        lambda program: LINE.replace("; then ", f"; then PYTHONPATH={Path(program).parent} ", 1),
    ],
    ids=["interpreter", "command", "code", "path"],
)
def test_what_a_repository_names_in_a_line_like_ours_is_not_run(
    repo: Place, pretended: Callable[[str], str]
) -> None:
    ran, program = repo.root / "ran", repo.root / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    (repo.root / "nbmerge.py").write_text(f"open({str(ran)!r}, 'w')\n")
    nbmerge(repo, "git", "install")
    git(repo, "config", "--local", "merge.nbmerge.driver", pretended(str(program)))
    git(repo, "config", "--local", "mergetool.nbmerge.cmd", str(program))
    assert first(repo).state is not Severity.OK
    list(other_tools(repo.setting))
    status = [sys.executable, "-m", "nbmerge", "git", "status"]
    environment = {**repo.environment, "PYTHONPATH": str(ROOT)}
    told = subprocess.run(status, cwd=repo.here, env=environment, capture_output=True, check=False).stdout
    assert b"mergetool: does not run nbmerge" in told or b"interpreter: " in told
    assert not ran.exists()
