"""Owns: the three-way law, a merged text, what a caller may choose, and what a merge tells: all as values.

Must not know: notebooks, markers; how anything is merged or shown.
Invariant: a value that only one side changed, or that both changed alike, is decided by `decide` and
nowhere else (jj's `trivial_merge` for three terms); what is left is a `Clash`.  What was chosen without
asking is a Decision, what needs a person is a Conflict; never neither.
"""

from __future__ import annotations

from enum import Enum

from nbmerge.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Generic, TypeAlias, TypeVar

    from nbmerge.merge.cells import MergedCell
    from nbmerge.notebook.model import Notebook

    T = TypeVar("T")
    T_co = TypeVar("T_co", covariant=True)
    U = TypeVar("U")
    Lines: TypeAlias = tuple[str, ...]
    Piece: TypeAlias = "Decided[Lines] | Clash[Lines]"
else:  # at run time nobody asks what they are generic in, and `typing` takes long to import
    T = T_co = None

    class Generic:
        """What typing.Generic says to a type checker."""

        def __class_getitem__(cls, _):
            return cls


@frozen
class Terms(Generic[T_co]):
    """The same thing in base, local and remote."""

    base: T_co
    local: T_co
    remote: T_co

    def map(self, function: Callable[[T_co], U]) -> Terms[U]:
        """What the function makes of each term."""
        return Terms(function(self.base), function(self.local), function(self.remote))

    def __iter__(self) -> Iterator[T_co]:
        return iter((self.base, self.local, self.remote))


@frozen
class Clash(Terms[T_co]):
    """Three terms that no rule has made one: a conflict, as a value."""


@frozen
class Decided(Generic[T]):
    """A value on which the three terms agree."""

    value: T


def decide(
    base: T, local: T, remote: T, *, plain: Callable[[T], object] | None = None
) -> Decided[T] | Clash[T]:
    """The three-way law; `plain` drops differences of spelling that must not clash."""
    if local == remote or base == remote:
        return Decided(local)
    if base == local:
        return Decided(remote)
    if plain is not None:
        plain_base, plain_local, plain_remote = plain(base), plain(local), plain(remote)
        if plain_local == plain_remote or plain_base == plain_remote:
            return Decided(local)
        if plain_base == plain_local:
            return Decided(remote)
    return Clash(base, local, remote)


@frozen
class Shape:
    """What a text has besides its lines."""

    crlf: bool
    final_newline: bool


@frozen
class MergedText:
    """Pieces in order; `notes` say which rules were needed beside the three-way law."""

    pieces: tuple[Piece, ...]
    shape: Shape
    notes: tuple[str, ...] = ()

    @property
    def clashes(self) -> list[Clash[Lines]]:
        return [piece for piece in self.pieces if isinstance(piece, Clash)]

    @property
    def text(self) -> str | None:
        """The merged text, or None while there is a clash."""
        lines: list[str] = []
        for piece in self.pieces:
            if isinstance(piece, Clash):
                return None
            lines += piece.value
        return compose(lines, self.shape)


def split(text: str) -> tuple[Lines, Shape]:
    """Lines without their ends, and the shape that `compose` needs to restore the text."""
    crlf = "\r\n" in text and text.count("\r\n") == text.count("\n")
    if crlf:
        text = text.replace("\r\n", "\n")
    final = text.endswith("\n")
    body = text[:-1] if final else text
    return (tuple(body.split("\n")) if text else ()), Shape(crlf, final)


def compose(lines: Sequence[str], shape: Shape) -> str:
    """The inverse of `split`."""
    text = "\n".join(lines) + ("\n" if shape.final_newline and lines else "")
    return text.replace("\n", "\r\n") if shape.crlf else text


class Side(Enum):
    """One of the two notebooks that are merged."""

    LOCAL = "local"
    REMOTE = "remote"

    @property
    def other(self) -> Side:
        return Side.REMOTE if self is Side.LOCAL else Side.LOCAL


