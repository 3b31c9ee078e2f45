"""Owns: a watcher that knows what each save was made from: `python -m tests.real.knowing TRUTH watch ...`.

Must not know: how the watcher judges.  Invariant: all but the judgement is as in `nbmerge`; what it goes
by instead are the lines that `note` adds to the file TRUTH.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from nbmerge.files import digest
from nbmerge.lineage.judge import BaseJudgement, Save, Sequential, Stale, VersionContent
from nbmerge.lineage.versions import Context
from nbmerge.notebook.model import Notebook
from tests.helpers.build import source_of
from tests.helpers.judged import judged_by


def key_of(data: bytes) -> str:
    """The name of a notebook by its sources: no two edits give the same."""
    return digest("\0".join(source_of(cell) for cell in json.loads(data)["cells"]).encode())


def note(file: Path, save: str, base: str) -> None:
    """To be called before the save."""
    with open(file, "a") as truth:
        truth.write(f"{save} {base}\n")


def judge(
    save: Save, head: VersionContent, older: Sequence[VersionContent], context: Context, truth: Path
) -> BaseJudgement:
    """The version that the save was made from; if nobody saw that, what that was made from, and so on."""
    bases = dict(line.split() for line in truth.read_text().splitlines())
    known = {_key(shown.notebook): shown.version.number for shown in older}
    key = bases[_key(save.notebook)]
    while True:
        if key == _key(head.notebook):
            return Sequential("known")
        if key in known:
            return Stale(known[key], "known")
        key = bases[key]


def _key(notebook: Notebook) -> str:
    return digest("\0".join(cell.source for cell in notebook.cells).encode())


if __name__ == "__main__":
    from nbmerge.cli.main import run

    with judged_by(partial(judge, truth=Path(sys.argv[1]))):
        sys.exit(run(sys.argv[2:]))
