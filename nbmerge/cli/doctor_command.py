"""Owns: `nbmerge doctor`.

Must not know: what is checked.  Invariant: a line is printed as soon as it and those before it are
known; nothing is changed.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.program import program_name
from nbmerge.cli.streams import printable, write_text
from nbmerge.cli.terminal import paint
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.doctor.values import Finding, Setting

_WHAT = """
Check whether anything on this machine keeps nbmerge from working: versions, which program the shell runs,
git's driver, the limits of the system, the store, a running watcher, Jupyter servers. Nothing is changed.
Each line begins with `ok`, `warning` (it may surprise you) or `error` (something does not work), and ends
with what to do.

With --json it is one object {"ok", "checks"}; each check is {"name", "state", "message", "advice"}.
"""
_EXITS = {EXIT_CLEAN: "there is no error; warnings do not count", EXIT_CONFLICTS: "there is an error"}
_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


def doctor_parser() -> CommandParser:
    """The parser of `doctor`."""
    return command("doctor", _WHAT, _EXITS).with_json("one JSON object").with_state()


def run_doctor(options: Arguments) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
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


def _setting(state: str | None) -> Setting:
    import nbmerge
    from nbmerge.doctor.values import Setting
    from nbmerge.history.opening import database_of, place_of

    here = ""
    with suppress(OSError):  # somebody removed the folder
        here = os.getcwd()
    return Setting(
        program=program_name(),
        version=nbmerge.__version__,
        package=os.path.dirname(os.path.abspath(nbmerge.__file__)),
        python=sys.executable or "python",
        here=here,
        state=place_of(state),
        database=database_of(state),
        environment=os.environ,
        home=os.path.expanduser("~"),
        platform=sys.platform,
    )


def _line(finding: Finding) -> str:
    state = paint(f"{finding.state.value:<7}", _COLOURS[finding.state.value])
    advice = f"  - {finding.advice}" if finding.advice else ""
    return f"{state}  {printable(finding.message + advice)}\n"
