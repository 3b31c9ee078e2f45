"""What was chosen is kept for a day, for this user alone, whatever happens to it meanwhile."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nbmerge.errors import SystemFailure
from nbmerge.service.drafts import KEPT, KeptDraft, draft_of

ONE: list[dict[str, Any]] = [{"conflict": "a", "nth": 0, "way": "local"}]


@dataclass
class Clock:
    time: float = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def draft(tmp_path: Path, clock: Clock) -> KeptDraft:
    return draft_of(str(tmp_path / "n.ipynb"), str(tmp_path / "state"), clock)


def test_it_comes_back_with_its_time(draft: KeptDraft, clock: Clock) -> None:
    assert draft.read() is None
    draft.keep(ONE)
    clock.time += 60
    found = draft.read()
    assert found is not None
    assert (found.choices, found.time) == ([{"time": 1000.0, **ONE[0]}], 1000.0)


def test_each_choice_is_kept_for_a_day(draft: KeptDraft, clock: Clock) -> None:
    draft.keep(ONE)
    clock.time += KEPT - 1
    found = draft.read()
    assert found is not None
    draft.keep([*found.choices, {"conflict": "b"}])
    clock.time += 2
    later = draft.read()
    assert later is not None
    assert [each["conflict"] for each in later.choices] == ["b"]
    clock.time += KEPT
    assert draft.read() is None


def test_nothing_chosen_is_nothing_kept(draft: KeptDraft) -> None:
    draft.keep(ONE)
    draft.keep([])
    assert not os.path.exists(draft.path)
    draft.keep([])


def test_every_path_to_a_notebook_has_the_same(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "n.ipynb")
    names = ("n.ipynb", "link.ipynb", "./x/../n.ipynb")
    assert len({draft_of(str(tmp_path / name), str(tmp_path / "s"), clock).path for name in names}) == 1
    assert draft_of(str(tmp_path / "m.ipynb"), str(tmp_path / "s"), clock).path not in names


@pytest.mark.parametrize(
    "content",
    ["", "nonsense", "[", "{}", "5", "[5]", '[{"time": "x"}]', '[{"time": null}]', "[" * 100_000, "\x00"],
)
def test_what_is_no_draft_is_none(draft: KeptDraft, content: str) -> None:
    os.makedirs(os.path.dirname(draft.path))
    Path(draft.path).write_text(content)
    assert draft.read() is None


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_nobody_else_can_read_it(draft: KeptDraft) -> None:
    draft.keep(ONE)
    assert stat.S_IMODE(os.stat(draft.path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(draft.path)).st_mode) == 0o700


def test_those_that_are_too_old_are_removed(tmp_path: Path, draft: KeptDraft, clock: Clock) -> None:
    draft.keep(ONE)
    os.utime(draft.path, (clock.time, clock.time))
    draft_of(str(tmp_path / "other.ipynb"), str(tmp_path / "state"), clock)
    assert os.path.exists(draft.path)
    clock.time += KEPT + 1
    draft_of(str(tmp_path / "other.ipynb"), str(tmp_path / "state"), clock)
    assert not os.path.exists(draft.path)


def test_one_that_cannot_be_written_leaves_the_old_one(draft: KeptDraft) -> None:
    draft.keep(ONE)
    os.makedirs(f"{draft.path}.{os.getpid()}")  # where it would be written
    with pytest.raises(SystemFailure, match="cannot be written"):
        draft.keep([{"conflict": "b"}])
    assert json.loads(Path(draft.path).read_text())[0]["conflict"] == "a"
