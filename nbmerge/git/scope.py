"""Owns: the two places an entry can be in, one repository or all of a user's, and their files.

Must not know: what is written there.  Invariant: neither place is tracked by git; the
attributes of a repository win over every .gitattributes in it.
"""

from __future__ import annotations

import os
from enum import Enum

from nbmerge.errors import SystemFailure, UsageError
from nbmerge.git.process import ask_git, run_git, tell_git

SECTION = "merge.nbmerge"


class Scope(Enum):
    """One repository, with all its work trees; or all repositories of a user."""

    LOCAL = "local"
    GLOBAL = "global"

    def read(self, key: str) -> str | None:
        """A value of our section in this place."""
        return ask_git("config", f"--{self.value}", "--get", f"{SECTION}.{key}")

    def write(self, key: str, value: str) -> None:
        if self.read(key) != value:
            tell_git("config", f"--{self.value}", "--replace-all", f"{SECTION}.{key}", value)

    def remove(self, key: str) -> None:
        """Take a value of our section out of this place, if it is there."""
        if self.read(key) is not None:
            tell_git("config", f"--{self.value}", "--unset-all", f"{SECTION}.{key}")

    def has_section(self) -> bool:
        """Whether there is anything of ours in this place, if only half of it."""
        pattern = "^" + SECTION.replace(".", r"\.") + r"\."
        return ask_git("config", f"--{self.value}", "--get-regexp", pattern) is not None

    def remove_section(self) -> None:
        tell_git("config", f"--{self.value}", "--remove-section", SECTION)

    def config_file(self) -> str:
        """The file that `write` writes."""
        if self is Scope.LOCAL:
            return _git_path("config")
        told = os.environ.get("GIT_CONFIG_GLOBAL")
        if told:
            return told
        own, shared = _in_home(".gitconfig"), os.path.join(_xdg_folder(), "config")
        return shared if os.path.exists(shared) and not os.path.exists(own) else own

    def attributes_file(self) -> str:
        if self is Scope.LOCAL:
            return _git_path("info/attributes")
        # No repository may have a say in what is the user's file.
        nowhere = {"GIT_DIR": os.devnull}
        told = ask_git("config", "--type=path", "--get", "core.attributesFile", environment=nowhere)
        return os.path.abspath(told) if told else os.path.join(_xdg_folder(), "attributes")


def in_repository() -> bool:
    """Whether git finds a repository from here.  Raises SystemFailure if it finds one it distrusts."""
    done = run_git("rev-parse", "--git-dir")
    if done.returncode and b"dubious ownership" in done.stderr:
        raise SystemFailure(
            "this repository belongs to somebody else: see `git status` for what git asks for"
        )
    return done.returncode == 0


def require_repository(program: str) -> None:
    """Raises UsageError outside of repositories."""
    if not in_repository():
        raise UsageError(
            f"this is no git repository: go into one, or add --global (`{program} git install --global`)"
        )


def shown(path: str) -> str:
    """A path as people write it: below the current folder or the home folder."""
    for folder, written in ((os.getcwd(), ""), (os.path.expanduser("~"), "~" + os.sep)):
        if path.startswith(folder + os.sep):
            return written + path[len(folder) + 1 :]
    return path


def _git_path(name: str) -> str:
    path = ask_git("rev-parse", "--git-path", name)
    if not path:
        raise SystemFailure("this is no git repository")
    return os.path.abspath(path)


def _xdg_folder() -> str:
    base = os.environ.get("XDG_CONFIG_HOME") or _in_home(".config")
    return os.path.join(base, "git")


def _in_home(name: str) -> str:
    home = os.environ.get("HOME") or os.path.expanduser("~")
    return os.path.join(home, name)
