"""Owns: putting the entry into git's configuration and taking it out again.
whether the driver is installed, runs, and is the one that git uses.

Must not know: how the driver works, how commands are spelled but for the program's name.
how to install.
Invariant: installing twice is installing once; after uninstalling, every file and folder
is as if nbmerge had never been there, but for what others wrote in between.
nothing is written; "active" means that the
next merge of a notebook here is made by nbmerge.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace

from nbmerge.errors import SystemFailure
from nbmerge.files import read_small_file, reason, replace_file
from nbmerge.git.attributes import (
    LARGEST,
    Effect,
    attributes_of,
    effect_here,
    effect_of_user,
    ends_without_newline,
    is_ours,
    put_in,
    rules,
    set_aside,
    take_out,
)
from nbmerge.git.entry import (
    answers,
    command_of,
    has_mergetool,
    interpreter_of,
    mergetool_lines,
    put_in_mergetool,
    shell_line,
    take_out_mergetool,
)
from nbmerge.git.process import ask_git
from nbmerge.git.scope import SECTION, Scope, require_repository, shown
from nbmerge.git.settings import favor_in
from nbmerge.merge.values import FAVORS, Favor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.git.entry import Launcher


NAME = "nbmerge: Jupyter notebooks, cell by cell"


@dataclass(frozen=True, slots=True)
class Traces:
    """What uninstalling has to undo beyond our own lines; kept as `merge.nbmerge.traces`."""

    newline: bool = False  # the attributes' last line had no end
    attributes: bool = False  # there was no attributes file
    folders: int = 0  # so many folders had to be made for it
    config: bool = False  # there was no configuration file

    def __str__(self) -> str:
        flags = [name for name in ("newline", "attributes", "config") if getattr(self, name)]
        return " ".join([*flags, f"folders:{self.folders}"])

    @classmethod
    def read(cls, text: str) -> Traces:
        words = text.split()
        counts = [word.partition(":")[2] for word in words if word.startswith("folders:")]
        folders = int(counts[0]) if counts and counts[0].isdecimal() else 0
        return cls("newline" in words, "attributes" in words, folders, "config" in words)

    def with_missing(self, scope: Scope, file: str) -> Traces:
        """The same and what is missing now."""
        folders, folder = 0, os.path.dirname(file)
        while not os.path.isdir(folder):
            folders, folder = folders + 1, os.path.dirname(folder)
        return Traces(
            self.newline,
            self.attributes or not os.path.exists(file),
            max(self.folders, folders),
            self.config or not os.path.exists(scope.config_file()),
        )


@dataclass(frozen=True, slots=True)
class Extras:
    """What is asked for besides the driver: a tool of `git mergetool`; what becomes of conflicts, None
    for what holds already."""

    mergetool: bool = False
    favor: Favor | None = None


def install(scope: Scope, launcher: Launcher, program: str, extras: Extras = Extras()) -> list[str]:
    """Make nbmerge the merge driver of notebooks; lines for people."""
    if scope is Scope.LOCAL:
        require_repository(program)
    file = scope.attributes_file()
    before = _read(file)
    traces = Traces.read(scope.read("traces") or "").with_missing(scope, file)
    wanted = before or b""
    if not is_ours(wanted):
        wanted = take_out(wanted, traces.newline)
        traces = replace(traces, newline=ends_without_newline(wanted))
        wanted = put_in(wanted)
    scope.write("name", NAME)
    scope.write("driver", shell_line(launcher))
    scope.write("traces", str(traces))
    if extras.mergetool or has_mergetool(scope):
        put_in_mergetool(scope, launcher)
    match extras.favor:
        case None:
            pass
        case Favor.NONE:
            scope.remove("favor")
            if scope is Scope.LOCAL and ask_git("config", "--get", f"{SECTION}.favor") is not None:
                scope.write("favor", Favor.NONE.value)  # all of the user's repositories have another one
        case favor:
            scope.write("favor", favor.value)
    if wanted != before:
        _write(file, wanted)
    more = (*_effective(scope, program), *mergetool_lines(scope), *_favor(scope))
    return [_installed(scope, launcher, file), *more]


def uninstall(scope: Scope, program: str) -> list[str]:
    """Take out what `install` put in; lines for people."""
    if scope is Scope.LOCAL:
        require_repository(program)
    file = scope.attributes_file()
    before = _read(file)
    traces = Traces.read(scope.read("traces") or "")
    _take_out_line(file, before or b"", traces)
    had_line = before is not None and any(rule.ours for rule in rules(before))
    had_section, had_tool = scope.has_section(), take_out_mergetool(scope)
    if had_section:
        _take_out_section(scope, traces)
    if not had_line and not had_section and not had_tool:
        return [f"nbmerge was not installed ({scope.value})"]
    return [f"uninstalled ({scope.value}); git now merges *.ipynb here {effect_here()}"]


def _installed(scope: Scope, launcher: Launcher, file: str) -> str:
    where = "in this repository" if scope is Scope.LOCAL else "in all repositories of this user"
    config = shown(scope.config_file())
    return f"nbmerge merges *.ipynb {where} ({config}, {shown(file)}), with {launcher.python}"


def _effective(scope: Scope, program: str) -> list[str]:
    """What the new rule sets aside, or which one overrules it."""
    effect = effect_here()
    if effect.ours:
        return set_aside(scope)
    remedy = f"; `{program} git install` in it overrules that" if scope is Scope.GLOBAL else ""
    return [
        f"warning: here git still merges *.ipynb {effect}, as the attributes of this repository say{remedy}"
    ]


def _take_out_line(file: str, before: bytes, traces: Traces) -> None:
    after = take_out(before, traces.newline)
    if after or not traces.attributes:
        if after != before:
            _write(file, after)
        return
    with contextlib.suppress(OSError):  # somebody put something else into the folder
        if os.path.lexists(file):
            os.unlink(file)
        for _ in range(traces.folders):
            file = os.path.dirname(file)
            os.rmdir(file)


def _take_out_section(scope: Scope, traces: Traces) -> None:
    file = scope.config_file()
    scope.remove_section()
    with contextlib.suppress(OSError):
        if traces.config and os.path.getsize(file) == 0:
            os.unlink(file)


def _read(file: str) -> bytes | None:
    """The attributes; None if there is no such file."""
    if not os.path.lexists(file):
        return None
    try:
        return read_small_file(file, LARGEST, links=True)
    except OSError as error:
        raise SystemFailure(f"{file}: cannot be read: {reason(error)}") from error
    except ValueError as error:
        raise SystemFailure(str(error)) from error


def _write(file: str, data: bytes) -> None:
    try:
        os.makedirs(os.path.dirname(file), exist_ok=True)
    except OSError as error:
        raise SystemFailure(f"{file}: cannot be written: {reason(error)}") from error
    replace_file(file, data)


@dataclass(frozen=True, slots=True)
class GitStatus:
    """Whether nbmerge is active, and the lines for people."""

    active: bool
    lines: tuple[str, ...]


def status(scope: Scope, program: str) -> GitStatus:
    """The state of this repository, or of the user's configuration alone."""
    if scope is Scope.LOCAL:
        require_repository(program)
    scopes = [Scope.LOCAL, Scope.GLOBAL] if scope is Scope.LOCAL else [scope]
    effect = effect_here() if scope is Scope.LOCAL else effect_of_user()
    healthy, about = _interpreter(effect.line, program)
    really = effect if healthy or not effect.ours else "as text"
    lines = [*map(_place, scopes), *about, f"*.ipynb: merged {really}", *_rivals(effect, scope, program)]
    lines += [*mergetool_lines(scope), *_favor(scope)]
    return GitStatus(effect.ours and healthy, tuple(lines))


