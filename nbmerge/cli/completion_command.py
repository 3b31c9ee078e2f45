"""Owns: `nbmerge completion bash|zsh|fish`.

Must not know: what is completed.  Invariant: what is printed is read by the shell, and nothing else is.
"""

from __future__ import annotations

from nbmerge.cli.arguments import command, the_one, understand
from nbmerge.cli.program import program_name
from nbmerge.cli.streams import write_text
from nbmerge.errors import EXIT_CLEAN, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser

_CALL = "completion bash|zsh|fish"
_WHAT = """
Print what teaches a shell to complete commands, options, notebooks and versions, for both names of this
program. Let the shell read it whenever it starts:

  bash  in ~/.bashrc:                  eval "$(nbmerge-on-save completion bash)"
  zsh   in ~/.zshrc, after compinit:   source <(nbmerge-on-save completion zsh)
  fish  in ~/.config/fish/config.fish: nbmerge-on-save completion fish | source
"""


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    shell = the_one(heard[1], "shell", _CALL)
    from nbmerge.cli.offers import offers

    match shell:
        case "bash":
            from nbmerge.cli.bash_script import bash_script as script
        case "zsh":
            from nbmerge.cli.zsh_script import zsh_script as script
        case "fish":
            from nbmerge.cli.fish_script import fish_script as script
        case _:
            raise UsageError(f"{shell!r} is no shell that is known: {program_name()} {_CALL}")
    write_text(script(offers()))
    return EXIT_CLEAN


def parser() -> Parser:
    """What `completion` understands."""
    return command(_CALL, _WHAT)
