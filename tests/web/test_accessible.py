"""Nothing is seriously wrong with the page for those who see it badly, or not at all, as axe-core finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.helpers.axe import serious
from tests.web.desk import Desk
from tests.web.picture import river
from tests.web.versions import deleted, work

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1700, 1280, 700])
def test_nothing_is_seriously_wrong(chromium: Browser, tmp_path: Path, dark: bool, width: int) -> None:
    for number, versions in enumerate((work(), deleted(), river())):
        folder = tmp_path / str(number)
        folder.mkdir()
        desk = Desk(folder, lambda: chromium)
        tool = desk.mergetool(*versions.files())
        scheme = "dark" if dark else "light"
        size = {"width": width, "height": 900}
        # the page's policy lets no checker in
        context = chromium.new_context(viewport=size, color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
        tool.page = page = context.new_page()
        page.goto(tool.url)
        tool.drawn()
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        assert serious(page, "html") == []
        tool.choose(0, "local")
        tool.there().click("#help")
        assert serious(page, "html") == []
        context.close()
        desk.clear()


def test_what_is_done_is_said(desk: Desk) -> None:
    tool = desk.mergetool(*work().files())
    page = tool.open()
    tool.choose(0, "local")
    said = page.get_by_role("status")
    assert said.text_content() == "Conflict 1: mine. 1 of 3 settled."
    page.get_by_role("group", name="Conflict 2 of 3").get_by_role("button", name="Take theirs").click()
    tool.counts("2 of 3")
    assert said.text_content() == "Conflict 2: theirs. 2 of 3 settled."
    assert page.get_by_role("progressbar", name="2 of 3 settled").count() == 1
    assert page.get_by_role("textbox", name="Result of conflict 2").input_value() == "second = 200"
    pressed = page.get_by_role("button", name="Take mine", pressed=True)
    assert pressed.count() == 1
