"""Owns: the versions that git knows of a notebook whose merge is not settled, or was committed broken.

Must not know: what is done with the versions.
Invariant: a version is what git has under the path (or the one it was renamed from), byte for byte as
stored; without git, without a repository, or where no merge is to be found there are none.  Of a notebook
that is ruled out `find_sides` finds nothing; nothing is left behind where a merge is made again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from nbmerge.environment.git import git_at_work
from nbmerge.errors import SystemFailure
from nbmerge.files import beginning_of
from nbmerge.git.labels import BASE_LABEL, LOCAL_LABEL, REMOTE_LABEL
from nbmerge.git.process import ask_git, run_git
from nbmerge.merge.markers import ConflictStyle, Labels

_NAMED = re.compile(r"Merge (?:remote-tracking )?(?:branch|tag|commit) '([^']+)'")
_SUBJECT = 64 << 10  # bytes in which the first line of a message ends
REACH = 20  # commits of one notebook in which its last merge is looked for


class Source(Enum):
    """Where git has the versions."""

    INDEX = "index"  # the stages of a path in conflict, also if it was added as it is
    PARENTS = "parents"  # of a merge that was committed, or is being made


@dataclass(frozen=True, slots=True)
class GitSides:
    """The three versions of one path; None is a side that has no such file.

    `path` is relative to the top of the work tree, `unmerged` tells whether git still waits for
    a `git add`; `labels` are git's names where they can be told.
    """

    path: str
    source: Source
    base: bytes | None
    local: bytes | None
    remote: bytes | None
    labels: Labels
    unmerged: bool


@dataclass(frozen=True, slots=True)
class _Merge:
    """Three commits (`base` may be "") and what `local` and `remote` are called."""

    base: str
    local: str
    remote: str
    labels: Labels


def find_sides(path: str) -> GitSides | None:
    """The versions of the notebook at `path`, if git has a merge of it."""
    real = os.path.realpath(path)
    folder, name = os.path.split(real)
    try:
        here = _Repository(folder)
        top = here.ask("rev-parse", "--show-toplevel")
        prefix = here.ask("rev-parse", "--show-prefix")
        if top is None or prefix is None:
            return None
        whole = prefix + name
        at_top = _Repository(top)
        return _in_index(at_top, whole, "--unmerged") or _settled(at_top, whole)
    except SystemFailure:  # no git
        return None


def unmerged(folder: str) -> tuple[str, ...]:
    """The paths below a folder, joined to it, that git shows as in conflict."""
    return tuple(os.path.join(folder, name) for name in dict.fromkeys(_names(_waiting(folder)[0])))


class _Repository:
    """git, run in one folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        told = os.environ.get("GIT_DIR")  # may be relative to the current folder
        self.environment = {"GIT_DIR": os.path.abspath(told)} if told else None

    def ask(self, *arguments: str) -> str | None:
        words = ("--literal-pathspecs", "-C", self.folder or ".", *arguments)
        return ask_git(*words, environment=self.environment)

    def blob(self, name: str) -> bytes | None:
        """The bytes of the file that an object name or `commit:path` stands for."""
        words = ("-C", self.folder or ".", "cat-file", "blob", name)
        done = run_git(*words, environment=self.environment)
        return done.stdout if done.returncode == 0 else None

    def commit(self, name: str) -> str | None:
        return self.ask("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}") or None


def _settled(git: _Repository, path: str) -> GitSides | None:
    """git remembers the stages that `git add` took away, until it next fills the index; commits
    tell more about them if they are the same."""
    added, merged = _in_index(git, path, "--resolve-undo"), _in_commits(git, path)
    if added is None or merged is None:
        return added or merged
    same = (added.base, added.local, added.remote) == (merged.base, merged.local, merged.remote)
    return merged if same else added


