"""Owns: a node process that is told what to do line by line, and what it has asked meanwhile.

Must not know: what runs in it.  Invariant: each command has one result; what failed there fails here.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")


@dataclass
class Request:
    """What somebody in the process (`who`) asked and waits for."""

    id: int
    who: int
    what: str
    body: Any


@dataclass
class NodeProcess:
    """The process; `later`: how much there waits for its time."""

    commands: IO[str]
    results: IO[str]
    requests: list[Request] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    later: int = 0

    def do(self, what: str, **arguments: Any) -> Any:
        """The result of a command; the requests that it led to are kept."""
        self.commands.write(json.dumps({"do": what, **arguments}) + "\n")
        self.commands.flush()
        told = json.loads(self.results.readline())
        assert told["error"] is None, told["error"]
        self.requests += [Request(**one) for one in told["requests"]]
        self.errors += told["errors"]
        self.later = told["later"]
        return told["result"]


@contextmanager
def node_process(script: Path, *words: str) -> Iterator[NodeProcess]:
    """A process that runs a script."""
    assert NODE is not None
    command = [NODE, str(script), *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield NodeProcess(process.stdin, process.stdout)
        process.stdin.close()
