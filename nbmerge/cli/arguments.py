"""Owns: how the arguments of a command are told apart, and what its --help says.

Must not know: any command.  Invariant: options stand anywhere, up to `--`, and are never
abbreviated; every mistake is a UsageError of one line.
"""

from __future__ import annotations

from argparse import (
    SUPPRESS,
    Action,
    ArgumentParser,
    ArgumentTypeError,
    Namespace,
    RawDescriptionHelpFormatter,
)
from collections.abc import Mapping
from textwrap import fill

from nbmerge.cli.program import program_name
from nbmerge.cli.streams import write_text
from nbmerge.errors import (
    EXIT_BUG,
    EXIT_CLEAN,
    EXIT_INTERRUPTED,
    EXIT_SYSTEM,
    EXIT_UNREADABLE,
    EXIT_USAGE,
    UsageError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_WIDTH = 100
USUAL_EXITS = {
    EXIT_CLEAN: "done",
    EXIT_USAGE: "the call is wrong",
    EXIT_UNREADABLE: "a file cannot be read, is no notebook or is not known",
    EXIT_SYSTEM: "the system refused",
    EXIT_BUG: "a bug in nbmerge",
    EXIT_INTERRUPTED: "interrupted",
}


class Parser(ArgumentParser):
    """Raises UsageError instead of ending the process; `call` is how people type the command,
    `exits` what its exit codes mean."""

    call = ""
    exits: Mapping[int, str] = USUAL_EXITS

    def error(self, message: str) -> NoReturn:
        raise UsageError(message.removeprefix("argument "))


def formatter(prog: str) -> RawDescriptionHelpFormatter:
    """How every --help is laid out."""
    return RawDescriptionHelpFormatter(prog, max_help_position=32, width=_WIDTH)


def command(call: str, what: str, exits: Mapping[int, str] | None = None) -> Parser:
    """The parser of one command.

    `call` is what people type after the name of the program, `what` tells what it does (blank
    lines part paragraphs, an indented one is kept as it is), `exits` says what exit codes mean where
    it is not the usual thing; "" for one that the command never has.  Files are not declared:
    `understand` returns them; completion knows them from `call`, where names are in capitals and words
    in small letters.
    """
    meanings = {code: meaning for code, meaning in {**USUAL_EXITS, **(exits or {})}.items() if meaning}
    parser = Parser(
        prog=f"{program_name()} {call.split(maxsplit=1)[0]}",
        usage=f"{program_name()} {call}".replace("%", "%%"),
        description="\n\n".join(map(_filled, what.strip().split("\n\n"))),
        epilog=exit_lines(meanings),
        formatter_class=formatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.call, parser.exits = call, meanings
    parser.add_argument("--debug", action="store_true", help="tell where in nbmerge an error came from")
    parser.add_argument("-h", "--help", action="store_true", help="tell this")
    return parser


def options_of(parser: Parser) -> list[Action]:
    """The options that its help names."""
    return [action for action in parser._actions if action.help != SUPPRESS]


def exit_lines(exits: Mapping[int, str]) -> str:
    """What --help says of exit codes."""
    return "\n".join(["exit codes:", *(f"  {code:<3} {exits[code]}" for code in sorted(exits))])


def _filled(paragraph: str) -> str:
    return paragraph if paragraph.startswith(" ") else fill(paragraph, _WIDTH)


def understand(parser: Parser, arguments: list[str]) -> tuple[Namespace, list[str]] | None:
    """The options and the other words; None if help was asked for and has been printed."""
    if asked_for(arguments, "-h", "--help"):
        write_text(parser.format_help())
        return None
    options, words = split(arguments)
    found, rest = parser.parse_known_args(options)
    for word in rest:
        if word.startswith("-") and word != "-":
            raise UsageError(f"there is no option {word}; see {parser.prog} --help")
    words = [*rest, *words]
    if not all(words):
        raise UsageError("the name of a file is empty")
    return found, words


def asked_for(arguments: list[str], *names: str) -> bool:
    """Whether an option stands among the arguments; to be known before they are understood."""
    return not set(names).isdisjoint(split(arguments)[0])


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """What stands before and after `--`, which ends the options."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:end], arguments[end + 1 :]


def the_one(words: list[str], name: str, call: str) -> str:
    """The only word that the command takes.  Raises UsageError."""
    match words:
        case [word]:
            return word
        case []:
            raise UsageError(f"name the {name}: {program_name()} {call}")
    raise UsageError(f"{len(words)} names where one is needed: {program_name()} {call}")


def seconds(text: str) -> float:
    """The type of an option that is a time span."""
    return _number(text, "seconds")


def days(text: str) -> float:
    """The type of an option that is a number of days."""
    return _number(text, "days")


def megabytes(text: str) -> float:
    """The type of an option that is a size, in millions of bytes."""
    return _number(text, "megabytes")


def _number(text: str, of: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise ArgumentTypeError(f"{text!r} is no number of {of}")
    return number
