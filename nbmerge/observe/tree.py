"""Owns: which file systems do not tell when a file changes, so that one has to ask.
which folders are watched, what is in one, where symbolic links lead.

Must not know: what is watched.
how changes are noticed, contents of notebooks.
Invariant: only an answer of the system counts; what is not
known is taken to be local.
folders go by
their real paths, so that none is watched twice and no circle of links is followed.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from nbmerge.observe.names import Rules, is_left_out, is_notebook
from nbmerge.observe.reading import RACY

# Writes by other machines (or by the host of a virtual one) give no events on these.
_SILENT_NAMES = """
    nfs nfs4 cifs smb smb2 smb3 smbfs ncpfs afs 9p v9fs drvfs vboxsf prl_fs vmhgfs virtiofs
    ceph glusterfs lustre gpfs beegfs orangefs pvfs2 ocfs2 gfs2 coda
    fuse fuse.sshfs fuse.rclone fuse.s3fs fuse.gcsfuse fuse.goofys fuse.davfs davfs davfs2
    fuse.glusterfs fuse.ceph fuse.vmhgfs-fuse fuse.gvfsd-fuse fuse.mergerfs fuse.osxfs fuse.grpcfuse
    fuse.blobfuse2 fuse.blobfuse fuse.juicefs fuse.seaweedfs fuse.moosefs fuse.seadrive
"""
_SILENT = frozenset(_SILENT_NAMES.split())
# Not made of files that anybody edits.
_PSEUDO_NAMES = """
    proc sysfs cgroup cgroup2 devtmpfs devpts debugfs tracefs securityfs pstore bpf configfs
    fusectl mqueue hugetlbfs binfmt_misc efivarfs autofs rpc_pipefs nsfs
"""
_PSEUDO = frozenset(_PSEUDO_NAMES.split())


class Mounts:
    """The mounted file systems, by the folder they are mounted on, as /proc/self/mountinfo lists them."""

    def __init__(self, table: str) -> None:
        self.kinds: dict[str, str] = {}
        for line in table.splitlines():
            fields, _, rest = line.partition(" - ")
            parts = fields.split()
            if len(parts) > 4 and rest:
                self.kinds[_plain(parts[4])] = rest.split()[0]  # a later mount hides an earlier one

    def kind(self, path: str) -> str:
        """The kind of file system an absolute real path lies on; "" if that is not known."""
        while True:
            if path in self.kinds:
                return self.kinds[path]
            above = os.path.dirname(path)
            if above == path:
                return ""
            path = above

    def silent(self, path: str) -> str | None:
        """The kind of file system, if it does not tell of changes by others."""
        kind = self.kind(path)
        if not kind and path.startswith(("\\\\", "//")):
            return "a network share"
        return kind if kind in _SILENT else None

    def pseudo(self, path: str) -> bool:
        """Whether there are no ordinary files there."""
        return self.kind(path) in _PSEUDO


def mounts() -> Mounts:
    """What is mounted now; where the system has no such table, nothing."""
    if not sys.platform.startswith("linux"):
        return Mounts("")
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            return Mounts(file.read())
    except OSError:
        return Mounts("")


def _plain(field: str) -> str:
    """Without the octal escapes of blanks and the like."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


@dataclass(frozen=True, slots=True)
class Listing:
    """What matters in one folder, as paths.  `modified`: nanoseconds, 0 if it may be changing just now."""

    notebooks: tuple[str, ...]
    folders: tuple[str, ...]
    links: tuple[str, ...]
    modified: int


class Folder:
    """A watched folder.

    `whole`: every notebook in it is watched that `rules` leave in; `names`: these are in any case,
    since links lead to them.  `polled`: the system does not tell what happens in it;
    `modified`: as in its last listing.
    """

    __slots__ = ("modified", "names", "path", "polled", "rules", "whole")

    def __init__(self, path: str, rules: Rules, whole: bool) -> None:
        self.path = path
        self.rules = rules
        self.whole = whole
        self.names: frozenset[str] = frozenset()
        self.modified = 0
        self.polled = False

    @property
    def inherited(self) -> Rules:
        """The rules of the folder above."""
        own = self.rules.folder == self.path
        return self.rules.above if own and self.rules.above is not None else self.rules

    def wants(self, path: str) -> bool:
        """Whether a file in it is a notebook to be watched."""
        name = os.path.basename(path)
        if self.whole and is_notebook(name) and not self.rules.ignores(path, is_folder=False):
            return True
        return name in self.names


def list_folder(folder: Folder) -> Listing:
    """What is in a folder now.  Raises OSError."""
    modified = os.stat(folder.path).st_mtime_ns
    if time.time_ns() - modified < RACY:
        modified = 0
    notebooks, folders, links = [], [], []
    with os.scandir(folder.path) as entries:
        for entry in entries:
            if entry.is_symlink():
                links.append(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            elif folder.wants(entry.path):
                notebooks.append(entry.path)
    if not folder.whole:
        return Listing(tuple(notebooks), (), (), modified)
    kept = (path for path in folders if not leaves_out(folder.rules, path))
    return Listing(tuple(notebooks), tuple(kept), tuple(links), modified)


def leaves_out(rules: Rules, folder: str) -> bool:
    """Whether a folder is not to be watched: by its name, by patterns, or as a Python environment."""
    return (
        is_left_out(os.path.basename(folder))
        or rules.ignores(folder, is_folder=True)
        or os.path.exists(os.path.join(folder, "pyvenv.cfg"))
    )


class FolderTree:
    """All watched folders, and the links that lead to some of them."""

    def __init__(self) -> None:
        self.folders: dict[str, Folder] = {}
        self.links: dict[str, str] = {}  # the path of a link -> the real path of what it stands for
        self.shown: dict[str, str] = {}  # a real path -> what people call it
        self.dangling: set[str] = set()  # links that lead nowhere, so far

    def all(self) -> list[Folder]:
        """Those that are watched now."""
        return list(self.folders.values())

    def of(self, path: str) -> Folder | None:
        """The folder that a file or folder is in, if that is watched."""
        return self.folders.get(os.path.dirname(path))

    def wants(self, path: str) -> bool:
        folder = self.of(path)
        return folder is not None and folder.wants(path)

    def below(self, path: str) -> list[Folder]:
        """The folder and all watched ones inside it."""
        start = os.path.join(path, "")
        return [one for one in self.folders.values() if one.path == path or one.path.startswith(start)]


def show(path: str, shown: Mapping[str, str]) -> str:
    """A real path as people would write it: below what they asked to watch, through their links."""
    above = path
    while above not in shown:
        up = os.path.dirname(above)
        if up == above:
            return path
        above = up
    return shown[above] + path[len(above) :]
