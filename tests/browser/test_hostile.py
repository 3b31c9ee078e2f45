"""Nothing that a notebook, a label or a file name holds becomes anything but text or a picture."""

from __future__ import annotations

import html
from dataclasses import replace

import pytest

from nbmerge.browser.html import escaped
from tests.browser import hostile
from tests.browser.pages import compared
from tests.browser.reading import Reading
from tests.helpers.build import notebook

ADDRESS = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def page() -> str:
    return hostile.files(ADDRESS).page


def test_every_element_and_attribute_is_one_of_ours(page: str) -> None:
    assert len(Reading(page).found) > 1000


def test_all_of_it_is_there_to_be_read(page: str) -> None:
    for text in hostile.payloads(ADDRESS):
        if not set(text) & {"\x00", "\x1b"}:  # escape sequences of a terminal are for its outputs
            assert escaped(text) in page
        assert text not in page or escaped(text) == text


def test_pictures_are_the_only_addresses(page: str) -> None:
    pictures = [element.attributes["src"] for element in Reading(page).all("img")]
    assert {picture.partition(",")[0] for picture in pictures} == {
        "data:image/png;base64",
        "data:image/svg+xml;base64",
    }


def test_a_comparison_of_the_same_notebooks() -> None:
    files = hostile.files(ADDRESS)
    assert isinstance(files.base, dict)
    assert isinstance(files.remote, dict)
    texts = hostile.payloads(ADDRESS)
    page = compared(files.base, files.remote, (texts[1], texts[4]))
    assert len(Reading(page).found) > 500
    assert escaped(texts[4]) in page


@pytest.mark.parametrize("number", range(len(hostile.payloads(ADDRESS))))
def test_names_and_labels(number: int) -> None:
    text = hostile.payloads(ADDRESS)[number]
    files = replace(hostile.files(ADDRESS), base=notebook(), title=text, names=(text, text, text))
    assert Reading(files.page).one("h1").text == html.unescape(escaped(text))
