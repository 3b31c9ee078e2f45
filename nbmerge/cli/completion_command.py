"""Owns: `nbmerge completion bash|zsh|fish`, and what can follow when a shell asks for it at a TAB.

Must not know: any command.  Invariant: what is offered comes from the commands' own parsers and from the
disk; argcomplete is loaded here alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial

from argcomplete.finders import CompletionFinder
from argcomplete.shell_integration import shellcode

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.histories import history
from nbmerge.cli.program import COMMANDS, parser_of
from nbmerge.cli.streams import write_text
from nbmerge.errors import EXIT_CLEAN, NbmergeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Action, ArgumentParser, Namespace
    from typing import Any, NoReturn

    Completer = Callable[..., Iterable[str] | Mapping[str, str]]

_PROGRAMS = ("nbmerge", "nbmerge-on-save")
_SHELLS = ("bash", "zsh", "fish")
# argcomplete's own code for zsh asks with $BUFFER, which lacks an open quote and begins with other commands
# of the line, and lets zsh quote the `~` of a home folder.
_ZSH = r"""#compdef nbmerge nbmerge-on-save
_nbmerge() {
    local line="${words[1,CURRENT-1]} $QIPREFIX$IPREFIX$PREFIX"
    compset -P '\~/'
    local -a found=(${(f)"$(_ARGCOMPLETE=1 _ARGCOMPLETE_SHELL=zsh _ARGCOMPLETE_IFS=$'\n' \
        COMP_LINE=$line COMP_POINT=$#line $words[1] 8>&1 9>/dev/null >/dev/null 2>&1 </dev/null)"})
    local -a space
    [[ $#found == 1 && ${found[1]%:*} == *[=/] ]] && space=(-S '')
    found=("${(@)found%:}")
    _describe nbmerge found "${space[@]}"
}
if [[ $funcstack[1] == _nbmerge ]]; then _nbmerge "$@"; else compdef _nbmerge nbmerge nbmerge-on-save; fi
"""
_WHAT = """
Print the code that lets a shell complete commands, options, notebooks and versions with TAB, for both names
of this program. Let the shell read it whenever it starts:

  bash  in ~/.bashrc:                  eval "$(nbmerge-on-save completion bash)"
  zsh   in ~/.zshrc, after compinit:   source <(nbmerge-on-save completion zsh)
  fish  in ~/.config/fish/config.fish: nbmerge-on-save completion fish | source
"""


def completion_parser() -> CommandParser:
    """The parser of `completion`."""
    parser = command("completion", _WHAT)
    parser.add_argument(
        "shell", metavar="|".join(_SHELLS), choices=_SHELLS, help="the shell that is to read it"
    )
    return parser


def run_completion(found: Arguments) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    if found.shell == "zsh":
        code = _ZSH
    else:
        code = shellcode(_PROGRAMS, shell=found.shell, complete_arguments=["-o", "nospace"])
    write_text(f"{code.strip()}\n" if code.startswith("#") else f"# for {found.shell}\n{code.strip()}\n")
    return EXIT_CLEAN


def complete(environment: Mapping[str, str]) -> NoReturn:
    """Answer a shell that asks what could follow; the environment holds the line."""
    line = environment["COMP_LINE"][: int(environment["COMP_POINT"])]
    _Finder()(parser_for(line), always_complete_options=False)
    raise AssertionError("argcomplete ends the process")


class _Finder(CompletionFinder):
    """Finds what can follow, and spells it as the shell wants it."""

    def collect_completions(
        self, active_parsers: list[ArgumentParser], parsed_args: Namespace, cword_prefix: str
    ) -> list[str]:
        """After an option more of the words can follow that stood before it."""
        parser: Any = active_parsers[-1]
        words = parser._get_positional_actions()
        if not parser.active_actions and words and words[-1].nargs in ("*", "+"):
            parser.active_actions.append(words[-1])
        return super().collect_completions(active_parsers, parsed_args, cword_prefix)

    def quote_completions(
        self, completions: list[str], cword_prequote: str, last_wordbreak_pos: int | None
    ) -> list[str]:
        """zsh removes one backslash and quotes by itself; bash replaces the `@` that parts words, too."""
        if os.environ.get("_ARGCOMPLETE_SHELL") == "zsh":
            spelled = {one: re.sub(r"[\\:]", r"\\\g<0>", one.removeprefix("~/")) for one in completions}
            told = self._display_completions
            self._display_completions = {spelled[one]: told.get(one, "") for one in completions}
            return list(spelled.values())
        at = last_wordbreak_pos
        if at is not None and all(one[at : at + 1] == "@" for one in completions):
            at -= 1
        return super().quote_completions(completions, cword_prequote, at)


def parser_for(line: str) -> CommandParser:
    """A parser of what was typed so far.  Of all commands only the one that is meant is built."""
    words = line.split()
    name = words[1] if (len(words) > 1 and line != line.rstrip()) or len(words) > 2 else ""
    if name not in COMMANDS:
        return _with_completers(parser_of("merge"), may_be_command=not name)
    root = CommandParser(add_help=False)
    one = _with_completers(parser_of(name))
    root.add_subparsers().add_parser(name, parents=[one], add_help=False, allow_abbrev=False)
    return root


def _with_completers(parser: CommandParser, may_be_command: bool = False) -> CommandParser:
    for action in [*parser.positionals, *parser.options]:
        if action.choices is None and action.nargs != 0:
            action.completer = _completer(action)  # type: ignore[attr-defined]
    if may_be_command:
        parser.positionals[0].completer = _commands_and_notebooks  # type: ignore[attr-defined]
    return parser


def _completer(action: Action) -> Completer:
    """What completes a value, by how --help names it."""
    match action.metavar:
        case "DIR":
            return partial(_paths, endings=())
        case "FILE" | "OUT" | "FINAL":
            return partial(_paths, endings=("",))
        case "NOTEBOOK@N" | "NOTEBOOK[@N]":
            return _versions
        case "NOTEBOOK" | "PATH" | "SAVE" | "BASE" | "LOCAL" | "REMOTE" | "MERGED":
            return _paths
    return lambda **_: ()  # argcomplete's SuppressCompleter would hide the option, too


def _commands_and_notebooks(prefix: str, **_: Any) -> dict[str, str]:
    typed = {name: what for name, (_, what) in COMMANDS.items() if name != "driver"}
    return typed | _paths(prefix)


def _versions(prefix: str, parsed_args: Namespace, **_: Any) -> dict[str, str]:
    """NOTEBOOK@N for each version that is kept, once the name of the notebook is typed."""
    path = prefix.rpartition("@")[0]
    if not path.endswith(".ipynb"):
        return _paths(prefix)
    found = {}
    with suppress(NbmergeError, OSError), history(getattr(parsed_args, "state", None)) as store:
        notebook_id = store.notebook_id(os.path.realpath(os.path.expanduser(path)))
        for version in store.versions(notebook_id) if notebook_id is not None else ():
            found[f"{path}@{version.number}"] = version.origin.value
    return found


def _paths(prefix: str, endings: tuple[str, ...] = (".ipynb",), **_: Any) -> dict[str, str]:
    """Folders, and files of such names, that begin with what was typed; hidden ones if their dot was."""
    folder, begun = os.path.split(prefix)
    paths = {}
    with suppress(OSError), os.scandir(os.path.expanduser(folder) or ".") as found:
        for entry in sorted(found, key=lambda entry: entry.name):
            if entry.name.startswith(begun) and (begun or not entry.name.startswith(".")):
                path = os.path.join(folder, entry.name)
                if entry.is_dir():
                    paths[f"{path}/"] = ""
                elif entry.name.endswith(endings):
                    paths[path] = ""
    return paths
