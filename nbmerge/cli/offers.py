"""Owns: what can be typed after the name of the program, as values, read from the commands' own parsers.

Must not know: shells.  Invariant: what a parser does not understand is not offered; every option and
choice that its help names is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from nbmerge.cli.arguments import Parser, options_of
from nbmerge.cli.main import command_names, parser_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Action


class Kind(Enum):
    """What a word stands for."""

    NOTHING = "nothing"
    ANYTHING = "anything"
    WORD = "word"
    FOLDER = "folder"
    FILE = "file"
    NOTEBOOK = "notebook"
    VERSION = "version"  # NOTEBOOK@N


@dataclass(frozen=True, slots=True)
class Value:
    """What stands in a place; `words` are all there are for a WORD."""

    kind: Kind
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """An option with its names, how many values follow it, and what they are."""

    names: tuple[str, ...]
    help: str
    value: Value
    values: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A command: what it does, in a line, its options, its fixed first words and its other words."""

    name: str
    what: str
    options: tuple[Option, ...]
    first: Value
    rest: Value


def offers() -> tuple[Offer, ...]:
    """Every command that people type."""
    return tuple(offer(name, parser_of(name)) for name in sorted(command_names()))


def offer(name: str, parser: Parser) -> Offer:
    """What a command understands."""
    options = map(_option, options_of(parser))
    first, rest = words_of(parser.call)
    return Offer(name, _sentence(parser.description or ""), tuple(options), first, rest)


def words_of(call: str) -> tuple[Value, Value]:
    """What the words of a call are but for options: the fixed ones of the first, the names that follow."""
    plain = re.sub(r"\[-[^]]*\]|--?[a-z-]+ [A-Z]+", "", call.partition(" ")[2])
    first = rest = Value(Kind.NOTHING)
    for word in re.findall(r"[^\s\[\]]+", plain):
        if re.fullmatch(r"[a-z]+(\|[a-z]+)*", word):
            first = Value(Kind.WORD, tuple(word.split("|")))
        elif "@" in word:
            rest = Value(Kind.VERSION)
        elif word.startswith("FILE") and rest.kind is Kind.NOTHING:
            rest = Value(Kind.FILE)
        elif re.match(r"[A-Z]", word) and rest.kind is Kind.NOTHING:
            rest = Value(Kind.NOTEBOOK)
    return first, rest


def _option(action: Action) -> Option:
    metavar = action.metavar[0] if isinstance(action.metavar, tuple) else action.metavar or ""
    values = 1 if action.nargs is None else action.nargs if isinstance(action.nargs, int) else 0
    if values == 0:
        value = Value(Kind.NOTHING)
    elif action.choices is not None:
        value = Value(Kind.WORD, tuple(map(str, action.choices)))
    else:
        kinds = {"DIR": Kind.FOLDER, "FILE": Kind.FILE, "OUT": Kind.FILE, "FINAL": Kind.FILE}
        value = Value(kinds.get(metavar.partition(".")[0], Kind.ANYTHING))
    repeated = type(action).__name__ == "_AppendAction"
    return Option(tuple(action.option_strings), action.help or "", value, values, repeated)


def _sentence(text: str) -> str:
    """The first sentence, in one line, without its end."""
    return re.split(r"[.:](?:\s|$)", " ".join(text.split()), maxsplit=1)[0]
