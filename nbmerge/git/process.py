"""Owns: running git and reading its answer.

Must not know: why.  Invariant: git's answers are read in the file system's encoding, so
that any path comes through; without git, or where git does not answer, there is one line that says so.
"""

from __future__ import annotations

import contextlib
import os

from nbmerge.errors import SystemFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from subprocess import CompletedProcess, Popen

_SOON = 1.0  # seconds; after that it is looked at what git may wait for
_PATIENCE = 120.0  # seconds; what is asked takes milliseconds, in the largest repositories a few seconds


def run_git(*arguments: str, environment: dict[str, str] | None = None) -> CompletedProcess[bytes]:
    """Run git to its end.  Raises SystemFailure if there is none, or if it waits for what never comes."""
    import subprocess

    # what a repository names as its file system monitor would be run whenever git looks at the index
    call = ["git", "-c", "core.fsmonitor=false", *arguments]
    surroundings = None if environment is None else {**os.environ, **environment}
    try:
        process = subprocess.Popen(
            call,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=surroundings,
        )
    except OSError as error:
        raise SystemFailure(f"git cannot be run ({error.strerror}): install it or put it on PATH") from error
    with process:
        try:
            out, err = _answer(process, arguments)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(call, process.returncode, out, err)


def _answer(process: Popen[bytes], arguments: tuple[str, ...]) -> tuple[bytes, bytes]:
    import subprocess

    from nbmerge.environment.git import not_ordinary

    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.communicate(timeout=_SOON)
    folder = arguments[arguments.index("-C") + 1] if "-C" in arguments else "."
    if (file := not_ordinary(folder)) is not None:
        raise SystemFailure(f"{file}: is no ordinary file, and git waits for it: move it away")
    try:
        return process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        why = f"git in {folder} has not answered for {_PATIENCE:.0f} s: is a disk away?"
        raise SystemFailure(why) from None


def ask_git(*arguments: str, environment: dict[str, str] | None = None) -> str | None:
    """What git prints, without the newline at its end; None if it says no."""
    done = run_git(*arguments, environment=environment)
    return os.fsdecode(done.stdout.removesuffix(b"\n")) if done.returncode == 0 else None


def tell_git(*arguments: str) -> None:
    """Have git do something.  Raises SystemFailure with git's own reason."""
    done = run_git(*arguments)
    if done.returncode != 0:
        raise SystemFailure(f"git {' '.join(arguments[:2])}: {complaint(done)}")


def complaint(done: CompletedProcess[bytes]) -> str:
    """Why git failed, in one line."""
    last = os.fsdecode(done.stderr).strip().rpartition("\n")[2]
    return last.removeprefix("error: ").removeprefix("fatal: ") or f"exit {done.returncode}"
