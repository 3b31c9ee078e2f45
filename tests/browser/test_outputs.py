"""Outputs: pictures as pictures, everything else as text."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from nbmerge.browser.html import document
from nbmerge.browser.outputs import PictureBudget, shown_attachments, shown_outputs
from tests.browser.reading import Reading
from tests.helpers.build import printed, shown
from tests.helpers.strategies import PIXEL


def read(*outputs: Any, budget: PictureBudget | None = None) -> Reading:
    return Reading(document("", shown_outputs(list(outputs), budget or PictureBudget())))


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp"])
def test_pictures(kind: str) -> None:
    picture = read(shown({f"image/{kind}": [PIXEL[:4] + "\n", PIXEL[4:]], "text/plain": ["<Figure>"]})).one(
        "img"
    )
    assert picture.attributes["src"] == f"data:image/{kind};base64,{PIXEL}"
    assert picture.attributes["alt"] == "<Figure>"


def test_svg_is_encoded_so_that_it_is_a_picture_only() -> None:
    picture = read(shown({"image/svg+xml": ["<svg>\n", "</svg>"]})).one("img").attributes["src"]
    assert base64.b64decode(picture.removeprefix("data:image/svg+xml;base64,")) == b"<svg>\n</svg>"


@pytest.mark.parametrize("data", ["", "http://x/y.png", 'x"y', "abc=d", "ab cd\x00", "äöü="])
def test_what_is_no_base64_is_no_picture(data: str) -> None:
    page = read(shown({"image/png": data}))
    assert page.all("img") == []
    assert page.one("p.cut").text == "A picture that is no valid base64 (image/png)."


def test_html_is_shown_as_its_text_and_never_alone() -> None:
    page = read(shown({"text/html": "<b>bold</b>", "text/plain": "bold"}))
    assert [pre.text for pre in page.all("pre")] == ["bold", "<b>bold</b>"]
    assert page.one("summary").text == "text/html, as text (11 characters)"
    assert page.one("details").attributes.get("open") is None


def test_streams_errors_and_odd_ones() -> None:
    page = read(
        printed("out"),
        printed("warning") | {"name": "stderr"},
        {
            "output_type": "error",
            "ename": "KeyError",
            "evalue": "'x'",
            "traceback": ["\x1b[31mline 1", "line 2"],
        },
        {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []},
        {"output_type": "error"},
        {"output_type": "display_data"},
        {},
        "no output at all",
        {"output_type": "pyout", "text": ["3 was", " so"], "html": "<i>", "prompt_number": 3},
        {"output_type": "stream", "stream": "stdout"},
    )
    assert [pre.text for pre in page.all("pre")] == [
        *("out", "warning", "line 1\nline 2", "KeyError: 'x'", "", "3 was so", "<i>", "")
    ]
    assert len(page.all("p.cut")) == 2


def test_a_page_has_room_for_so_many_pictures() -> None:
    budget = PictureBudget(left=len(PIXEL) * 2)
    page = read(*[shown({"image/png": PIXEL})] * 3, budget=budget)
    assert len(page.all("img")) == 2
    assert page.one("p.cut").text == (
        "A picture that is not shown: the page would be too large (image/png, 9 bytes)."
    )


def test_the_width_that_the_kernel_asks_for() -> None:
    def width(given: Any) -> str | None:
        from nbmerge.notebook.jsontext import Number

        number = Number(given) if isinstance(given, str) else given
        output = shown({"image/png": PIXEL}) | {"metadata": {"image/png": {"width": number}}}
        return read(output).one("img").attributes.get("width")

    assert width("320") == "320"
    assert [width(odd) for odd in ("0", "99999", "1.5", "-3", "1e3", None, [1])] == [None] * 7


def test_attachments_are_shown_under_their_names() -> None:
    page = Reading(
        document("", shown_attachments({"a b.png": {"image/png": PIXEL}, "odd": None}, PictureBudget()))
    )
    assert page.one("code").text == "attachment:a b.png"
    assert page.one("img").attributes["alt"] == "a b.png"
    assert shown_attachments(None, PictureBudget()).text == ""
