"""Owns: whether the driver is installed, runs, and is the one that git uses.

Must not know: how to install.  Invariant: nothing is written; "active" means that the
next merge of a notebook here is made by nbmerge.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.git import attributes, mergetool
from nbmerge.git.effect import Effect, attributes_of, effect_here, effect_of_user, set_aside
from nbmerge.git.entry import command_of, interpreter_of, runs
from nbmerge.git.scope import Scope, require_repository, shown


@dataclass(frozen=True, slots=True)
class Status:
    """Whether nbmerge is active, and the lines for people."""

    active: bool
    lines: tuple[str, ...]


def status(scope: Scope, program: str) -> Status:
    """The state of this repository, or of the user's configuration alone."""
    if scope is Scope.LOCAL:
        require_repository(program)
    scopes = [Scope.LOCAL, Scope.GLOBAL] if scope is Scope.LOCAL else [scope]
    effect = effect_here() if scope is Scope.LOCAL else effect_of_user()
    healthy, about = _interpreter(effect.line, program)
    really = effect if healthy or not effect.ours else "as text"
    lines = [*map(_place, scopes), *about, f"*.ipynb: merged {really}", *_rivals(effect, scope, program)]
    lines += mergetool.told(scope)
    return Status(effect.ours and healthy, tuple(lines))


def _place(scope: Scope) -> str:
    file = scope.attributes_file()
    entry = scope.read("driver") is not None
    rule = any(rule.ours for rule in attributes.rules(attributes_of(file)))
    files = [shown(path) for path, there in ((scope.config_file(), entry), (file, rule)) if there]
    half = "" if entry is rule else ", one half only"
    return (
        f"{scope.value}: installed ({', '.join(files)}{half})" if files else f"{scope.value}: not installed"
    )


def _interpreter(line: str | None, program: str) -> tuple[bool, list[str]]:
    """Whether the entry's interpreter answers, and what to say about it."""
    if line is None:
        return False, []
    command = command_of(line)
    if command is None:
        return False, [f"entry: not written by this version; `{program} git install` renews it"]
    python = interpreter_of(line)
    if runs(command):
        return True, [f"interpreter: {python}, runs"]
    mend = f"`{program} git install` (or install --global) names the one that runs now"
    return False, [f"interpreter: {python}, does not run nbmerge, so git merges as text; {mend}"]


def _rivals(effect: Effect, scope: Scope, program: str) -> list[str]:
    if effect.ours:
        return set_aside(scope)
    if effect.line is None:
        return []
    remedy = f"{program} git install{' --global' if scope is Scope.GLOBAL else ''}"
    return [f"warning: git's attributes say otherwise than nbmerge's entry; `{remedy}` overrules them"]
