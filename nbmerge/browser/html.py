"""Owns: how a report is put together: elements, escaped text, the frame of the document, and long texts:
cut where they are huge, folded where they are long, in a terminal's colours.

Must not know: notebooks.  Invariant: a str is always escaped, by `escaped` and nowhere else; an `Html` is
made only here, from names of elements and attributes that stand in our own code.  So what a notebook
holds can never become an element, an attribute or an address.  What is left out is said, with how much
it is.

Escape sequences of terminals (ECMA-48, "Select Graphic Rendition") become classes of our own or nothing.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.resources import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, TypeAlias

    Content: TypeAlias = "Html | str | None"


@dataclass(frozen=True, slots=True)
class Html:
    """Text that is HTML already."""

    text: str


STYLE = files("nbmerge.browser").joinpath("report.css").read_text("utf-8").partition("*/")[2]
_EMPTY_ELEMENTS = frozenset({"meta", "img", "br", "hr", "link", "input"})
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
# What would hide or turn around what is read: controls are shown by their symbols, marks that
# reorder text by their numbers, and what no file can hold by the sign for that.
_SHOWN = {
    **{chr(code): chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"},
    "\x7f": "\u2421",
    **{chr(code): "\ufffd" for code in range(0x80, 0xA0)},
    **{chr(code): f"\u27e8U+{code:04X}\u27e9" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))},
    **{chr(code): "\ufffd" for code in (0xFFFE, 0xFFFF)},
}
_TABLE = str.maketrans({**_NAMED, **_SHOWN})
_SPECIAL = re.compile(f"[{re.escape(''.join(map(chr, _TABLE)))}\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_POLICY = "default-src 'none'; img-src data:; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"


def escaped(text: str) -> str:
    """The text as it can stand between elements and in a quoted attribute."""
    if _SPECIAL.search(text) is None:
        return text
    return _SURROGATE.sub("\ufffd", text).translate(_TABLE)


def tag(name: str, /, *content: Content, **attributes: str | int | bool | None) -> Html:
    """An element.  A str in it is escaped; None, and attributes that are None or False, are left out.

    `class_` is the attribute `class`, `aria_label` is `aria-label`; True is an attribute without a value.
    """
    opening = [f"<{name}"]
    for key, value in attributes.items():
        written = key.rstrip("_").replace("_", "-")
        if value is True:
            opening.append(f" {written}")
        elif value is not None and value is not False:
            opening.append(f' {written}="{escaped(str(value))}"')
    if name in _EMPTY_ELEMENTS:
        return Html("".join([*opening, ">"]))
    inner = join(content).text
    first = "\n" if name == "pre" and inner.startswith("\n") else ""  # a parser drops one there
    return Html("".join([*opening, ">", first, inner, f"</{name}>"]))


def join(content: Iterable[Content]) -> Html:
    """One piece of HTML of several."""
    parts = (part.text if isinstance(part, Html) else escaped(part) for part in content if part is not None)
    return Html("".join(parts))


def link(target: str, *content: Content, **attributes: str | int | bool | None) -> Html:
    """A link to a place of this page, by the id that we gave it; there are no others."""
    return tag("a", *content, href=f"#{target}", **attributes)


def fold(summary: Content, *content: Content, **attributes: str | int | bool | None) -> Html:
    """What is shown only when asked for."""
    return tag("details", tag("summary", summary), *content, **attributes)


def document(title: str, *body: Content) -> str:
    """The whole page: one file, which asks for nothing and runs nothing."""
    allowed = b64encode(sha256(STYLE.encode()).digest()).decode()
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        _meta_for("Content-Security-Policy", _POLICY.format(allowed)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Html(STYLE)),
    )
    page = tag("html", head, tag("body", *body), lang="en")
    return f"<!doctype html>\n{page.text}\n"


def _meta_for(header: str, content: str) -> Html:
    return tag("meta", **{"http-equiv": header, "content": content})


SHOWN_LINES = 16  # of a longer text; the rest is folded
_LINES_AT_MOST = 1000
_LINE_AT_MOST = 4000  # characters
_TEXT_AT_MOST = 120_000
_SEQUENCE = re.compile(r"\x1b(?:\[([0-9;:]*)([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_]|$)")

_SETS: dict[int, dict[str, Any]] = {
    **{1: {"bold": True}, 3: {"italic": True}, 4: {"underlined": True}},
    **{22: {"bold": False}, 23: {"italic": False}, 24: {"underlined": False}, 39: {"colour": None}},
}


@dataclass(frozen=True, slots=True)
class _Look:
    """How a terminal shows what comes; `colour` is one of its 16."""

    colour: int | None = None
    bold: bool = False
    italic: bool = False
    underlined: bool = False

    @property
    def classes(self) -> str:
        marks = ((1, self.bold), (3, self.italic), (4, self.underlined))
        names = [f"a{number}" for number, on in marks if on]
        return " ".join([*names, *(() if self.colour is None else (f"f{self.colour}",))])

    def after(self, codes: list[int]) -> _Look:
        """The look behind a sequence with these numbers."""
        look, left = self, list(codes)
        while left:
            code = left.pop(0)
            if code in (38, 48):  # a colour out of 256, or of red, green and blue
                chosen = _wide_colour(left)
                look = look if code == 48 else replace(look, colour=chosen)
            elif 30 <= code <= 37 or 90 <= code <= 97:
                look = replace(look, colour=code - 30 if code < 40 else code - 82)
            elif code == 0:
                look = _Look()
            elif code in _SETS:
                look = replace(look, **_SETS[code])
        return look


def _wide_colour(left: list[int]) -> int | None:
    """What follows a 38 or 48; only the first 16 colours have names."""
    kind = left.pop(0) if left else 0
    numbers = [left.pop(0) for _ in range({5: 1, 2: 3}.get(kind, 0)) if left]
    return numbers[0] if kind == 5 and numbers and numbers[0] < 16 else None


def shown(text: str, *, wrap: bool = False) -> Html:
    """A text as it was printed: its head, and the rest to be unfolded."""
    kept, note = cut(_as_on_a_terminal(text))
    lines = list(_lines(kept))
    kind = "wrap" if wrap else None
    if len(lines) <= SHOWN_LINES + 4:
        return join([tag("pre", _joined(lines), class_=kind), note])
    rest = lines[SHOWN_LINES:]
    folded = fold(f"{len(rest)} more lines", tag("pre", _joined(rest), class_=kind), note)
    return join([tag("pre", _joined(lines[:SHOWN_LINES]), class_=kind), folded])


def cut(text: str) -> tuple[str, Html | None]:
    """The text as far as it is shown, and what is said about the rest."""
    lines = text[: _TEXT_AT_MOST + 1].split("\n")
    kept = [_short(line) for line in lines[:_LINES_AT_MOST]]
    if len(text) <= _TEXT_AT_MOST and len(lines) <= _LINES_AT_MOST:
        return "\n".join(kept), None
    left = len(text) - min(sum(len(line) + 1 for line in lines[:_LINES_AT_MOST]), _TEXT_AT_MOST)
    return "\n".join(kept), tag("p", f"Cut here: {counted(left, 'more character')}.", class_="cut")


def counted(number: int, noun: str) -> str:
    """`1 line`, `2,000 lines`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def first_line(text: str, most: int = 90) -> str:
    """What a text begins with, for a list."""
    line = next((line.strip() for line in text.split("\n") if line.strip()), "")
    return line if len(line) <= most else f"{line[:most].rstrip()}…"


def _short(line: str) -> str:
    if len(line) <= _LINE_AT_MOST:
        return line
    return f"{line[:_LINE_AT_MOST]} … ({counted(len(line) - _LINE_AT_MOST, 'more character')})"


def _as_on_a_terminal(text: str) -> str:
    """What is left to see after a progress bar has drawn over itself."""
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _lines(text: str) -> Iterator[Html]:
    """Each line with its colours, whole in itself."""
    look = _Look()
    for line in text.removesuffix("\n").split("\n"):
        parts: list[Html | str] = []
        at = 0
        for found in _SEQUENCE.finditer(line):
            parts.append(_coloured(line[at : found.start()], look))
            at = found.end()
            if found.group(2) == "m":
                look = look.after([int(code[:4] or 0) for code in re.split("[;:]", found.group(1))])
        parts.append(_coloured(line[at:], look))
        yield join(parts)


def _coloured(text: str, look: _Look) -> Html | str:
    return tag("span", text, class_=look.classes) if text and look.classes else text


def _joined(lines: list[Html]) -> Html:
    return Html("\n".join(line.text for line in lines))
