"""Owns: git attributes: our line in a file of them, and what git really does with the notebooks here.

Must not know: how anything is installed.
Invariant: taking the line out of what putting it in gave is the file as it was, byte for byte; every other
line is kept.  For what it really does git itself is asked, so a rule in a place that nbmerge does not know
of counts too.

The last line that matches wins, so another tool's line for notebooks may stay where it is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from nbmerge.files import read_small_file
from nbmerge.git.process import ask_git
from nbmerge.git.scope import SECTION, Scope, shown

LARGEST = 16 << 20  # bytes of a file of attributes
LINE = b"*.ipynb merge=nbmerge"
_NOTEBOOKS = (b"*.ipynb", b'"*.ipynb"', b"**/*.ipynb", b"*")
_SPACE = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Rule:
    """A line that says how notebooks are merged; lines count from 1."""

    line: int
    text: str
    ours: bool


def rules(data: bytes) -> tuple[Rule, ...]:
    """The lines that say how every notebook is merged; the last one wins."""
    found = []
    for number, line in enumerate(data.split(b"\n"), 1):
        pattern, *attributes = line.split() or [b""]
        if pattern in _NOTEBOOKS and any(map(_about_merging, attributes)):
            ours = line.strip(_SPACE) == LINE
            found.append(Rule(number, line.strip(_SPACE).decode("utf-8", "replace"), ours))
    return tuple(found)


def is_ours(data: bytes) -> bool:
    """Whether our line is there and wins."""
    found = rules(data)
    return bool(found) and found[-1].ours


def put_in(data: bytes) -> bytes:
    """The file with our line at its end."""
    separator = b"" if _complete(data) else b"\n"
    return data + separator + LINE + b"\n"


def take_out(data: bytes, newline_is_ours: bool) -> bytes:
    """The file without our line; `newline_is_ours`: `put_in` had to end the line before."""
    lines = data.split(b"\n")
    kept = [line for line in lines if line.strip(_SPACE) != LINE]
    last_was_ours = len(lines) > 1 and not lines[-1] and lines[-2].strip(_SPACE) == LINE
    if newline_is_ours and last_was_ours:
        kept.pop()
    return b"\n".join(kept)


def ends_without_newline(data: bytes) -> bool:
    """Whether `put_in` has to end the last line."""
    return not _complete(data)


def _complete(data: bytes) -> bool:
    return not data or data.endswith(b"\n")


def _about_merging(attribute: bytes) -> bool:
    name = attribute.lstrip(b"-!").partition(b"=")[0]
    return name in (b"merge", b"binary")


@dataclass(frozen=True, slots=True)
class Effect:
    """The value of a notebook's attribute `merge`, and the driver line that stands behind our name."""

    attribute: str
    line: str | None

    @property
    def ours(self) -> bool:
        return self.attribute == "nbmerge"

    def __str__(self) -> str:
        match self.attribute:
            case "nbmerge" if self.line is not None:
                return "by nbmerge"
            case "nbmerge" | "unspecified" | "set" | "text":
                return "as text"
            case "unset" | "binary":
                return "by taking one side (attribute `-merge`)"
            case other:
                return f"by the driver `{other}`"


def effect_here() -> Effect:
    """What git does with a notebook in this folder; outside of repositories: in none in particular."""
    told = ask_git("check-attr", "-z", "merge", "--", "x.ipynb")
    if told is None:
        return effect_of_user()
    return Effect(told.split("\0")[2], ask_git("config", "--get", f"{SECTION}.driver"))


def effect_of_user() -> Effect:
    """What git does where no repository says otherwise."""
    found = rules(attributes_of(Scope.GLOBAL.attributes_file()))
    ours = bool(found) and found[-1].ours
    return Effect("nbmerge" if ours else "unspecified", Scope.GLOBAL.read("driver"))


def attributes_of(file: str) -> bytes:
    """The file's content; nothing if it cannot be read."""
    try:
        return read_small_file(file, LARGEST, links=True)
    except (OSError, ValueError):
        return b""


def set_aside(scope: Scope) -> list[str]:
    """A line for each rule of another tool that has no effect while ours is in this place."""
    files = [Scope.GLOBAL.attributes_file()]
    if scope is Scope.LOCAL:
        top = ask_git("rev-parse", "--show-toplevel")
        files = [scope.attributes_file(), *([os.path.join(top, ".gitattributes")] if top else []), *files]
    return [
        f"note: {shown(file)} line {rule.line}, `{rule.text}`, has no effect until nbmerge is uninstalled"
        for file in files
        for rule in rules(attributes_of(file))
        if not rule.ours
    ]
