"""Owns: notebooks whose every text tries to run something or to fetch something.

Must not know: how pages are made.  Invariant: whatever runs sets the page's title and `window.ran`, or
asks for something at `address`.
"""

from __future__ import annotations

import base64
from typing import Any

from nbmerge.merge.markers import Labels, MarkerStyle
from tests.browser.pages import Files
from tests.helpers.build import Cell, Notebook, code, markdown, notebook, printed, raw, shown

_RUN = "document.title='ran';window.ran=1"


def payloads(address: str) -> list[str]:
    """Texts that would run or fetch if they became HTML, an attribute, a style or an address."""
    return [
        f"<script>{_RUN}</script>",
        f"<img src=x onerror=\"{_RUN}\"><img src='{address}/img.png'>",
        f'"><svg onload="{_RUN}"><script>{_RUN}</script></svg>',
        f"'\" onmouseover={_RUN} autofocus onfocus={_RUN} x='",
        f"</style><style>@import '{address}/style.css';body{{background:url({address}/bg.png)}}</style>",
        f"</title></textarea></pre></code></details><script>{_RUN}</script>",
        f"--><!-- <script>{_RUN}</script> --> <![CDATA[ ]]> <?php ?>",
        f"<iframe src=\"javascript:parent.{_RUN}\"></iframe><iframe srcdoc='<script>parent.{_RUN}</script>'>",
        f"<object data={address}/o></object><embed src={address}/e><link rel=stylesheet href={address}/l>",
        f'<a href="javascript:{_RUN}" id=cells>x</a> [x](javascript:{_RUN}) ![x]({address}/md.png)',
        f"<form action='{address}/form'><input autofocus onfocus='{_RUN}'><button>x</button></form>",
        f"<math><mtext></form><form><mglyph><style></math><img src onerror={_RUN}>",
        f"<meta http-equiv=refresh content='0;url={address}/refresh'><base href='{address}/'>",
        f"&lt;script&gt;{_RUN}&lt;/script&gt; &#60;script&#62; &amp;lt; \\u003cscript\\u003e",
        f"<video src={address}/v onerror={_RUN}><details open ontoggle={_RUN}><template>{_RUN}",
        f"\x1b]8;;javascript:{_RUN}\x07link\x1b]8;;\x07 \x1b[31m<b onclick={_RUN}>\x1b[0m \x00 \x0b",
        "\udc3c script \ud83d \u202e txt.exe \u2066 <\x00script>",
        f"data:text/html,<script>{_RUN}</script>",
        "{{constructor.constructor('document.title=1')()}} ${alert(1)} #{alert(1)}",
    ]


def svg(address: str) -> str:
    """A picture that tries everything that SVG can."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="60" '
        f'height="60" onload="parent.{_RUN};{_RUN}"><script>top.{_RUN};fetch("{address}/fetched")</script>'
        f'<style>@import url("{address}/svg.css");</style><image href="{address}/in-svg.png" width="9"/>'
        f'<use xlink:href="{address}/use.svg#x"/><foreignObject width="60" height="60"><body '
        f'xmlns="http://www.w3.org/1999/xhtml"><iframe src="{address}/frame"></iframe><img src="x" '
        f'onerror="top.{_RUN}"/><script>top.{_RUN}</script></body></foreignObject>'
        f'<a href="javascript:{_RUN}"><circle r="30" cx="30" cy="30" fill="teal"/></a></svg>'
    )


def files(address: str) -> Files:
    """A merge with conflicts, changes, deletions, pictures and metadata, all of them hostile."""
    texts = payloads(address)
    labels = Labels(local=texts[0], base=texts[5], remote=texts[2].replace("\n", " "))
    base, local, remote = (_notebook(texts, address, side) for side in ("base", "local", "remote"))
    names = (f"{texts[1]}.ipynb", f"{texts[4]}.ipynb", f"{texts[9]}.ipynb")
    return Files(base, local, remote, texts[5], names, markers=MarkerStyle(labels=labels))


def _notebook(texts: list[str], address: str, side: str) -> Notebook:
    cells: list[Cell] = []
    for number, text in enumerate(texts):
        make = (code, markdown, raw)[number % 3]
        source = f"one = {number}\n{text}\n{text if side == 'base' else f'{side}: {text}'}"
        cell = make(source, id=f"c{number}{text}") | {"metadata": _metadata(text, side)}
        cells.append(cell | ({"outputs": _outputs(text, address, side)} if make is code else {}))
    cells.append(markdown("![x](attachment:a)", id="pictures", attachments=_attachments(texts, address)))
    cells.append(code(texts[0], id="gone") | {"metadata": {"deletable": True}})
    if side == "local":
        del cells[-1]
    else:  # run again by one, deleted by the other: gone, with a reason
        cells[-1] |= {"outputs": _outputs(texts[3], address, side)}
    if side == "remote":
        cells.insert(2, cells.pop(7))
        cells.append(
            code(f"inserted = {texts[1]!r}", id="new") | {"outputs": _outputs(texts[7], address, side)}
        )
    return notebook(*cells, metadata=_metadata(texts[6], side))


def _metadata(text: str, side: str) -> dict[str, Any]:
    return {text: {text: side}, "tags": [text, side], "name": f"{side}{text}", "widgets": {text: [text, 1.5]}}


def _outputs(text: str, address: str, side: str) -> list[Any]:
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode()
    bundle = {
        "text/html": f"<div>{text}</div>",
        "text/markdown": text,
        "text/latex": text,
        "application/javascript": f"{_RUN}//{side}",
        "application/json": {text: [text]},
        f"{text}/x": text,
        "text/plain": f"{side} {text}",
    }
    about = {"image/png": {"width": f"1{text}", "height": text}, text: text}
    return [
        printed(f"{side} {text}"),
        printed(text) | {"name": text},
        shown(bundle, 3),
        shown({"image/png": f'x" onerror="{_RUN}', "text/plain": text}) | {"metadata": about},
        shown({"image/png": encoded, "text/plain": text}) | {"metadata": about},
        shown({"image/svg+xml": svg(address), "text/plain": text}),
        shown({"image/jpeg": f"{address}/picture.jpg"}),
        {"output_type": "error", "ename": text, "evalue": text, "traceback": [text, f"\x1b[31m{text}"]},
        {"output_type": "error", "ename": text, "evalue": text, "traceback": []},
        {"output_type": text, "data": {text: text}},
    ]


def _attachments(texts: list[str], address: str) -> dict[str, Any]:
    found: dict[str, Any] = {text: {text: text, "image/gif": f"{address}/a.gif"} for text in texts[:6]}
    return found | {"a": {"image/svg+xml": svg(address)}}
