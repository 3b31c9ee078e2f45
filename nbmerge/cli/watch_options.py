"""Owns: the options of `watch`, `start` and `restart`, from words to values and back.

Must not know: how notebooks are watched.  Invariant: the words that `as_arguments` gives are
understood as the same values, whatever the current folder is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from nbmerge.cli.arguments import days, megabytes, seconds
from nbmerge.cli.histories import add_state
from nbmerge.errors import NotebookError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nbmerge.cli.arguments import Parser
    from nbmerge.watch.assembly import WatchOptions

WORDS = "[PATH...] [--state DIR] [--settle S] [--poll] [--exclude PATTERN] [--keep-days N] [--keep-mb N]"
_MEGABYTE = 1_000_000


def add_watch_options(parser: Parser) -> None:
    """Teach a parser all of them."""
    add_state(parser)
    parser.add_argument(
        "--settle",
        metavar="S",
        type=seconds,
        default=1.0,
        help="seconds that a notebook must be quiet before a merge is written (default: 1)",
    )
    parser.add_argument(
        "--poll",
        action="store_true",
        help="look at the files now and then; done anyway where the system does not tell of changes",
    )
    parser.add_argument(
        "--exclude",
        metavar="PATTERN",
        action="append",
        default=[],
        help="leave out what matches, as in .gitignore; may be repeated (or write a .nbmergeignore)",
    )
    parser.add_argument("--keep-days", metavar="N", type=days, help="drop older versions (default: 60)")
    parser.add_argument(
        "--keep-mb",
        metavar="N",
        type=megabytes,
        help="drop the oldest versions where all take more megabytes than this (default: 2147)",
    )


def watch_options(found: Any, paths: list[str]) -> WatchOptions:
    """What the options ask for.  Raises NotebookError if a path is not there."""
    from nbmerge.history.opening import state_directory
    from nbmerge.history.values import Retention
    from nbmerge.watch.assembly import WatchOptions

    for path in paths:
        if not os.path.exists(path):
            raise NotebookError(f"{path}: there is no such file or folder to watch")
    usual = Retention()
    return WatchOptions(
        paths=tuple(map(os.path.abspath, paths or ["."])),
        state=state_directory(found.state),
        settle=found.settle,
        poll=True if found.poll else None,
        exclude=tuple(found.exclude),
        retention=Retention(
            usual.days if found.keep_days is None else found.keep_days,
            usual.size if found.keep_mb is None else int(found.keep_mb * _MEGABYTE),
        ),
    )


def as_arguments(options: WatchOptions) -> tuple[str, ...]:
    """The words that ask for these options, for a process that is started elsewhere."""
    return tuple(_words(options))


def _words(options: WatchOptions) -> Iterator[str]:
    if options.state is not None:
        yield f"--state={options.state}"
    yield f"--settle={options.settle}"
    if options.poll:
        yield "--poll"
    for pattern in options.exclude:
        yield f"--exclude={pattern}"
    yield f"--keep-days={options.retention.days}"
    yield f"--keep-mb={options.retention.size / _MEGABYTE}"
    yield "--"
    yield from options.paths