def _place(scope: Scope) -> str:
    file = scope.attributes_file()
    entry = scope.read("driver") is not None
    rule = any(rule.ours for rule in rules(attributes_of(file)))
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
    works = answers(command, Scope.GLOBAL.read("driver"), line)
    if works is None:
        return True, [
            f"interpreter: {python}, not tried: nothing but this repository's configuration names it"
        ]
    if works:
        return True, [f"interpreter: {python}, runs"]
    mend = f"`{program} git install` (or install --global) names the one that runs now"
    return False, [f"interpreter: {python}, does not run nbmerge, so git merges as text; {mend}"]


def _favor(scope: Scope) -> list[str]:
    """What becomes of conflicts, in a line; none where they are shown as always."""
    told = ask_git("config", "--get", f"{SECTION}.favor") if scope is Scope.LOCAL else scope.read("favor")
    if told is None:
        return []
    match favor_in(told):
        case Favor.NONE:
            return []
        case Favor.UNION:
            return ["conflicts: settled for both sides, local's lines first (favor union); each is listed"]
        case Favor(value=side):
            return [f"conflicts: settled for {side} (favor {side}); each is listed"]
    return [f"warning: {SECTION}.favor is {told}, which is none of {', '.join(FAVORS)}: conflicts are shown"]


def _rivals(effect: Effect, scope: Scope, program: str) -> list[str]:
    if effect.ours:
        return set_aside(scope)
    if effect.line is None:
        return []
    remedy = f"{program} git install{' --global' if scope is Scope.GLOBAL else ''}"
    return [f"warning: git's attributes say otherwise than nbmerge's entry; `{remedy}` overrules them"]
