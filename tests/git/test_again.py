"""Merging three texts once more gives what git has written, but for the labels."""

from __future__ import annotations

import pytest

from nbmerge.git.sides import merged_again
from nbmerge.merge.markers import ConflictStyle
from tests.git.repo import NAME, Repository, spelled

BASE = spelled("a = 1", "b = 2", "c = 3")
OURS = spelled("a = 10", "b = 2", "c = 30")
THEIRS = spelled("a = 77", "b = 2", "c = 33")
TEXTS = BASE.encode(), OURS.encode(), THEIRS.encode()


@pytest.fixture(autouse=True)
def _as_the_tester(bare: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in bare.env.items():
        monkeypatch.setenv(name, value)


def without_labels(text: str) -> list[str]:
    return [
        line.split(" ")[0] if line[:7] in ("<" * 7, "|" * 7, ">" * 7) else line for line in text.split("\n")
    ]


@pytest.mark.parametrize("style", ConflictStyle)
@pytest.mark.parametrize("size", [7, 12])
def test_as_git_merge_wrote_it(bare: Repository, style: ConflictStyle, size: int) -> None:
    bare.config("merge.conflictStyle", style.value)
    bare.diverge(*(text.decode() for text in TEXTS))
    bare.write(".gitattributes", f"*.ipynb conflict-marker-size={size}\n")
    bare.try_git("merge", "feature")
    written = without_labels(bare.read(NAME))
    assert "<" * size in " ".join(written)
    assert written in [without_labels(again.decode()) for again in merged_again(*TEXTS, style, size)]


def test_a_text_that_git_takes_for_no_text() -> None:
    assert list(merged_again(b"\0", b"1\0", b"2\0", ConflictStyle.MERGE, 7)) == []
