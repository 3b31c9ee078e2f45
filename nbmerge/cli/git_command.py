"""Owns: `nbmerge git install|uninstall|status [--global]`.

Must not know: how any of the three works.  Invariant: exit 0 when done (status: when
nbmerge is active), 1 when status finds it is not.
"""

from __future__ import annotations

from nbmerge.cli.program import program_name
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


_HELP = (
    "",
    "  install    let git merge *.ipynb in this repository with the nbmerge that runs now",
    "  status     tell what is installed, whether it runs, and how git really merges *.ipynb here",
    "  uninstall  put everything back as it was",
    "  --global   for all repositories of this user, not for this one",
)


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    from nbmerge.git.scope import Scope

    program = program_name()
    usage = f"{program} git install|uninstall|status [--global]"
    words = [word for word in arguments if word != "--global"]
    scope = Scope.GLOBAL if "--global" in arguments else Scope.LOCAL
    match words:
        case ["install"]:
            from nbmerge.git.entry import this_launcher
            from nbmerge.git.install import install

            lines = install(scope, this_launcher(), program)
        case ["uninstall"]:
            from nbmerge.git.install import uninstall

            lines = uninstall(scope, program)
        case ["status"]:
            return _status(scope is Scope.GLOBAL, program)
        case words if "-h" in words or "--help" in words:
            lines = [f"usage: {usage}", *_HELP]
        case []:
            raise UsageError(f"say what to do: {usage}")
        case _:
            raise UsageError(f"{' '.join(arguments)!r} is not understood: {usage}")
    _print(lines)
    return EXIT_CLEAN


def _status(of_user: bool, program: str) -> int:
    from nbmerge.git.scope import Scope
    from nbmerge.git.status import status

    found = status(Scope.GLOBAL if of_user else Scope.LOCAL, program)
    _print(found.lines)
    return EXIT_CLEAN if found.active else EXIT_CONFLICTS


def _print(lines: Sequence[str]) -> None:
    write_text("".join(f"{printable(line)}\n" for line in lines))
