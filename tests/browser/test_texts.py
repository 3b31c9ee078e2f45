"""Long texts, and what terminals are told."""

from __future__ import annotations

import pytest

from nbmerge.browser.html import cut, document, first_line, shown
from tests.browser.reading import Reading


@pytest.mark.parametrize(
    ("printed", "html"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m off", '<span class="f1">red</span> off'),
        ("\x1b[1;4;34mx\x1b[22my", '<span class="a1 a4 f4">x</span><span class="a4 f4">y</span>'),
        ("\x1b[38;5;9mx\x1b[39my", '<span class="f9">x</span>y'),
        ("\x1b[38;2;1;2;3mx\x1b[48;5;200my", "xy"),
        ("\x1b[91mx\x1b[my", '<span class="f9">x</span>y'),
        ("\x1b[3mtwo\nlines", '<span class="a3">two</span>\n<span class="a3">lines</span>'),
        ("\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07", "link"),
        ("\x1b[2K\x1b[1Aup\x1b", "up"),
        ("\x1b[<script>1m", "\u241b[&lt;script&gt;1m"),
        ("\x1b[38;5mx\x1b[38mx\x1b[;mx", "xxx"),
        ("10%\r50%\r100%\r\ndone", "100%\ndone"),
    ],
)
def test_colours_of_a_terminal(printed: str, html: str) -> None:
    assert shown(printed).text == f"<pre>{html}</pre>"


def test_a_long_text_is_folded_and_whole() -> None:
    text = "\n".join(f"line {n}" for n in range(100))
    page = Reading(document("", shown(text)))
    head, rest = page.all("pre")
    assert page.one("summary").text == "84 more lines"
    assert f"{head.text}\n{rest.text}" == text


def test_a_huge_text_is_cut_and_says_so() -> None:
    text = "x" * 70 + "\n"
    page = Reading(document("", shown(text * 5000)))
    kept = sum(len(pre.text) + 1 for pre in page.all("pre"))
    assert kept == 1000 * 71
    assert page.one("p.cut").text == f"Cut here: {4000 * 71:,} more characters."


def test_one_line_without_end_is_cut() -> None:
    kept, note = cut("y" * 5000)
    assert kept == "y" * 4000 + " … (1,000 more characters)"
    assert note is None


def test_what_a_text_begins_with() -> None:
    assert first_line("\n  \n  plot(x)\nshow()") == "plot(x)"
    assert first_line("z" * 200) == "z" * 90 + "…"
    assert first_line("") == ""
