"""Owns: the picture of the page in docs/conflicts.md, taken from the page as it runs.

Must not know: how the page is made.  Invariant: nothing is drawn; the page shows what it shows.

    pip install pillow && python -m tests.web.picture [--dark] [--width 1060] [FILE]
"""

from __future__ import annotations

import argparse
import math
import struct
import tempfile
import zlib
from base64 import b64encode
from io import BytesIO
from pathlib import Path

from tests.helpers.build import Cell, code, markdown, printed, shown
from tests.helpers.chromium import chromium, new_page
from tests.web.desk import ROOT, Desk
from tests.web.versions import Sides, same, sides

COLOURS = 96
PICTURE = ROOT / "docs" / "images" / "resolve.png"


def plot(shift: float, width: int = 300, height: int = 110) -> str:
    """A curve, as base64 of a PNG."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            on_curve = abs(y - height / 2 - math.sin(x / 22 + shift) * height / 3) < 1.4
            rows += b"\x1e\x5a\xaa" if on_curve else b"\xe6\xe6\xe6" if y % 27 == 0 else b"\xff\xff\xff"
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0),
        b"IDAT": zlib.compress(bytes(rows)),
    }
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in {**parts, b"IEND": b""}.items()
    )
    return b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()


def river() -> Sides:
    """Two people who cleaned the same data differently."""

    def cell(cleaned: str, said: str, count: int) -> Cell:
        source = f"levels = read('levels.csv')\n{cleaned}\nprint({said})\nplot(levels)"
        figure = shown({"image/png": plot(count), "text/plain": ["<Figure>"]})
        return code(source, id="mean", count=count, outputs=[printed(f"{count}.25 m\n"), figure])

    both = (
        cell("levels = levels.dropna()", "levels.mean()", 1),
        cell("levels = levels.dropna().clip(0, 12)", "f'{levels.mean():.2f} m'", 2),
        cell("levels = levels.interpolate()", "'mean', levels.mean()", 3),
    )
    title, end = markdown("# Levels of the river", id="title"), code("report(levels)", id="end")
    return sides(same(title), both, same(end))


def take(file: Path, width: int, dark: bool) -> None:
    """Write the picture."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        desk = Desk(Path(folder), lambda: browser, name="levels.ipynb")
        try:
            tool = desk.mergetool(*river().files())
            tool.page = page = new_page(browser, width=width, height=620)
            page.emulate_media(color_scheme="dark" if dark else "light")
            page.goto(tool.url)
            tool.drawn()
            tool.choose(0, "local")
            page.evaluate("document.getElementById('summary').hidden = true")
            page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
            end = page.locator("article.cell").bounding_box()
            assert end is not None
            clip = {"x": 0, "y": 0, "width": width, "height": end["y"] + end["height"] + 12}
            taken = page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type]
            Image.open(BytesIO(taken)).convert("RGB").quantize(COLOURS).save(file, optimize=True)
        finally:
            desk.clear()


def main() -> None:
    parser = argparse.ArgumentParser(description="take the picture of docs/conflicts.md")
    parser.add_argument("file", nargs="?", type=Path, default=PICTURE)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1060)
    found = parser.parse_args()
    take(found.file, found.width, found.dark)
    print(f"{found.file}: {found.file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
