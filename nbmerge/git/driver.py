"""Owns: one call of the merge driver: three files in, the result in the local one.

Must not know: how the call reached it.  Invariant: the local file holds a whole merge,
or is untouched; neither side is ever silently absent, whatever the files are.
"""

from __future__ import annotations

from dataclasses import replace

from nbmerge.errors import NotebookError, SystemFailure
from nbmerge.files import FileSource, replace_scratch
from nbmerge.git.contract import ONE_SIDE, Answer, Outcome
from nbmerge.merge.policy import ConflictStyle, Policy
from nbmerge.merge.whole import merge_sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.git.contract import Call
    from nbmerge.merge.whole import Whole


def merge_files(call: Call) -> Outcome:
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
        from nbmerge.git.fallback import merge_as_text

        return merge_as_text(call, reason)
    except SystemFailure as error:
        return Outcome(Answer.FAILED, reason=f"{call.path}: not merged: {error}; {ONE_SIDE}")


def _merge_notebooks(call: Call) -> Outcome:
    base = FileSource(call.base, f"{call.path} (base)")
    local = FileSource(call.local, f"{call.path} (local)")
    remote = FileSource(call.remote, f"{call.path} (remote)")

    def merged(policy: Policy) -> Whole:
        return merge_sources(base, local, remote, policy)

    policy = Policy(marker_size=call.marker_size)
    whole = merged(policy)
    if not whole.result.clean:
        whole = merged(_to_be_read(call, policy))
    if whole.data != local.read():
        replace_scratch(call.local, whole.data)
    return Outcome(Answer.CLEAN if whole.result.clean else Answer.CONFLICTS, whole.result)


def _to_be_read(call: Call, policy: Policy) -> Policy:
    """How conflicts are shown.  It costs processes to find out, so only when there are some."""
    from nbmerge.git.labels import find_labels
    from nbmerge.git.process import ask_git

    told = ask_git("config", "merge.conflictStyle")
    style = ConflictStyle(told) if told in {s.value for s in ConflictStyle} else ConflictStyle.MERGE
    labels = find_labels(call, with_base=style is not ConflictStyle.MERGE)
    return replace(policy, conflict_style=style, labels=labels)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")
