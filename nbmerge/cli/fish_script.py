"""Owns: completion in fish.

Must not know: any command.  Invariant: every text stands in single quotes, where fish gives a meaning
to the quote and the backslash alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbmerge.cli.offers import Kind, Offer, Option, Value

_SCRIPT = r"""# Completion for nbmerge in fish: nbmerge-on-save completion fish | source

function __nbmerge_is --description 'whether the command is this one'
    set -l words (commandline -opc)
    set -l command merge
    if set -q words[2]; and contains -- $words[2] @COMMANDS@
        set command $words[2]
    end
    test "$command" = "$argv[1]"
end

function __nbmerge_begins --description 'whether no command was typed yet'
    test (count (commandline -opc)) -eq 1
end

function __nbmerge_lacks --description 'whether none of these words was typed yet'
    for word in (commandline -opc)
        contains -- $word $argv; and return 1
    end
    return 0
end

function __nbmerge_paths --description 'files that match a pattern, as fish completes them'
    set -l token (commandline -ct)
    set -l found (complete -C "__fish_command_without_completions $token")
    if string match -qr '^[^-].*[:=]' -- $token # fish itself takes what follows for a name of its own
        set -l names (string replace -r '^["\']' '' -- $token | string unescape)*
        set -q names[1]; and set found (command ls -dp -- $names)
    end
    string match -r $argv -- $found
end

function __nbmerge_notebooks --description 'notebooks and folders'
    __nbmerge_paths '^.*(?:\.ipynb|/)(?:\t.*)?$'
end

function __nbmerge_versions --description 'NOTEBOOK@N'
    set -l token (commandline -ct | string unescape)
    set -l parts (string match -r '^(.*\.ipynb)@\d*$' -- $token)
    if set -q parts[2]
        set -l program (commandline -opc)[1]
        set -l path (string replace -r '^~/' "$HOME/" -- $parts[2] | string escape)
        set -l found (eval $program log --json $path 2>/dev/null)
        string replace -rf '^\{"version": (\d+),.*' "$parts[2]@\$1" -- $found
    else
        __nbmerge_notebooks
    end
end

complete -c nbmerge -e
complete -c nbmerge -f
@LINES@
complete -c nbmerge-on-save -e
complete -c nbmerge-on-save -w nbmerge
"""
_LISTS = {
    Kind.FOLDER: "(__nbmerge_paths '^.*/(?:\\t.*)?$')",
    Kind.FILE: "(__nbmerge_paths '^.*$')",
    Kind.NOTEBOOK: "(__nbmerge_notebooks)",
    Kind.VERSION: "(__nbmerge_versions)",
}


def fish_script(offers: tuple[Offer, ...]) -> str:
    """The script for these commands."""
    names = " ".join(offer.name for offer in offers)
    lines = [line for offer in offers for line in _command(offer)]
    return _SCRIPT.replace("@COMMANDS@", names).replace("@LINES@", "\n".join(lines))


def _command(offer: Offer) -> Iterator[str]:
    yield f"complete -c nbmerge -n __nbmerge_begins -a {offer.name} -d {_quoted(offer.what)}"
    here = f"__nbmerge_is {offer.name}"
    for option in offer.options:
        yield f"complete -c nbmerge -n {_quoted(here)} {_option(option)}"
    if offer.first.words:
        words = " ".join(offer.first.words)
        lacks = f"{here}; and __nbmerge_lacks {words}"
        yield f"complete -c nbmerge -n {_quoted(lacks)} -a {_quoted(words)}"
    if offer.rest.kind in _LISTS:
        yield f"complete -c nbmerge -n {_quoted(here)} -a {_quoted(_LISTS[offer.rest.kind])}"


def _option(option: Option) -> str:
    names = (f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
    return " ".join([*names, *_values(option.value), f"-d {_quoted(option.help)}"])


def _values(value: Value) -> list[str]:
    match value.kind:
        case Kind.NOTHING:
            return []
        case Kind.WORD:
            return ["-x", "-a", _quoted(" ".join(value.words))]
        case kind if kind in _LISTS:
            return ["-x", "-a", _quoted(_LISTS[kind])]
    return ["-x"]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
