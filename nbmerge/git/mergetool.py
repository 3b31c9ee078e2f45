"""Owns: the entry in git's configuration that lets `git mergetool` open notebooks with nbmerge.

Must not know: what the tool does.  Invariant: a tool that somebody chose stays the one that `git
mergetool` opens; what is put in is taken out again, and nothing else.
"""

from __future__ import annotations

from nbmerge.git.entry import runs
from nbmerge.git.process import ask_git, tell_git
from nbmerge.git.scope import Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.git.entry import Launcher

_SECTION = "mergetool.nbmerge"
_START = "from nbmerge.cli.mergetool_command import entry; entry()"
# git's script has all five as variables; the last is what it puts back if conflicts are left
_FILES = ' "$BASE" "$LOCAL" "$REMOTE" "$MERGED" "$BACKUP"'
_OURS = "nbmerge"
_CHOSEN = "chosen"  # the mark that `merge.tool` is our doing


def is_there(scope: Scope) -> bool:
    """Whether the entry is in this place."""
    return _get(scope, "cmd") is not None


def put_in(scope: Scope, launcher: Launcher) -> None:
    """Write the entry, and make it what `git mergetool` opens if nobody chose a tool."""
    _set(scope, f"{_SECTION}.cmd", launcher.command(_START) + _FILES)
    _set(scope, f"{_SECTION}.trustExitCode", "true")
    # else git would have merged the files as text, as far as that goes, before the tool gets them
    _set(scope, f"{_SECTION}.hideResolved", "false")
    if ask_git("config", "--get", "merge.tool") is None:
        _set(scope, "merge.tool", _OURS)
        _set(scope, f"{_SECTION}.traces", _CHOSEN)


def take_out(scope: Scope) -> bool:
    """Remove what `put_in` wrote in this place; whether anything was there."""
    if ask_git("config", f"--{scope.value}", "--get-regexp", r"^mergetool\.nbmerge\.") is None:
        return False
    if _get(scope, "traces") == _CHOSEN and _chosen_in(scope) == _OURS:
        tell_git("config", f"--{scope.value}", "--unset", "merge.tool")
    tell_git("config", f"--{scope.value}", "--remove-section", _SECTION)
    return True


def told(scope: Scope) -> list[str]:
    """What `git mergetool` does with notebooks, in a line; none where the entry is not to be found."""
    places = (Scope.LOCAL, Scope.GLOBAL) if scope is Scope.LOCAL else (scope,)
    found = [place for place in places if is_there(place)]
    if not found:
        return []
    command = (_get(found[0], "cmd") or "").removesuffix(_FILES)
    if not runs(command):
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
