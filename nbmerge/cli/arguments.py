"""Owns: how the arguments of a command are parsed, what its --help prints, and the options and types of
values that several commands share.

Must not know: any command.  Invariant: options may stand anywhere before `--` and are never
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from textwrap import fill

from nbmerge.cli.histories import is_number
from nbmerge.cli.program import program_name
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
    from typing import Any, NoReturn

_WIDTH = 100
USUAL_EXITS = {
    EXIT_CLEAN: "done",
    EXIT_USAGE: "invalid arguments",
    EXIT_UNREADABLE: "a file cannot be read, is not a notebook, or has no history",
    EXIT_SYSTEM: "a system error, such as a full disk or a missing permission",
    EXIT_BUG: "a bug in nbmerge",
    EXIT_INTERRUPTED: "interrupted",
}


class Arguments(Namespace):
    """What was typed: an attribute for each argument that the parser declares."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


class CommandParser(ArgumentParser):
    """The parser of one command; `name` is what people type for it, `exits` says what its exit codes mean."""

    name = ""
    exits: Mapping[int, str] = USUAL_EXITS

    @property
    def call(self) -> str:
        """How the command is typed, without its options: `diff NOTEBOOK[@N] [@M]`."""
        return " ".join([self.name, *map(_placeholder, self.positionals)])

    @property
    def positionals(self) -> list[Action]:
        """What is typed without the name of an option before it."""
        return [action for action in self._actions if not action.option_strings]

    @property
    def options(self) -> list[Action]:
        """The options that --help lists."""
        return [action for action in self._actions if action.option_strings and action.help != SUPPRESS]

    def parse(self, words: list[str]) -> Arguments:
        """What the words ask for.  Raises UsageError.

        First the options, then what is left: argparse itself takes positionals only where they stand
        together, in ways that differ between Python versions.
        """
        before, after = split(words)
        with _set_aside(self.positionals):
            found, rest = self.parse_known_args(before, Arguments())
        for word in rest:
            if word.startswith("-") and word != "-":
                self.error(f"unknown option {word}")
        names = [*rest, *after]
        self.check(names)
        found, left_over = self.parse_known_args(["--", *names] if names else [], found)
        for word in left_over:
            if word != "--":
                self.error(f"unexpected argument {word!r}")
        return found

    def with_notebook(self, metavar: str = "NOTEBOOK") -> CommandParser:
        """With the notebook that the command is about, or one of its versions."""
        what = "the notebook" + (", and the number of a version: a.ipynb@3" if "@" in metavar else "")
        self.add_argument("notebook", metavar=metavar, help=what)
        return self

    def with_json(self, help: str) -> CommandParser:
        """With the option of every command that programs read."""
        self.add_argument("--json", action="store_true", help=help)
        return self

    def with_state(self) -> CommandParser:
        """With the option of every command that uses the history."""
        what = (
            "the state directory, or postgresql://USER@HOST/DATABASE that machines share"
            " (default: $NBMERGE_STATE, $NBMERGE_STATE_DIR, else the user's own)"
        )
        self.add_argument("--state", metavar="DIR", help=what)
        what = (
            "a folder that other machines have, too, and its name there: /home/jovyan=team-a; may be repeated"
        )
        self.add_argument("--root", metavar="DIR=NAME", action="append", default=[], help=what)
        return self

    def check(self, words: list[str]) -> None:
        """Raises UsageError if these cannot be the positional arguments."""
        if not all(words):
            self.error("the name of a file is empty")

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of ending the process."""
        raise UsageError(f"{message.removeprefix('argument ')}; see {self.prog} --help")

    def format_help(self) -> str:
        """What --help prints."""
        self.usage = self.usage or f"{program_name()} {self.call} [options]".replace("%", "%%")
        return super().format_help()


def command(
    name: str, what: str, exits: Mapping[int, str] | None = None, kind: type[CommandParser] = CommandParser
) -> CommandParser:
    """A parser of a command, with the options that all have.

    `what` says what it does (blank lines part paragraphs, an indented one is kept as it is), `exits` what
    exit codes mean where that is not the usual; "" for one that the command never has.
    """
    meanings = {code: meaning for code, meaning in {**USUAL_EXITS, **(exits or {})}.items() if meaning}
    parser = kind(
        prog=f"{program_name()} {name}",
        description="\n\n".join(
            part if part.startswith(" ") else fill(part, _WIDTH) for part in what.strip().split("\n\n")
        ),
        epilog="\n".join(["exit codes:", *(f"  {code:<3} {meanings[code]}" for code in sorted(meanings))]),
        formatter_class=lambda prog: RawDescriptionHelpFormatter(prog, max_help_position=32, width=_WIDTH),
        allow_abbrev=False,
        add_help=False,
    )
    parser.name, parser.exits = name, meanings
    parser.add_argument("--debug", action="store_true", help="print the traceback of an error")
    parser.add_argument("-h", "--help", action="store_true", help="show this help")
    return parser


def asked_for(words: list[str], *names: str) -> bool:
    """Whether an option is among the words; to be known before they are parsed."""
    return not set(names).isdisjoint(split(words)[0])


def split(words: list[str]) -> tuple[list[str], list[str]]:
    """What stands before and after `--`, which ends the options."""
    end = words.index("--") if "--" in words else len(words)
    return words[:end], words[end + 1 :]


def page_file(text: str) -> str:
    """The type of an option that names an HTML page.

    It has to look like one: `--report BASE LOCAL REMOTE`, the name forgotten, must not replace BASE.
    """
    if text != "-" and not text.lower().endswith((".html", ".htm")):
        raise ArgumentTypeError(f"{text!r} is not a name for a page: it must end in .html, or be -")
    return text


def number_of(unit: str) -> Callable[[str], float]:
    """The type of an option that is so many seconds, days or megabytes."""

    def number(text: str) -> float:
        with suppress(ValueError):
            if 0 <= float(text) < 1e9:
                return float(text)
        raise ArgumentTypeError(f"{text!r} is not a number of {unit}")

    return number


def version_number(text: str) -> int:
    """The type of an option that names a version: `3`, or `@3` as `log` writes it."""
    number = text.removeprefix("@")
    if not is_number(number):
        raise ArgumentTypeError(f"{text!r} is not the number of a version, such as @3")
    return int(number)


def _placeholder(action: Action) -> str:
    """How a positional argument stands in a call."""
    name = str(action.metavar)
    match action.nargs:
        case "?":
            return f"[{name}]"
        case "*":
            return f"[{name} ...]"
        case "+":
            return f"{name} [{name} ...]"
    return name


@contextmanager
def _set_aside(positionals: Sequence[Action]) -> Iterator[None]:
    """Let argparse pass over these for a while, as its own `parse_intermixed_args` does."""
    kept = [(action, action.nargs, action.default) for action in positionals]
    for action in positionals:
        action.nargs, action.default = SUPPRESS, SUPPRESS
    try:
        yield
    finally:
        for action, nargs, default in kept:
            action.nargs, action.default = nargs, default
