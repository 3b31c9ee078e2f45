"""Owns: how conflicts in notebooks were settled, recorded in the repository for when they come again: what
git's `rerere` does for text, and cannot do inside JSON.

Must not know: how notebooks are merged, when it is asked.
Invariant: no merge fails because of a record that cannot be read or written; what was committed last counts.
Nothing but files in git's own folder is written: few, small ones that go when they are old.

Nobody tells when a conflict is settled.  So a record first names the merge that made it (HEAD, and the commit
that is merged or picked); when the conflict comes again, the commit that came of that merge is looked for in
HEAD's reflog, where it also is if the merge was only a trial.  It counts only if its parents, for a picked
commit its author and their time too, are those of that merge.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import dataclass
from functools import cached_property

from nbmerge.conflicts.repeated import SettledBefore, settle_again, settled_in, terms_of
from nbmerge.conflicts.values import Absent
from nbmerge.errors import NotebookError, SystemFailure
from nbmerge.files import digest, replace_scratch
from nbmerge.git.process import ask_git, run_git
from nbmerge.notebook.reader import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbmerge.merge.values import Result, Terms
    from nbmerge.notebook.model import Notebook

_PLACE = os.path.join("nbmerge", "settled")  # below git's folder of all work trees
_MOST = 300  # records
_LARGEST = 50_000  # characters of a source; a longer one is not recorded
_DAY = 86_400.0
_DAYS_SETTLED, _DAYS_OPEN = 60, 15  # as git keeps what rerere knows
_MERGES = 8  # that one conflict is remembered from
_REFLOG = 200  # entries
_PICKED = re.compile(r"([0-9a-f]{7,64}) \(")


@dataclass(frozen=True, slots=True)
class MergeOfPath:
    """A merge that made a conflict: HEAD and the other commit, which is `picked` in a rebase or cherry-pick
    ("" if it is not known), and the notebook's path from the top of the work tree."""

    head: str
    other: str
    picked: bool
    path: str


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one conflict: the merges that made it, the newest first, and how it was settled."""

    merges: tuple[MergeOfPath, ...] = ()
    settled: SettledBefore | None = None


def merge_under_way(head: str, remote_label: str, path: str) -> MergeOfPath:
    """The merge that git makes now."""
    merged = [name for name in os.environ if name.startswith("GITHEAD_")]
    if len(merged) == 1:
        return MergeOfPath(head, merged[0].removeprefix("GITHEAD_"), False, path)
    picked = _PICKED.match(remote_label)
    return MergeOfPath(head, picked.group(1) if picked else "", True, path)


def offer(result: Result, sides: Terms[Notebook], path: str, remote_label: str, now: float) -> Result:
    """The merge with those conflicts settled that were settled before; all of them are recorded.

    `now` is since the epoch.
    """
    told = (ask_git("rev-parse", "--git-common-dir", "HEAD") or "").splitlines()
    if len(told) != 2:  # there is no commit yet
        return result
    records = Records(os.path.join(told[0], _PLACE))
    merge, commits = merge_under_way(told[1], remote_label, path), _Commits()
    before: dict[int, SettledBefore] = {}
    for place, merged in result.contested.items():
        name = digest(terms_of(merged))
        known = records.read(name)
        settled = commits.settled(known, result, place) or known.settled
        merges = (merge, *(each for each in known.merges if each != merge))
        records.write(name, Record(merges[:_MERGES], settled), now)
        if settled is not None:
            before[place] = settled
    return settle_again(result, sides, before) if before else result


def record_resolved(path: str, result: Result, notebook: Notebook, now: float) -> None:
    """Record how the conflicts of a merge are settled in what was made of the notebook at `path`."""
    here = ("-C", os.path.dirname(os.path.realpath(path)))
    with contextlib.suppress(SystemFailure):
        if not _is_wanted(here):
            return
        common = ask_git(*here, "rev-parse", "--path-format=absolute", "--git-common-dir")
        records = Records(os.path.join(common or "", _PLACE))
        date = _date(now)
        for place, merged in result.contested.items() if common else ():
            settled = _settled(settled_in(notebook, result, place), f"with `resolve`, {date}")
            name = digest(terms_of(merged))
            if settled is not None:
                records.write(name, Record(records.read(name).merges[:1], settled), now)


def _is_wanted(here: tuple[str, ...]) -> bool:
    """Whether git's rerere is wanted: where the setting says nothing, git goes by its folder."""
    enabled = ask_git(*here, "config", "--type=bool", "rerere.enabled")
    if enabled is not None:
        return enabled == "true"
    words = ("rev-parse", "--path-format=absolute", "--git-path", "rr-cache")
    return os.path.isdir(ask_git(*here, *words) or "")


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
    """The commits to which HEAD has been, looked up only if a conflict comes again."""

    @cached_property
    def newest_first(self) -> tuple[_Commit, ...]:
        words = (
            "log",
            "-g",
            f"-{_REFLOG}",
            "--no-show-signature",
            "--format=%H%x00%P%x00%an %ae %at%x00%h (%s)",
        )
        lines = (line.split("\0") for line in (ask_git(*words, "HEAD") or "").splitlines())
        return tuple(_Commit(oid, tuple(of.split()), who, name) for oid, of, who, name in lines)

    def settled(self, known: Record, result: Result, place: int) -> SettledBefore | None:
        """How a conflict was settled in the newest commit that came of a merge which made it."""
        for commit, merge in self._made_by(known.merges):
            done = run_git("cat-file", "blob", f"{commit.oid}:{merge.path}")
            with contextlib.suppress(NotebookError):
                notebook = read(done.stdout, merge.path)
                found = _settled(settled_in(notebook, result, place), f"in {commit.name}")
                if found is not None:
                    return found
        return None

    def _made_by(self, merges: tuple[MergeOfPath, ...]) -> Iterator[tuple[_Commit, MergeOfPath]]:
        authors = {each.other: self._author(each.other) for each in merges if each.picked}
        for commit in self.newest_first if merges else ():
            for merge in merges:
                if merge.picked:
                    same = commit.parents == (merge.head,) and commit.author == authors[merge.other]
                else:
                    same = commit.parents == (merge.head, merge.other)
                if same:
                    yield commit, merge

    def _author(self, commit: str) -> str | None:
        words = ("log", "-1", "--no-show-signature", "--format=%an %ae %at", commit, "--")
        return ask_git(*words) if commit else None


