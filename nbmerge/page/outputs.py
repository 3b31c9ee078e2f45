"""Owns: what a cell's outputs and attachments look like.

Must not know: merging.  Invariant: a picture is shown only as the source of an `img`, in which no
browser runs anything, and only if it is base64 of a kind in the list below (or an SVG that we
encode); everything else, HTML too, is text.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass

from nbmerge.notebook.jsontext import Number
from nbmerge.notebook.model import joined
from nbmerge.page.html import Html, fold, join, tag
from nbmerge.page.metadata import spelled
from nbmerge.page.texts import counted, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbmerge.notebook.jsontext import Json

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
class Album:
    """The room that is left for pictures on a page: browsers give up on pages without end."""

    left: int = PICTURES_AT_MOST

    def takes(self, size: int) -> bool:
        """Whether there is room for one more; it is used up then."""
        if size > self.left:
            return False
        self.left -= size
        return True


def shown_outputs(outputs: list[Json], album: Album) -> Html:
    """All of them, in order."""
    return join(_output(output, album) for output in outputs if isinstance(output, dict))


def shown_attachments(attachments: Json, album: Album) -> Html:
    """Pictures that belong to a markdown cell, each under its name."""
    found: list[Html] = []
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        if isinstance(bundle, dict):
            found.append(tag("p", tag("code", f"attachment:{name}"), class_="small soft"))
            found.append(_bundle(bundle, {}, name, album))
    return tag("div", *found, class_="outs") if found else Html("")


def _output(output: Mapping[str, Json], album: Album) -> Html:
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
        return _bundle(data, metadata if isinstance(metadata, dict) else {}, "", album)
    return tag("p", "an output without content" if isinstance(kind, str) else "no output", class_="cut")


def _error(output: Mapping[str, Json]) -> str:
    traceback = output.get("traceback")
    if isinstance(traceback, list) and traceback:
        return "\n".join(line for line in traceback if isinstance(line, str))
    return ": ".join(text for key in ("ename", "evalue") if (text := joined(output.get(key))))


def _bundle(data: Mapping[str, Json], metadata: Mapping[str, Json], name: str, album: Album) -> Html:
    """One thing in several kinds: the best that can be shown, and what else there is."""
    best = next((kind for kind in (*_PICTURES, _SVG) if kind in data), None)
    picture = None if best is None else _picture(best, data, metadata.get(best), name, album)
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


def _picture(kind: str, data: Mapping[str, Json], metadata: Json, name: str, album: Album) -> Html:
    text = joined(data[kind]) or ""
    if kind == _SVG:
        encoded = b64encode(text.encode("utf-8", "replace")).decode()
    else:
        encoded = "".join(text.split())
    size = f"{kind}, {counted(len(encoded) * 3 // 4, 'byte')}"
    if not encoded or _BASE64.fullmatch(encoded) is None:
        return tag("p", f"A picture that is no valid base64 ({kind}).", class_="cut")
    if not album.takes(len(encoded)):
        return tag("p", f"A picture that is not shown: the page would be too large ({size}).", class_="cut")
    about = name or " ".join(_text(data.get("text/plain")).split())[:200] or "picture"
    wide = metadata.get("width") if isinstance(metadata, dict) else None
    return tag("img", src=f"data:{kind};base64,{encoded}", alt=about, width=_pixels(wide), decoding="async")


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
