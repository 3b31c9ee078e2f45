"""Owns: a notebook with a past, as the tests and pictures of the history's panel show it.

Must not know: what is looked at.  Invariant: its versions came through the server, one after the other.
"""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbmerge.history.opening import open_store
from nbmerge.lineage.heads import OpenTip
from tests.helpers.build import Notebook, code, markdown, notebook

if TYPE_CHECKING:
    from tests.jupyter_page.lab import Server, Tab

NAME = "river.ipynb"
_SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 260 70" width="260">
<rect width="260" height="70" fill="#fff"/><path fill="none" stroke="#1f77b4" stroke-width="2"
d="M5 50 30 44 55 47 80 30 105 36 130 20 155 28 180 12 205 24 230 18 255 33"/></svg>"""
HOSTILE = (
    '"><img src=x onerror="window.canary=1"><script>window.canary=1</script>'
    '<a href="javascript:window.canary=1">'
    "\u202e%1 日本語のとても長い名前" + "Donaudampfschifffahrtsgesellschaft" * 4
)


def picture() -> dict[str, Any]:
    return {
        "output_type": "display_data",
        "data": {"image/svg+xml": _SVG, "text/plain": "<Figure>"},
        "metadata": {},
    }


def river(mean: str = "print('mean', mean(levels))", *more: Notebook) -> Notebook:
    return notebook(
        markdown("# Levels of the river", id="title"),
        code("levels = read('levels.csv')", id="read"),
        code(mean, id="mean", out="mean 3.2\n", count=2),
        code("plot(levels)", id="plot", outputs=[picture()], count=3),
        *more,
    )


def play(there: Server, tab: Tab) -> None:
    """A person, an agent and git save, and one line gets lost."""
    there.put(NAME, river())
    tab.show(NAME)
    for text in ("[1:]", "  # no", " header"):
        tab.type(1, text)
        tab.save()
    first = there.sources(NAME)[1]
    peak = code("peak = max(levels)\nprint('peak', peak)", id="peak")
    for mean in ("print('mean', mean(levels), 'm')", "print('median', median(levels), 'm')"):
        there.put(NAME, _with(river(mean, peak), first))
        tab.wait(
            ["# Levels of the river", first, mean, "plot(levels)", "peak = max(levels)\nprint('peak', peak)"]
        )
        time.sleep(0.5)


def _with(made: Notebook, source: str) -> Notebook:
    made["cells"][1]["source"] = source
    return made


def doubt(there: Server, version: int, by: int, name: str = NAME) -> None:
    """A version may have been overwritten by a later one."""
    store = open_store(str(there.folder.parent / "state"), time.time).store
    notebook_id = store.notebook_id(str(there.folder / name))
    assert notebook_id is not None
    heads = store.heads(notebook_id)
    assert heads is not None
    store.set_heads(notebook_id, replace(heads, open=(OpenTip(version, version - 1, by, time.time()),)))
    store.close()


def hostile() -> Notebook:
    """A notebook that would run something, were it ever taken for more than text."""
    png = base64.b64encode(b"no picture").decode() + '" onerror="window.canary=1'
    bundles = [
        {"text/html": HOSTILE, "application/javascript": "window.canary=1"},
        {"image/svg+xml": _SVG.replace("<svg ", "<svg onload='window.canary=1' ") + HOSTILE},
        {"image/png": png, "text/plain": HOSTILE},
    ]
    outputs = [{"output_type": "display_data", "data": one, "metadata": {}} for one in bundles]
    outputs.append({"output_type": "error", "ename": HOSTILE, "evalue": HOSTILE, "traceback": [HOSTILE]})
    return notebook(
        markdown(f"# {HOSTILE}", id="m", attachments={HOSTILE: {"image/png": png}}),
        code(HOSTILE, id="c", outputs=outputs, metadata={"tags": [HOSTILE], HOSTILE: HOSTILE}),
    )
