"""A frozen class is a frozen dataclass to whoever uses it."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from functools import cached_property

import pytest

from nbmerge.frozen import frozen


@frozen
class Point:
    """Compared by its fields."""

    x: int
    y: int = 0


@frozen
class Named(Point):
    """A kind of its own."""


@frozen(eq=False)
class Thing:
    """Only itself."""

    size: int
    asked: list[str]

    @cached_property
    def double(self) -> int:
        self.asked.append("double")
        return 2 * self.size

    @cached_property
    def unknown(self) -> int:
        """Fails."""
        return self.nothing  # type: ignore[attr-defined,no-any-return]


def test_fields_are_what_it_is() -> None:
    assert Point(1) == Point(x=1, y=0) != Point(1, 2)
    assert len({Point(1), Point(1, 0), Point(2)}) == 2
    assert repr(Point(1)) == "Point(x=1, y=0)"
    assert Named(1) != Point(1)
    assert Named(1).y == 0


def test_it_cannot_be_changed_but_copied_and_replaced() -> None:
    point = Point(1, 2)
    with pytest.raises(AttributeError, match="'x' of a frozen Point"):
        point.x = 3  # type: ignore[misc]
    assert copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point
    assert dataclasses.replace(point, y=5) == Point(1, 5)
    assert [field.name for field in dataclasses.fields(point)] == ["x", "y"]


def test_it_is_matched_by_its_fields() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_a_class_may_keep_its_identity_and_cache() -> None:
    thing = Thing(2, [])
    assert thing != Thing(2, [])
    assert (thing.double, thing.double) == (4, 4)
    assert thing.asked == ["double"]
    assert not hasattr(thing, "__dict__")
    with pytest.raises(AttributeError, match="'double' of a frozen Thing"):
        thing.double = 5
    assert pickle.loads(pickle.dumps(thing)).double == 4


def test_what_a_class_has_not_is_said_by_its_name() -> None:
    with pytest.raises(AttributeError, match="'Thing' object has no attribute 'nothing'"):
        _ = Thing(2, []).unknown


def test_the_start_of_the_driver_imports_no_dataclasses() -> None:
    """They would take longer than all the rest of it."""
    slow = {"dataclasses", "typing", "inspect"}
    code = f"import sys, nbmerge.cli.driver_command\nprint({slow} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
