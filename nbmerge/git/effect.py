"""Owns: what git really does with the notebooks here, and whose rules ours sets aside, in words.

Must not know: how anything is installed.  Invariant: git itself is asked, so a rule in a
place that nbmerge does not know of counts too.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from nbmerge.errors import NotebookError
from nbmerge.files import read_file
from nbmerge.git import attributes
from nbmerge.git.process import ask_git
from nbmerge.git.scope import SECTION, Scope, shown


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
    found = attributes.rules(attributes_of(Scope.GLOBAL.attributes_file()))
    ours = bool(found) and found[-1].ours
    return Effect("nbmerge" if ours else "unspecified", Scope.GLOBAL.read("driver"))


def attributes_of(file: str) -> bytes:
    """The file's content; nothing if it cannot be read."""
    try:
        return read_file(file)
    except NotebookError:
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
        for rule in attributes.rules(attributes_of(file))
        if not rule.ours
    ]