class Outputs(Enum):
    """Whose outputs a cell gets where the rule (those of the run of its source) is not wanted."""

    RUN = "run"
    LOCAL = "local"
    REMOTE = "remote"
    BASE = "base"
    CLEAR = "clear"
    UNION = "union"


class Favor(Enum):
    """What becomes of a conflict in a source: shown, or settled for one term, or for both sides'
    lines, local's first (`UNION`)."""

    NONE = "none"
    LOCAL = "local"
    REMOTE = "remote"
    BASE = "base"
    UNION = "union"

    @property
    def took(self) -> str:
        """What a decision calls it."""
        return "both" if self is Favor.UNION else self.value


FAVORS = (Favor.LOCAL.value, Favor.REMOTE.value, Favor.UNION.value)  # what people are offered


class Whole(Enum):
    """When conflicts that stand in a side are merged as one piece, and not line by line."""

    NEVER = "never"
    CUT = "cut"  # where one would come apart otherwise
    ALWAYS = "always"


@frozen
class Policy:
    """`newer` is the side whose run and whose volatile metadata count as the later one.

    `whole`: whether conflicts that stand in a side stay whole, though lines are shown twice for it.
    """

    outputs: Outputs = Outputs.RUN
    favor: Favor = Favor.NONE
    newer: Side = Side.LOCAL
    whole: Whole = Whole.NEVER


@frozen
class Conflict:
    """One place for a person to decide; a term is None where that side has no such cell.

    `cell` counts from 0 in the merged notebook; `base` is None where there was none.  `lines` are
    those that the conflict takes up in the cell's source, markers included; None until it is shown.
    """

    cell: int
    id: str | None
    base: str | None
    local: str | None
    remote: str | None
    lines: range | None = None

    def shown_in(self, lines: range) -> Conflict:
        """The same where these lines of the cell show it."""
        return Conflict(self.cell, self.id, self.base, self.local, self.remote, lines)

    def as_json(self) -> dict[str, object]:
        """The conflict for programs; the lines from the first to the one behind the last."""
        found: dict[str, object] = {"cell": self.cell, "id": self.id}
        found |= {"base": self.base, "local": self.local, "remote": self.remote}
        return found if self.lines is None else found | {"lines": [self.lines.start, self.lines.stop]}


@frozen
class Decision:
    """What was chosen for one place of the merged notebook, and why.

    `path` is a JSON pointer, or one behind `base:` for a cell that is no longer there;
    `took` is local, remote, both, base, higher, nothing, recorded, or what --outputs asked for.
    """

    path: str
    took: str
    reason: str

    def as_json(self) -> dict[str, object]:
        return {"path": self.path, "took": self.took, "reason": self.reason}


@frozen
class Result:
    """What a merge made, with conflicts as values: nothing of it is rendered.

    `notebook` has everything but the cells that are to be rendered: a cell in conflict has an empty
    source there.  `contested` are those cells by their place.  `origins` tells for each cell its index
    in base, local and remote, None where that one has no such cell.  Where one side was taken as it
    is, `taken` says which, and there are no origins.
    """

    notebook: Notebook
    contested: Mapping[int, MergedCell]
    decisions: tuple[Decision, ...] = ()
    origins: tuple[Terms[int | None], ...] = ()
    taken: Side | None = None

    @property
    def clean(self) -> bool:
        return not self.contested

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """In the order of the cells, and of the lines in them."""
        return tuple(
            Conflict(place, self.notebook.cells[place].id, *terms)
            for place, cell in self.contested.items()
            for terms in cell.conflicts
        )


class Notes:
    """Collects decisions below one path while a part of the notebook is merged."""

    __slots__ = ("path", "taken")

    def __init__(self, path: str = "", taken: list[Decision] | None = None) -> None:
        self.path = path
        self.taken: list[Decision] = [] if taken is None else taken

    def add(self, took: str, reason: str) -> None:
        self.taken.append(Decision(self.path, took, reason))

    def below(self, key: str | int) -> Notes:
        """Notes on a member; they land in the same list."""
        step = str(key).replace("~", "~0").replace("/", "~1")
        return Notes(f"{self.path}/{step}", self.taken)
