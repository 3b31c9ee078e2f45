"""Owns: the repository of a file, whether git is at work in it, and whether git put a content into its
place: a checkout, pull, stash, reset or restore.

Must not know: versions, what follows.  Invariant: what is no repository, or cannot be looked at, has no
git at work; git is only run when its HEAD, index or reflogs moved since the notebook's last save; it
never writes, asks nobody, and fetches nothing.

Contents are compared as they are in the file, past every clean filter: an editor's save that a filter
would strip to a committed blob is still an editor's save.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from nbmerge.files import beginning_of, is_special
from nbmerge.lineage.versions import IN_PLACE, WITH_COPY, Git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Stamp: TypeAlias = tuple[int, int, int]

# In the folder of the work tree: a merge, a rebase, `git am`, picks that have not come to their end.
_UNFINISHED = ("MERGE_HEAD", "rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD")
_OF_WORK_TREE = (
    "HEAD",
    "index",
    "commondir",
    "MERGE_MSG",
    "ORIG_HEAD",
    "logs/HEAD",
    *_UNFINISHED,
)
_OF_REPOSITORY = (
    "config",
    "packed-refs",
    "shallow",
    "info/attributes",
    "info/exclude",
    "objects/info/alternates",
)
_IN_TREE = (".gitattributes", ".gitignore", ".gitmodules")
_LINE = 8192  # bytes; a path is half of it at most
_STALE = 600.0  # seconds after which a lock is one that a killed git left behind


@dataclass(frozen=True, slots=True)
class Repository:
    """`tree`: the work tree; `folder`: git's folder of it alone; `common`: that of all work trees."""

    tree: str
    folder: str
    common: str


def repository(path: str) -> Repository | None:
    """The innermost repository whose work tree holds the file."""
    tree = os.path.dirname(os.path.realpath(path))
    while True:
        folder = _folder(os.path.join(tree, ".git"))
        if folder is not None:
            return Repository(tree, folder, _common(folder))
        above = os.path.dirname(tree)
        if above == tree:
            return None
        tree = above


def git_at_work(path: str, now: float) -> bool:
    """Whether git is in the middle of something in the file's repository; `now` since the epoch."""
    repo = repository(path)
    return repo is not None and (
        _is_locked(repo, now) or any(os.path.exists(os.path.join(repo.folder, name)) for name in _UNFINISHED)
    )


def git_is_writing(path: str, now: float) -> bool:
    """Whether git may just now be changing files of the repository."""
    repo = repository(path)
    return repo is not None and _is_locked(repo, now)


def _is_locked(repo: Repository, now: float) -> bool:
    try:
        return now - os.stat(os.path.join(repo.folder, "index.lock")).st_mtime < _STALE
    except OSError:
        return False


def _folder(marker: str) -> str | None:
    """What `.git` stands for: a folder, or a file that names one (work trees, submodules)."""
    if os.path.isdir(marker):
        return marker if os.path.exists(os.path.join(marker, "HEAD")) else None
    line = _first_line(marker)
    if line is None or not line.startswith("gitdir: "):
        return None
    folder = os.path.join(os.path.dirname(marker), line.removeprefix("gitdir: "))
    return os.path.normpath(folder) if os.path.isdir(folder) else None


def _common(folder: str) -> str:
    line = _first_line(os.path.join(folder, "commondir"))
    return os.path.normpath(os.path.join(folder, line)) if line else folder


def _first_line(path: str) -> str | None:
    try:
        return os.fsdecode(beginning_of(path, _LINE).partition(b"\n")[0]).rstrip("\r")
    except (OSError, ValueError):
        return None


def not_ordinary(folder: str) -> str | None:
    """A file that git reads in the repository of a folder and that is a pipe or a device: git waits for
    whoever writes into it, mostly for ever."""
    repo = repository(os.path.join(folder, "x"))
    if repo is None:
        return None
    paths = [
        *(os.path.join(repo.folder, name) for name in _OF_WORK_TREE),
        *(os.path.join(repo.common, name) for name in _OF_REPOSITORY),
        *(os.path.join(repo.tree, name) for name in _IN_TREE),
    ]
    branch = (_first_line(os.path.join(repo.folder, "HEAD")) or "").removeprefix("ref: ")
    if branch.startswith("refs/"):
        paths.append(os.path.join(repo.common, branch))
    return next((path for path in paths if is_special(path) and not os.path.isdir(path)), None)


_JUST_NOW = 3.0  # seconds from git's writing a file, at most, to its writing what it remembers of that
_EDITORS_WAYS = (IN_PLACE, WITH_COPY)  # in which git writes no file
_TIMEOUT = 2.0  # seconds; rare, and a wrong judgement costs more
_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # older versions: what a partial clone lacks is not fetched
    "LC_ALL": "C",
}
_OTHER_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR")


