"""Owns: what the sides of a conflict are called where git (before 2.44) does not tell its driver.

Must not know: the merge.
Invariant: a name is shown only where git's own state gives it; else HEAD and "theirs".  Asked only when
there is a conflict to show, for it costs processes.
"""

from __future__ import annotations

import os
import re

from nbmerge.git.process import ask_git
from nbmerge.merge.markers import Labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.git.driver import Call

BASE_LABEL, LOCAL_LABEL, REMOTE_LABEL = "base", "HEAD", "theirs"
_UNKNOWN = Labels(LOCAL_LABEL, BASE_LABEL, REMOTE_LABEL)
_STASH = Labels("Updated upstream", "Stash base", "Stashed changes")
_VIRTUAL = Labels("Temporary merge branch 1", BASE_LABEL, "Temporary merge branch 2")
_HEAD_OF = "GITHEAD_"
_HASH = "[0-9a-f]{4,64}"


def find_labels(call: Call, with_base: bool) -> Labels:
    """The labels that git itself would show, as far as they can be told."""
    if call.labels is not None:
        return call.labels
    if is_virtual(call):
        return _VIRTUAL
    merged = [name for name in os.environ if name.startswith(_HEAD_OF)]
    if len(merged) == 1:
        oid = merged[0].removeprefix(_HEAD_OF)
        return Labels(LOCAL_LABEL, _base_of(oid) if with_base else BASE_LABEL, os.environ[merged[0]])
    if "GIT_CHERRY_PICK_HELP" in os.environ:  # set by a rebase for what it runs
        return _picked(_last_line("rebase-merge/done"))
    return _by_command(_words_of_git())


def is_virtual(call: Call) -> bool:
    """Whether this merges the bases of a criss-cross: git makes the markers longer for that."""
    if call.marker_size <= 7:
        return False
    told = ask_git("check-attr", "conflict-marker-size", "--", call.path) or ""
    size = told.rpartition(": ")[2]
    return call.marker_size > (int(size) if size.isdecimal() else 7)


def _base_of(oid: str) -> str:
    bases = (ask_git("merge-base", "--all", "HEAD", oid) or "").split()
    if len(bases) > 1:
        return "merged common ancestors"
    return bases[0][:7] if bases else "empty tree"


def _by_command(words: list[str]) -> Labels:
    """The labels for the command that git was started with."""
    command = next((w for w in words if w in ("stash", "cherry-pick", "revert")), None)
    if command is None:
        return _UNKNOWN
    if command == "stash":
        return _STASH
    step = _first_line("sequencer/todo") or _commit_in(words[words.index(command) + 1 :])
    return _picked(step, backwards=command == "revert")


def _commit_in(words: list[str]) -> str:
    """The one commit that a command line names, spelled as a step of a todo list."""
    named = [word for word in words if not word.startswith("-")]
    if len(named) != 1:
        return ""
    return ask_git("log", "-1", "--no-show-signature", "--format=pick %h %s", named[0], "--") or ""


def _picked(step: str, backwards: bool = False) -> Labels:
    """Labels for a step of a todo list: a command, a commit and its subject."""
    _, _, commit = step.partition(" ")
    oid, _, subject = commit.partition(" ")
    if not re.fullmatch(
        _HASH, oid
    ):  # `merge -C ...` has none, a step of a newer git may be spelled otherwise
        return _UNKNOWN
    name = f"{oid[:7]} ({subject})"
    before, after = f"parent of {name}", name
    return Labels(LOCAL_LABEL, after, before) if backwards else Labels(LOCAL_LABEL, before, after)


def _first_line(name: str) -> str:
    return next(iter(_lines(name)), "")


def _last_line(name: str) -> str:
    return next(reversed(_lines(name)), "")


def _lines(name: str) -> list[str]:
    """The lines of a file of git's state that say something."""
    path = ask_git("rev-parse", "--git-path", name)
    try:
        with open(path or "", encoding="utf-8", errors="replace") as file:
            return [line for line in file.read().splitlines() if line and not line.startswith("#")]
    except OSError:
        return []


def _words_of_git() -> list[str]:
    """The command line of the git that runs this driver, where the system shows it (Linux).

    A cherry-pick of one commit, a revert and a stash leave no other trace while they merge.
    """
    process = os.getppid()
    try:
        for _ in range(3):  # git runs a shell, the shell runs this
            with open(f"/proc/{process}/cmdline", "rb") as file:
                words = os.fsdecode(file.read()).rstrip("\0").split("\0")
            if os.path.basename(words[0]) == "git":
                return words[1:]
            with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
                process = int(file.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        pass
    return []
