"""Owns: the list of all checks in the order in which they are shown, making them at once, and what is
shown for one that fails or does not end.

Must not know: how any of them looks.  Invariant: every check is answered for, by its name and in its
place, and none keeps the others or the end waiting longer than its patience.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Thread

from nbmerge.doctor.database import DATABASE, database
from nbmerge.doctor.editors import EDITORS, vscode
from nbmerge.doctor.installation import (
    DRIVER,
    FILTER,
    commands,
    driver,
    git,
    jupyter_server,
    other_tools,
    packages,
    programs,
)
from nbmerge.doctor.machine import (
    INTEGRITY,
    STATE,
    STORE,
    current_folder,
    inotify_limits,
    integrity,
    jupyter_servers,
    running_watcher,
    state_directory,
    store,
)
from nbmerge.doctor.values import Check, Finding, Setting, error
from nbmerge.errors import NbmergeError
from nbmerge.files import reason

CHECKS = (
    Check("nbmerge", programs),
    Check("packages", packages),
    Check("command", commands),
    Check("git", git),
    Check(DRIVER, driver),
    Check(FILTER, other_tools),
    Check("disk", current_folder),
    Check("inotify", inotify_limits),
    Check(STATE, state_directory),
    Check(STORE, store),
    Check(DATABASE, database, patience=20.0),
    Check(INTEGRITY, integrity, patience=60.0),
    Check("watcher", running_watcher),
    Check("jupyter", jupyter_servers),
    Check("jupyter server", jupyter_server),
    Check(EDITORS, vscode),
)


Answers = SimpleQueue[list[Finding]]


def examine(setting: Setting, checks: Sequence[Check]) -> Iterator[Finding]:
    """The findings of all checks, which run beside each other, in the order of the checks."""
    started = time.monotonic()
    asked = [(check, _begun(check, setting)) for check in checks]
    for check, answers in asked:
        left = started + check.patience - time.monotonic()
        try:
            yield from answers.get(timeout=max(left, 0.01))
        except Empty:
            yield error(
                check.name,
                f"{check.name}: there was no answer within {check.patience:.0f} s",
                "see whether a drive is disconnected or the machine is busy, and try again",
            )


def _begun(check: Check, setting: Setting) -> Answers:
    """Ask in a thread that nobody waits for at the end."""
    answers: Answers = SimpleQueue()
    Thread(target=lambda: answers.put(_asked(check, setting)), name=check.name, daemon=True).start()
    return answers


def _asked(check: Check, setting: Setting) -> list[Finding]:
    try:
        return list(check.look(setting))
    except NbmergeError as failure:  # its message says what to do
        message, _, advice = str(failure).partition("; ")
        return [error(check.name, message, advice)]
    except OSError as failure:
        where = f"{failure.filename}: " if failure.filename else ""
        return [error(check.name, f"{where}{reason(failure)}", "see who owns it, and try again")]
    except Exception as failure:
        what = f"{type(failure).__name__}: {failure}".rstrip(": ")
        message = f"{check.name}: could not be checked ({what})"
        return [error(check.name, message, "this is a bug in nbmerge: please report it")]
