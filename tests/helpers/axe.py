"""Owns: what axe-core, the checker of accessibility, finds wrong with a page.

Must not know: what is on the page.  Invariant: only what it calls serious or critical is told; where it
cannot be got from npm the test is skipped, and says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

_PACKAGE = "axe-core@^4"
_LOOK = """async place => {
  const {violations} = await axe.run(place, {resultTypes: ['violations']});
  return violations.filter(one => ['serious', 'critical'].includes(one.impact))
    .map(one => `${one.id}: ${one.nodes.map(node => `${node.html} ${node.failureSummary}`).join('; ')}`);
}"""


@cache
def _program() -> str:
    known = Path(os.environ.get("NBMERGE_NODE_MODULES", "none"), "axe-core", "axe.min.js")
    if known.is_file():
        return known.read_text(encoding="utf-8")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", _PACKAGE]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            pytest.skip(f"npm could not get axe-core: {done.stderr[-200:]}")
        found = Path(folder, "node_modules", "axe-core", "axe.min.js")
        return found.read_text(encoding="utf-8")


def serious(page: Page, place: str) -> list[str]:
    """What is seriously wrong with the elements of a page that a selector names."""
    if not page.evaluate("Boolean(window.axe)"):
        # beside JupyterLab's own loader of modules, which it would register with
        page.evaluate(
            "text => new Function('module', 'exports', 'define', text)(undefined, undefined, undefined)",
            _program(),
        )
    found: list[str] = page.evaluate(_LOOK, place)
    return found
