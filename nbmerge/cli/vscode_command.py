"""Owns: `nbmerge vscode install|uninstall|list|package`.

Must not know: what a package holds, how editors are found.  Invariant: one line for each editor; one that
fails does not keep the others from theirs, and is told by the exit code.
"""

from __future__ import annotations

import os
import sys

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.program import to_type
from nbmerge.cli.streams import printable, write_error, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_SYSTEM, EXIT_UNREADABLE, SystemFailure, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nbmerge.vscode.editors import Editor

_WHAT = """
Merge what other programs save into notebooks that are open in VS Code, and let it save without asking.

  install    install nbmerge's extension with each editor of VS Code's family that is here
  uninstall  take it out of them
  list       show the editors, and which version of the extension each has
  package    write the extension to FILE (.vsix), for "Install from VSIX..." in an editor

The extension runs this nbmerge, by the interpreter that runs now. Known editors: code, code-insiders, codium,
cursor, windsurf, positron and code-server.
"""
_EXITS = {EXIT_UNREADABLE: "", EXIT_SYSTEM: "an editor could not do it, or there is none"}
_ACTIONS = ("install", "uninstall", "list", "package")


def vscode_parser() -> CommandParser:
    """The parser of `vscode`."""
    parser = command("vscode", _WHAT, _EXITS)
    parser.add_argument("action", metavar="|".join(_ACTIONS), choices=_ACTIONS, help="what to do")
    parser.add_argument("file", metavar="FILE", nargs="?", help="package: where to write the extension")
    parser.add_argument("--editor", metavar="PROGRAM", help="only with this editor, for example `codium`")
    parser.add_argument(
        "--list", action="store_true", help="install, uninstall: only show what would be done"
    )
    return parser


def run_vscode(found: Arguments) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    if (found.file is not None) != (found.action == "package"):
        raise UsageError(f"FILE goes with package alone: {to_type('vscode', 'package', 'nbmerge.vsix')}")
    if found.action == "package":
        _write_package(found.file)
        return EXIT_CLEAN
    editors = _editors(found.editor)
    if found.list or found.action == "list":
        write_text("".join(f"{printable(_line(editor))}\n" for editor in editors))
        return EXIT_CLEAN
    return _with_each(editors, _installing if found.action == "install" else _uninstalling)


def _write_package(path: str) -> None:
    from nbmerge.files import replace_file

    replace_file(path, _package())
    write_text(f"{printable(path)}: in the editor, choose Extensions > ... > Install from VSIX\n")


def _package() -> bytes:
    from nbmerge import __version__
    from nbmerge.vscode.package import data_folder, extension, packed

    return packed(extension(data_folder(), __version__), sys.executable)


def _editors(program: str | None) -> list[Editor]:
    from nbmerge.vscode.editors import editors
    from nbmerge.vscode.package import IDENTIFIER

    found = list(editors(os.path.expanduser("~"), IDENTIFIER, os.environ))
    if program is not None:
        found = [editor for editor in found if editor.kind.program == program]
    if not found:
        what = "no editor of VS Code's family is here" if program is None else f"{program} is not here"
        mend = to_type("vscode", "package", "nbmerge.vsix")
        raise SystemFailure(f'{what}; `{mend}` writes a file for "Install from VSIX..."')
    return found


def _line(editor: Editor) -> str:
    version = "not installed" if editor.version is None else f"nbmerge {editor.version}"
    return f"{editor.kind.name}: {version} ({editor.program or f'`{editor.kind.program}` is not on PATH'})"


def _with_each(editors: list[Editor], act: Callable[[Editor], str]) -> int:
    code = EXIT_CLEAN
    for editor in editors:
        try:
            if editor.program is None:
                why = f"{editor.kind.name}: `{editor.kind.program}` is not on PATH"
                raise SystemFailure(
                    f"{why}: in the editor, run the command \"Install '{editor.kind.program}'\""
                )
            write_text(f"{printable(act(editor))}\n")
        except SystemFailure as failure:
            write_error(f"nbmerge: {printable(str(failure))}\n")
            code = EXIT_SYSTEM
    return code


def _installing(editor: Editor) -> str:
    from tempfile import TemporaryDirectory

    from nbmerge import __version__
    from nbmerge.files import create_file
    from nbmerge.vscode.editors import install
    from nbmerge.vscode.package import NAME

    with TemporaryDirectory() as folder:
        path = os.path.join(folder, f"{NAME}-{__version__}.vsix")
        create_file(path, _package())
        install(editor, path)
    return f"{editor.kind.name}: nbmerge {__version__} is installed; reload its windows that are open"


def _uninstalling(editor: Editor) -> str:
    from nbmerge.vscode.editors import uninstall
    from nbmerge.vscode.package import IDENTIFIER

    if editor.version is None:
        return f"{editor.kind.name}: it was not installed"
    uninstall(editor, IDENTIFIER)
    return f"{editor.kind.name}: it is taken out; reload its windows that are open"
