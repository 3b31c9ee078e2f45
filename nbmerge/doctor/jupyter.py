"""Owns: which Jupyter servers this user runs, whether they can be asked, and what they share.

Must not know: what is done with a notebook.  Invariant: only loopback addresses are asked; no
token is shown.

nbmerge asks them who has a notebook open: so it knows of a second writer, and when somebody types
into a shared document.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator

from nbmerge.doctor.values import Finding, Setting, counted, ok, warning
from nbmerge.signs.jupyter import data_folder, runtime_folder
from nbmerge.signs.rooms import QUIET, Rooms
from nbmerge.signs.servers import Server, Servers, ask, is_alive, listed
from nbmerge.signs.sessions import Sessions

_NAME = "jupyter"
_TRIES = 5  # a busy server takes its time


def jupyter(setting: Setting) -> Iterator[Finding]:
    """A line for each server; one if there is none."""
    where = setting.environment, setting.home, setting.platform
    folder = runtime_folder(*where)
    found = listed(folder)
    elsewhere = sorted(set(_processes(folder)) - {server.pid for server in found})
    for server in found:
        yield _server(server, Servers(folder, time.time), data_folder(*where))
    for process in elsewhere:
        message = f"the Jupyter server of process {process} does not listen on this machine's own address"
        yield warning(
            _NAME, f"{message}: who has a notebook open there is not known", "start it with --ip=127.0.0.1"
        )
    if not found and not elsewhere:
        yield ok(_NAME, "no Jupyter server of this user runs here")


def _server(server: Server, servers: Servers, data: str) -> Finding:
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
    names = {one.name for one in Sessions(servers, time.time).of(server) if one.is_notebook}
    opened = f"{counted(len(names), 'notebook')} with a kernel"
    if Rooms(servers, data, time.time).is_collaborative(server):
        return ok(
            _NAME,
            f"{name}, {opened}, shares documents (jupyter-collaboration): what comes into a file from outside"
            f" replaces what was typed just then; merges wait until nobody has typed for {QUIET:.0f} s",
        )
    return ok(_NAME, f"{name}, {opened}; each browser saves what it shows")


def _answer(server: Server) -> int | None:
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
