"""Owns: whether nbmerge is installed as it should be: the versions of what it needs, which program the
shell runs when somebody types `nbmerge`, and what git does with the notebooks of this folder.

Must not know: what the programs do.  Invariant: the bounds are those of pyproject.toml (a test compares);
packages are looked up without loading them; no program is run but git, which is asked what it would do,
and the interpreter of git's entry, once, to see that it answers.

pip installs nbdime's `nbmerge` and ours under one name in one folder: the last one installed wins, and
neither says so.  They are told apart by what their start scripts contain.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import stat
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass

from nbmerge.doctor.values import Finding, Setting, error, ok, warning
from nbmerge.errors import NbmergeError
from nbmerge.files import beginning_of, read_small_file
from nbmerge.git.attributes import Effect, effect_here, effect_of_user, set_aside
from nbmerge.git.entry import answers, command_of, interpreter_of
from nbmerge.git.process import ask_git
from nbmerge.git.scope import Scope, in_repository

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
    Wanted("argcomplete", "3.5", "4"),
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
    """git's own version."""
    if shutil.which("git", path=setting.environment.get("PATH")) is None:
        yield warning("git", "git is not installed: only watching and merging by hand work", "install git")
        return
    version = ask_git("--version") or ""
    found = numbers(version.removeprefix("git version "))
    if found < GIT:
        advice = f"update git to {_dotted(GIT)} or newer, or do without"
        yield error("git", f"{version or 'git'} is too old", advice)
    elif found < LABELS_SINCE:
        since = _dotted(LABELS_SINCE)
        yield ok("git", f"{version}; before {since} git does not give a merge driver the names of the sides")
    else:
        yield ok("git", version)


def package(wanted: Wanted, found: str | None, python: str) -> Finding:
    """What to say of a package of which this version was found."""
    range_ = f">={wanted.least},<{wanted.below}"
    mend = f"{python} -m pip install '{wanted.name}{range_}'"
    if found is None:
        return error(wanted.name, f"{wanted.name} is not installed", mend)
    if numbers(found) < numbers(wanted.least):
        return error(wanted.name, f"{wanted.name} {found} is too old", mend)
    if numbers(found) >= numbers(wanted.below):
        return warning(wanted.name, f"{wanted.name} {found} is newer than nbmerge was tested with", mend)
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
    from nbmerge.history.sqlite import sqlite_version

    return sqlite_version()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


NAMES = ("nbmerge", "nbmerge-on-save")
_LARGEST = 1 << 20  # bytes of a start script or a configuration
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
        back = f"{setting.python} -m pip install --force-reinstall --no-deps {shlex.quote(source)}"
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
        f"command {name}", message, "remove the one that you do not need, or take care which one you run"
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
        text = beginning_of(path, _LARGEST)
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
        source = distribution("nbmerge-on-save").read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    url = json.loads(source or "{}").get("url")
    return url.removeprefix("file://") if isinstance(url, str) else "nbmerge-on-save"


def _scripts_folder() -> str:
    """Where this Python puts programs."""
    return os.path.realpath(sysconfig.get_path("scripts"))


DRIVER, FILTER, DIFF = "git driver", "git filter", "git diff"
_NONE = ("", "unspecified", "unset", "set")


def driver(setting: Setting) -> Iterator[Finding]:
    """Whether git merges notebooks with nbmerge here, and whether that works."""
    if not _has_git():
        return
    inside = in_repository()
    effect = effect_here() if inside else effect_of_user()
    if effect.line is None:
        yield _not_installed(effect, inside, f"{setting.program} git install")
        return
    is_local = inside and Scope.LOCAL.read("driver") is not None
    install = f"{setting.program} git install{'' if is_local else ' --global'}"
    yield _installed(effect, effect.line, install)
    if inside and effect.ours:
        for line in set_aside(Scope.LOCAL):
            yield ok(DRIVER, line.removeprefix("note: "))


