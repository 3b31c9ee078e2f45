"""Owns: `nbmerge git install|uninstall|status [--global] [--mergetool]`.

Must not know: how any of the three works.  Invariant: exit 0 when done (status: when
nbmerge is active), 1 when status finds it is not.
"""

from __future__ import annotations

from nbmerge.cli.arguments import command, understand
from nbmerge.cli.program import program_name
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmerge.cli.arguments import Parser

_CALL = "git install|uninstall|status [--global] [--mergetool]"
_WHAT = """
Let git merge notebooks with nbmerge.

  install    let git merge *.ipynb in this repository with the nbmerge that runs now
  status     tell what is installed, whether it runs, and how git really merges *.ipynb here
  uninstall  put everything back as it was

With --mergetool, `install` also lets `git mergetool` show the conflicts of notebooks in the browser.
"""
_EXITS = {EXIT_CLEAN: "done; status: it is active", EXIT_CONFLICTS: "status: it is not active"}


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    found, words = heard
    from nbmerge.git.scope import Scope

    program = program_name()
    scope = Scope.GLOBAL if found.globally else Scope.LOCAL
    if found.mergetool and words != ["install"]:
        raise UsageError(f"--mergetool goes with install alone: {program} {_CALL}")
    match words:
        case ["install"]:
            from nbmerge.git.entry import this_launcher
            from nbmerge.git.install import install

            lines = install(scope, this_launcher(), program, found.mergetool)
        case ["uninstall"]:
            from nbmerge.git.install import uninstall

            lines = uninstall(scope, program)
        case ["status"]:
            return _status(scope is Scope.GLOBAL, program)
        case []:
            raise UsageError(f"say what to do: {program} {_CALL}")
        case _:
            raise UsageError(f"{' '.join(words)!r} is not understood: {program} {_CALL}")
    _print(lines)
    return EXIT_CLEAN


def parser() -> Parser:
    """What `git` understands."""
    options = command(_CALL, _WHAT, _EXITS)
    options.add_argument(
        "--global",
        dest="globally",
        action="store_true",
        help="for all repositories of this user, not for this one",
    )
    options.add_argument(
        "--mergetool",
        action="store_true",
        help="install: also as a tool of `git mergetool`, on conflicts that are left",
    )
    return options


def _status(of_user: bool, program: str) -> int:
    from nbmerge.git.install import status
    from nbmerge.git.scope import Scope

    found = status(Scope.GLOBAL if of_user else Scope.LOCAL, program)
    _print(found.lines)
    return EXIT_CLEAN if found.active else EXIT_CONFLICTS


def _print(lines: Sequence[str]) -> None:
    write_text("".join(f"{printable(line)}\n" for line in lines))
