"""What is said of editors of VS Code's family."""

from __future__ import annotations

from nbmerge.doctor.editors import with_extension
from nbmerge.doctor.values import Setting, Severity
from nbmerge.vscode.editors import KINDS, Editor

SETTING = Setting("nbmerge", "1.2", "/package", "/python", "/", "/state", {}, "/home", "linux")


def editor(version: str | None) -> Editor:
    return Editor(KINDS[0], "/bin/code", version)


def test_an_editor_without_the_extension_is_no_fault() -> None:
    found = with_extension(editor(None), SETTING)
    assert found.state is Severity.OK
    assert found.advice == "nbmerge vscode install --editor code"


def test_another_version_may_surprise() -> None:
    found = with_extension(editor("1.1"), SETTING)
    assert found.state is Severity.WARNING
    assert "1.1" in found.message
    assert "1.2" in found.message


def test_the_same_version_is_well() -> None:
    assert with_extension(editor("1.2"), SETTING).state is Severity.OK