def other_tools(setting: Setting) -> Iterator[Finding]:
    """Other tools' filters and differs that notebooks here pass through."""
    try:
        inside = _has_git() and in_repository()
    except NbmergeError:
        return  # the check of the driver says why
    if not inside:
        return
    answer = ask_git("check-attr", "-z", "filter", "diff", "--", "x.ipynb") or ""
    filter_, differ = attribute(answer, "filter"), attribute(answer, "diff")
    if filter_ not in _NONE:
        command = _configured(f"filter.{filter_}.clean") or _configured(f"filter.{filter_}.process")
        what = f"git passes notebooks through the filter `{filter_}` before it stores them"
        yield _numbering(what, filter_, command) or _other(FILTER, what, command)
    if differ not in _NONE:
        command = _configured(f"diff.{differ}.command") or _configured(f"diff.{differ}.textconv")
        yield _other(DIFF, f"`git diff` shows notebooks with `{differ}`", command)


def attribute(answer: str, name: str) -> str:
    """The value in the answer of `git check-attr -z`: path, attribute, value, each ended by a NUL."""
    parts = answer.split("\0")
    triples = zip(parts[::3], parts[1::3], parts[2::3], strict=False)
    return next((value for _, one, value in triples if one == name), "")


def _has_git() -> bool:
    """Without it one line says so, and one is enough."""
    return shutil.which("git") is not None


def _not_installed(effect: Effect, inside: bool, install: str) -> Finding:
    """git's configuration does not name nbmerge."""
    if not inside:
        message = "the driver is not installed for this user; this folder is in no repository"
        return ok(DRIVER, message, f"{install} in a repository, or {install} --global")
    if effect.ours:
        message = "the driver is half installed: git's attributes name nbmerge, its configuration does not"
        return error(DRIVER, f"{message}, so notebooks are merged as text", install)
    return warning(DRIVER, f"git merges the notebooks of this repository {effect}", install)


def _installed(effect: Effect, line: str, install: str) -> Finding:
    command = command_of(line)
    if command is None:
        return warning(
            DRIVER, "git's merge driver for notebooks was set up by another version of nbmerge", install
        )
    python = interpreter_of(line)
    works = answers(command, Scope.GLOBAL.read("driver"), line)
    if works is False:
        message = f"git runs nbmerge with {python}, which does not work: notebooks are merged as text"
        return error(DRIVER, message, install)
    if not effect.ours:
        message = (
            f"the driver is installed, but git's attributes say otherwise: notebooks are merged {effect}"
        )
        return warning(DRIVER, message, install)
    if works is None:
        message = (
            f"git runs what this repository's own configuration names, {python}, which is not the nbmerge "
            "that runs now and was not tried"
        )
        return warning(DRIVER, message, install)
    return ok(DRIVER, f"git merges notebooks with nbmerge, run by {python}")


def _other(name: str, what: str, command: str) -> Finding:
    if not command:
        return ok(name, f"{what}, but no such command is configured: git leaves notebooks as they are")
    if not _can_run(command):
        advice = "install it again, or take its line out of the attributes (`git check-attr -a x.ipynb`)"
        return warning(name, f"{what}, but its program is not there: {command}", advice)
    return ok(name, f"{what}: {command}")