def _merge_in(found: dict[str, object]) -> MergeOfPath:
    match found:
        case {"head": str(head), "other": str(other), "picked": bool(picked), "path": str(path)}:
            return MergeOfPath(head, other, picked, path)
    raise ValueError(found)


def _settled_in(found: object) -> SettledBefore | None:
    match found:
        case None:
            return None
        case {"source": (str() | None) as source, "told": str(told)}:
            return SettledBefore(source, told)
    raise ValueError(found)


@dataclass(frozen=True, slots=True)
class Records:
    """The records in a folder, each in a file of its own."""

    folder: str

    def read(self, name: str) -> Record:
        """What is known of a conflict; nothing if it cannot be read."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
            with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                found = json.load(file)
            return Record(tuple(map(_merge_in, found["merges"])), _settled_in(found["settled"]))
        return Record()

    def write(self, name: str, record: Record, now: float) -> None:
        """Keep it, as well as that can be done; those that are too old or too many go."""
        if record.settled is not None and len(record.settled.source or "") > _LARGEST:
            return
        merges = [{key: getattr(each, key) for key in MergeOfPath.__slots__} for each in record.merges]
        settled = record.settled and {"source": record.settled.source, "told": record.settled.told}
        data = json.dumps({"merges": merges, "settled": settled}).encode()
        with contextlib.suppress(OSError, SystemFailure):
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            replace_scratch(os.path.join(self.folder, name), data)
            self._prune(now)

    def _prune(self, now: float) -> None:
        with os.scandir(self.folder) as entries:
            found = sorted(((entry.stat().st_mtime, entry.path) for entry in entries), reverse=True)
        for number, (written, path) in enumerate(found):
            days = (now - written) / _DAY
            if number >= _MOST or days > _DAYS_SETTLED or (days > _DAYS_OPEN and self._is_open(path)):
                os.unlink(path)

    def _is_open(self, path: str) -> bool:
        return self.read(os.path.basename(path)).settled is None
