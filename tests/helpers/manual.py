"""Owns: the manual page and `docs/commands.md`, as the commands' own parsers have them.

Must not know: what the commands do.  Invariant: whatever a --help names is in both.
"""

from __future__ import annotations

from argparse import Action
from collections.abc import Iterable, Iterator
from textwrap import fill

import nbmerge
from nbmerge.cli.arguments import USUAL_EXITS, CommandParser
from nbmerge.cli.program import COMMANDS, parser_of

EVERYWHERE = ("debug", "help")
_ABOUT = """
# Commands

This page is made from the commands' own `--help`. The command is `nbmerge-on-save`; `nbmerge` is the same,
unless another package has installed a command of that name later.

Every command has `--help` (`-h`) and `--debug`. Options may stand anywhere before `--`, as `--option VALUE`
or `--option=VALUE`, and are never abbreviated.
"""


def reference() -> str:
    """`docs/commands.md`: what holds for all commands, the list of them, a section for each."""
    parts = [
        _ABOUT.strip(),
        _table("command", ((f"[`{name}`](#{name})", what) for name, (_, what) in COMMANDS.items())),
        "Exit codes, where a command says nothing else:",
        _table("exit code", ((str(code), meaning) for code, meaning in USUAL_EXITS.items())),
        *(part for name in COMMANDS for part in _section(parser_of(name))),
    ]
    return "\n\n".join(parts) + "\n"


def page() -> str:
    """The manual page, for man(1)."""
    lines = [
        f'.TH NBMERGE 1 "" "nbmerge {nbmerge.__version__}" "nbmerge"',
        ".nh",  # no word is parted: it may be an option
        ".SH NAME",
        r"nbmerge, nbmerge\-on\-save \- merges Jupyter notebooks cell by cell, without losing a line",
        ".SH SYNOPSIS",
        *_synopsis(),
        ".SH COMMANDS",
        *(line for name in COMMANDS for line in _command(parser_of(name))),
        ".SH EXIT STATUS",
        "Where a command says nothing else:",
        *_exits(dict(USUAL_EXITS)),
        ".SH ENVIRONMENT",
        *_term("NBMERGE_STATE_DIR", "the state directory, where versions are kept"),
        *_term("NO_COLOR", "if it is not empty, nothing is coloured"),
        *_term("VISUAL, EDITOR", "what opens the text of a conflict"),
        ".SH FILES",
        *_term("~/.local/state/nbmerge", "the state directory, where nothing else is said (Linux)"),
        *_term(".nbmergeignore", "what is not watched in a folder and below, written as .gitignore"),
        ".SH SEE ALSO",
        ".BR git\\-merge (1),",
        ".BR gitattributes (5)",
    ]
    return "\n".join(lines) + "\n"


def _section(parser: CommandParser) -> Iterator[str]:
    """A command in the reference: what it does, its arguments, its exit codes."""
    yield f"## {parser.name}"
    yield f"```\nnbmerge-on-save {parser.call} [options]\n```"
    for paragraph in (parser.description or "").split("\n\n"):
        yield f"```\n{paragraph}\n```" if paragraph.startswith(" ") else _wrapped(paragraph)
    arguments = [*parser.positionals, *(one for one in parser.options if one.dest not in EVERYWHERE)]
    if arguments:
        yield _table("argument", ((_option(action), action.help or "") for action in arguments))
    own = dict(_own(parser))
    if own:
        yield _table("exit code", ((str(code), meaning) for code, meaning in own.items()))


def _table(heading: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = (f"| {first} | {second} |" for first, second in map(_cells, rows))
    return "\n".join([f"| {heading} | |", "|---|---|", *lines])


def _cells(row: tuple[str, str]) -> tuple[str, str]:
    first, second = (cell.replace("|", "\\|") for cell in row)
    return first, second


def _own(parser: CommandParser) -> Iterator[tuple[int, str]]:
    """The exit codes that mean something else than usual here."""
    for code in sorted(parser.exits):
        if USUAL_EXITS.get(code) != parser.exits[code]:
            yield code, parser.exits[code]


def _option(action: Action) -> str:
    return ", ".join(f"`{name}`" for name in _names(action))


def _names(action: Action) -> list[str]:
    """How it is typed: the spellings of an option, with its value, or the name of a positional argument."""
    return [f"{name}{_value(action)}" for name in action.option_strings] or [_value(action).strip()]


def _value(action: Action) -> str:
    if action.nargs == 0:
        return ""
    if action.choices is not None:
        return " " + "|".join(map(str, action.choices))
    names = action.metavar if isinstance(action.metavar, tuple) else (action.metavar or "VALUE",)
    return "".join(f" {name}" for name in names)


def _wrapped(text: str) -> str:
    """A paragraph as wide as those of the other pages."""
    return fill(" ".join(text.split()), 120, break_on_hyphens=False, break_long_words=False)


def _synopsis() -> Iterator[str]:
    for name in COMMANDS:
        yield f".B nbmerge {_plain(parser_of(name).call)} [options]"
        yield ".br"


def _command(parser: CommandParser) -> Iterator[str]:
    yield f".SS {_plain(parser.call)}"
    for number, paragraph in enumerate((parser.description or "").split("\n\n")):
        if number:
            yield ".PP"
        if paragraph.startswith(" "):
            yield from (".nf", *map(_plain, paragraph.split("\n")), ".fi")
        else:
            yield _plain(" ".join(paragraph.split()))
    for action in [*parser.positionals, *parser.options]:
        names = ", ".join(_names(action))
        yield from _term(names, action.help or "")
    own = dict(_own(parser))
    if own:
        yield from (".PP", "Exit status:", *_exits(own))


def _exits(exits: dict[int, str]) -> Iterator[str]:
    for code, meaning in exits.items():
        yield from _term(str(code), meaning)


def _term(name: str, text: str) -> tuple[str, str, str]:
    return ".TP", f".B {_plain(name)}", _plain(text)


def _plain(text: str) -> str:
    """Text in which roff sees no request and no hyphenation of options."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