def _in_index(git: _Repository, path: str, option: str) -> GitSides | None:
    stages = _stages((git.ask("ls-files", option, "-z") or "").split("\0"))
    found = stages.get(path)
    if not found:
        return None
    found = _with_renamed(stages, found)
    base, local, remote = (git.blob(found[n]) if n in found else None for n in (1, 2, 3))
    merge = _under_way(git, path)
    labels = merge.labels if merge else Labels(LOCAL_LABEL, BASE_LABEL, REMOTE_LABEL)
    return GitSides(path, Source.INDEX, base, local, remote, labels, option == "--unmerged")


def _waiting(folder: str) -> tuple[list[str], list[str]]:
    """The entries of what git shows as in conflict below a folder, and of what it showed so before."""
    try:
        told = _Repository(folder).ask("ls-files", "-t", "--unmerged", "--resolve-undo", "-z") or ""
    except SystemFailure:
        return [], []
    entries = told.split("\0")
    open_, undone = ([entry[2:] for entry in entries if entry.startswith(tag)] for tag in ("M ", "U "))
    return open_, undone


def _names(entries: list[str]) -> Iterator[str]:
    return (entry.partition("\t")[2] for entry in entries)


def _stages(entries: list[str]) -> dict[str, dict[int, str]]:
    """For each path the object of each stage; links and submodules are left out."""
    paths: dict[str, dict[int, str]] = {}
    for entry in entries:
        about, _, path = entry.partition("\t")
        match about.split():
            case [mode, oid, stage] if mode.startswith("100"):
                paths.setdefault(path, {})[int(stage)] = oid
    return paths


def _with_renamed(stages: dict[str, dict[int, str]], found: dict[int, str]) -> dict[int, str]:
    """Both sides renamed it: its stages stand under three names.  Taken if no others can be meant."""
    if len(found) > 1 or 1 in found:
        return found
    alone = [entry for entry in stages.values() if len(entry) == 1 and entry is not found]
    missing = [[e[n] for e in alone if n in e] for n in (1, 2, 3) if n not in found]
    if all(len(names) == 1 for names in missing):
        for entry in alone:
            found = entry | found
    return found


def _in_commits(git: _Repository, path: str) -> GitSides | None:
    """The versions that went into a merge: one that is being made, else the last of this path."""
    for finding in (_under_way, _committed):
        merge = finding(git, path)
        if merge is None:
            continue
        local, remote = (_name_in(git, commit, path) for commit in (merge.local, merge.remote))
        base = _at_base(git, merge, (path, local, remote))
        ours = git.blob(f"{merge.local}:{local}") if local else None
        theirs = git.blob(f"{merge.remote}:{remote}") if remote else None
        if base not in (ours, theirs) and ours != theirs:  # else git had nothing to merge here
            return GitSides(path, Source.PARENTS, base, ours, theirs, merge.labels, unmerged=False)
    return None


def _under_way(git: _Repository, _path: str) -> _Merge | None:
    """The merge, cherry-pick, revert or rebase that git waits in."""
    for name in ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD"):
        other = git.commit(name)
        if other is None:
            continue
        if name == "MERGE_HEAD":
            return _merge_of(git, "HEAD", other, _message(git))
        before = git.commit(f"{other}^") or ""
        label = git.ask("log", "-1", "--no-show-signature", "--format=%h (%s)", other) or REMOTE_LABEL
        if name == "REVERT_HEAD":
            return _Merge(other, "HEAD", before, Labels(LOCAL_LABEL, label, f"parent of {label}"))
        return _Merge(before, "HEAD", other, Labels(LOCAL_LABEL, f"parent of {label}", label))
    return None


def _committed(git: _Repository, path: str) -> _Merge | None:
    """The newest merge that gave the path a content which none of its parents had."""
    told = git.ask("log", f"-{REACH}", "--no-show-signature", "--format=%H %P%x00%s", "--", path)
    for line in (told or "").split("\n"):
        commits, _, subject = line.partition("\0")
        match commits.split():
            case [_, local, remote, *_]:
                return _merge_of(git, local, remote, subject)
    return None


