"""Owns: real git repositories in a few words.

Must not know: how the driver works.  Invariant: nothing outside of the test's folder is read or
written: no configuration of the user or the system, no clock, no editor.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.build import cells_of, code, notebook, source_of
from tests.helpers.spelling import JUPYTER

ROOT = Path(__file__).resolve().parents[2]
NAME = "n.ipynb"


def surroundings(home: Path) -> dict[str, str]:
    """An environment in which git knows nobody but the test."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _PERSON.items()}
    return (
        kept
        | who
        | {
            "HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_EDITOR": "true",
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
        }
    )


_PERSON = {"NAME": "Tester", "EMAIL": "tester@example.org", "DATE": "2024-01-01T00:00:00Z"}


def spelled(*sources: str) -> str:
    """A notebook with these code cells, as Jupyter writes it."""
    cells = [code(source, id=f"cell{number}") for number, source in enumerate(sources)]
    return JUPYTER.spell(notebook(*cells)).decode()


def sources_in(text: str | bytes) -> list[str]:
    return [source_of(cell) for cell in cells_of(json.loads(text))]


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


def run(words: list[str], where: Path, env: dict[str, str]) -> Ran:
    done = subprocess.run(words, cwd=where, env=env, capture_output=True, check=False)
    return Ran(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr))


@dataclass(frozen=True)
class Repository:
    """A work tree; commands run in it."""

    path: Path
    env: dict[str, str]

    def try_git(self, *arguments: str) -> Ran:
        return run(["git", *arguments], self.path, self.env)

    def git(self, *arguments: str) -> str:
        done = self.try_git(*arguments)
        assert done.code == 0, done
        return done.out

    def nbmerge(self, *arguments: str, python: str = sys.executable, below: str = ".") -> Ran:
        return run([python, "-m", "nbmerge", *arguments], self.path / below, self.env)

    def write(self, name: str, text: str | bytes) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)

    def read(self, name: str = NAME) -> str:
        return (self.path / name).read_bytes().decode()

    def sources(self, name: str = NAME) -> list[str]:
        return sources_in(self.read(name))

    def commit(self, message: str, text: str | bytes, name: str = NAME) -> None:
        self.write(name, text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def unmerged(self) -> list[str]:
        """The paths that git shows as in conflict."""
        entries = self.git("status", "--porcelain", "-z", "--untracked-files=no").split("\0")
        return [entry[3:] for entry in entries if entry[:2] in ("UU", "AA")]

    def diverge(
        self, base: str | bytes, ours: str | bytes, theirs: str | bytes, name: str = NAME
    ) -> Repository:
        """`main` with our version of a file checked out, and a branch `feature` with theirs."""
        self.commit("base", base, name)
        self.git("checkout", "--quiet", "-b", "feature")
        self.commit("their change", theirs, name)
        self.git("checkout", "--quiet", "main")
        self.commit("our change", ours, name)
        return self

    def config(self, key: str, value: str) -> None:
        self.git("config", key, value)

    def driver(self) -> str:
        """The line that git runs for a notebook."""
        return self.git("config", "merge.nbmerge.driver").removesuffix("\n")
