"""Owns: the name under which this program was started, and its commands: the one list of them.

Must not know: what a command does.  Invariant: what a message tells people to type starts this
program, also where another package's `nbmerge` comes first on PATH; a command's module is
imported only when that command is called: git calls the driver once for each notebook.
"""

from __future__ import annotations

import os
import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nbmerge.cli.arguments import Arguments, CommandParser

# Each command's module, which has `run_NAME` and `NAME_parser`, and what it does, in the order of --help.
_GROUPS = (
    {
        "merge": ("merge_command", "merge three notebooks; the word `merge` may be left out"),
        "git": ("git_command", "let git merge notebooks: `git install`, `git status`, `git uninstall`"),
        "driver": ("driver_command", "what git calls to merge a notebook"),
        "mergetool": ("mergetool_command", "what `git mergetool` calls to show conflicts in the browser"),
    },
    {
        "fix": ("fix_command", "repair notebooks in which git has left conflict markers"),
        "conflicts": ("conflicts_command", "list the conflicts in notebooks"),
        "resolve": ("resolve_command", "settle the conflicts in a notebook"),
    },
    {
        "demo": ("demo_command", "see in ten seconds what `watch` does"),
        "watch": ("watch_commands", "merge notebooks whenever they are saved, until Ctrl-C"),
        "start": ("watch_commands", "watch in the background"),
        "stop": ("watch_commands", "stop watching in the background"),
        "restart": ("watch_commands", "stop and start again"),
        "status": ("status_command", "whether a watcher runs, and what may have been overwritten"),
        "vscode": ("vscode_command", "let VS Code merge what others save into open notebooks"),
    },
    {
        "log": ("log_command", "list the versions of a notebook"),
        "show": ("history_commands", "print one version"),
        "diff": ("history_commands", "show how two versions differ"),
        "restore": ("history_commands", "bring a version back"),
        "recover": ("history_commands", "merge what a later save may have overwritten"),
        "lost": ("lost_command", "find what was saved once and is gone, and put it back"),
    },
    {
        "open": ("writer_commands", "for programs that edit notebooks: content and version token"),
        "save": ("writer_commands", "for programs that edit notebooks: save, merged with other saves"),
        "serve": ("serve_command", "the same for editors in other languages, which ask one process"),
        "replay": ("replay_command", "what `watch` would do about a series of saves, and why"),
        "store": ("store_command", "copy the history to a database that machines share, or back"),
        "doctor": ("doctor_command", "check this installation, and say what to do about problems"),
        "completion": ("completion_command", "complete all this with TAB in bash, zsh or fish"),
    },
)
COMMANDS = {name: found for group in _GROUPS for name, found in group.items()}
_NAMED = re.compile(r"`(log|lost|recover|restore|show|start)`")


def parser_of(name: str) -> CommandParser:
    """The parser of a command."""
    made: CommandParser = getattr(_module(name), f"{name}_parser")()
    return made


def function_of(name: str) -> Callable[[Arguments], int]:
    """What runs a command; it gives back the exit code."""
    found: Callable[[Arguments], int] = getattr(_module(name), f"run_{name}")
    return found


def command_list() -> str:
    """The commands and what they do, in groups of lines."""
    groups = ("\n".join(f"  {name:<11} {what}" for name, (_, what) in group.items()) for group in _GROUPS)
    return "\n\n".join(groups)


def program_name() -> str:
    """`nbmerge`, `nbmerge-on-save`, or `python -m nbmerge`."""
    name = os.path.basename(sys.argv[0]) if sys.argv else ""
    name = name.removesuffix(".exe")
    return name if name in ("nbmerge", "nbmerge-on-save") else "python -m nbmerge"


def to_type(*words: str) -> str:
    """A call of this program as it can be typed in a shell."""
    from shlex import quote

    return " ".join([program_name(), *map(quote, words)])


def spelled_out(message: str, *words: str) -> str:
    """A message from below, which names commands as `log`, with what can be typed; `words` are theirs."""
    return _NAMED.sub(lambda found: f"`{to_type(found[1], *filter(None, words))}`", message)


def _module(name: str) -> object:
    from importlib import import_module

    return import_module(f"nbmerge.cli.{COMMANDS[name][0]}")
