"""Owns: what a check is given and what it finds, as values.

Must not know: any check.  Invariant: whatever is wrong comes with what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is: an error keeps something from working, a warning may surprise."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: which check, how it is, what was found, and what to do where something is to be done."""

    name: str
    state: Severity
    message: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """The object for programs."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where it is asked: `program` is how people call this nbmerge, of `version`, whose package lies in
    `package`, run by `python`; the current folder ("" if it is gone), the state directory (which need
    not be there), the environment, the home folder and the platform as in sys.platform; `database`: the
    address of the one that is used, None if the store is in the state directory."""

    program: str
    version: str
    package: str
    python: str
    here: str
    state: str
    environment: Mapping[str, str]
    home: str
    platform: str
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at, by the name of its first finding; `patience` in seconds."""

    name: str
    look: Callable[[Setting], Iterable[Finding]]
    patience: float = 10.0


def counted(number: int, noun: str) -> str:
    """So many of something, for people."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def ok(name: str, message: str, advice: str = "") -> Finding:
    """Nothing to worry about."""
    return Finding(name, Severity.OK, message, advice)


def warning(name: str, message: str, advice: str) -> Finding:
    """Something that may surprise."""
    return Finding(name, Severity.WARNING, message, advice)


def error(name: str, message: str, advice: str) -> Finding:
    """Something that does not work."""
    return Finding(name, Severity.ERROR, message, advice)
