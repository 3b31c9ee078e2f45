"""The example of docs/taking-part.md: an editor in JavaScript talks to `nbmerge serve`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nbmerge.serve.calls import CALLS
from nbmerge.serve.protocol import BUG, GONE, INVALID, NO_NOTEBOOK, SYSTEM, UNKNOWN_BASE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "taking-part.md").read_text(encoding="utf-8")
PROGRAM = "import sys; from nbmerge.__main__ import main; sys.exit(main())"


def blocks() -> tuple[str, str]:
    """The example, and what it prints."""
    found = re.search(r"```js\n(const \{ spawn.*?)```\n\nIt prints\n\n```\n(.*?)```\n", PAGE, re.S)
    assert found is not None
    return found[1], found[2]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_an_editor_in_javascript_is_merged(tmp_path: Path) -> None:
    example, printed = blocks()
    shutil.copy(ROOT / "fixtures" / "different-cells" / "base.ipynb", tmp_path / "levels.ipynb")
    command = tmp_path / "bin" / "nbmerge-on-save"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -c "{PROGRAM}" "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(tmp_path)}
    ran = subprocess.run(
        ["node", "-e", example], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == (printed, "")
    cells = json.loads((tmp_path / "levels.ipynb").read_text(encoding="utf-8"))["cells"]
    assert cells[0]["source"][0] == "# River levels at the old bridge\n"
    assert cells[3]["source"][-1] == "print(round(mean(levels), 1))"


def test_every_call_and_every_reason_is_in_the_docs() -> None:
    rows = dict(re.findall(r"^\| `([a-z ]+)` \|([^|]*)\|", PAGE, re.M))
    assert set(rows) == {*CALLS, INVALID, UNKNOWN_BASE, NO_NOTEBOOK, GONE, SYSTEM, BUG}
    for name, call in CALLS.items():
        words = re.sub(r"\([^)]*\)", "", rows[name]).replace(" ", "")
        assert words == ",".join([*call.required, *(f"{one}?" for one in call.optional)]), name
