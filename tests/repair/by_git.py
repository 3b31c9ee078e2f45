"""Owns: notebooks as git breaks them, and what stands in the text of one.

Must not know: how they are rebuilt.  Invariant: the markers are git's own; texts are spelled as
Jupyter spells them, so that the line of a source is told by its indentation.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.build import Notebook, cells_of, source_of

_SOURCE_LINE = re.compile(r'    ("(?:[^"\\]|\\.)*"),?')  # deeper ones are outputs or metadata
_MARKERS = re.compile(r"([<|=>])\1{4,}( .*)?")


def merged_as_text(
    base: bytes, local: bytes, remote: bytes, style: str = "merge", size: int = 7
) -> tuple[bytes, bool]:
    """What `git merge-file` makes of three files, and whether it shows a conflict."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("base", base), ("HEAD", local), ("topic", remote)):
            (Path(folder) / name).write_bytes(data)
        words = ["-p", "-q", f"--marker-size={size}", *([] if style == "merge" else [f"--{style}"])]
        done = subprocess.run(
            ["git", "merge-file", *words, "HEAD", "base", "topic"],
            cwd=folder,
            capture_output=True,
            check=False,
        )
        assert 0 <= done.returncode < 128, done
        return done.stdout, done.returncode > 0


@dataclass(frozen=True)
class Shown:
    """The texts of the two sides, and of base where it is shown, in a file that git wrote."""

    local: list[str]
    base: list[str] | None
    remote: list[str]


def shown_in(broken: bytes) -> Shown:
    """What stands between markers goes to its side, all else to each."""
    texts: dict[str, list[str]] = {"<": [], "|": [], "=": []}
    inside, has_base = "", False
    for line in broken.decode().split("\n"):
        found = _MARKERS.fullmatch(line)
        if found is not None:
            inside = found.group(1).replace(">", "")
            has_base = has_base or inside == "|"
            continue
        for side, text in texts.items():
            if inside in ("", side):
                text.append(line)
    return Shown(texts["<"], texts["|"] if has_base else None, texts["="])


def source_lines(text: list[str]) -> Counter[str]:
    """The lines of sources in the text of a notebook, sound or not."""
    found = (_SOURCE_LINE.fullmatch(line) for line in text)
    return _lines("".join(json.loads(line.group(1))) for line in found if line is not None)


def lines_of(notebook: Notebook) -> Counter[str]:
    """The lines of all sources, blank ones and white space at line ends aside."""
    return _lines(source_of(cell) for cell in cells_of(notebook))


def _lines(texts: object) -> Counter[str]:
    found = (line.rstrip() for text in texts for line in text.split("\n"))  # type: ignore[attr-defined]
    return Counter(line for line in found if line and "attachment:" not in line)
