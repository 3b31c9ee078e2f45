"""Line edits: where git merges cleanly, so do we, to the same text.

On purpose otherwise, and so not generated here: lines that both sides moved (git doubles them) and
ambiguous texts of repeated lines, where two right diffs can put an insertion at different places.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.build import Merged, merge_code, merge_prose
from tests.helpers.examples import tried


@dataclass(frozen=True)
class Texts:
    """A base of different lines, and two sides that changed, deleted and inserted some."""

    base: str
    local: str
    remote: str


WORDS = ("apple", "basin", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty")


@st.composite
def texts(draw: st.DrawFn) -> Texts:
    base = [f"{word} = {word}_of({place})" for place, word in enumerate(WORDS[: draw(st.integers(1, 10))])]
    local, remote = (_edited(draw, base, side) for side in ("ours", "theirs"))
    return Texts("\n".join(base), "\n".join(local), "\n".join(remote))


def _edited(draw: st.DrawFn, base: list[str], side: str) -> list[str]:
    found: list[str] = []
    for place, line in enumerate(base):
        match draw(st.sampled_from(["keep", "keep", "keep", "change", "delete", "insert", "both"])):
            case "keep":
                found.append(line)
            case "change":
                found.append(f"{side}.changed({place})")
            case "insert":
                found += [f"{side}_{n} = new({place})" for n in range(draw(st.integers(1, 2)))] + [line]
            case "both":
                found += [f"agreed[{place}] += 1", line]
    return found


def git_merge(folder: Path, three: Texts) -> str | None:
    """What git makes of it, or None if there are conflicts."""
    for name in ("base", "local", "remote"):
        (folder / name).write_text(getattr(three, name) + "\n", encoding="utf-8")
    ran = subprocess.run(
        ["git", "merge-file", "-p", "local", "base", "remote"], cwd=folder, capture_output=True, check=False
    )
    return None if ran.returncode else ran.stdout.decode().removesuffix("\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("git")


@tried(80)
@given(three=texts(), prose=st.booleans())
def test_what_git_merges_cleanly_comes_out_the_same(folder: Path, three: Texts, prose: bool) -> None:
    expected = git_merge(folder, three)
    merged = (merge_prose if prose else merge_code)(three.base, three.local, three.remote)
    if expected is not None:
        assert merged.clean
        assert merged.sources == [expected]


def both(base: str, local: str, remote: str, folder: Path) -> tuple[str | None, Merged]:
    return git_merge(folder, Texts(base, local, remote)), merge_code(base, local, remote)


def test_git_and_we_differ_where_a_person_would_not_see_a_conflict(folder: Path) -> None:
    git, ours = both("a = 1\nb = 1", "a = 2\nb = 1", "a = 1\nb = 2", folder)
    assert git is None
    assert ours.sources == ["a = 2\nb = 2"]


def test_git_doubles_a_line_that_both_moved_and_we_do_not(folder: Path) -> None:
    lines = ["seed = 1", "load(table)", "fit(model)", "draw(figure)", "save(figure)"]
    local, remote = lines[1:2] + lines[:1] + lines[2:], lines[1:] + lines[:1]
    git, ours = both("\n".join(lines), "\n".join(local), "\n".join(remote), folder)
    assert git is not None
    assert git.split("\n").count("seed = 1") == 2
    assert not ours.clean
