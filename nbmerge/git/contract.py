"""Owns: what git hands to a merge driver, what the driver answers, and what the sides of a conflict are
called.

Must not know: how a merge is made.
Invariant: an answer is given on purpose or not at all: "clean" and "conflicts" have exit codes towards our
entry in git's configuration that no crash, no missing interpreter and no missing package can produce by
chance.  A name is shown only where git tells it (since 2.44) or its own state gives it; else HEAD and
"theirs".
"""

from __future__ import annotations

import os
import re
from enum import Enum

from nbmerge.errors import UsageError
from nbmerge.frozen import frozen
from nbmerge.git.process import ask_git
from nbmerge.merge.markers import Labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.merge.markers import Rendered


PLACEHOLDERS = "%O %A %B %L %P %S %X %Y"
BASE_LABEL, LOCAL_LABEL, REMOTE_LABEL = "base", "HEAD", "theirs"
ONE_SIDE = "the file holds your side only: `git merge --abort`, or `git checkout --theirs` for the other side"
USAGE = "the arguments of a merge driver are %O %A %B %L %P, and optionally %S %X %Y"


class MergeStatus(Enum):
    """What became of a merge."""

    CLEAN = "clean"
    CONFLICTS = "conflicts"
    FAILED = "failed"  # nothing was written; git must not take local for the result

    @property
    def for_git(self) -> int:
        """git: 0 is clean, up to 128 is a conflict, above the driver failed."""
        return {MergeStatus.CLEAN: 0, MergeStatus.CONFLICTS: 1, MergeStatus.FAILED: 129}[self]

    @property
    def for_entry(self) -> int:
        """Towards the shell line of our entry, which translates."""
        return {MergeStatus.CLEAN: 80, MergeStatus.CONFLICTS: 81, MergeStatus.FAILED: 82}[self]


@frozen
class Call:
    """One call by git; `labels` is None where this git does not tell them (before 2.44)."""

    base: str
    local: str
    remote: str
    marker_size: int
    path: str
    labels: Labels | None = None


@frozen
class DriverResult:
    """What became of one call: of a merge as notebooks the `result`, else the `reason` in one line."""

    answer: MergeStatus
    result: Rendered | None = None
    reason: str = ""


def parse_call(arguments: list[str]) -> Call:
    """The call in these arguments.  Raises UsageError."""
    match arguments:
        case [base, local, remote, size, path]:
            labels = None
        case [base, local, remote, size, path, base_label, local_label, remote_label]:
            labels = _told(base_label, local_label, remote_label)
        case _:
            raise UsageError(f"{USAGE}; there were {len(arguments)}")
    if not size.isdecimal():
        raise UsageError(f"{USAGE}; the marker size is no number: {size!r}")
    return Call(base, local, remote, max(1, int(size)), path, labels)


def _told(base: str, local: str, remote: str) -> Labels | None:
    """git leaves a placeholder that it does not know as it is; it may fill one with nothing."""
    if local == "%X" or remote == "%Y":
        return None
    return Labels(
        local or LOCAL_LABEL, base if base not in ("", "%S") else BASE_LABEL, remote or REMOTE_LABEL
    )


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