@dataclass(frozen=True, slots=True)
class Stamps:
    """What moves when git does something; None where there is no such file."""

    index: Stamp | None
    rest: tuple[Stamp | None, ...]

    def moved_after(self, time: float) -> bool:
        """Whether anything was written after a time in seconds since the epoch."""
        return any(stamp is not None and stamp[0] > time * 1e9 for stamp in (self.index, *self.rest))


class GitActivity:
    """What git had done when each notebook was last saved."""

    def __init__(self, clock: Callable[[], float], program: str = "git") -> None:
        self.clock = clock
        self.program = program
        self._seen: dict[str, Stamps] = {}

    def classify(self, path: str, data: bytes, since: float | None = None, way: str = "") -> Git:
        """What git has to do with a save that was just made.

        `since`: when the notebook was saved before, in seconds since the epoch, for the first
        save of a notebook that is asked about; `way`: how the save was written.  git makes the file anew,
        and mostly keeps a blob even of what it leaves in conflict: what was written in place and is none of
        its blobs is somebody's, however short a time after git's last write, and also while
        `git commit -a` keeps the index locked for an editor.
        """
        replaced, now = self.replaced(path, data, since), self.clock()
        repo = repository(path)
        if repo is None or not git_at_work(path, now):
            return Git.REPLACED if replaced else Git.NONE
        if replaced:
            return Git.WORKING
        may_write = _is_locked(repo, now) or _stamps(repo).moved_after(now - _JUST_NOW)
        is_gits = may_write and (way not in _EDITORS_WAYS or self._holds(repo, data))
        return Git.WORKING if is_gits else Git.WAITING

    def replaced(self, path: str, data: bytes, since: float | None = None) -> bool:
        """Whether the content is a blob of the repository, and git did something since the last save."""
        repo = repository(path)
        if repo is None:
            return False
        now = _stamps(repo)
        before = self._seen.get(path)
        self._seen[path] = now
        if before == now or (before is None and (since is None or not now.moved_after(since))):
            return False
        if before is not None and before.rest == now.rest:
            # Only the index, which `git status` rewrites as well: git must have written this very file.
            return self._wrote(repo, path) and self._holds(repo, data)
        return self._holds(repo, data)

    def _holds(self, repo: Repository, data: bytes) -> bool:
        """Whether a blob of exactly these bytes is in the repository."""
        names = "".join(f"{name}\n" for content in _as_stored(data) for name in _names(content))
        kinds = self._git(repo, ["cat-file", "--batch-check=%(objecttype)"], names.encode())
        return kinds is not None and b"blob" in kinds.split()

    def _wrote(self, repo: Repository, path: str) -> bool:
        """Whether the index has the file as it is now on the disk, by its time."""
        real = os.path.realpath(path)
        name = os.path.relpath(real, repo.tree)
        listed = self._git(repo, ["ls-files", "--debug", "--", f":(literal){name}"], b"")
        try:
            seconds, nanoseconds = divmod(os.stat(real).st_mtime_ns, 10**9)
        except OSError:
            return False
        return f"mtime: {seconds}:{nanoseconds}".encode() in (listed or b"")

    def _git(self, repo: Repository, arguments: list[str], given: bytes) -> bytes | None:
        import subprocess

        environment = {name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY}
        command = [self.program, "-C", repo.tree, "-c", "core.fsmonitor=false", *arguments]
        try:
            done = subprocess.run(
                command,
                input=given,
                capture_output=True,
                env=environment | _QUIET,
                timeout=_TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout if done.returncode == 0 else None


def _stamps(repo: Repository) -> Stamps:
    rest = (
        os.path.join(repo.folder, "HEAD"),
        os.path.join(repo.folder, "logs", "HEAD"),
        os.path.join(repo.common, "logs", "refs", "stash"),
        os.path.join(repo.common, "reftable", "tables.list"),
    )
    return Stamps(_stamp(os.path.join(repo.folder, "index")), tuple(map(_stamp, rest)))


def _stamp(path: str) -> Stamp | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _as_stored(data: bytes) -> tuple[bytes, ...]:
    """The bytes, and what they are in the repository where a checkout makes line ends CRLF."""
    return (data, data.replace(b"\r\n", b"\n")) if b"\r\n" in data else (data,)


def _names(data: bytes) -> tuple[str, str]:
    """What git calls a blob, in repositories of both kinds."""
    from hashlib import sha1, sha256

    whole = b"blob %d\0%b" % (len(data), data)
    return sha1(whole, usedforsecurity=False).hexdigest(), sha256(whole).hexdigest()
