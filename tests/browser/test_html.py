"""How a page is put together: nothing that comes from outside is anything but text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.browser.html import STYLE, Html, document, escaped, tag
from tests.browser.reading import Reading
from tests.helpers.examples import tried


@tried(300)
@given(st.text())
def test_text_stays_text(text: str) -> None:
    page = Reading(document(text, tag("p", text), tag("p", "x", title=text)))
    shown, titled = page.all("p")
    assert shown.text == page.one("title").text
    assert not set(escaped(text)) & set("<>\"'")
    plain = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]", "", text)
    assert len(shown.text) >= len(plain)
    if plain == text:
        assert shown.text == text
    assert titled.attributes["title"] is not None
    document(text).encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b && c > 'd' \"e\"", "a &lt; b &amp;&amp; c &gt; &#39;d&#39; &quot;e&quot;"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("bell\x07", "bell\u2407"),
        ("a\udc80b", "a\ufffdb"),  # half a character, as a broken file has it
        ("x = 1 \u202e# \u2066", "x = 1 ⟨U+202E⟩# ⟨U+2066⟩"),  # code that reads other than it runs
    ],
)
def test_what_is_shown_for_what(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_html_is_not_escaped_again_and_nothing_is_left_out() -> None:
    assert tag("p", tag("b", "&"), None, Html("<i></i>"), class_="x", hidden=None).text == (
        '<p class="x"><b>&amp;</b><i></i></p>'
    )


def test_a_text_that_begins_with_an_empty_line_keeps_it() -> None:
    assert tag("pre", "\nx").text == "<pre>\n\nx</pre>"  # a parser drops the first one


def test_the_policy_of_the_page_allows_its_own_style_and_pictures_only() -> None:
    page = document("t")
    policy = Reading(page).all("meta")[1].attributes["content"]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    assert page.count(STYLE) == 1


def test_the_style_loads_nothing() -> None:
    assert not re.search(r"url|@import|@font-face|expression|</", STYLE)