def _merge_of(git: _Repository, local: str, remote: str, message: str) -> _Merge:
    bases = (git.ask("merge-base", local, remote) or "").split()
    named = _NAMED.search(message)
    return _Merge(
        next(iter(bases), ""),
        local,
        remote,
        Labels(LOCAL_LABEL, bases[0][:7] if bases else BASE_LABEL, named.group(1) if named else remote[:7]),
    )


def _message(git: _Repository) -> str:
    """The message that git has prepared for the merge that it waits in."""
    file = git.ask("rev-parse", "--path-format=absolute", "--git-path", "MERGE_MSG")
    try:
        return beginning_of(file or "", _SUBJECT).decode("utf-8", "replace").partition("\n")[0]
    except (OSError, ValueError):
        return ""


def _name_in(git: _Repository, commit: str, path: str) -> str | None:
    """What the file is called in a commit, if it is there; a rename is what git takes for one."""
    if _is_there(git, commit, path):
        return path
    renamed = ("diff", "--name-status", "-z", "--find-renames", "--diff-filter=R", commit)
    words = (git.ask(*renamed, "HEAD") or "").split("\0")
    return next((old for old, new in zip(words[1::3], words[2::3], strict=False) if new == path), None)


def _at_base(git: _Repository, merge: _Merge, names: tuple[str | None, ...]) -> bytes | None:
    """The common version: under a name that it has on a side, or one that both sides changed."""
    if not merge.base:
        return None
    for name in dict.fromkeys(name for name in names if name):
        if _is_there(git, merge.base, name):
            return git.blob(f"{merge.base}:{name}")
    before = _name_in(git, merge.base, names[0] or "")
    return git.blob(f"{merge.base}:{before}") if before else None


def _is_there(git: _Repository, commit: str, path: str) -> bool:
    return git.ask("cat-file", "-e", f"{commit}:{path}") is not None


_STYLES = {ConflictStyle.DIFF3: ("--diff3",), ConflictStyle.ZDIFF3: ("--zdiff3",)}
# What `git merge` has used: since 2.33 histogram, before, and in `merge-file` until it is told, the other.
_DIFFS = ((), ("--diff-algorithm=histogram",))


def merged_again(
    base: bytes, local: bytes, remote: bytes, style: ConflictStyle, size: int
) -> Iterator[bytes]:
    """What git's merges of lines make of three texts, with markers of this size and any labels."""
    import tempfile

    with suppress(OSError), tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, name) for name in ("local", "base", "remote")]
        for file, data in zip(files, (local, base, remote), strict=True):
            with open(file, "wb") as scratch:
                scratch.write(data)
        for diff in _DIFFS:
            options = (*_STYLES.get(style, ()), *diff, f"--marker-size={size}")
            done = run_git("merge-file", "-p", "-q", *options, "--", *files)
            if 0 <= done.returncode < 128:
                yield done.stdout


@dataclass(frozen=True, slots=True)
class UnmergedPaths:
    """The real paths in a work tree that git shows as in conflict, and those that it showed so
    before they were added.  `stages` are those in conflict, relative to the tree, each with the object of
    each stage that git has."""

    tree: str
    unmerged: frozenset[str]
    added: frozenset[str]
    stages: dict[str, dict[int, str]]

    def may_be_merged(self, real: str, now: float) -> bool:
        """Whether `find_sides` may know the notebook at a real path; `now` is since the epoch."""
        if real in self.unmerged or real in self.added or git_at_work(real, now):
            return True
        words = ("--literal-pathspecs", "-C", self.tree, "log", f"-{REACH}", "--no-show-signature")
        parents = _ask(*words, "--format=%P", "--", real)
        return parents is None or any(" " in line for line in parents.split("\n"))


def contested(tree: str) -> UnmergedPaths:
    """What git tells of a work tree at once; nothing without git."""
    waiting = _waiting(tree)
    now, before = (frozenset(os.path.join(tree, name) for name in _names(each)) for each in waiting)
    return UnmergedPaths(tree, now, before, _stages(waiting[0]))


def _ask(*words: str) -> str | None:
    try:
        return ask_git(*words)
    except SystemFailure:
        return None
