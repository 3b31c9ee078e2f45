"""Owns: the editors of VS Code's family on this machine: which programs they are, which version of the
extension each has, and having them install it or take it out.

Must not know: what the extension does.  Invariant: editors are only run because somebody asked for it; what
they have is read from their folders, without running them.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from nbmerge.errors import SystemFailure
from nbmerge.files import read_small_file

_PATIENCE = 120.0  # seconds; installing takes one or two
_LARGEST = 1 << 20  # bytes of a `package.json`


@dataclass(frozen=True, slots=True)
class Kind:
    """An editor: its program's and its own name, and where it keeps extensions below the home folder."""

    program: str
    name: str
    folders: tuple[str, ...]


KINDS = (
    Kind("code", "VS Code", (".vscode/extensions", ".vscode-server/extensions", ".vscode-remote/extensions")),
    Kind(
        "code-insiders",
        "VS Code Insiders",
        (".vscode-insiders/extensions", ".vscode-server-insiders/extensions"),
    ),
    Kind("codium", "VSCodium", (".vscode-oss/extensions", ".vscodium-server/extensions")),
    Kind("cursor", "Cursor", (".cursor/extensions", ".cursor-server/extensions")),
    Kind("windsurf", "Windsurf", (".windsurf/extensions", ".windsurf-server/extensions")),
    Kind("positron", "Positron", (".positron/extensions", ".positron-server/extensions")),
    Kind("code-server", "code-server", (".local/share/code-server/extensions",)),
)


@dataclass(frozen=True, slots=True)
class Editor:
    """An editor that is here: its program (None: there is none on PATH), the extension's version in it."""

    kind: Kind
    program: str | None
    version: str | None


def editors(home: str, identifier: str, environment: Mapping[str, str]) -> Iterator[Editor]:
    """Those of which there is a program on PATH or a folder of extensions."""
    for kind in KINDS:
        program = shutil.which(kind.program, path=environment.get("PATH", os.defpath))
        folders = [os.path.join(home, *folder.split("/")) for folder in kind.folders]
        if program is not None or any(map(os.path.isdir, folders)):
            yield Editor(kind, program, _version(folders, identifier))


def install(editor: Editor, package: str) -> None:
    """Have an editor install a package.  Raises SystemFailure with the editor's own reason."""
    _run(editor, "--install-extension", package, "--force")


def uninstall(editor: Editor, identifier: str) -> None:
    """Have an editor take an extension out.  Raises SystemFailure with the editor's own reason."""
    _run(editor, "--uninstall-extension", identifier)


def _run(editor: Editor, *words: str) -> None:
    assert editor.program is not None
    try:
        done = subprocess.run(
            [editor.program, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SystemFailure(f"{editor.program}: it could not be run, or does not end: {error}") from error
    if done.returncode != 0:
        why = _reason(os.fsdecode(done.stderr or done.stdout))
        raise SystemFailure(f"{editor.program}: {why or f'exit {done.returncode}'}")


def _reason(said: str) -> str:
    """VS Code says its reason after "Error: ", then where in its code that was, then that it has failed."""
    lines = [line.strip() for line in said.strip().splitlines()]
    errors = [line.partition("Error: ")[2] for line in lines if line.startswith("Error: ")]
    return (errors or lines or [""])[-1]


def _version(folders: Iterable[str], identifier: str) -> str | None:
    """The version of an extension in the first folder that has it."""
    return next((version for folder in folders for version in _versions(folder, identifier)), None)


def _versions(folder: str, identifier: str) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for name in sorted(os.listdir(folder), reverse=True):
            if name.lower().startswith(f"{identifier}-"):
                with contextlib.suppress(OSError, ValueError):
                    found = json.loads(read_small_file(os.path.join(folder, name, "package.json"), _LARGEST))
                    if isinstance(found, dict) and isinstance(found.get("version"), str):
                        yield found["version"]
