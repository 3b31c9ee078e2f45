"""Owns: how conflicts in notebooks were settled, found again when they come again: what git's `rerere` does
for text, and cannot do inside JSON.

Must not know: how notebooks are merged, when it is asked, how records are kept.
Invariant: no merge fails because of a record that cannot be read or written; what was committed last counts.
git is asked for a commit's notebook once for all conflicts of a merge.

Nobody tells when a conflict is settled.  So a record first names the merge that made it (HEAD, and the commit
that is merged or picked); when the conflict comes again, the commit that came of that merge is looked for in
HEAD's reflog, where it also is if the merge was only a trial.  It counts only if its parents, for a picked
commit its author and their time too, are those of that merge.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from functools import cached_property

from nbmerge.conflicts.repeated import SettledBefore, settle_again, settled_in, terms_of
from nbmerge.conflicts.values import Absent
from nbmerge.errors import NotebookError, SystemFailure
from nbmerge.git.labels import merged_heads
from nbmerge.git.process import ask_git, run_git
from nbmerge.git.records import MergeOfPath, Record, Records
from nbmerge.git.settings import settings
from nbmerge.notebook.reader import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbmerge.merge.values import Result, Terms
    from nbmerge.notebook.model import Notebook

_REFLOG = 200  # entries
_PICKED = re.compile(r"([0-9a-f]{7,64}) \(")


def merge_under_way(head: str, remote_label: str, path: str) -> MergeOfPath:
    """The merge that git makes now."""
    merged = merged_heads()
    if len(merged) == 1:
        return MergeOfPath(head, merged[0][0], False, path)
    picked = _PICKED.match(remote_label)
    return MergeOfPath(head, picked.group(1) if picked else "", True, path)


def offer(result: Result, sides: Terms[Notebook], path: str, remote_label: str, now: float) -> Result:
    """The merge with those conflicts settled that were settled before; all of them are recorded.

    `now` is since the epoch.
    """
    common, _, head = (ask_git("rev-parse", "--git-common-dir", "HEAD") or "").rpartition("\n")
    if not common:  # there is no commit yet
        return result
    records = Records(common)
    merge, commits = merge_under_way(head, remote_label, path), _Commits()
    before: dict[int, SettledBefore] = {}
    for place, merged in result.contested.items():
        terms = terms_of(merged)
        known = records.read(terms)
        settled = commits.settled(known, result, place) or known.settled
        merges = (merge, *(each for each in known.merges if each != merge))
        records.write(terms, Record(merges, settled))
        if settled is not None:
            before[place] = settled
    records.prune(now)
    return settle_again(result, sides, before) if before else result


def record_resolved(path: str, result: Result, notebook: Notebook, now: float) -> None:
    """Record how the conflicts of a merge are settled in what was made of the notebook at `path`."""
    folder = os.path.dirname(os.path.realpath(path))
    with contextlib.suppress(SystemFailure):
        common = ask_git("-C", folder, "rev-parse", "--git-common-dir")
        if common is None or not settings(folder).rerere:
            return
        records, date = Records(os.path.join(folder, common)), _date(now)
        for place, merged in result.contested.items():
            settled = _settled(settled_in(notebook, result, place), f"with `resolve`, {date}")
            terms = terms_of(merged)
            if settled is not None:
                records.write(terms, Record(records.read(terms).merges[:1], settled))
        records.prune(now)


def _settled(term: str | Absent, told: str) -> SettledBefore | None:
    match term:
        case Absent.UNKNOWN:
            return None
        case Absent.DELETED:
            return SettledBefore(None, told)
        case source:
            return SettledBefore(source, told)


def _date(now: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(now, UTC).date().isoformat()


@dataclass(frozen=True, slots=True)
class _Commit:
    oid: str
    parents: tuple[str, ...]
    author: str  # with the time
    name: str  # for people


class _Commits:
    """The commits to which HEAD has been, looked up only if a conflict comes again, and each once."""

    def __init__(self) -> None:
        self._notebooks: dict[tuple[str, str], Notebook | None] = {}
        self._authors: dict[str, str | None] = {}

    @cached_property
    def newest_first(self) -> tuple[_Commit, ...]:
        form = "--format=%H%x00%P%x00%an %ae %at%x00%h (%s)"
        told = ask_git("log", "-g", f"-{_REFLOG}", "--no-show-signature", form, "HEAD") or ""
        return tuple(
            _Commit(oid, tuple(parents.split()), author, name)
            for oid, parents, author, name in (line.split("\0") for line in told.split("\n") if line)
        )

    def settled(self, known: Record, result: Result, place: int) -> SettledBefore | None:
        """How a conflict was settled in the newest commit that came of a merge which made it."""
        for commit, merge in self._made_by(known.merges):
            notebook = self._notebook(commit.oid, merge.path)
            term = Absent.UNKNOWN if notebook is None else settled_in(notebook, result, place)
            found = _settled(term, f"in {commit.name}")
            if found is not None:
                return found
        return None

    def _made_by(self, merges: tuple[MergeOfPath, ...]) -> Iterator[tuple[_Commit, MergeOfPath]]:
        for commit in self.newest_first if merges else ():
            for merge in merges:
                if merge.picked:
                    same = commit.parents == (merge.head,) and commit.author == self._author(merge.other)
                else:
                    same = commit.parents == (merge.head, merge.other)
                if same:
                    yield commit, merge

    def _notebook(self, commit: str, path: str) -> Notebook | None:
        """What a commit has under a path, if that is a notebook."""
        if (commit, path) not in self._notebooks:
            self._notebooks[commit, path] = None
            with contextlib.suppress(NotebookError):
                found = run_git("cat-file", "blob", f"{commit}:{path}").stdout
                self._notebooks[commit, path] = read(found, path)
        return self._notebooks[commit, path]

    def _author(self, commit: str) -> str | None:
        """Who wrote a commit, and when."""
        if commit not in self._authors:
            words = ("log", "-1", "--no-show-signature", "--format=%an %ae %at", commit, "--")
            self._authors[commit] = ask_git(*words) if commit else None
        return self._authors[commit]
