"""Owns: how a page is put together: elements, escaped text, and the frame of the document.

Must not know: notebooks.  Invariant: a str is always escaped, by `escaped` and nowhere else; an
`Html` is made only here, from names of elements and attributes that stand in our own code.  So what
a notebook holds can never become an element, an attribute or an address.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256

from nbmerge.page.style import STYLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Html:
    """Text that is HTML already."""

    text: str


if TYPE_CHECKING:
    Content: TypeAlias = Html | str | None

NOTHING = Html("")
_EMPTY_ELEMENTS = frozenset({"meta", "img", "br", "hr"})
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
_SPECIAL = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f&<>\"'\\x7f-\\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
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
