"""Owns: which folders and links are watched, how they come to be and no longer are, and looking at them.

Must not know: which thread calls, when it is time to look, what notebooks hold.  Invariant: a folder is
watched before it is listed, so that nothing that appears meanwhile is overlooked; folders go by their
real paths, so that none is watched twice and no circle of links is followed; a folder is listed again
only if it looks different, a notebook read only if it does, so that looking at what did not change is
cheap; what was asked for and is not there is looked for again, and reported missing once.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from nbmerge.files import reason
from nbmerge.observe.backend import Mounts, mounts
from nbmerge.observe.capture import Capture
from nbmerge.observe.events import FileWatcherOptions
from nbmerge.observe.names import Rules, is_left_out, is_notebook, parse, read_rules, shown_path
from nbmerge.observe.reading import RACY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.observe.backend import Backend


@dataclass(frozen=True, slots=True)
class FolderListing:
    """What matters in one folder, as paths.  `modified`: nanoseconds, 0 if it may be changing just now."""

    notebooks: tuple[str, ...]
    folders: tuple[str, ...]
    links: tuple[str, ...]
    modified: int


@dataclass(slots=True, eq=False)
class WatchedFolder:
    """`whole`: every notebook in it is watched that `rules` leave in; `names`: these are in any case,
    since links lead to them or they were asked for.  `polled`: changes in it are not reported;
    `modified`: as in its last listing."""

    path: str
    rules: Rules
    whole: bool = True
    names: frozenset[str] = frozenset()
    modified: int = 0
    polled: bool = False

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


def list_folder(folder: WatchedFolder) -> FolderListing:
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
        return FolderListing(tuple(notebooks), (), (), modified)
    kept = (path for path in folders if not leaves_out(folder.rules, path))
    return FolderListing(tuple(notebooks), tuple(kept), tuple(links), modified)


def leaves_out(rules: Rules, folder: str) -> bool:
    """Whether a folder is not to be watched: by its name, by patterns, or as a Python environment."""
    return (
        is_left_out(os.path.basename(folder))
        or rules.ignores(folder, is_folder=True)
        or os.path.exists(os.path.join(folder, "pyvenv.cfg"))
    )


FolderToEnter = tuple[str, Rules]  # with the rules of the folder above

LIMIT = (
    "the system's limit of watched folders is reached: some are looked at every second instead; "
    "raise it with: sudo sysctl fs.inotify.max_user_watches=1048576"
)


def _is_large(folder: str, most: int) -> bool:
    """Whether more than so many files are in it; not if it cannot be read, which others say."""
    try:
        with os.scandir(folder) as found:
            return sum(1 for _ in islice(found, most + 1)) > most
    except OSError:
        return False


class WatchedTree:
    """All watched folders.  `warn(path, message)` is for people, each message once."""

    def __init__(
        self,
        capture: Capture,
        backend: Backend | None,
        options: FileWatcherOptions,
        warn: Callable[[str, str], None],
    ) -> None:
        self.folders: dict[str, WatchedFolder] = {}
        self.links: dict[str, str] = {}  # the path of a link -> the real path of what it leads to
        self.dangling: set[str] = set()  # links that lead nowhere, so far
        self.shown: dict[str, str] = {}  # a real path -> what people call it
        self.odd_names: set[str] = set()  # of watched files that do not look like a notebook's
        self.polls = False  # whether any folder is, or was, polled
        self.halted = False
        self.pause: Callable[[], None] = lambda: None  # called before each look that is not urgent
        self.capture = capture
        self._backend = backend
        self._options = options
        self._mounts: Mounts = mounts()
        self._excluded = parse(options.exclude)
        self._warn = warn

    def folder_of(self, path: str) -> WatchedFolder | None:
        """The folder that a file or folder is in, if that is watched."""
        return self.folders.get(os.path.dirname(path))

    def wants(self, path: str) -> bool:
        """Whether a file is a notebook to be watched."""
        folder = self.folder_of(path)
        return folder is not None and folder.wants(path)

    def is_watched(self, path: str) -> bool:
        """Whether a folder is watched, or that of a file."""
        return path in self.folders or os.path.dirname(path) in self.folders

    def explore(self, todo: list[FolderToEnter], most: int | None = None) -> list[FolderToEnter]:
        """Watch folders and all below them; what is left over after so many folders, or where one holds
        more than so many files, is returned."""
        while todo and most != 0 and not self.halted:
            if most is not None:
                if _is_large(todo[-1][0], most):
                    return todo
                most -= 1
            folder = self._enter(*todo.pop())
            listing = None if folder is None else self._listed(folder)
            if folder is not None and listing is not None:
                todo.extend(self._checked(folder, listing))
        return todo

    def start_at(self, path: str) -> list[FolderToEnter] | None:
        """Begin with a folder or a notebook that is asked for; None if there is none."""
        real = os.path.realpath(path)
        with self.capture.lock:
            self.shown[real] = path
        if os.path.isdir(real):
            return [(real, Rules(real, self._excluded))]
        if os.path.isfile(real):
            self._watch_file(real)
            return []
        return None

    def follow(self, link: str, folder: WatchedFolder) -> list[FolderToEnter]:
        """Follow a symbolic link to a notebook or a folder."""
        target = os.path.realpath(link)
        if os.path.isdir(target):
            if leaves_out(folder.rules, link):
                return []
            self._remember(link, target)
            return [] if target in self.folders else [(target, Rules(target, self._excluded))]
        if folder.wants(link):
            if os.path.isfile(target):
                self._remember(link, target)
                self._watch_file(target)
            else:
                self.dangling.add(link)
        return []

    def follow_again(self) -> list[FolderToEnter]:
        """Follow links that led nowhere, or to a folder that is watched no more."""
        todo: list[FolderToEnter] = []
        for link in [*self.links, *self.dangling]:
            folder = self.folder_of(link)
            if folder is not None and not self.is_watched(self.links.get(link, "")):
                self.dangling.discard(link)
                todo.extend(self.follow(link, folder))
        return todo

    def unlinked(self, link: str) -> None:
        """A link is gone; what it led to is not, but is watched only if something else leads there."""
        with self.capture.lock:
            target = self.links.pop(link)
            if target not in self.links.values():
                self.shown.pop(target, None)
                self.forget(target, gone=False)
                self.capture.records.drop(target)

    def forget(self, path: str, gone: bool) -> None:
        """Watch a folder and what is below it no longer: it is `gone`, or it is not wanted."""
        with self.capture.lock:
            for folder in self._below(path):
                del self.folders[folder.path]
                if self._backend is not None:
                    self._backend.unwatch(folder.path)
            for notebook in list(self.capture.records.below(path)):
                if gone:
                    self.capture.deleted(notebook)
                else:
                    self.capture.records.drop(notebook)

    def lost(self, path: str) -> list[FolderToEnter]:
        """A watched folder was deleted, moved away or unmounted; another that has its name now is entered."""
        folder = self.folders.get(path)
        self.forget(path, gone=True)
        if folder is None or not folder.whole or not os.path.isdir(path):
            return []
        return [(path, folder.inherited)]

    def moved(self, old: str, new: str) -> list[FolderToEnter]:
        """A folder has another name: its notebooks keep their histories."""
        above = self.folder_of(new)
        if above is None or not above.whole or leaves_out(above.rules, new):
            self.forget(old, gone=True)
            return []
        with self.capture.lock:
            self.forget(new, gone=True)  # an empty folder that was replaced
            for folder in self._below(old):
                del self.folders[folder.path]
            if self._backend is not None:
                self._backend.renamed(old, new)
            for notebook in list(self.capture.records.below(old)):
                self.capture.renamed(notebook, new + notebook[len(old) :])
        return [(new, above.rules)]

    def with_new_rules(self, folder: WatchedFolder) -> list[FolderToEnter]:
        """If the patterns in a folder have changed, it is left, to be entered anew."""
        if not folder.whole or read_rules(folder.path, folder.inherited, self._warn) == folder.rules:
            return []
        self.forget(folder.path, gone=False)
        return [(folder.path, folder.inherited)]

    def check(self, folders: Iterable[WatchedFolder], thorough: bool = False) -> None:
        """Look at folders and the notebooks right in them; `thorough`: list them all, and watch them anew."""
        todo: list[FolderToEnter] = []
        for folder in folders:
            try:
                modified = os.stat(folder.path).st_mtime_ns
            except (FileNotFoundError, NotADirectoryError):
                self.forget(folder.path, gone=True)
                continue
            except OSError:
                continue
            changed = self.with_new_rules(folder) if folder.rules.folder == folder.path else []
            if changed:
                todo.extend(changed)
            elif thorough or modified != folder.modified:
                todo.extend(self._listed_again(folder, thorough))
            else:
                self._check_notebooks(self.capture.records.inside(folder.path))
        self.explore(todo)

    def _listed_again(self, folder: WatchedFolder, thorough: bool) -> list[FolderToEnter]:
        if thorough:
            self._watch(folder)
        changed = self.with_new_rules(folder)
        if changed:
            return changed
        listing = self._listed(folder)
        if listing is None:
            return []
        for path in set(self.capture.records.inside(folder.path)).difference(listing.notebooks):
            self.capture.deleted(path)
        return self._checked(folder, listing)

    def _checked(self, folder: WatchedFolder, listing: FolderListing) -> list[FolderToEnter]:
        """Look at what is in a folder; the folders in it that are new are returned."""
        self._check_notebooks(listing.notebooks)
        new = [(path, folder.rules) for path in listing.folders if path not in self.folders]
        for link in listing.links:
            new.extend(self.follow(link, folder))
        return new

    def _check_notebooks(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.pause()
            self.capture.check(path)

    def _listed(self, folder: WatchedFolder) -> FolderListing | None:
        """What is in a watched folder now; None if it is gone or cannot be read."""
        try:
            listing = list_folder(folder)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self._warn(folder.path, f"cannot be read: {reason(error)}; what is in it is not watched")
            return None
        folder.modified = listing.modified
        return listing

    def _enter(self, path: str, rules: Rules) -> WatchedFolder | None:
        with self.capture.lock:
            known = self.folders.get(path)
            if (known is not None and known.whole) or self._mounts.pseudo(path):
                return None
            folder = WatchedFolder(path, read_rules(path, rules, self._warn))
            if known is not None:
                folder.names = known.names
            if not self._watch(folder):
                return None
            self.folders[path] = folder
            return folder

    def _watch(self, folder: WatchedFolder) -> bool:
        """Have changes in a folder reported, or look every now and then.  False if there is none."""
        folder.polled = self._options.poll is None and self._mounts.silent(folder.path) is not None
        try:
            if self._backend is None:
                folder.polled = True
            else:  # a network's file system reports at least what this machine does
                self._backend.watch(folder.path, folder.whole)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return False
            folder.polled = True
            if error.errno in (errno.ENOSPC, errno.EMFILE, errno.ENFILE):
                self._warn("", LIMIT)
        self.polls = self.polls or folder.polled
        return True

    def _watch_file(self, notebook: str) -> None:
        """Watch one file, whatever it is called, without the rest of its folder."""
        path, name = os.path.split(notebook)
        with self.capture.lock:
            folder = self.folders.get(path)
            if folder is None:
                folder = WatchedFolder(path, Rules(path), whole=False)
                self._watch(folder)
                self.folders[path] = folder
            if not folder.wants(notebook):
                folder.names |= {name}
                self.odd_names.add(name)
        self._check_notebooks([notebook])

    def _remember(self, link: str, target: str) -> None:
        with self.capture.lock:
            self.dangling.discard(link)
            self.links[link] = target
            self.shown.setdefault(target, shown_path(link, self.shown))

    def _below(self, path: str) -> list[WatchedFolder]:
        """The folder and all watched ones inside it."""
        start = os.path.join(path, "")
        return [one for one in self.folders.values() if one.path == path or one.path.startswith(start)]


class Roots:
    """The folders and notebooks that were asked for.  `warn(path, message)` is for people."""

    def __init__(self, paths: Sequence[str], tree: WatchedTree, warn: Callable[[str, str], None]) -> None:
        self._paths = tuple(dict.fromkeys(map(os.path.abspath, paths)))
        self._tree = tree
        self._warn = warn
        self._present: dict[str, tuple[str, int, int]] = {}
        self._missing: set[str] = set()

    def look(self) -> list[FolderToEnter]:
        """Folders to be explored, since they are there now, or are others than they were."""
        todo: list[FolderToEnter] = []
        for path in self._paths:
            before, now = self._present.get(path), _identity(path)
            if now is not None and now == before and self._tree.is_watched(now[0]):
                continue
            if before is not None and now != before:
                self._tree.forget(before[0], gone=True)
            started = self._tree.start_at(path) if now is not None else None
            if now is None or started is None:
                self._report_missing(path)
            else:
                self._present[path] = now
                self._missing.discard(path)
                todo.extend(started)
        return todo

    def _report_missing(self, path: str) -> None:
        self._present.pop(path, None)
        if path not in self._missing:
            self._missing.add(path)
            self._warn(path, "is not there; it is watched as soon as it is")


def _identity(path: str) -> tuple[str, int, int] | None:
    """Which folder a path leads to, or that it is a file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    is_folder = stat.S_ISDIR(found.st_mode)
    return os.path.realpath(path), found.st_dev, found.st_ino if is_folder else 0
