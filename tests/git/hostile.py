"""Owns: a repository whose configuration, attributes and hooks name a program, wherever git may run one.

Must not know: what is asked of git.  Invariant: whenever git runs the program, it says so in a file.
"""

from __future__ import annotations

from pathlib import Path

from tests.git.repo import Repository

_CONFIGURATION = """\
[core]
    fsmonitor = {run}
    hooksPath = {hooks}
    sshCommand = {run}
    pager = {run}
    editor = {run}
    askPass = {run}
    alternateRefsCommand = {run}
[diff]
    external = {run}
[diff "evil"]
    textconv = {run}
    command = {run}
[filter "evil"]
    clean = {run}
    smudge = {run}
    process = {run}
[merge "evil"]
    driver = {run}
[gpg]
    program = {run}
[log]
    showSignature = true
[interactive]
    diffFilter = {run}
[uploadpack]
    packObjectsHook = {run}
[credential]
    helper = {run}
[extensions]
    partialClone = evil
[remote "evil"]
    url = ext::{run}
    promisor = true
"""
_HOOKS = ("post-index-change", "post-checkout", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman")


def make_hostile(repo: Repository) -> Path:
    """From now on; the file that says what was run, which is not there yet."""
    above = repo.path.parent
    ran, program, hooks = above / "ran", above / "program", above / "hooks"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {ran}\n')
    program.chmod(0o755)
    hooks.mkdir()
    for hook in _HOOKS:
        (hooks / hook).symlink_to(program)
    with open(repo.path / ".git" / "config", "a") as config:
        config.write(_CONFIGURATION.format(run=program, hooks=hooks))
    repo.write(".gitattributes", "*.ipynb filter=evil diff=evil\n")
    return ran
