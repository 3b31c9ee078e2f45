"""Owns: what a cell's outputs and attachments look like, what changed in metadata, and how a JSON value is
written for people.

Must not know: merging, which cell or notebook they are in.  Invariant: a picture is shown only as the
source of an `img`, in which no browser runs anything, and only if it is base64 of a kind in the list below
(or an SVG that we encode); everything else, HTML too, is text.  Every value of the metadata that differs is
under some path; objects are looked into, lists are compared whole.  Where words of ours stand beside a
notebook's, their element is of the class `ours`: Jupyter's page says them in its language.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from json import dumps

from nbmerge.browser.html import Html, counted, fold, join, shown, tag
from nbmerge.browser.sources import author_mark, author_of
from nbmerge.notebook.jsontext import Number, Slot
from nbmerge.notebook.model import joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from nbmerge.merge.values import Terms
    from nbmerge.notebook.jsontext import Json
    from nbmerge.notebook.model import Cell

    Fields: TypeAlias = Mapping[str, Json]


_MOST = 240  # characters of one value
_DEPTH = 20  # of objects in each other


@dataclass(frozen=True, slots=True)
class MissingKey:
    """Stands for the value of a key that is not there."""


MISSING = MissingKey()


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """One value that differs: what it was, and is on both sides and in the result."""

    path: tuple[str, ...]
    base: Json | MissingKey
    local: Json | MissingKey
    remote: Json | MissingKey
    merged: Json | MissingKey

    @property
    def name(self) -> str:
        return ".".join(self.path)


def metadata_changes(sides: Terms[Fields], merged: Fields) -> Iterator[MetadataChange]:
    """What is not everywhere as it was in base, key by key in order of names."""
    yield from _metadata_changes((), sides.base, sides.local, sides.remote, merged)


def _metadata_changes(path: tuple[str, ...], *objects: Fields) -> Iterator[MetadataChange]:
    for key in sorted({key for held in objects for key in held}):
        values = [held.get(key, MISSING) for held in objects]
        there = [value for value in values if value != MISSING]
        inner = [value for value in there if isinstance(value, dict)]
        if all(value == values[0] for value in values):
            continue
        if len(inner) == len(there) and len(path) < _DEPTH:
            yield from _metadata_changes((*path, key), *(v if isinstance(v, dict) else {} for v in values))
        else:
            yield MetadataChange((*path, key), *values)


def written(value: Json | MissingKey) -> Html:
    """A value in one line, cut where it is long."""
    if isinstance(value, MissingKey):
        return tag("code", tag("span", "nothing", class_="ours"))
    text = spelled(value)
    if len(text) <= _MOST:
        return tag("code", text)
    return tag(
        "code", f"{text[:_MOST]}… ", tag("span", f"({counted(len(text), 'character')})", class_="ours")
    )


def spelled(value: Json, depth: int = 0) -> str:
    """JSON in one line, with its numbers as the file spells them; what is nested too deeply is left out."""
    match value:
        case Number():
            return value.text
        case dict() | list() if depth > _DEPTH:
            return "…"
        case dict():
            inner = (f"{_quoted(key)}: {spelled(item, depth + 1)}" for key, item in value.items())
            return f"{{{', '.join(inner)}}}"
        case list():
            return f"[{', '.join(spelled(item, depth + 1) for item in value)}]"
        case Slot():
            return "…"
    return _quoted(value)


def _quoted(value: str | bool | None) -> str:
    return dumps(value, ensure_ascii=False)


def merged_table(found: Sequence[MetadataChange]) -> Html:
    """What base has, what was made of it, and by whom."""
    return _table(found, ("base", "merged", "from"), lambda change: [tag("td", _taken_from(change))])


def compared_table(found: Sequence[MetadataChange]) -> Html:
    """What stood before and what stands now."""
    return _table(found, ("before", "after"), lambda _: [])


def _table(
    found: Sequence[MetadataChange],
    heads: Sequence[str],
    more: Callable[[MetadataChange], Sequence[Html]],
) -> Html:
    head = tag("tr", *(tag("th", name, scope="col") for name in ("", *heads)))
    rows = []
    for change in found:
        values = (tag("td", written(value)) for value in (change.base, change.merged))
        rows.append(tag("tr", tag("th", tag("code", change.name), scope="row"), *values, *more(change)))
    return tag("table", tag("thead", head), tag("tbody", *rows))


def _taken_from(change: MetadataChange) -> Html | str:
    if change.merged == change.base:
        return "base"
    return author_mark(author_of(change.merged == change.local, change.merged == change.remote))


_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_SVG = "image/svg+xml"
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}", re.A)
# nbformat 3 has the kinds as fields of the output
_KINDS_OF_3 = {
    **{"png": "image/png", "jpeg": "image/jpeg", "svg": _SVG, "text": "text/plain", "html": "text/html"},
    **{"latex": "text/latex", "json": "application/json", "javascript": "application/javascript"},
}
PICTURES_AT_MOST = 40_000_000  # characters of all pictures of a page


@dataclass(slots=True)
class PictureBudget:
    """The room that is left for pictures on a page: browsers give up on pages without end."""

    left: int = PICTURES_AT_MOST

    def takes(self, size: int) -> bool:
        """Whether there is room for one more; it is used up then."""
        if size > self.left:
            return False
        self.left -= size
        return True


def shown_outputs(outputs: list[Json], budget: PictureBudget) -> Html:
    """All of them, in order."""
    return join(_output(output, budget) for output in outputs if isinstance(output, dict))


def shown_attachments(attachments: Json, budget: PictureBudget) -> Html:
    """Pictures that belong to a markdown cell, each under its name."""
    found: list[Html] = []
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        if isinstance(bundle, dict):
            found.append(tag("p", tag("code", f"attachment:{name}"), class_="small soft"))
            found.append(_bundle(bundle, {}, name, budget))
    return tag("div", *found, class_="outs") if found else Html("")


def _output(output: Fields, budget: PictureBudget) -> Html:
    kind = output.get("output_type")
    match kind:
        case "stream":
            name = output.get("name", output.get("stream"))
            text = joined(output.get("text")) or ""
            return tag("div", shown(text), class_=f"out {'err' if name == 'stderr' else 'std'}")
        case "error" | "pyerr":
            return tag("div", shown(_error(output)), class_="out err")
    data = output.get("data")
    if not isinstance(data, dict):
        data = {_KINDS_OF_3[key]: value for key, value in output.items() if key in _KINDS_OF_3}
    metadata = output.get("metadata")
    if data:
        return _bundle(data, metadata if isinstance(metadata, dict) else {}, "", budget)
    return tag("p", "an output without content" if isinstance(kind, str) else "no output", class_="cut")


def _error(output: Fields) -> str:
    traceback = output.get("traceback")
    if isinstance(traceback, list) and traceback:
        return "\n".join(line for line in traceback if isinstance(line, str))
    return ": ".join(text for key in ("ename", "evalue") if (text := joined(output.get(key))))


def _bundle(data: Fields, metadata: Fields, name: str, budget: PictureBudget) -> Html:
    """One thing in several kinds: the best that can be shown, and what else there is."""
    best = next((kind for kind in (*_PICTURES, _SVG) if kind in data), None)
    picture = None if best is None else _picture(best, data, metadata.get(best), name, budget)
    parts: list[Html] = [] if picture is None else [picture]
    for kind in sorted(data, key=_rank):
        if kind == best or (kind == "text/plain" and picture is not None and best is not None):
            continue
        if kind == "text/plain":
            parts.append(shown(_text(data[kind])))
        else:
            parts.append(_as_text(kind, data[kind]))
    return tag("div", *parts, class_="out")


def _rank(kind: str) -> tuple[bool, str]:
    return (kind != "text/plain", kind)


def _picture(kind: str, data: Fields, metadata: Json, name: str, budget: PictureBudget) -> Html:
    text = joined(data[kind]) or ""
    if kind == _SVG:
        encoded = b64encode(text.encode("utf-8", "replace")).decode()
    else:
        encoded = "".join(text.split())
    size = f"{kind}, {counted(len(encoded) * 3 // 4, 'byte')}"
    if not encoded or _BASE64.fullmatch(encoded) is None:
        return tag("p", f"A picture that is no valid base64 ({kind}).", class_="cut")
    if not budget.takes(len(encoded)):
        return tag("p", f"A picture that is not shown: the page would be too large ({size}).", class_="cut")
    about = name or " ".join(_text(data.get("text/plain")).split())[:200]
    words = {"alt": about} if about else {"alt": "picture", "class": "ours"}
    wide = metadata.get("width") if isinstance(metadata, dict) else None
    return tag("img", src=f"data:{kind};base64,{encoded}", width=_pixels(wide), decoding="async", **words)


def _pixels(value: Json) -> str | None:
    if isinstance(value, Number) and value.text.isdigit() and 1 <= int(value.text[:6]) <= 4000:
        return value.text
    return None


def _as_text(kind: str, value: Json) -> Html:
    """What is not shown as itself: folded, as its text."""
    text = _text(value)
    return fold(f"{kind}, as text ({counted(len(text), 'character')})", shown(text, wrap=True))


def _text(value: Json) -> str:
    if value is None:
        return ""
    text = joined(value)
    return text if text is not None else spelled(value)


def pictures(outputs: list[Json]) -> Iterator[str]:
    """The kinds of the pictures among outputs."""
    for output in outputs:
        data = output.get("data") if isinstance(output, dict) else None
        if isinstance(data, dict):
            yield from (kind for kind in (*_PICTURES, _SVG) if kind in data)


_METADATA_IN_SIGHT = 4


def outputs_box(outputs: list[Json], budget: PictureBudget, head: Html | str | None = None) -> Html | None:
    """Outputs below their source, under a heading if there is one."""
    if not outputs:
        return None
    title = None if head is None else tag("h4", head)
    return tag("div", title, shown_outputs(outputs, budget), class_="outs")


def metadata_box(
    found: Sequence[MetadataChange], table: Callable[[Sequence[MetadataChange]], Html]
) -> Html | None:
    """Changes in metadata: few are in sight."""
    if not found:
        return None
    about = f"metadata: {counted(len(found), 'change')}"
    return tag("div", fold(about, table(found), open=len(found) <= _METADATA_IN_SIGHT), class_="more")


def metadata_of(cell: Cell | None) -> dict[str, Json]:
    """The metadata of a cell, as far as there are any."""
    found = None if cell is None else cell.value.get("metadata")
    return found if isinstance(found, dict) else {}


def is_text(cell: Cell) -> bool:
    """Whether the source is meant to be read, not run."""
    return cell.type in ("markdown", "heading")
