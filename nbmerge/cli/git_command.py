"""Owns: `nbmerge git install|uninstall|status`, and what is to be done in git once a notebook is resolved,
or where git asks what is to become of a file.

Must not know: how any of the three works; conflicts.  Invariant: exit 0 when done (status: when nbmerge is
active), 1 when status finds it is not; a git command is named only if git waits for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.program import program_name
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, UsageError
from nbmerge.merge.values import FAVORS, Favor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmerge.git.sides import GitSides
    from nbmerge.git.waiting import OpenQuestion

_WHAT = """
Let git merge notebooks with nbmerge.

  install    let git merge *.ipynb in this repository with the nbmerge that runs now
  status     show what is installed, whether it runs, and how git really merges *.ipynb here
  uninstall  put everything back as it was

With --mergetool, `install` also lets `git mergetool` show the conflicts of notebooks in the browser. With
--favor, git's merges settle every conflict in notebooks for one side, or for both, and list each one, as
git's strategy options `ours` and `theirs` do for text alone. `--favor none` ends that.
"""
_ACTIONS = ("install", "uninstall", "status")
_EXITS = {EXIT_CLEAN: "done; status: it is active", EXIT_CONFLICTS: "status: it is not active"}
# What git is in the middle of, by the file or folder that tells; a rebase picks, so it comes first.
_UNDER_WAY = {
    "rebase-merge": "rebase",
    "rebase-apply/applying": "am",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}
_NAMED = 5  # other files


def git_parser() -> CommandParser:
    """The parser of `git`."""
    parser = command("git", _WHAT, _EXITS)
    parser.add_argument("action", metavar="|".join(_ACTIONS), choices=_ACTIONS, help="what to do")
    parser.add_argument(
        "--global",
        dest="globally",
        action="store_true",
        help="for all repositories of this user, not for this one",
    )
    parser.add_argument(
        "--mergetool",
        action="store_true",
        help="install: also as a tool of `git mergetool`, on conflicts that are left",
    )
    parser.add_argument(
        "--favor",
        choices=[*FAVORS, Favor.NONE.value],
        help="install: settle conflicts for one side, or for both with local's lines first (union)",
    )
    return parser


def run_git(found: Arguments) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    from nbmerge.git.scope import Scope

    program = program_name()
    scope = Scope.GLOBAL if found.globally else Scope.LOCAL
    for option in ("mergetool", "favor"):
        if getattr(found, option) and found.action != "install":
            raise UsageError(f"--{option} goes with install alone: {program} git install --{option}")
    match found.action:
        case "install":
            from nbmerge.git.entry import this_launcher
            from nbmerge.git.install import Extras, install

            favor = None if found.favor is None else Favor(found.favor)
            _print(install(scope, this_launcher(), program, Extras(found.mergetool, favor)))
        case "uninstall":
            from nbmerge.git.install import uninstall

            _print(uninstall(scope, program))
        case "status":
            from nbmerge.git.install import status

            done = status(scope, program)
            _print(done.lines)
            return EXIT_CLEAN if done.active else EXIT_CONFLICTS
    return EXIT_CLEAN


def in_git(path: str, git: GitSides) -> Iterator[str]:
    """Lines that say what to type, if git shows the notebook as in conflict."""
    from shlex import quote

    from nbmerge.environment.git import repository
    from nbmerge.git.sides import unmerged

    here = repository(path)
    if not git.unmerged or here is None:
        return
    ends = "-- " if path.startswith("-") else ""
    yield f"git waits for: git add {ends}{printable(quote(path))}"
    others = [each for each in unmerged(here.tree) if os.path.realpath(each) != os.path.realpath(path)]
    doing = _doing(here.folder)
    if others:
        named = ", ".join(printable(os.path.relpath(each)) for each in others[:_NAMED])
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        yield f"then it waits for: {named}{more}"
    elif doing:
        yield f"then it waits for: git {doing} --continue"


def asked(waiting: OpenQuestion) -> str:
    """What git asks about a file, in a clause."""
    from nbmerge.git.waiting import Question

    match waiting.question:
        case Question.DELETED_THERE:
            return "local changed it, remote deleted it"
        case Question.DELETED_HERE:
            return "local deleted it, remote changed it"
        case Question.ADDED_HERE:
            return "it has this name in local alone"
        case Question.ADDED_THERE:
            return "it has this name in remote alone"
        case Question.DELETED_BOTH:
            return "both sides deleted or renamed it"
    before, local, remote = (printable(_relative(path)) for path in waiting.paths)
    return f"{before} is {local} in local, and {remote} in remote"


def answers(waiting: OpenQuestion) -> Iterator[tuple[str, str]]:
    """What can be done about it, and what to type for that."""
    from nbmerge.git.waiting import Question

    add, remove = _git(waiting, "add"), _git(waiting, "rm")
    match waiting.question, waiting.paths:
        case Question.RENAMED, (before, local, remote):
            yield "to keep local's name", f"{remove(before, remote)} && {add(local)}"
            yield "to keep remote's name", f"{remove(before, local)} && {add(remote)}"
            yield "to keep both", f"{remove(before)} && {add(local, remote)}"
        case Question.DELETED_BOTH, (path,):
            yield "to agree", remove(path)
        case _, (path,):
            yield "to keep it", add(path)
            yield "to delete it", remove(path)


def _git(waiting: OpenQuestion, command: str) -> Callable[..., str]:
    """A command of git's as it is typed here for paths of a work tree."""
    from shlex import quote

    here = os.path.realpath(os.curdir)
    inside = here == waiting.tree or here.startswith(os.path.join(waiting.tree, ""))
    folder = here if inside else waiting.tree
    at = "" if inside else f"-C {quote(waiting.tree)} "

    def typed(*paths: str) -> str:
        names = [os.path.relpath(path, folder) for path in paths]
        ends = "-- " if any(name.startswith("-") for name in names) else ""
        return f"git {at}{command} {ends}{' '.join(map(quote, names))}"

    return typed


def _relative(path: str) -> str:
    return os.path.relpath(path, os.path.realpath(os.curdir))


def turned_round(path: str) -> str:
    """What is easily mistaken where git merges one's own commits into another branch; "" elsewhere."""
    from nbmerge.environment.git import repository

    here = repository(path)
    if here is None or _doing(here.folder) != "rebase":
        return ""
    return "in a rebase, local is the branch that you rebase onto, and remote is your own commit"


def _doing(folder: str) -> str | None:
    found = (what for name, what in _UNDER_WAY.items() if os.path.exists(os.path.join(folder, name)))
    return next(found, None)


def _print(lines: Sequence[str]) -> None:
    write_text("".join(f"{printable(line)}\n" for line in lines))
