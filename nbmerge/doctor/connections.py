"""Owns: what git does with the notebooks of this folder: merging, and other tools' hands in it.
which Jupyter servers this user runs, whether they can be asked, and what they share.

Must not know: how the driver is installed.
what is done with a notebook.
Invariant: git itself is asked what it would do; the
entry's interpreter is started once, to see that it answers.
only loopback addresses are asked; no
token is shown.

nbmerge asks them who has a notebook open: so it knows of a second writer, and when somebody types
into a shared document.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import time
from collections.abc import Iterator

from nbmerge.doctor.values import Finding, Setting, counted, error, ok, warning
from nbmerge.environment.jupyter import (
    JupyterServer,
    JupyterServers,
    JupyterSessions,
    ask,
    data_folder,
    is_alive,
    listed,
    runtime_folder,
)
from nbmerge.environment.rooms import QUIET, Rooms
from nbmerge.errors import NbmergeError
from nbmerge.git.attributes import Effect, effect_here, effect_of_user, set_aside
from nbmerge.git.entry import command_of, interpreter_of, runs
from nbmerge.git.process import ask_git
from nbmerge.git.scope import Scope, in_repository

DRIVER, FILTER, DIFF = "git driver", "git filter", "git diff"
_NONE = ("", "unspecified", "unset", "set")


def driver(setting: Setting) -> Iterator[Finding]:
    """Whether git merges notebooks with nbmerge here, and whether that works."""
    if not _has_git():
        return
    inside = in_repository()
    effect = effect_here() if inside else effect_of_user()
    if effect.line is None:
        yield _absent(effect, inside, f"{setting.program} git install")
        return
    is_local = inside and Scope.LOCAL.read("driver") is not None
    install = f"{setting.program} git install{'' if is_local else ' --global'}"
    yield _installed(effect, effect.line, install)
    if inside and effect.ours:
        for line in set_aside(Scope.LOCAL):
            yield ok(DRIVER, line.removeprefix("note: "))


def others(setting: Setting) -> Iterator[Finding]:
    """Other tools' filters and differs that notebooks here pass through."""
    try:
        inside = _has_git() and in_repository()
    except NbmergeError:
        return  # the check of the driver says why
    if not inside:
        return
    told = ask_git("check-attr", "-z", "filter", "diff", "--", "x.ipynb") or ""
    filter_, differ = attribute(told, "filter"), attribute(told, "diff")
    if filter_ not in _NONE:
        command = _configured(f"filter.{filter_}.clean") or _configured(f"filter.{filter_}.process")
        yield _other(FILTER, f"git stores notebooks as the filter `{filter_}` leaves them", command)
    if differ not in _NONE:
        command = _configured(f"diff.{differ}.command") or _configured(f"diff.{differ}.textconv")
        yield _other(DIFF, f"`git diff` shows notebooks by `{differ}`", command)


def attribute(told: str, name: str) -> str:
    """The value in what `git check-attr -z` tells: path, attribute, value, each ended by a NUL."""
    parts = told.split("\0")
    triples = zip(parts[::3], parts[1::3], parts[2::3], strict=False)
    return next((value for _, one, value in triples if one == name), "")


def _has_git() -> bool:
    """Without it there is a line about that, and one is enough."""
    return shutil.which("git") is not None


def _absent(effect: Effect, inside: bool, install: str) -> Finding:
    """There is no entry of ours in git's configuration."""
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
        return warning(DRIVER, "git's entry was not written by this version of nbmerge", install)
    python = interpreter_of(line)
    if not runs(command):
        message = f"git's entry names {python}, which does not run nbmerge: notebooks are merged as text"
        return error(DRIVER, message, install)
    if not effect.ours:
        message = (
            f"the driver is installed, but git's attributes say otherwise: notebooks are merged {effect}"
        )
        return warning(DRIVER, message, install)
    return ok(DRIVER, f"git merges notebooks by nbmerge, with {python}, which runs")


def _other(name: str, what: str, command: str) -> Finding:
    if not command:
        return ok(name, f"{what}, but no such command is configured: git leaves notebooks as they are")
    if not _can_run(command):
        advice = "install it again, or take its line out of the attributes (`git check-attr -a x.ipynb`)"
        return warning(name, f"{what}, but its program is not there: {command}", advice)
    return ok(name, f"{what}: {command}")


def _configured(key: str) -> str:
    return ask_git("config", "--get", key) or ""


def _can_run(command: str) -> bool:
    """Whether the program that a shell line begins with is there; True if that cannot be told."""
    try:
        words = shlex.split(command)
    except ValueError:
        return True
    return not words or "=" in words[0] or shutil.which(words[0]) is not None


_NAME = "jupyter"
_TRIES = 5  # a busy server takes its time


def jupyter(setting: Setting) -> Iterator[Finding]:
    """A line for each server; one if there is none."""
    where = setting.environment, setting.home, setting.platform
    folder = runtime_folder(*where)
    found = listed(folder)
    elsewhere = sorted(set(_processes(folder)) - {server.pid for server in found})
    for server in found:
        yield _server(server, JupyterServers(folder, time.time), data_folder(*where))
    for process in elsewhere:
        message = f"the Jupyter server of process {process} does not listen on this machine's own address"
        yield warning(
            _NAME, f"{message}: who has a notebook open there is not known", "start it with --ip=127.0.0.1"
        )
    if not found and not elsewhere:
        yield ok(_NAME, "no Jupyter server of this user runs here")


def _server(server: JupyterServer, servers: JupyterServers, data: str) -> Finding:
    name = f"{server.words} ({server.root})"
    answer = _answer(server)
    if answer is None:
        return warning(
            _NAME,
            f"{name} does not answer: who has a notebook open there is not known",
            f"see whether process {server.pid} hangs; if it is gone, jupyter server list tidies up",
        )
    if answer in (401, 403):
        message = f"{name} does not let nbmerge ask (status {answer}): who has a notebook open is not known"
        return warning(_NAME, message, "let it have a token: a password alone cannot be used by programs")
    names = {one.name for one in JupyterSessions(servers, time.time).of(server) if one.is_notebook}
    opened = f"{counted(len(names), 'notebook')} with a kernel"
    if Rooms(servers, data, time.time).is_collaborative(server):
        return ok(
            _NAME,
            f"{name}, {opened}, shares documents (jupyter-collaboration): what comes into a file from outside"
            f" replaces what was typed just then; merges wait until nobody has typed for {QUIET:.0f} s",
        )
    return ok(_NAME, f"{name}, {opened}; each browser saves what it shows")


def _answer(server: JupyterServer) -> int | None:
    for _ in range(_TRIES):
        answer = ask(server, "GET", "api/sessions")
        if answer is not None:
            return answer[0]
    return None


def _processes(folder: str) -> Iterator[int]:
    """The living processes that left word in the folder."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        if not (name.startswith(("jpserver-", "nbserver-")) and name.endswith(".json")):
            continue
        try:
            with open(os.path.join(folder, name), "rb") as file:
                told = json.load(file)
        except (OSError, ValueError):
            continue
        process = told.get("pid") if isinstance(told, dict) else None
        if isinstance(process, int) and is_alive(process):
            yield process
