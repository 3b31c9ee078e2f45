"""Owns: which versions of what nbmerge needs are there, found without loading any of it.

Must not know: what they are needed for, beyond a word.  Invariant: the bounds are those of
pyproject.toml (a test compares).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from shutil import which

from nbmerge.doctor.values import Finding, Setting, error, ok, warning

PYTHON = (3, 11)
SQLITE = (3, 35)  # an upsert without a target
GIT = (2, 18)  # `git config --type`
LABELS_SINCE = (2, 44)  # git tells a driver the names of the sides


@dataclass(frozen=True, slots=True)
class Wanted:
    """A package: from which version on, and before which."""

    name: str
    least: str
    below: str


PACKAGES = (
    Wanted("nbformat", "5.10", "6"),
    Wanted("nbdime", "4.0", "5"),
    Wanted("watchdog", "4", "8"),
    Wanted("parso", "0.8.4", "0.9"),
)


def programs(setting: Setting) -> Iterator[Finding]:
    """nbmerge itself, Python and SQLite."""
    yield ok("nbmerge", f"nbmerge {setting.version} in {setting.package}")
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON:
        yield error("python", f"Python {python} is too old", f"use Python {_dotted(PYTHON)} or newer")
    else:
        yield ok("python", f"Python {python} ({setting.python})")
    yield sqlite(_sqlite_version())


def packages(setting: Setting) -> Iterator[Finding]:
    """The packages that nbmerge depends on, by what their installations say."""
    from importlib.metadata import PackageNotFoundError, version

    for wanted in PACKAGES:
        try:
            found = version(wanted.name)
        except PackageNotFoundError:
            found = None
        yield package(wanted, found, setting.python)


def git(setting: Setting) -> Iterator[Finding]:
    """git, by its own word."""
    if which("git", path=setting.environment.get("PATH")) is None:
        yield warning("git", "there is no git; only watching and merging by hand work", "install git")
        return
    from nbmerge.git.process import ask_git

    told = ask_git("--version") or ""
    found = numbers(told.removeprefix("git version "))
    if found < GIT:
        advice = f"update git to {_dotted(GIT)} or newer, or do without"
        yield error("git", f"{told or 'git'} is too old", advice)
    elif found < LABELS_SINCE:
        since = _dotted(LABELS_SINCE)
        yield ok("git", f"{told}; before {since} it does not tell a driver the names of the sides")
    else:
        yield ok("git", told)


def package(wanted: Wanted, found: str | None, python: str) -> Finding:
    """What to say of a package of which this version was found."""
    range_ = f">={wanted.least},<{wanted.below}"
    mend = f"{python} -m pip install '{wanted.name}{range_}'"
    if found is None:
        return error(wanted.name, f"{wanted.name} is not installed", mend)
    if numbers(found) < numbers(wanted.least):
        return error(wanted.name, f"{wanted.name} {found} is too old", mend)
    if numbers(found) >= numbers(wanted.below):
        return warning(wanted.name, f"{wanted.name} {found} is newer than nbmerge was tried with", mend)
    return ok(wanted.name, f"{wanted.name} {found}")


def sqlite(found: str) -> Finding:
    """What to say of this version of SQLite."""
    if numbers(found) < SQLITE:
        advice = (
            f"use a Python that brings SQLite {_dotted(SQLITE)} or newer; without it only `git install` works"
        )
        return error("sqlite", f"SQLite {found} is too old for the store", advice)
    return ok("sqlite", f"SQLite {found}")


def numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()


def _sqlite_version() -> str:
    from nbmerge.history.database import sqlite_version

    return sqlite_version()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
