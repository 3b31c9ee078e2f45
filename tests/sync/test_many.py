"""Many writers that take part in one notebook: what each save costs, and that no word is lost or doubled."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from nbmerge.service import tips
from tests.helpers.build import code, notebook
from tests.sync.writers import Desk


def test_a_conflict_is_updated_by_who_has_not_seen_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, str(tmp_path / "state"))
    desk.put(notebook(code("a = 1", id="a"), code("b = 1", id="b")))
    one, two, three = desk.writer("one"), desk.writer("two"), desk.writer("three")
    one.type("a", "a = 2")
    one.save()
    two.type("a", "a = 3")
    assert len(two.save().conflicts) == 1
    one.type("a", "a = 22")
    [updated] = one.save().conflicts
    assert (updated.base, updated.local, updated.remote) == ("a = 1", "a = 22", "a = 3")
    assert desk.sources()[0].count("<<<<<<<") == 1
    three.type("b", "b = 2")
    assert three.save().conflicts == (updated,)
    assert two.save().conflicts == (updated,)
    two.type("a", "a = 5")
    assert two.save().conflicts == ()
    assert desk.sources() == ["a = 5", "b = 2"]
