"""Owns: which file systems do not tell when a file changes, so that one has to ask.

Must not know: what is watched.  Invariant: only an answer of the system counts; what is not
known is taken to be local.
"""

from __future__ import annotations

import os
import re
import sys

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
