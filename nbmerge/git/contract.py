"""Owns: what git hands to a merge driver, and what the driver answers.

Must not know: how a merge is made.  Invariant: an answer is given on purpose or not at
all: "clean" and "conflicts" have exit codes towards our entry in git's configuration
that no crash, no missing interpreter and no missing package can produce by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from nbmerge.errors import UsageError
from nbmerge.merge.policy import Labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.merge.results import Result

PLACEHOLDERS = "%O %A %B %L %P %S %X %Y"
BASE_LABEL, LOCAL_LABEL, REMOTE_LABEL = "base", "HEAD", "theirs"
ONE_SIDE = "the file holds your side only: `git merge --abort`, or `git checkout --theirs` for the other side"
USAGE = "the arguments of a merge driver are %O %A %B %L %P, and optionally %S %X %Y"


class Answer(Enum):
    """What became of a merge."""

    CLEAN = "clean"
    CONFLICTS = "conflicts"
    FAILED = "failed"  # nothing was written; git must not take local for the result

    @property
    def for_git(self) -> int:
        """git: 0 is clean, up to 128 is a conflict, above the driver failed."""
        return {Answer.CLEAN: 0, Answer.CONFLICTS: 1, Answer.FAILED: 129}[self]

    @property
    def for_entry(self) -> int:
        """Towards the shell line of our entry, which translates."""
        return {Answer.CLEAN: 80, Answer.CONFLICTS: 81, Answer.FAILED: 82}[self]


@dataclass(frozen=True, slots=True)
class Call:
    """One call by git; `labels` is None where this git does not tell them (before 2.44)."""

    base: str
    local: str
    remote: str
    marker_size: int
    path: str
    labels: Labels | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call: of a merge as notebooks the `result`, else the `reason` in one line."""

    answer: Answer
    result: Result | None = None
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
