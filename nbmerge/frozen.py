"""Owns: frozen dataclasses that cost next to nothing to define.

Must not know: what is in them.
Invariant: to a type checker, to `match`, `dataclasses.replace` and `dataclasses.fields` they are frozen
dataclasses; fields are compared in order, and hashed so, unless a class keeps its identity (`eq=False`).
A cached property is a slot that is filled when it is first asked for: a notebook has a hundred thousand
cells, and a dictionary for each would take more memory than what is in it.

git starts a process for each notebook that it merges.  Importing `dataclasses` and having it define thirty
classes takes more than half of the time in which that process starts, and this does not.
"""

from __future__ import annotations

from functools import cached_property
from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar, dataclass_transform, overload

    T = TypeVar("T")

    @overload
    @dataclass_transform(frozen_default=True)
    def frozen(cls: type[T]) -> type[T]: ...
    @overload
    def frozen(*, eq: bool = True) -> Callable[[type[T]], type[T]]: ...
    def frozen(cls: Any = None, **options: bool) -> Any:
        """Make a class a frozen dataclass; its fields are those that it annotates, after its base's."""

else:

    def frozen(cls=None, *, eq=True):
        """The same, at run time."""
        return _define(cls, eq) if cls is not None else lambda named: _define(named, eq)


def _define(cls: Any, eq: bool) -> Any:
    own = tuple(cls.__annotations__)
    names = (*getattr(cls, "__match_args__", ()), *own)
    body = dict(cls.__dict__)
    defaults = getattr(cls, "__defaults__", {}) | {name: body.pop(name) for name in own if name in body}
    cached = {name: body.pop(name).func for name in list(body) if isinstance(body[name], cached_property)}
    for name in ("__dict__", "__weakref__"):
        body.pop(name, None)
    made: Any = type(cls)(cls.__name__, cls.__bases__, body | {"__slots__": (*own, *cached)})
    added = {
        **{"__match_args__": names, "__defaults__": defaults, "__dataclass_fields__": _Fields()},
        **{"__init__": _init(made, names, defaults), "__repr__": _repr, "__reduce__": _reduce},
        **{"__setattr__": _refuse, "__delattr__": _refuse},
        **({"__getattr__": _filling(made, cached)} if cached else {}),
    }
    for name, value in (added | (_comparing(attrgetter(*names)) if eq else {})).items():
        setattr(made, name, value)
    return made


def _init(cls: Any, names: tuple[str, ...], defaults: dict[str, Any]) -> Any:
    """Its __init__, compiled, for most of a merge's time is the making of small values."""
    known = {f"_default_{name}": value for name, value in defaults.items()}
    known |= {f"_set_{name}": getattr(cls, name).__set__ for name in names}
    head = ", ".join(f"{name}=_default_{name}" if name in defaults else name for name in names)
    lines = [f"_set_{name}(self, {name})" for name in names]
    exec(f"def __init__(self, {head}):\n " + "\n ".join(lines), known)
    return known["__init__"]


def _filling(cls: Any, cached: dict[str, Callable[[Any], Any]]) -> Any:
    """What is called for a slot that is empty yet."""
    ways = {name: (make, getattr(cls, name).__set__) for name, make in cached.items()}

    def fill(self: object, name: str) -> object:
        if name not in ways:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        make, put = ways[name]
        value = make(self)
        put(self, value)
        return value

    return fill


def _comparing(fields: Callable[[Any], object]) -> dict[str, Any]:
    def is_equal(self: object, other: object) -> bool:
        return fields(self) == fields(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: object) -> int:
        return hash(fields(self))

    return {"__eq__": is_equal, "__hash__": hashed}


def _repr(self: Any) -> str:
    fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{type(self).__qualname__}({fields})"


def _reduce(self: Any) -> tuple[Any, ...]:
    return type(self), tuple(getattr(self, name) for name in self.__match_args__)


def _refuse(self: object, name: str, *_: object) -> None:
    raise AttributeError(f"{name!r} of a frozen {type(self).__name__} cannot be changed")


class _Fields:
    """What the module `dataclasses` asks for, made when it does."""

    def __get__(self, _: object, cls: Any) -> object:
        from dataclasses import make_dataclass

        made: Any = make_dataclass(cls.__name__, cls.__match_args__)
        cls.__dataclass_fields__ = made.__dataclass_fields__
        return made.__dataclass_fields__
