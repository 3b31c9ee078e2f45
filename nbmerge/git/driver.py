"""Owns: one call of the merge driver: three files in, the result in the local one.

Must not know: how the call reached it.
Invariant: the local file holds a whole merge with both sides in it, or is untouched and git is told that
the driver failed; what cannot be merged as a notebook is merged as text, by `git merge-file`.
"""

from __future__ import annotations

import json

from nbmerge.errors import NotebookError, SystemFailure
from nbmerge.files import FileSource, replace_scratch
from nbmerge.git.contract import ONE_SIDE, DriverResult, MergeStatus, find_labels
from nbmerge.git.process import complaint, run_git
from nbmerge.merge.files import merge_sources
from nbmerge.merge.markers import ConflictStyle, MarkerStyle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.git.contract import Call


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

    whole = merge_sources(base, local, remote, markers=lambda: _markers(call))
    if whole.data != local.read():
        replace_scratch(call.local, whole.data)
    status = MergeStatus.CLEAN if whole.result.clean else MergeStatus.CONFLICTS
    return DriverResult(status, whole.rendered)


def _markers(call: Call) -> MarkerStyle:
    """How conflicts are shown.  It costs processes to find out, so only when there are some."""
    from nbmerge.git.contract import find_labels
    from nbmerge.git.process import ask_git

    told = ask_git("config", "merge.conflictStyle")
    style = ConflictStyle(told) if told in {s.value for s in ConflictStyle} else ConflictStyle.MERGE
    labels = find_labels(call, with_base=style is not ConflictStyle.MERGE)
    return MarkerStyle(style, labels, call.marker_size)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")
