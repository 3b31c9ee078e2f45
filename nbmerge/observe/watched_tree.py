"""Owns: which folders come to be watched and which no longer are.
whether what was asked to be watched is there, and is what it was.
looking at folders and notebooks without having been told of anything.

Must not know: which thread calls, what notebooks hold.
how folders are watched.
threads, times of looking.
Invariant: a folder is watched before it
is listed, so that nothing that appears meanwhile is overlooked.
what is not there is asked for again, and
told to be missing once.
a folder is listed again only if it looks
different, a notebook read only if it does; so a sweep over what did not change is cheap.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Sequence

from nbmerge.files import reason
from nbmerge.observe.capture import Capture
from nbmerge.observe.events import ObserverOptions
from nbmerge.observe.names import Rules, parse, read_rules
from nbmerge.observe.tree import Folder, FolderTree, Listing, Mounts, leaves_out, list_folder, mounts, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.observe.events import Eyes


Todo = tuple[str, Rules]


class WatchedTree:
    """The watched part of the disk.  `tell(path, message)` is for people, each message once."""

    def __init__(
        self, capture: Capture, eyes: Eyes | None, options: ObserverOptions, tell: Callable[[str, str], None]
    ) -> None:
        self.tree = FolderTree()
        self.capture = capture
        self.eyes = eyes
        self.options = options
        self.mounts: Mounts = mounts()
        self.excluded = parse(options.exclude)
        self.tell = tell
        self.odd: set[str] = set()  # names of watched files that do not look like a notebook's
        self.polls = False  # whether any folder is, or was, polled
        self.halted = False
        self.pace: Callable[[], None] = lambda: None  # called before each look that is not urgent

    def explore(self, todo: list[Todo], most: int = 1 << 60) -> list[Todo]:
        """Watch folders and all below them; what is left over after so many folders is returned."""
        while todo and most and not self.halted:
            path, rules = todo.pop()
            most -= 1
            folder = self._enter(path, rules)
            listing = None if folder is None else self.listed(folder)
            if folder is not None and listing is not None:
                todo.extend(self.seen(folder, listing))
        return todo

    def seen(self, folder: Folder, listing: Listing) -> list[Todo]:
        """Look at what is in a folder; the folders in it that are new are returned."""
        for path in listing.notebooks:
            self.pace()
            self.capture.consider(path)
        new = [(path, folder.rules) for path in listing.folders if path not in self.tree.folders]
        for link in listing.links:
            new.extend(self.linked(link, folder))
        return new

    def start_at(self, path: str) -> list[Todo] | None:
        """Begin with a folder or a notebook that is asked for; None if there is none."""
        real = os.path.realpath(path)
        with self.capture.lock:
            self.tree.shown[real] = path
        if os.path.isdir(real):
            return [(real, self._rules(real))]
        if os.path.isfile(real):
            self._also(real)
            return []
        return None

    def linked(self, link: str, folder: Folder) -> list[Todo]:
        """Follow a symbolic link to a notebook or a folder."""
        target = os.path.realpath(link)
        if os.path.isdir(target):
            if leaves_out(folder.rules, link):
                return []
            self._remember(link, target)
            return [] if target in self.tree.folders else [(target, self._rules(target))]
        if folder.wants(link):
            if os.path.isfile(target):
                self._remember(link, target)
                self._also(target)
            else:
                self.tree.dangling.add(link)
        return []

    def forget(self, path: str, gone: bool) -> None:
        """Watch a folder and what is below it no longer: it is `gone`, or it is not wanted."""
        with self.capture.lock:
            for folder in self.tree.below(path):
                del self.tree.folders[folder.path]
                if self.eyes is not None:
                    self.eyes.unwatch(folder.path)
            for notebook in list(self.capture.records.below(path)):
                if gone:
                    self.capture.gone(notebook)
                else:
                    self.capture.records.drop(notebook)

    def drop(self, folder: Folder) -> None:
        """Let go of one folder, so that it is entered anew."""
        with self.capture.lock:
            self.tree.folders.pop(folder.path, None)
            if self.eyes is not None:
                self.eyes.unwatch(folder.path)

    def reread(self, folder: Folder) -> list[Todo]:
        """If the patterns in a folder have changed, it is left, to be entered anew."""
        if not folder.whole or read_rules(folder.path, folder.inherited) == folder.rules:
            return []
        self.forget(folder.path, gone=False)
        return [(folder.path, folder.inherited)]

    def unlinked(self, link: str) -> None:
        """A link is gone; what it stood for is not, but is watched only if something else leads there."""
        with self.capture.lock:
            target = self.tree.links.pop(link)
            if target not in self.tree.links.values():
                self.tree.shown.pop(target, None)
                self.forget(target, gone=False)
                self.capture.records.drop(target)

    def relink(self) -> list[Todo]:
        """Follow links again that led nowhere, or to a folder that is watched no more."""
        todo: list[Todo] = []
        for link in [*self.tree.links, *self.tree.dangling]:
            folder = self.tree.of(link)
            target = self.tree.links.get(link, "")
            if folder is not None and not self.watches(target):
                self.tree.dangling.discard(link)
                todo.extend(self.linked(link, folder))
        return todo

    def watches(self, path: str) -> bool:
        """Whether a folder is watched, or that of a file."""
        return path in self.tree.folders or os.path.dirname(path) in self.tree.folders

    def moved(self, old: str, new: str) -> list[Todo]:
        """A folder has another name: its notebooks keep their histories."""
        above = self.tree.of(new)
        if above is None or not above.whole or leaves_out(above.rules, new):
            self.forget(old, gone=True)
            return []
        with self.capture.lock:
            for folder in self.tree.below(old):
                del self.tree.folders[folder.path]
            if self.eyes is not None:
                self.eyes.renamed(old, new)
            for notebook in list(self.capture.records.below(old)):
                self.capture.renamed(notebook, new + notebook[len(old) :])
        return [(new, above.rules)]

    def listed(self, folder: Folder) -> Listing | None:
        """What is in a watched folder now; None if it is gone or cannot be read."""
        try:
            listing = list_folder(folder)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self.tell(folder.path, f"cannot be read: {reason(error)}; what is in it is not watched")
            return None
        folder.modified = listing.modified
        return listing

    def _enter(self, path: str, rules: Rules) -> Folder | None:
        with self.capture.lock:
            known = self.tree.folders.get(path)
            if (known is not None and known.whole) or self.mounts.pseudo(path):
                return None
            folder = Folder(path, read_rules(path, rules), whole=True)
            if known is not None:
                folder.names = known.names
            if not self.watch(folder):
                return None
            self.tree.folders[path] = folder
            return folder

    def watch(self, folder: Folder) -> bool:
        """Be told of what happens in a folder, or look every now and then.  False if there is none."""
        folder.polled = self.options.poll is None and self.mounts.silent(folder.path) is not None
        try:
            if self.eyes is None:
                folder.polled = True
            else:  # a network's file system tells at least what this machine does
                self.eyes.watch(folder.path, folder.whole)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return False
            folder.polled = True
            if error.errno in (errno.ENOSPC, errno.EMFILE, errno.ENFILE):
                self.tell("", LIMIT)
        self.polls = self.polls or folder.polled
        return True

    def _rules(self, folder: str) -> Rules:
        return Rules(folder, self.excluded)

    def _also(self, notebook: str) -> None:
        """Watch one file, whatever it is called, without the rest of its folder."""
        path, name = os.path.split(notebook)
        with self.capture.lock:
            folder = self.tree.folders.get(path)
            if folder is None:
                folder = Folder(path, Rules(path), whole=False)
                self.watch(folder)
                self.tree.folders[path] = folder
            if not folder.wants(notebook):
                folder.names |= {name}
                self.odd.add(name)
        self.pace()
        self.capture.consider(notebook)

    def _remember(self, link: str, target: str) -> None:
        with self.capture.lock:
            self.tree.dangling.discard(link)
            self.tree.links[link] = target
            self.tree.shown.setdefault(target, show(link, self.tree.shown))


LIMIT = (
    "the system's limit of watched folders is reached, some are looked at every second instead; "
    "raise it with: sudo sysctl fs.inotify.max_user_watches=1048576"
)


_ABSENT = "is not there; it is watched as soon as it is"


class Roots:
    """The folders and notebooks that were asked for.  `tell(path, message)` is for people."""

    def __init__(self, paths: Sequence[str], ground: WatchedTree, tell: Callable[[str, str], None]) -> None:
        self._paths = tuple(dict.fromkeys(map(os.path.abspath, paths)))
        self._ground = ground
        self._tell = tell
        self._there: dict[str, tuple[str, int, int]] = {}
        self._missing: set[str] = set()

    def look(self) -> list[Todo]:
        """Folders to be explored, since they are there now, or are others than they were."""
        todo: list[Todo] = []
        for path in self._paths:
            before, now = self._there.get(path), _identity(path)
            if now is not None and now == before and self._ground.watches(now[0]):
                continue
            if before is not None and now != before:
                self._ground.forget(before[0], gone=True)
            started = self._ground.start_at(path) if now is not None else None
            if now is None or started is None:
                self._miss(path)
            else:
                self._there[path] = now
                self._missing.discard(path)
                todo.extend(started)
        return todo

    def _miss(self, path: str) -> None:
        self._there.pop(path, None)
        if path not in self._missing:
            self._missing.add(path)
            self._tell(path, _ABSENT)


def _identity(path: str) -> tuple[str, int, int] | None:
    """Which folder a path stands for, or that it is a file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    is_folder = stat.S_ISDIR(found.st_mode)
    return os.path.realpath(path), found.st_dev, found.st_ino if is_folder else 0


def poll(ground: WatchedTree, folders: Iterable[Folder], deep: bool = False) -> None:
    """Look at folders and at the notebooks right in them; `deep`: list them all, and watch them anew."""
    todo: list[Todo] = []
    for folder in folders:
        try:
            modified = os.stat(folder.path).st_mtime_ns
        except (FileNotFoundError, NotADirectoryError):
            ground.forget(folder.path, gone=True)
            continue
        except OSError:
            continue
        changed = ground.reread(folder) if folder.rules.folder == folder.path else []
        if changed:
            todo.extend(changed)
        elif deep or modified != folder.modified:
            todo.extend(_listed_again(ground, folder, deep))
        else:
            for path in ground.capture.records.inside(folder.path):
                ground.pace()
                ground.capture.consider(path)
    ground.explore(todo)


def _listed_again(ground: WatchedTree, folder: Folder, deep: bool) -> list[Todo]:
    if deep:
        ground.watch(folder)
    changed = ground.reread(folder)
    if changed:
        return changed
    listing = ground.listed(folder)
    if listing is None:
        return []
    for path in set(ground.capture.records.inside(folder.path)).difference(listing.notebooks):
        ground.capture.gone(path)
    return ground.seen(folder, listing)
