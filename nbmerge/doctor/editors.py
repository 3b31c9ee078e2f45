"""Owns: whether the editors of VS Code's family that are here have nbmerge's extension, and of which version.

Must not know: what the extension does.  Invariant: no editor is run; an editor without the extension is no
fault, since the watcher judges what it saves.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbmerge.doctor.values import Finding, Setting, ok, warning
from nbmerge.vscode.editors import Editor, editors
from nbmerge.vscode.package import IDENTIFIER

EDITORS = "editors"


def vscode(setting: Setting) -> Iterator[Finding]:
    """One line for each editor."""
    for editor in editors(setting.home, IDENTIFIER, setting.environment):
        yield with_extension(editor, setting)


def with_extension(editor: Editor, setting: Setting) -> Finding:
    """What to say of an editor."""
    name = editor.kind.name
    install = f"{setting.program} vscode install --editor {editor.kind.program}"
    if editor.version is None:
        return ok(
            EDITORS, f"{name} has no extension of nbmerge: what it saves is judged by the watcher", install
        )
    if editor.version != setting.version:
        message = f"{name} has the extension of nbmerge {editor.version}, this is {setting.version}"
        return warning(EDITORS, message, install)
    return ok(EDITORS, f"{name} has the extension of this version")
