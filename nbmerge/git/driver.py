"""Owns: one call of the merge driver: what git hands over, three files in, the result in the local one.

Must not know: how a merge is made.
Invariant: the local file holds a whole merge with both sides in it, or is untouched and git is told that
the driver failed; what cannot be merged as a notebook is merged as text, by `git merge-file`.  An answer is
given on purpose or not at all: "clean" and "conflicts" have exit codes towards our entry in git's
configuration that no crash, no missing interpreter and no missing package can produce by chance.
"""

from __future__ import annotations

import json
from enum import Enum

from nbmerge.errors import NotebookError, SystemFailure, UsageError
from nbmerge.files import FileSource, replace_scratch
from nbmerge.frozen import frozen
from nbmerge.git.labels import BASE_LABEL, LOCAL_LABEL, REMOTE_LABEL, find_labels, is_virtual
from nbmerge.git.process import complaint, run_git
from nbmerge.merge.engine import merge
from nbmerge.merge.files import merge_sources
from nbmerge.merge.markers import ConflictStyle, Labels, MarkerStyle
from nbmerge.merge.values import Favor, Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.merge.markers import Rendered
    from nbmerge.merge.values import Result, Terms
    from nbmerge.notebook.model import Notebook

PLACEHOLDERS = "%O %A %B %L %P %S %X %Y"
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
    """What became of one call: of a merge as notebooks the `result`, else the `reason` in one line.

    `offered` says that conflicts are settled as they were before, for somebody to look at: git then waits
    for a person even if none is left.
    """

    answer: MergeStatus
    result: Rendered | None = None
    reason: str = ""
    offered: bool = False


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


def merge_files(call: Call) -> DriverResult:
    """Merge as notebooks; as text what is none, or what nbmerge has a bug with."""
    try:
        try:
            return _merge_notebooks(call)
        except NotebookError as error:
            reason = str(error)
        except SystemFailure:
            raise
        except Exception as error:
            kind = type(error).__name__
            reason = f"{call.path}: a bug in nbmerge, please report it ({kind}: {_first_line(error)})"

        return merge_as_text(call, reason)
    except SystemFailure as error:
        return DriverResult(MergeStatus.FAILED, reason=f"{call.path}: not merged: {error}; {ONE_SIDE}")


def _merge_notebooks(call: Call) -> DriverResult:
    base = FileSource(call.base, f"{call.path} (base)")
    local = FileSource(call.local, f"{call.path} (local)")
    remote = FileSource(call.remote, f"{call.path} (remote)")

    asked = _Conflicts(call)
    whole = merge_sources(base, local, remote, markers=asked.markers, settle=asked.settle)
    if not local.consists_of(whole.data):
        replace_scratch(call.local, whole.data)
    clean = whole.result.clean and not asked.offered
    return DriverResult(
        MergeStatus.CLEAN if clean else MergeStatus.CONFLICTS, whole.rendered, offered=asked.offered
    )


class _Conflicts:
    """What becomes of the conflicts of one call.  It costs processes to find out, so git is only asked
    when there are some."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.offered = False

    def settle(self, result: Result, sides: Terms[Notebook]) -> Result:
        """The merge as git's configuration wants it.

        Of a base that is itself merged nothing is settled, and git's own options settle nothing there either:
        a side that was favoured in it would look unchanged, and the other one would win without a conflict.
        """
        from nbmerge.git.settings import settings

        self.settings = settings()
        virtual = is_virtual(self.call)
        if self.settings.favor is not Favor.NONE and not virtual:
            return merge(sides.base, sides.local, sides.remote, Policy(favor=self.settings.favor))
        with_base = self.settings.style is not ConflictStyle.MERGE
        self.labels = find_labels(self.call, with_base)
        if not self.settings.rerere or virtual:
            return result
        import time

        from nbmerge.git.recorded import offer

        settled = offer(result, sides, self.call.path, self.labels.remote, time.time())
        self.offered = settled is not result
        return settled

    def markers(self) -> MarkerStyle:
        """How the conflicts that are left are shown."""
        return MarkerStyle(self.settings.style, self.labels, self.call.marker_size)


def merge_as_text(call: Call, reason: str) -> DriverResult:
    """Merge by lines into the local file; clean only if what comes out is JSON."""
    labels = find_labels(call, with_base=True)
    names = [word for label in (labels.local, labels.base, labels.remote) for word in ("-L", label)]
    files = [call.local, call.base, call.remote]
    size = f"--marker-size={call.marker_size}"
    done = run_git("merge-file", "-p", "-q", *names, size, "--", *files)
    if not 0 <= done.returncode < 128:
        reason = f"{reason}, and no text that git could merge ({complaint(done)}); {ONE_SIDE}"
        return DriverResult(MergeStatus.FAILED, reason=reason)
    replace_scratch(call.local, done.stdout)
    if done.returncode == 0 and _is_json(done.stdout):
        return DriverResult(MergeStatus.CLEAN, reason=f"{reason}; merged as text, without conflicts")
    what = "no JSON came out" if done.returncode == 0 else "there are conflicts"
    return DriverResult(
        MergeStatus.CONFLICTS, reason=f"{reason}; merged as text: {what}, edit the file as text"
    )


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")
