"""Owns: what stands in git's configuration: the shell line of the merge driver, and the entry of the
mergetool.

Must not know: how notebooks are merged, or shown to be settled.
Invariant: only an answer that our code gave on purpose ends the merge; whatever else happens to the
interpreter (deleted, without the package, crashed, killed), git's own merge of lines runs, and a person is
asked to look.  A tool that somebody chose stays the one that `git mergetool` opens.

git hands the line to `sh`, with the placeholders filled in and quoted.  git 2.39 knows no %S %X %Y and
leaves them as they are.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass

from nbmerge.errors import SystemFailure
from nbmerge.git.driver import PLACEHOLDERS, MergeStatus
from nbmerge.git.labels import BASE_LABEL, LOCAL_LABEL, REMOTE_LABEL
from nbmerge.git.process import ask_git, run_git, tell_git
from nbmerge.git.scope import Scope

# What `-m nbmerge driver` does, but for loading runpy first: a tenth of the time a call may take.
_START = "from nbmerge.cli.driver_command import entry; entry()"
_HEAD = f"set -- {PLACEHOLDERS}; if [ -x "  # a shell would name all of the line to say that nothing is there
_THEN = " ]; then "
_TAIL = (
    ' "$@"; code=$?; else code=127; fi; rm -f "$2.nbmerge"; case $code in '
    + " ".join(f"{answer.for_entry}) exit {answer.for_git};;" for answer in MergeStatus)
    + " esac; "
    'printf "%%s\\n" "nbmerge did not run (exit $code), so git merges $5 as text: check the file before you'
    " commit it; to mend this install nbmerge again and run: nbmerge-on-save git install"
    ' (with --global if it was)" >&2; '
    f'if [ "$7" = %%X ]; then set -- "$1" "$2" "$3" "$4" "$5" {BASE_LABEL} {LOCAL_LABEL} {REMOTE_LABEL}; fi; '
    'git merge-file -L "$7" -L "$6" -L "$8" --marker-size="$4" -- "$2" "$1" "$3"; '
    f"[ $? -lt 128 ] && exit {MergeStatus.CONFLICTS.for_git}; exit {MergeStatus.FAILED.for_git}"
)


@dataclass(frozen=True, slots=True)
class Launcher:
    """A way to start this package: an interpreter, and how it finds the package.

    `options` keep the folder that git works in off the import path: a json.py in a
    repository must not run.  `package_path` is needed only from an uninstalled checkout.
    """

    python: str
    options: str = "-I"
    package_path: str | None = None

    def command(self, start: str = _START) -> str:
        """The beginning of a shell command, to be followed by the arguments of what `start` runs."""
        where = "" if self.package_path is None else f"PYTHONPATH={_quoted(self.package_path)} "
        return f"{where}{_quoted(self.python)} {self.options} -c {_quoted(start)}"


def shell_line(launcher: Launcher) -> str:
    """The line for `merge.nbmerge.driver`."""
    return _HEAD + f"{_quoted(launcher.python)}{_THEN}{launcher.command()}".replace("%", "%%") + _TAIL


def command_of(line: str) -> str | None:
    """The launcher's command in a line made by `shell_line`; None if it is another line."""
    if not (line.startswith(_HEAD) and line.endswith(_TAIL)):
        return None
    return line[len(_HEAD) : -len(_TAIL)].partition(_THEN)[2].replace("%%", "%")


def interpreter_of(line: str) -> str | None:
    """The interpreter that a line made by `shell_line` names."""
    return interpreter_in(command_of(line) or "")


def interpreter_in(command: str) -> str | None:
    """The interpreter that a launcher's command names."""
    import shlex

    try:
        words = shlex.split(command)
    except ValueError:
        return None
    return next((word for word in words if not word.startswith("PYTHONPATH=")), None)


def runs(command: str) -> bool:
    """Whether what a launcher's command starts answers; git starts it, in the shell that it uses."""
    alias = "nbmerge-answers"
    done = run_git("-c", f"alias.{alias}=!{command}", alias)
    return done.returncode == MergeStatus.CLEAN.for_entry


def answers(command: str, users: str | None, line: str) -> bool | None:
    """Whether what a command in a line of git's configuration starts answers; None: it is not tried.

    A repository that came from elsewhere may bring a configuration that names any program, so nothing is
    started but what stands in the user's own entry, `users`, or what this package would start itself, by this
    interpreter or one that the shell finds by its name, too.
    """
    python = interpreter_in(command)
    if python is None or not os.access(python, os.X_OK):
        return False
    ways = _ways()
    if os.path.dirname(python) in os.environ.get("PATH", "").split(os.pathsep):
        ways += tuple(Launcher(python, launcher.options) for launcher in ways)
    own = (launcher.command(start) for launcher in ways for start in (_START, _START_MERGETOOL))
    return runs(command) if users == line or command in own else None


