"""Owns: `nbmerge doctor`.

Must not know: what is checked.  Invariant: a line is printed as soon as it and those before it are
known; nothing is changed.
"""

from __future__ import annotations

import json
import os
import sys

from nbmerge.cli.arguments import command, understand
from nbmerge.cli.histories import add_state
from nbmerge.cli.program import program_name
from nbmerge.cli.streams import printable, write_text
from nbmerge.cli.terminal import paint
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser
    from nbmerge.doctor.values import Finding, Setting

_CALL = "doctor [--json] [--state DIR]"
_WHAT = """
See whether anything here keeps nbmerge from working: versions, which program the shell runs, git's driver,
the limits of the system, the store, a running watcher, Jupyter servers. Nothing is changed. Each line begins
with `ok`, `warning` (it may surprise you) or `error` (something does not work), and ends with what to do.

With --json it is one object {"ok", "checks"}; each check is {"name", "state", "message", "advice"}.
"""
_EXITS = {EXIT_CLEAN: "there is no error; warnings do not count", EXIT_CONFLICTS: "there is an error"}
_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    options, words = heard
    if words:
        raise UsageError(f"{words[0]!r} is too much: {program_name()} {_CALL}")
    from nbmerge.doctor.checks import CHECKS, examine

    found = []
    for finding in examine(_setting(options.state), CHECKS):
        found.append(finding)
        if not options.json:
            write_text(_line(finding))
    is_well = all(finding.state != "error" for finding in found)
    if options.json:
        checks = [finding.as_json() for finding in found]
        write_text(json.dumps({"ok": is_well, "checks": checks}) + "\n")
    return EXIT_CLEAN if is_well else EXIT_CONFLICTS


def parser() -> Parser:
    """What `doctor` understands."""
    options = command(_CALL, _WHAT, _EXITS)
    options.add_argument("--json", action="store_true", help="one JSON object")
    add_state(options)
    return options


def _setting(state: str | None) -> Setting:
    import nbmerge
    from nbmerge.doctor.values import Setting
    from nbmerge.history.opening import place_of

    return Setting(
        program=program_name(),
        version=nbmerge.__version__,
        package=os.path.dirname(os.path.abspath(nbmerge.__file__)),
        python=sys.executable or "python",
        here=_here(),
        state=place_of(state),
        environment=os.environ,
        home=os.path.expanduser("~"),
        platform=sys.platform,
    )


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:  # somebody removed it
        return ""


def _line(finding: Finding) -> str:
    state = paint(f"{finding.state.value:<7}", _COLOURS[finding.state.value])
    advice = f"  - {finding.advice}" if finding.advice else ""
    return f"{state}  {printable(finding.message + advice)}\n"
