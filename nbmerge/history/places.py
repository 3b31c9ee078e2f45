"""Owns: what a store that several machines share calls a notebook, and where that is on this machine.

Must not know: the store, files' contents.  Invariant: one notebook has one name on every machine that has
its root, whatever the root is mounted on there; one outside of all roots has a name with the machine's own in
it, so two machines' /tmp/a.ipynb are two; a name is never an absolute path, and names one notebook only.

    /home/jovyan=team-a     ->  team-a:sub/n.ipynb
    outside of all roots    ->  @host:/tmp/n.ipynb
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol
from urllib.parse import quote

from nbmerge.errors import UsageError

VARIABLE = "NBMERGE_ROOTS"
HOST = "NBMERGE_HOST"
HUB_USER = "JUPYTERHUB_USER"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+@-]*")


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that other machines have, too, and what all of them call it."""

    folder: str
    name: str


class Places(Protocol):
    """How a store names notebooks; `shared`: other machines use it, too, so what this machine saw of a file's
    times tells nothing of what the file holds."""

    @property
    def shared(self) -> bool: ...

    def name_of(self, path: str) -> str:
        """What the store calls the notebook at a real path."""

    def path_of(self, name: str) -> str | None:
        """Where it is on this machine; None: it is on none of this machine's folders."""

    def alias(self, path: str) -> str:
        """What machines call the notebook at a real path among themselves, from which nobody else learns its
        name; "": no other machine has it."""


@dataclass(frozen=True, slots=True)
class OneMachine:
    """A store that no other machine uses: a notebook is called by its path."""

    shared: bool = False

    def name_of(self, path: str) -> str:
        return path

    def path_of(self, name: str) -> str | None:
        return name

    def alias(self, path: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class SharedPlaces:
    """A store that several machines use.  `roots`: as `in_order` gives them."""

    roots: tuple[Root, ...]
    host: str
    shared: bool = True
    secret: str = ""  # of all who may read the store

    def name_of(self, path: str) -> str:
        for root in self.roots:
            below = _below(path, root.folder)
            if below is not None:
                return f"{root.name}:{below}"
        return f"@{self.host}:{path}"

    def path_of(self, name: str) -> str | None:
        begin, colon, rest = name.partition(":")
        if not colon:
            return None
        if begin.startswith("@"):
            return rest if begin == f"@{self.host}" else None
        for root in self.roots:
            if root.name == begin:
                path = os.path.join(root.folder, *rest.split("/"))
                # A folder within this one may be a root itself: what is there has another name.
                return path if self.name_of(path) == name else None
        return None

    def alias(self, path: str) -> str:
        key = self.secret.encode("ascii")
        return blake2b(stored(self, path), digest_size=16, key=key).hexdigest() if key else ""


def stored(places: Places, path: str) -> bytes:
    """The name of the notebook at a path as it is kept."""
    return os.fsencode(places.name_of(path))


def here(places: Places, name: bytes) -> str | None:
    """Where the notebook with a name that is kept is on this machine, if it is."""
    return places.path_of(os.fsdecode(name))


def _below(path: str, folder: str) -> str | None:
    """The path below a folder, with slashes; None if it is not there."""
    begin = os.path.join(folder, "")
    return path.removeprefix(begin).replace(os.sep, "/") if path.startswith(begin) else None


def shared_places(environment: Mapping[str, str] | None = None, home: str | None = None) -> SharedPlaces:
    """The roots that $NBMERGE_ROOTS names, and the home folder of a hub's user.

    A hub gives a person one home folder, in every server; it is called as the person is, unless it lies in a
    root already.  Raises UsageError if the roots are no roots.
    """
    known = os.environ if environment is None else environment
    roots = list(roots_in(known.get(VARIABLE, "")))
    user, folder = known.get(HUB_USER, ""), os.path.realpath(home or os.path.expanduser("~"))
    if user and os.path.isdir(folder) and folder != os.sep:
        name = _name_for(user)
        if name not in {root.name for root in roots} and all(_is_outside(folder, root) for root in roots):
            roots.append(Root(folder, name))
    return SharedPlaces(in_order(roots), this_host(known))


def this_host(environment: Mapping[str, str] | None = None) -> str:
    """What this machine is called beside others, in a name and in a path: $NBMERGE_HOST, else its own
    name."""
    known = os.environ if environment is None else environment
    return quote(known.get(HOST) or socket.gethostname(), safe="") or "host"


def root_in(text: str) -> Root:
    """The root that FOLDER=NAME means.  Raises UsageError."""
    folder, equals, name = text.rpartition("=")
    if not equals or not folder:
        raise UsageError(f"{text}: a root is a folder and its name on all machines: /home/jovyan=team-a")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{text}: {name!r} cannot name a root; letters, digits and . _ % + @ - can")
    real = os.path.realpath(os.path.expanduser(folder))
    if real == os.path.dirname(real):
        raise UsageError(f"{text}: the top folder cannot be a root: name the folder that is shared")
    return Root(real, name)


def roots_in(text: str) -> Iterable[Root]:
    """The roots in the variable's value, which are separated as in $PATH.  Raises UsageError."""
    return [root_in(one) for one in text.split(os.pathsep) if one]


def roots_text(roots: Iterable[str]) -> str:
    """The variable's value that names these roots.  Raises UsageError if they are none."""
    found = list(roots)
    in_order([root_in(one) for one in found])
    for one in found:
        if os.pathsep in one:
            raise UsageError(f"{one}: a folder with {os.pathsep!r} in its path cannot be a root")
    return os.pathsep.join(found)


def in_order(roots: Iterable[Root]) -> tuple[Root, ...]:
    """Roots, those within others first.  Raises UsageError if two have one name, or one folder has two."""
    found = sorted(dict.fromkeys(roots), key=lambda root: (-len(root.folder), root.folder))
    for one in found:
        for other in found:
            if one is not other and one.name == other.name:
                raise UsageError(f"{one.folder} and {other.folder} cannot both be the root {one.name}")
            if one is not other and one.folder == other.folder:
                raise UsageError(f"{one.folder} cannot be two roots, {one.name} and {other.name}")
    return tuple(found)


def _is_outside(folder: str, root: Root) -> bool:
    return folder != root.folder and _below(folder, root.folder) is None


def _name_for(user: str) -> str:
    """What the home folder of a user is called: hubs allow names that roots must not have."""
    name = quote(user, safe="@+")
    return name if _NAME.fullmatch(name) else f"u{name}"
