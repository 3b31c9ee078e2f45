"""Owns: which command is meant, and what becomes of errors.

Must not know: what the commands do.  Invariant: every call ends with an exit code of
`nbmerge.errors`, and an error with one line (with --json, one object) on standard error.
A command is loaded only when it is called: git calls the driver once for each notebook.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser

_COMMANDS = {
    "completion": "completion_command",
    "conflicts": "conflicts_command",
    "demo": "demo_command",
    "diff": "diff_command",
    "doctor": "doctor_command",
    "fix": "fix_command",
    "git": "git_command",
    "log": "log_command",
    "merge": "merge_command",
    "mergetool": "mergetool_command",
    "open": "open_command",
    "recover": "recover_command",
    "replay": "replay_command",
    "resolve": "resolve_command",
    "restart": "daemon_command.restart",
    "restore": "restore_command",
    "save": "save_command",
    "show": "show_command",
    "start": "daemon_command.start",
    "status": "status_command",
    "stop": "daemon_command.stop",
    "watch": "watch_command",
}


def run(arguments: list[str]) -> int:
    """Run the command that the arguments name; the exit code."""
    from nbmerge.cli.streams import finish_output

    try:
        code = _dispatch(arguments)
        finish_output()
    except (Exception, KeyboardInterrupt) as error:
        return _failed(error, arguments)
    return code


def _dispatch(arguments: list[str]) -> int:
    match arguments:
        case ["driver", *rest]:
            from nbmerge.cli import driver_command

            return driver_command.run(rest)
        case [name, *rest] if name in _COMMANDS:
            from importlib import import_module

            module, _, function = _COMMANDS[name].partition(".")
            code: int = getattr(import_module(f"nbmerge.cli.{module}"), function or "run")(rest)
            return code
    from nbmerge.cli import merge_command

    return merge_command.run(arguments)


def command_names() -> tuple[str, ...]:
    """Those that people type; `driver` is typed by git."""
    return tuple(_COMMANDS)


def parser_of(name: str) -> Parser:
    """What a command understands: each module has `parser` beside `run`, `x_parser` beside `x`."""
    from importlib import import_module

    module, _, function = {**_COMMANDS, "driver": "driver_command"}[name].partition(".")
    made: Parser = getattr(import_module(f"nbmerge.cli.{module}"), f"{function}_parser".lstrip("_"))()
    return made


def _failed(error: BaseException, arguments: list[str]) -> int:
    from contextlib import suppress
    from dataclasses import replace

    from nbmerge.cli.arguments import asked_for
    from nbmerge.cli.report import failure_json, failure_of
    from nbmerge.cli.streams import finish_output, write_error
    from nbmerge.errors import EXIT_DRIVER_FAILED, SystemFailure

    with suppress(SystemFailure):
        finish_output()
    failure = failure_of(error)
    if arguments[:1] == ["driver"]:  # git takes any lower code for a conflict in what it has
        failure = replace(failure, exit_code=EXIT_DRIVER_FAILED)
    where = None
    if asked_for(arguments, "--debug"):
        from traceback import format_exception

        where = "".join(format_exception(error))
    if asked_for(arguments, "--json"):
        write_error(failure_json(failure, where))
    else:
        write_error(f"{where or ''}nbmerge: {failure.message}\n")
    return failure.exit_code
