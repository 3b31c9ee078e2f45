"""Owns: which versions of what nbmerge needs are there, found without loading any of it.
which program the shell runs when somebody types `nbmerge`.

Must not know: what they are needed for, beyond a word.
what the programs do.
Invariant: the bounds are those of
pyproject.toml (a test compares).
no program is run; nbdime's, which has the same
name, is told from ours by what its start script says.

pip gives both packages' scripts one name in one folder: who is installed last wins, and neither
is told.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote
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
    Wanted("pathspec", "1.0", "2"),
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


NAMES = ("nbmerge", "nbmerge-on-save")
_LARGEST = 1 << 20  # bytes of a start script
_PYTHON = re.compile(rb"^#!\s*(\S.*?)\s*$|^'''exec' \"?(.+?)\"? \"\$0\"", re.M)


@dataclass(frozen=True, slots=True)
class Script:
    """A program on PATH: whose it is (ours, nbdime or other), and the interpreter that it names."""

    path: str
    whose: str
    python: str | None


def commands(setting: Setting) -> Iterator[Finding]:
    """What `nbmerge` and `nbmerge-on-save` are here."""
    found = {name: on_path(name, setting) for name in NAMES}
    always = found["nbmerge-on-save"]
    yield short(found["nbmerge"], setting, bool(always))
    yield long(always, setting)


def short(scripts: list[Script], setting: Setting, has_long: bool) -> Finding:
    """The name that nbdime has, too."""
    name = "nbmerge"
    other = "nbmerge-on-save" if has_long else f"{setting.python} -m nbmerge"
    if not scripts:
        return warning(f"command {name}", f"the shell finds no `{name}`", f"type {other}")
    first = scripts[0]
    if first.whose == "ours":
        return _ours(first, name, setting)
    if first.whose != "nbdime":
        return warning(f"command {name}", f"`{name}` is another program, {first.path}", f"type {other}")
    source = _source()
    if os.path.realpath(os.path.dirname(first.path)) == _scripts_folder() and source is not None:
        back = f"{setting.python} -m pip install --force-reinstall --no-deps {quote(source)}"
        message = f"`{name}` is nbdime's ({first.path}): it was installed after nbmerge, into the same place"
        return warning(f"command {name}", message, f"type {other}, or take the name back: {back}")
    return warning(f"command {name}", f"`{name}` is nbdime's ({first.path})", f"type {other}")


def long(scripts: list[Script], setting: Setting) -> Finding:
    """The name that is always ours."""
    name = "nbmerge-on-save"
    if scripts:
        return _ours(scripts[0], name, setting)
    folder = _scripts_folder()
    there = os.path.exists(os.path.join(folder, name))
    advice = f"add {folder} to PATH" if there else f"type {setting.python} -m nbmerge"
    return warning(f"command {name}", f"the shell finds no `{name}`", advice)


def on_path(name: str, setting: Setting) -> list[Script]:
    """The programs of that name, as the shell looks for them; the first is the one that it runs."""
    environment = setting.environment
    endings = environment.get("PATHEXT", ".EXE").lower().split(";") if setting.platform == "win32" else [""]
    found: dict[str, Script] = {}
    for folder in environment.get("PATH", os.defpath).split(os.pathsep):
        for ending in endings:
            path = os.path.join(setting.here, folder, name + ending)
            if path not in found and _is_program(path):
                found[path] = _script(path)
    return list(found.values())


def _ours(script: Script, name: str, setting: Setting) -> Finding:
    if script.whose != "ours":
        return warning(
            f"command {name}",
            f"`{name}` is another program, {script.path}",
            f"type {setting.python} -m nbmerge",
        )
    if script.python is not None and not os.path.exists(script.python):
        message = f"`{name}` ({script.path}) does not start: {script.python} is gone"
        return warning(f"command {name}", message, f"install nbmerge again, or remove {script.path}")
    if _is_here(script, setting):
        return ok(f"command {name}", f"`{name}` is this nbmerge ({script.path})")
    message = f"`{name}` is another installation's ({script.path}), not this one's ({setting.python})"
    return warning(
        f"command {name}", message, "remove the one that you do not need, or mind which one you type"
    )


def _is_here(script: Script, setting: Setting) -> bool:
    """Whether the script starts this very installation."""
    if script.python is None:
        return os.path.realpath(os.path.dirname(script.path)) == _scripts_folder()
    named, running = (os.path.normpath(path) for path in (script.python, setting.python))
    same_folder = os.path.dirname(named) == os.path.dirname(running)
    return named == running or (same_folder and os.path.realpath(named) == os.path.realpath(running))


def _script(path: str) -> Script:
    text = _text(path)
    whose = "ours" if b"nbmerge.__main__" in text else "nbdime" if b"nbdime" in text else "other"
    found = _PYTHON.search(text)
    python = None
    if found is not None:
        python = os.fsdecode(found[1] or found[2])
        if python == "/bin/sh":  # the interpreter's path was too long, or has a blank in it
            second = _PYTHON.search(text, found.end())
            python = os.fsdecode(second[1] or second[2]) if second else None
    return Script(path, whose, python)


def _text(path: str) -> bytes:
    """What the script says; on Windows it is packed into a program that starts it."""
    import zipfile

    try:
        with open(path, "rb") as file:
            text = file.read(_LARGEST)
        if not text.startswith(b"#!") and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                return packed.read("__main__.py")
    except (OSError, KeyError, zipfile.BadZipFile):
        return b""
    return text


def _is_program(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode) and os.access(path, os.X_OK)
    except (OSError, ValueError):
        return False


def _source() -> str | None:
    """What pip installed our package from; None if there is none, so that its script was never there."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        told = distribution("nbmerge-on-save").read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    url = json.loads(told or "{}").get("url")
    return url.removeprefix("file://") if isinstance(url, str) else "nbmerge-on-save"


def _scripts_folder() -> str:
    """Where this Python puts programs."""
    return os.path.realpath(sysconfig.get_path("scripts"))
