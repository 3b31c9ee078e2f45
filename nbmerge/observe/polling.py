"""Owns: looking at folders and notebooks without having been told of anything.

Must not know: threads, times of looking.  Invariant: a folder is listed again only if it looks
different, a notebook read only if it does; so a sweep over what did not change is cheap.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from nbmerge.observe.ground import Ground, Todo
from nbmerge.observe.tree import Folder


def sweep(ground: Ground, folders: Iterable[Folder], deep: bool = False) -> None:
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


def _listed_again(ground: Ground, folder: Folder, deep: bool) -> list[Todo]:
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
