"""Owns: which command is called, and what becomes of errors.

Must not know: what the commands do.  Invariant: every call ends with an exit code of
`nbmerge.errors`, and an error with one line (with --json, one object) on standard error.
"""

from __future__ import annotations

import os


def run(words: list[str]) -> int:
    """Run the command that the words call; the exit code."""
    from nbmerge.cli.streams import finish_output

    if "_ARGCOMPLETE" in os.environ:  # a shell asks what could follow
        from nbmerge.cli.completion_command import complete

        complete(os.environ)
    try:
        code = _dispatch(words)
        finish_output()
    except (Exception, KeyboardInterrupt) as error:
        return _failed(error, words)
    return code


def _dispatch(words: list[str]) -> int:
    if words[:1] == ["driver"]:  # no parser: git waits, once for each notebook
        from nbmerge.cli.driver_command import run_driver

        return run_driver(words[1:])
    from nbmerge.cli.program import COMMANDS

    if words and words[0] in COMMANDS:
        return run_command(words[0], words[1:])
    return run_command("merge", words)


def run_command(name: str, words: list[str]) -> int:
    """Run a command with what stands behind its name; the exit code.  Raises NbmergeError."""
    from nbmerge.cli.arguments import asked_for
    from nbmerge.cli.program import function_of, parser_of
    from nbmerge.cli.streams import write_text
    from nbmerge.errors import EXIT_CLEAN

    parser = parser_of(name)
    if asked_for(words, "-h", "--help"):
        write_text(parser.format_help())
        return EXIT_CLEAN
    found = parser.parse(words)
    if getattr(found, "root", None):
        from nbmerge.history.places import VARIABLE, roots_text

        os.environ[VARIABLE] = roots_text(found.root)  # for the processes that are started from here, too
    return function_of(name)(found)


def _failed(error: BaseException, words: list[str]) -> int:
    from contextlib import suppress
    from dataclasses import replace

    from nbmerge.cli.arguments import asked_for
    from nbmerge.cli.report import failure_json, failure_of
    from nbmerge.cli.streams import cleaned, finish_output, write_error
    from nbmerge.errors import EXIT_DRIVER_FAILED, SystemFailure

    with suppress(SystemFailure):
        finish_output()
    failure = failure_of(error)
    if words[:1] == ["driver"]:  # git takes any lower code for a conflict in what it has
        failure = replace(failure, exit_code=EXIT_DRIVER_FAILED)
    where = None
    if asked_for(words, "--debug"):
        from traceback import format_exception

        where = cleaned("".join(format_exception(error)))
    if asked_for(words, "--json"):
        write_error(failure_json(failure, where))
    else:
        write_error(f"{where or ''}nbmerge: {failure.message}\n")
    return failure.exit_code
