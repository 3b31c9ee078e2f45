"""Owns: the lines of a broken file, the texts that its conflict markers stand for, and the text that a line
of broken JSON spells.

Must not know: notebooks.  Invariant: every line but the markers of whole conflicts is in the text of at least
one side, with the number that it has in the file.  What is sound is read as JSON reads it; of what is not, no
character but the quotes and commas around it is left out.

In a broken notebook no line of JSON looks like a marker, so those that somebody indented or made too short
count as well.  Files have hundreds of thousands of lines and few markers: those are looked for first, and all
else is taken in slices.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from json import JSONDecodeError

from nbmerge.conflicts.jujutsu import as_git_writes
from nbmerge.merge.markers import LEAST, conflicts_in, is_marker
from nbmerge.notebook.jsontext import parse_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbmerge.notebook.jsontext import Json


_NEARLY = re.compile(r"[ \t]*(<{3,}|\|{3,}|={3,}|>{3,})(?:[ \t](.*))?[ \t]*")
# A line that is an element of a list, or a member that holds text in an output (of any MIME type).
_HOLDS = re.compile(
    r'[ \t]*(?:"(?:text|ename|evalue|[\w.+-]+/[\w.+-]+)"[ \t]*:[ \t]*)?("(?:[^"\\]|\\.)*")[ \t]*,?[ \t]*'
)
_MAY_BE_NEARLY = re.compile(r"\n[ \t]*[<|=>]{3}")


@dataclass(frozen=True, slots=True)
class Text:
    """Lines without their ends; `numbers` are their places in the file, from 1.

    `markers` are the places here of those that are one, in order.  What was written `by_jj` has lines
    more than once: in each side and base that they are of.
    """

    lines: Sequence[str]
    numbers: Sequence[int]
    markers: Sequence[int] = ()
    by_jj: bool = False

    def line(self, number: int) -> str:
        """The line with this number in the file."""
        return self.lines[self.numbers.index(number)]

    def slices(self, places: Iterable[range]) -> Text:
        """The lines at these places."""
        lines: list[str] = []
        numbers: list[int] = []
        markers: list[int] = []
        for each in places:
            shift = len(lines) - each.start
            first, last = bisect_left(self.markers, each.start), bisect_left(self.markers, each.stop)
            markers += [marker + shift for marker in self.markers[first:last]]
            lines += self.lines[each.start : each.stop]
            numbers += self.numbers[each.start : each.stop]
        return Text(lines, numbers, markers)

    def without(self, places: Sequence[int]) -> Text:
        """All but the lines at these places, which rise."""
        if not places:
            return self
        between = zip([-1, *places], [*places, len(self.lines)], strict=True)
        return self.slices(range(start + 1, end) for start, end in between)


@dataclass(frozen=True, slots=True)
class MarkedConflict:
    """A whole conflict, by the places of its three or four markers in a text."""

    places: tuple[int, ...]
    size: int
    labels: tuple[str, str, str]  # of local, base ("" where it is not shown), remote

    @property
    def has_base(self) -> bool:
        return len(self.places) > 3

    @property
    def local(self) -> range:
        return range(self.places[0] + 1, self.places[1])

    @property
    def base(self) -> range:
        """Without lines where it is not shown."""
        return range(self.places[1] + 1, self.places[2]) if self.has_base else range(0)

    @property
    def remote(self) -> range:
        return range(self.places[-2] + 1, self.places[-1])


@dataclass(frozen=True, slots=True)
class Variants:
    """What a text says with each of its conflicts taken for one side.

    `base` is None unless each conflict shows it; `conflicts` are the outermost ones, `stray` the
    numbers of the markers that belong to none: they stay in all three.
    """

    local: Text
    base: Text | None
    remote: Text
    conflicts: tuple[MarkedConflict, ...]
    stray: tuple[int, ...]


def text_of(content: str) -> Text:
    """The lines of a file, markers written as git does, also those of jj."""
    content = content.replace("\r", "") if "\r" in content else content
    lines = content.split("\n")
    numbers: Sequence[int] = range(1, len(lines) + 1)
    found_in_jj = as_git_writes(content)  # each has a side as it is
    if found_in_jj is not None:
        lines, numbers = found_in_jj
        content = "\n".join(lines)
    markers: list[int] = []
    at = index = 0
    for found in _MAY_BE_NEARLY.finditer(f"\n{content}"):
        index += content.count("\n", at, found.start())
        at = found.start()
        lines[index] = _with_marker(lines[index])
        if is_marker(lines[index]):
            markers.append(index)
    return Text(lines, numbers, markers, found_in_jj is not None)


def variants(text: Text) -> Variants:
    """The sides of the outermost conflicts; their lines may hold conflicts in turn."""
    marks = text.markers
    conflicts = tuple(
        MarkedConflict(tuple(marks[place] for place in found.places), found.size, found.labels)
        for found in conflicts_in([text.lines[place] for place in marks])
    )
    if not conflicts:
        return Variants(text, None, text, (), tuple(text.numbers[place] for place in marks))
    ends = [0, *(conflict.places[-1] + 1 for conflict in conflicts)]
    plain = [range(end, conflict.places[0]) for end, conflict in zip(ends, conflicts, strict=False)]
    rest = range(ends[-1], len(text.lines))

    def taken(sides: Iterable[range]) -> Text:
        return text.slices([*(each for pair in zip(plain, sides, strict=True) for each in pair), rest])

    spans = [range(conflict.places[0], conflict.places[-1] + 1) for conflict in conflicts]
    stray = [place for place in marks if place not in spans[bisect_right(ends, place, 1, len(spans)) - 1]]
    return Variants(
        taken(conflict.local for conflict in conflicts),
        taken(conflict.base for conflict in conflicts) if all(c.has_base for c in conflicts) else None,
        taken(conflict.remote for conflict in conflicts),
        conflicts,
        tuple(text.numbers[place] for place in stray),
    )


def unsaid(said: set[str], *texts: Text) -> tuple[int, ...]:
    """The numbers of the lines that hold a text alone (a source's, an output's) of which some line is not
    among these, white space at line ends aside."""
    return tuple(
        sorted(
            {
                number
                for text in texts
                for line, number in zip(text.lines, text.numbers, strict=True)
                if (found := _HOLDS.fullmatch(line)) and not _are_among(said, text_in(found[1]))
            }
        )
    )


def _are_among(said: set[str], text: str) -> bool:
    return all(line.rstrip() in said for line in text.split("\n") if line.strip())


def same_but_labels(one: Text, other: Text) -> bool:
    """Whether two texts have the same lines, whatever their markers call the sides."""
    if len(one.lines) != len(other.lines):
        return False
    return one.lines == other.lines or all(
        mine == theirs or (is_marker(mine) and is_marker(theirs) and _run(mine) == _run(theirs))
        for mine, theirs in zip(one.lines, other.lines, strict=True)
    )


def _run(line: str) -> str:
    return line.partition(" ")[0]


def _with_marker(line: str) -> str:
    """The line; one that was meant for a marker is written as one, of at least the usual size."""
    found = _NEARLY.fullmatch(line)
    if found is None:
        return line
    run, label = found.groups()
    run = run[0] * max(len(run), LEAST)
    return f"{run} {label}" if label else run


_END = re.compile(r'(?:(?<!\\)")?[ \t]*,?[ \t]*$')
_BAD_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')
_QUOTE = re.compile(r'(\\.)|"', re.S)


def text_in(fragment: str) -> str:
    """The text that a line spells from its first quote on."""
    try:
        value, end = parse_value(fragment, 0)
        if isinstance(value, str) and not fragment[end:].strip(" \t,]}"):
            return value
    except JSONDecodeError:
        pass
    body = fragment[1:]
    body = body[: _END.search(body).start()]  # type: ignore[union-attr]
    body = _BAD_ESCAPE.sub(lambda found: found.group() if found.group(1) else "\\\\", body)
    body = _QUOTE.sub(lambda found: found.group(1) or '\\"', body)
    body = "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in body)
    text = parse_value(f'"{body}"', 0)[0]
    assert isinstance(text, str)
    return text


def as_lines(texts: Sequence[tuple[str, bool]]) -> list[Json]:
    """Lines of a source as one list of them.

    Each comes with whether a comma stood behind it.  One that was the last of its side has no end of line
    though others follow now; one that was followed by others has one though it is the last now.
    """
    lines: list[Json] = [text if text.endswith("\n") else f"{text}\n" for text, _ in texts]
    if texts:
        last, comma = texts[-1]
        lines[-1] = last.removesuffix("\n") if comma else last
    return lines
