"""Owns: running git and reading its answer.

Must not know: why.  Invariant: git's answers are read in the file system's encoding, so
that any path comes through; without git there is one line that says so.
"""

from __future__ import annotations

import os

from nbmerge.errors import SystemFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from subprocess import CompletedProcess


def run_git(*arguments: str, environment: dict[str, str] | None = None) -> CompletedProcess[bytes]:
    """Run git to its end.  Raises SystemFailure if there is none."""
    import subprocess

    # what a repository names as its file system monitor would be run whenever git looks at the index
    call = ["git", "-c", "core.fsmonitor=false", *arguments]
    surroundings = None if environment is None else {**os.environ, **environment}
    try:
        return subprocess.run(
            call, stdin=subprocess.DEVNULL, capture_output=True, env=surroundings, check=False
        )
    except OSError as error:
        raise SystemFailure(f"git cannot be run ({error.strerror}): install it or put it on PATH") from error


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