def _ways() -> tuple[Launcher, ...]:
    """How the package that runs now can be started, the strictest way first."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return Launcher(sys.executable), Launcher(sys.executable, "-EP"), Launcher(sys.executable, "-sP", root)


def this_launcher() -> Launcher:
    """How git can start the package that runs now: the strictest way that works.

    Isolated mode misses packages in the user's own site folder (`pip install --user`).
    """
    if not sys.executable:
        raise SystemFailure("this Python does not know its own path: run nbmerge with an installed one")
    for launcher in _ways():
        if runs(launcher.command()):
            return launcher
    raise SystemFailure(
        f"{sys.executable} does not find nbmerge: install it there (pip install nbmerge-on-save)"
    )


def _quoted(word: str) -> str:
    """A word for the shell, taken literally."""
    if re.fullmatch(r"[\w@+=:,./-]+", word, re.ASCII):
        return word
    return "'" + word.replace("'", "'\\''") + "'"


_SECTION = "mergetool.nbmerge"
_START_MERGETOOL = "from nbmerge.cli.mergetool_command import entry; entry()"
# git's script has all five as variables; the last is what it puts back if conflicts are left
_FILES = ' "$BASE" "$LOCAL" "$REMOTE" "$MERGED" "$BACKUP"'
_OURS = "nbmerge"
_CHOSEN = "chosen"  # the mark that `merge.tool` is our doing


def has_mergetool(scope: Scope) -> bool:
    """Whether the entry is in this place."""
    return _get(scope, "cmd") is not None


def put_in_mergetool(scope: Scope, launcher: Launcher) -> None:
    """Write the entry, and make it what `git mergetool` opens if nobody chose a tool."""
    _set(scope, f"{_SECTION}.cmd", launcher.command(_START_MERGETOOL) + _FILES)
    _set(scope, f"{_SECTION}.trustExitCode", "true")
    # else git would have merged the files as text, as far as that goes, before the tool gets them
    _set(scope, f"{_SECTION}.hideResolved", "false")
    if ask_git("config", "--get", "merge.tool") is None:
        _set(scope, "merge.tool", _OURS)
        _set(scope, f"{_SECTION}.traces", _CHOSEN)


def take_out_mergetool(scope: Scope) -> bool:
    """Remove what `put_in_mergetool` wrote in this place; whether anything was there."""
    if ask_git("config", f"--{scope.value}", "--get-regexp", r"^mergetool\.nbmerge\.") is None:
        return False
    if _get(scope, "traces") == _CHOSEN and _chosen_in(scope) == _OURS:
        tell_git("config", f"--{scope.value}", "--unset", "merge.tool")
    tell_git("config", f"--{scope.value}", "--remove-section", _SECTION)
    return True


def mergetool_lines(scope: Scope) -> list[str]:
    """What `git mergetool` does with notebooks, in a line; none where the entry is not to be found."""
    places = (Scope.LOCAL, Scope.GLOBAL) if scope is Scope.LOCAL else (scope,)
    found = [place for place in places if has_mergetool(place)]
    if not found:
        return []
    line = _get(found[0], "cmd") or ""
    runs_here = answers(line.removesuffix(_FILES), _get(Scope.GLOBAL, "cmd"), line)
    if runs_here is False:
        return ["mergetool: does not run nbmerge; `git install --mergetool` names the one that runs now"]
    tool = ask_git("config", "--get", "merge.tool") if scope is Scope.LOCAL else _chosen_in(scope)
    if tool == _OURS:
        return ["mergetool: `git mergetool` shows the conflicts of notebooks in the browser"]
    other = f"; `git mergetool` alone opens {tool}, as merge.tool says" if tool else ""
    return [f"mergetool: `git mergetool --tool nbmerge` shows conflicts in the browser{other}"]


def _get(scope: Scope, key: str) -> str | None:
    return ask_git("config", f"--{scope.value}", "--get", f"{_SECTION}.{key}")


def _chosen_in(scope: Scope) -> str | None:
    return ask_git("config", f"--{scope.value}", "--get", "merge.tool")


def _set(scope: Scope, key: str, value: str) -> None:
    if ask_git("config", f"--{scope.value}", "--get", key) != value:
        tell_git("config", f"--{scope.value}", "--replace-all", key, value)
