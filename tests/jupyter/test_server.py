"""The tests of the Jupyter server's part, in a process of their own.

The fixtures for servers make an event loop for every test of their process, also for those that have
nothing to do with servers; beside tests that drive a browser, which run a loop of their own, all fail.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["server", "parts", "presence", "history", "rooms", "conflicts"])
def test_the_tests_of_the_server_pass(name: str) -> None:
    options = ["-v", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"tests/jupyter/{name}.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "PASSED" in ran.stdout
    assert "SKIPPED" not in ran.stdout
