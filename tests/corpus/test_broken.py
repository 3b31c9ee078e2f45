"""Notebooks that people committed broken, with what git had merged: all are rebuilt, no line is lost.

The numbers of those that come out without a conflict are floors for a change.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from nbmerge.git.sides import Source, find_sides, merged_again
from nbmerge.repair.rebuild import How, Outcome, Rebuilt, Sides, rebuild
from tests.corpus.conftest import corpus
from tests.corpus.unpacking import unpack
from tests.git.repo import NAME, Repository, surroundings
from tests.helpers.build import cells_of, source_of
from tests.helpers.validity import fault

pytestmark = pytest.mark.corpus

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


@pytest.fixture(scope="session")
def broken(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders with base, ours, theirs and the broken notebook."""
    folder = tmp_path_factory.mktemp("broken")
    unpack(corpus("broken.tar.xz"), folder)
    return sorted(found.parent for found in folder.rglob("broken.ipynb"))


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    folder = tmp_path_factory.mktemp("repository")
    made = Repository(folder, surroundings(folder))
    made.git("init", "--quiet", "--template=")
    return made


def with_git(case: Path, repository: Repository) -> Outcome:
    """Rebuilt in a repository whose index holds the three versions, as after a merge."""
    stages = []
    for number, side in ((1, "base"), (2, "ours"), (3, "theirs")):
        oid = repository.git("hash-object", "-w", str(case / f"{side}.ipynb")).strip()
        stages.append(f"100644 {oid} {number}\t{NAME}")
    repository.write("stages", "\n".join([f"0 {'0' * 40}\t{NAME}", *stages]) + "\n")
    repository.git("-c", "alias.fill=!git update-index --index-info < stages", "fill")
    repository.write(NAME, (case / "broken.ipynb").read_bytes())
    sides = find_sides(str(repository.path / NAME))
    assert sides is not None
    assert (sides.source, sides.unmerged) == (Source.INDEX, True)
    terms = sides.base, sides.local, sides.remote
    return rebuild((case / "broken.ipynb").read_bytes(), lambda: Sides(*terms, sides.labels, merged_again))


def alone(case: Path) -> Outcome:
    return rebuild((case / "broken.ipynb").read_bytes())


def notebook(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(data)
    return found


def lines(data: bytes) -> Counter[str]:
    """The lines of all sources, blank ones and white space at line ends aside."""
    sources = (source_of(cell) for cell in cells_of(notebook(data)))
    found = (line.rstrip() for source in sources for line in source.split("\n"))
    return Counter(line for line in found if line)


def standing(text: str) -> set[str]:
    """Every line of every text in a file that need not be JSON."""
    return {line.rstrip() for text in _TEXT.findall(text) for line in json.loads(text).split("\n")}


def lost(case: Path, made: Rebuilt) -> list[str]:
    """Lines that one side has, and the other did not delete, and the result lacks; but for an untouched
    file it counts only what stands in it: the rest was removed by hand.

    Code that one side only laid out anew stands there in one layout: white space is no loss."""
    base, ours, theirs = (lines((case / f"{side}.ipynb").read_bytes()) for side in ("base", "ours", "theirs"))
    wanted = {line for line in ours | theirs if (ours & theirs)[line] or not base[line]}
    if made.how is not How.SIDES:
        wanted &= standing((case / "broken.ipynb").read_text())
    found = lines(made.data)
    text = without_space("".join(found))
    return sorted(line for line in wanted - found.keys() if without_space(line) not in text)


def without_space(text: str) -> str:
    return "".join(text.split())


def checked(case: Path, made: Outcome) -> bool:
    """Assert that it is rebuilt as it must be; whether it has no conflict left."""
    assert isinstance(made, Rebuilt), (case.name, made)
    assert fault(notebook(made.data)) is None, case.name
    assert lost(case, made) == [], case.name
    return not made.conflicts


def test_all_are_rebuilt_with_the_index(broken: list[Path], repository: Repository) -> None:
    clean = [case for case in broken if checked(case, with_git(case, repository))]
    assert len(broken) == 24
    assert len(clean) >= 17


def test_all_are_rebuilt_without_git(broken: list[Path]) -> None:
    clean = [case for case in broken if checked(case, alone(case))]
    assert len(clean) >= 13


def test_what_nobody_edited_is_recognised(broken: list[Path], repository: Repository) -> None:
    """16 are what git wrote; without merging once more they are told by their lines."""
    untouched = [case.name for case in broken if _how(with_git(case, repository)) is How.SIDES]
    assert len(untouched) == 16
    assert [case.name for case in broken if _how(by_lines(case)) is How.SIDES] == untouched


def by_lines(case: Path) -> Outcome:
    """With the versions, but without git to merge them once more."""
    base, ours, theirs = ((case / f"{side}.ipynb").read_bytes() for side in ("base", "ours", "theirs"))
    return rebuild((case / "broken.ipynb").read_bytes(), lambda: Sides(base, ours, theirs))


def _how(made: Outcome) -> How:
    assert isinstance(made, Rebuilt)
    return made.how
