"""Owns: reading a page as strictly as no browser does.

Must not know: how pages are made.  Invariant: what is not certainly harmless is an error: an element or an
attribute that is not in the list, an address that is not on the page, a tag that is not closed in its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

EMPTY = {"meta", "img"}
_ELEMENTS = """
    html head meta title style body div header main section article footer nav p span b i s a h1 h2 h3 h4
    ol ul li dl dt dd table thead tbody tr th td code pre details summary img
"""
ELEMENTS = set(_ELEMENTS.split())
_NAME = re.compile(r"[a-z]+-[0-9]+|summary|cells|notebook")
_WORDS = re.compile(r"[a-z0-9]+( [a-z0-9]+)*")
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}")
_ANY = re.compile(r".*", re.S)
ATTRIBUTES = {
    "class": _WORDS,
    "id": _NAME,
    "href": re.compile(f"#({_NAME.pattern})"),
    "src": _PICTURE,
    "width": re.compile("[0-9]{1,4}"),
    "open": re.compile(""),
    "decoding": re.compile("async"),
    "scope": re.compile("col|row"),
    **dict.fromkeys(("title", "alt", "aria-label"), _ANY),
}
HEAD = {"charset", "http-equiv", "name", "content", "lang"}


@dataclass
class Element:
    """An element with its attributes; `texts` is all text in it, inner elements included."""

    name: str
    attributes: dict[str, str]
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())


class Reading(HTMLParser):
    """All elements of a page, in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[Element] = []
        self.begun: list[Element] = []
        self.references: set[str] = set()
        self.feed(page)
        self.close()
        assert self.begun == [], "not closed"
        known = {element.attributes["id"] for element in self.found if "id" in element.attributes}
        assert {reference[1:] for reference in self.references} <= known

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS, tag
        assert len({key for key, _ in attrs}) == len(attrs)
        element = Element(tag, {key: value or "" for key, value in attrs})
        for key, value in element.attributes.items():
            if key in HEAD and tag in ("meta", "html"):
                continue
            assert ATTRIBUTES[key].fullmatch(value), f"{tag} {key}={value!r}"
            if key == "href":
                self.references.add(value)
            assert key != "src" or tag == "img"
        self.found.append(element)
        if tag not in EMPTY:
            self.begun.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.begun.pop().name == tag

    def handle_data(self, data: str) -> None:
        if self.begun and self.begun[-1].name == "style":
            return
        assert not set(data) & set("<>&"), data
        for element in self.begun:
            element.texts.append(data)

    def handle_entityref(self, name: str) -> None:
        for element in self.begun:
            element.texts.append({"lt": "<", "gt": ">", "amp": "&", "quot": '"'}[name])

    def handle_charref(self, name: str) -> None:
        assert name == "39"
        for element in self.begun:
            element.texts.append("'")

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        assert decl == "doctype html"

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def all(self, wanted: str) -> list[Element]:
        """The elements of a name, of classes (`.who`), or both (`div.side.local`)."""
        name, *kinds = wanted.split(".")
        return [e for e in self.found if name in ("", e.name) and set(kinds) <= e.classes]

    def one(self, wanted: str) -> Element:
        [found] = self.all(wanted)
        return found

    @property
    def text(self) -> str:
        return self.one("body").text