def _numbering(what: str, filter_: str, command: str) -> Finding | None:
    """What follows where the filter is nbstripout's, which gives each cell its place for an id."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    names = {os.path.basename(word).removesuffix(".exe") for word in words}
    if "nbstripout" not in names or "--keep-id" in words or not _can_run(command):
        return None
    follows = "it replaces the ids of cells by their places, so a merge finds cells by their content alone"
    keeping = shlex.quote(f"{command} --keep-id")
    advice = f"to keep the ids: git config filter.{filter_}.clean {keeping}"
    return warning(FILTER, f"{what}: {command}; {follows}", advice)


def _configured(key: str) -> str:
    return ask_git("config", "--get", key) or ""


def _can_run(command: str) -> bool:
    """Whether the program that a shell line begins with is there; True if that cannot be told."""
    try:
        words = shlex.split(command)
    except ValueError:
        return True
    return not words or "=" in words[0] or shutil.which(words[0]) is not None


_JUPYTER = "jupyter server"
_SERVER_PART = os.path.join("etc", "jupyter", "jupyter_server_config.d", "nbmerge.json")
_PAGE = "jupyter page"
_EXTENSION = "nbmerge-on-save"
_PAGE_PART = os.path.join("share", "jupyter", "labextensions", _EXTENSION, "package.json")
_PAGE_CONFIG = os.path.join("labconfig", "page_config.json")
_USER_SETTINGS = os.path.join("lab", "user-settings", _EXTENSION, "plugin.jupyterlab-settings")


def jupyter_server(setting: Setting) -> Iterator[Finding]:
    """Whether the part in the Jupyter server is there."""
    from importlib.util import find_spec

    if find_spec("jupyter_server") is None:
        message = "Jupyter's server is not in this Python: its tabs are judged by the watcher"
        yield ok(_JUPYTER, message)
        return
    yield from server_part(sys.prefix, setting)
    yield page_part(sys.prefix, setting)


def _mending(setting: Setting) -> str:
    return f"{setting.python} -m pip install --force-reinstall --no-deps nbmerge-on-save"


def page_part(prefix: str, setting: Setting) -> Finding:
    """What to say of what JupyterLab and Notebook find below a folder, and of what this user has chosen."""
    match _json(os.path.join(prefix, _PAGE_PART)):
        case {"version": setting.version}:
            pass
        case {"version": str(other)}:
            message = f"the part in the page is of version {other}, the server's of {setting.version}"
            return warning(_PAGE, message, f"{_mending(setting)}; then restart Jupyter")
        case _:
            return warning(_PAGE, "the part in JupyterLab's page is not installed", _mending(setting))
    own = setting.environment.get("JUPYTER_CONFIG_DIR") or os.path.join(setting.home, ".jupyter")
    for folder in (os.path.join(prefix, "etc", "jupyter"), own):
        match _json(os.path.join(folder, _PAGE_CONFIG)):
            case {"disabledExtensions": dict(off)} if off.get(_EXTENSION):
                advice = f"jupyter labextension enable {_EXTENSION}"
                return warning(_PAGE, "the part in JupyterLab's page is disabled", advice)
    if _is_turned_off(os.path.join(own, _USER_SETTINGS)):
        advice = "Settings > Settings Editor > nbmerge, if you want it"
        return warning(_PAGE, "merging in JupyterLab's page is turned off in your settings", advice)
    return ok(_PAGE, "the part in JupyterLab's page is switched on")


def _is_turned_off(path: str) -> bool:
    """What a settings file says, which may hold comments."""
    try:
        text = read_small_file(path, _LARGEST, links=True)
    except (OSError, ValueError):
        return False
    return re.search(rb'^[^/\n]*"enabled"\s*:\s*false', text, re.M) is not None


def server_part(prefix: str, setting: Setting) -> Iterator[Finding]:
    """What to say of what is installed below a folder."""
    mend = _mending(setting)
    server = _json(os.path.join(prefix, _SERVER_PART))
    if server is None:
        yield warning(_JUPYTER, "the part in the Jupyter server is not installed", mend)
        return
    match server:
        case {"ServerApp": {"jpserver_extensions": {"nbmerge.jupyter": True}}}:
            pass
        case _:
            advice = "jupyter server extension enable nbmerge.jupyter"
            yield warning(_JUPYTER, "the part in the Jupyter server is switched off", advice)
            return
    yield ok(_JUPYTER, "the part in the Jupyter server is switched on")


def _json(path: str) -> object:
    import json

    try:
        found: object = json.loads(read_small_file(path, _LARGEST, links=True))
        return found
    except (OSError, ValueError):
        return None
