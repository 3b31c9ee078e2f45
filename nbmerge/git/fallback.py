"""Owns: the merge of files that are no notebooks, as text, by `git merge-file`.

Must not know: notebooks.  Invariant: both sides' text is in what comes out, or nothing
is written and git is told that the driver failed.
"""

from __future__ import annotations

import json

from nbmerge.files import replace_scratch
from nbmerge.git.contract import ONE_SIDE, Answer, Outcome
from nbmerge.git.labels import find_labels
from nbmerge.git.process import complaint, run_git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.git.contract import Call


def merge_as_text(call: Call, reason: str) -> Outcome:
    """Merge by lines into the local file; clean only if what comes out is JSON."""
    labels = find_labels(call, with_base=True)
    names = [word for label in (labels.local, labels.base, labels.remote) for word in ("-L", label)]
    files = [call.local, call.base, call.remote]
    size = f"--marker-size={call.marker_size}"
    done = run_git("merge-file", "-p", "-q", *names, size, "--", *files)
    if not 0 <= done.returncode < 128:
        reason = f"{reason}, and no text that git could merge ({complaint(done)}); {ONE_SIDE}"
        return Outcome(Answer.FAILED, reason=reason)
    replace_scratch(call.local, done.stdout)
    if done.returncode == 0 and _is_json(done.stdout):
        return Outcome(Answer.CLEAN, reason=f"{reason}; merged as text, without conflicts")
    what = "no JSON came out" if done.returncode == 0 else "there are conflicts"
    return Outcome(Answer.CONFLICTS, reason=f"{reason}; merged as text: {what}, edit the file as text")


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
