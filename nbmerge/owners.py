"""Owns: who besides this user can change a file, by its owner, its mode and the system's list of groups.

Must not know: which files, what follows from it.  Invariant: in doubt somebody else can: a group whose
members are not known is a group of others, and what an access list grants or denies is not looked up.  Root
is nobody else: it can change everything anyway.

A group's right to write is nobody else's where the group is the user's own: where each user has a group of
the same name and is alone in it, files are made with that right unasked (umask 002).  Groups and not all
users are looked up, for in a large institute's directory that would take minutes.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass

ROOT = 0


class Accounts:
    """What the system knows of users and groups."""

    def name(self, user: int) -> str:
        """For people."""
        found = _entry(user)
        return f"number {user}" if found is None else found.name

    def own_group(self, user: int) -> int | None:
        """The group that is this user's alone; None if there is none, or nobody knows."""
        found = _entry(user)
        if found is None:
            return None
        import grp

        try:
            group = grp.getgrgid(found.group)
        except (KeyError, OSError):
            return None
        return found.group if group.gr_name == found.name and {*group.gr_mem} <= {found.name} else None

    def groups(self, user: int) -> frozenset[int] | None:
        """All groups of a user; None if they are not known."""
        found = _entry(user)
        return None if found is None else frozenset(os.getgrouplist(found.name, found.group))


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    group: int


def _entry(user: int) -> _Entry | None:
    try:
        import pwd

        found = pwd.getpwuid(user)
    except (ImportError, KeyError, OSError):
        return None
    return _Entry(found.pw_name, found.pw_gid)


@dataclass(frozen=True, slots=True)
class Distrust:
    """Why what stands in a file is not believed: `why` is said of the file, `mend` can be typed in a shell
    ("": nothing that this user may type helps)."""

    path: str
    why: str
    mend: str = ""


THIS_MACHINE = Accounts()


def this_user() -> int | None:
    """The number of the user that files are made as; None where files have no such owner (Windows)."""
    return os.geteuid() if sys.platform != "win32" else None


def distrust_of(path: str, found: os.stat_result, accounts: Accounts = THIS_MACHINE) -> Distrust | None:
    """Why somebody else may have put there what stands in a file or folder; None: nobody else can."""
    user = this_user()
    if user is None:
        return None
    if found.st_uid not in (user, ROOT):
        return Distrust(path, f"belongs to another user ({accounts.name(found.st_uid)})")
    if not stat.S_ISLNK(found.st_mode) and others_can_write(found, user, has_access_list(path), accounts):
        from shlex import quote

        return Distrust(path, "can be written by other users", f"chmod go-w {quote(path)}")
    return None


def others_can_write(found: os.stat_result, user: int, listed: bool, accounts: Accounts) -> bool:
    """Whether anybody but its owner, `user` and root may write; `listed`: the file has an access list, whose
    entries the group's bits then stand for."""
    if found.st_mode & stat.S_IWOTH:
        return True
    if not found.st_mode & stat.S_IWGRP:
        return False
    return listed or found.st_gid not in (accounts.own_group(user), accounts.own_group(found.st_uid))


def could_write(user: int, found: os.stat_result, listed: bool, accounts: Accounts = THIS_MACHINE) -> bool:
    """Whether a user has the right to write a file; no if it takes more than the mode to tell."""
    if user in (found.st_uid, ROOT):
        return True
    by_group, by_all = bool(found.st_mode & stat.S_IWGRP), bool(found.st_mode & stat.S_IWOTH)
    if listed or not (by_group or by_all):
        return False
    groups = accounts.groups(user)
    if groups is None:  # whichever bits are meant for them
        return by_group and by_all
    return by_group if found.st_gid in groups else by_all


def may_not_write(found: os.stat_result, path: str, accounts: Accounts = THIS_MACHINE) -> str | None:
    """Why whoever owns a file could not have written the one at `path`, for people; None: they could.

    Raises OSError if there is no file at the path.
    """
    if could_write(found.st_uid, os.stat(path), has_access_list(os.path.realpath(path)), accounts):
        return None
    return f"belongs to another user ({accounts.name(found.st_uid)}), who may not write the notebook"


def has_access_list(path: str) -> bool:
    """Whether more than its mode says who may do what; only Linux tells."""
    if sys.platform != "linux":
        return False
    try:
        os.getxattr(path, "system.posix_acl_access", follow_symlinks=False)
    except OSError:
        return False
    return True
