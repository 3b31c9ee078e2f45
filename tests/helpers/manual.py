"""Owns: the manual page and the README's table of options, as the commands' own parsers have them.

Must not know: what the commands do.  Invariant: whatever a --help names is in both.
"""

from __future__ import annotations

import re
from argparse import Action
from collections.abc import Iterator

import nbmerge
from nbmerge.cli.arguments import USUAL_EXITS, Parser, options_of
from nbmerge.cli.main import parser_of
from nbmerge.cli.options import COMMANDS

HEADING = "## Options and exit codes\n"
EVERYWHERE = ("--debug", "--help")


def call_of(parser: Parser) -> str:
    """What is typed, without the options."""
    return " ".join(re.sub(r"\[-[^]]*\]", "", parser.call).split())


def reference() -> str:
    """The README's section: heading, what holds for all commands, a row for each."""
    usual = ", ".join(f"{code} {meaning}" for code, meaning in USUAL_EXITS.items())
    head = f"""{HEADING}
Every command has `--help` (`-h`) and `--debug`. Options stand anywhere before `--`, as `--option VALUE` or
`--option=VALUE`, and are never abbreviated. Exit codes, where the table says nothing else: {usual}.

| command | options | exit codes |
|---|---|---|
"""
    return _wrapped(head) + "".join(map(_row, COMMANDS)) + "\n"


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


def _row(name: str) -> str:
    parser = parser_of(name)
    told = [_option(action) for action in options_of(parser) if action.option_strings[-1] not in EVERYWHERE]
    own = "; ".join(f"{code} {meaning}" for code, meaning in _own(parser))
    cells = f"`{call_of(parser)}`", ", ".join(told), own
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _own(parser: Parser) -> Iterator[tuple[int, str]]:
    """The exit codes that mean something else than usual here."""
    for code in sorted(parser.exits):
        if USUAL_EXITS.get(code) != parser.exits[code]:
            yield code, parser.exits[code]


def _option(action: Action) -> str:
    return ", ".join(f"`{name}{_value(action)}`" for name in action.option_strings)


def _value(action: Action) -> str:
    if action.nargs == 0:
        return ""
    if action.choices is not None:
        return " " + "|".join(map(str, action.choices))
    names = action.metavar if isinstance(action.metavar, tuple) else (action.metavar or "VALUE",)
    return "".join(f" {name}" for name in names)


def _wrapped(text: str) -> str:
    """Paragraphs as wide as the README's."""
    from textwrap import fill

    parts = text.split("\n\n")
    return "\n\n".join(part if part.startswith(("#", "|")) else fill(part, 120) for part in parts)


def _synopsis() -> Iterator[str]:
    for name in COMMANDS:
        yield f".B nbmerge {_plain(parser_of(name).call)}"
        yield ".br"


def _command(parser: Parser) -> Iterator[str]:
    yield f".SS {_plain(call_of(parser))}"
    for number, paragraph in enumerate((parser.description or "").split("\n\n")):
        if number:
            yield ".PP"
        if paragraph.startswith(" "):
            yield from (".nf", *map(_plain, paragraph.split("\n")), ".fi")
        else:
            yield _plain(" ".join(paragraph.split()))
    for action in options_of(parser):
        names = ", ".join(f"{name}{_value(action)}" for name in action.option_strings)
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
