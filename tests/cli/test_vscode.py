"""`nbmerge vscode`: the extension is installed with each editor that is here, or written to a file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from nbmerge import __version__
from tests.cli.world import Command


@pytest.fixture
def programs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH; the home folder is empty."""
    found = folder / "programs"
    found.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("PATH", str(found))
    return found


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_it_is_installed_with_each_editor_though_one_fails(programs: Path, nbmerge: Command) -> None:
    got = programs.parent / "got.vsix"
    program(programs, "code", f'/bin/cp "$2" {got}')
    program(programs, "cursor", "echo broken >&2; exit 1")
    ended = nbmerge("vscode", "install")
    assert ended.code == 4
    assert (
        ended.out.decode()
        == f"VS Code: nbmerge {__version__} is installed; reload its windows that are open\n"
    )
    assert "broken" in ended.err
    assert "extension/plugin.js" in zipfile.ZipFile(got).namelist()


def test_what_would_be_done_is_shown(programs: Path, nbmerge: Command) -> None:
    program(programs, "codium", "exit 1")
    line = f"VSCodium: not installed ({programs}/codium)\n"
    assert nbmerge("vscode", "list").out.decode() == line
    assert nbmerge("vscode", "install", "--list").out.decode() == line
    assert nbmerge("vscode", "uninstall").out == b"VSCodium: it was not installed\n"


def test_without_an_editor_there_is_a_file_for_it(programs: Path, nbmerge: Command) -> None:
    ended = nbmerge("vscode", "install")
    assert ended.code == 4
    assert "no editor of VS Code's family is here" in ended.err
    assert "vscode package nbmerge.vsix" in ended.err
    assert nbmerge("vscode", "package", "nbmerge.vsix").code == 0
    assert zipfile.is_zipfile(programs.parent / "nbmerge.vsix")


def test_an_editor_that_is_not_here(programs: Path, nbmerge: Command) -> None:
    program(programs, "codium", "exit 0")
    assert nbmerge("vscode", "list", "--editor", "cursor").err.startswith("nbmerge: cursor is not here")


def test_a_file_goes_with_package_alone(programs: Path, nbmerge: Command) -> None:
    assert nbmerge("vscode", "package").code == 2
    assert nbmerge("vscode", "install", "n.vsix").code == 2
