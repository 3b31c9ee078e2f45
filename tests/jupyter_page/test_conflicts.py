"""Conflicts in tabs of JupyterLab in a real browser: how they are shown and settled, in all tabs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.values import Choice
from nbmerge.notebook.writer import write
from nbmerge.service.notebook_service import open_service
from nbmerge.service.resolve import find_unresolved
from tests.helpers.build import Notebook, code, markdown, notebook
from tests.helpers.chromium import needs_chromium
from tests.jupyter_page.lab import HAS_NOTEBOOK, Server, Tab, new_tab, notebook_tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = needs_chromium
_RUN = """([cell, text, count]) => {
  const shared = window.panel.context.model.sharedModel.cells[cell];
  shared.setOutputs([]);
  shared.setOutputs([{output_type: 'stream', name: 'stdout', text}]);
  shared.execution_count = count;
}"""
_COUNT = ".nbmerge-conflict-count"
_ROW = ".jp-NotebookPanel:not(.lm-mod-hidden) .nbmerge-conflict"
_FOCUSED = "document.activeElement.getAttribute('aria-label') ?? ''"
KINDS = {Choice.LOCAL: "upper", Choice.REMOTE: "lower", Choice.BOTH: "both", Choice.BASE: "base"}


def levels() -> Notebook:
    lesson = "A conflict:\n```\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n```"
    found = notebook(
        markdown(lesson, id="lesson"),
        code("one = 1\nprint(one)", id="one", count=1, out="1\n"),
        code("two = 2", id="two"),
        markdown("Some text\n\nand more", id="text"),
    )
    as_jupyter: Notebook = json.loads(json.dumps(found, sort_keys=True))
    return as_jupyter


@pytest.fixture
def beginning() -> Notebook:
    return levels()


def conflict(both: tuple[Tab, Tab], *cells: int) -> None:
    """Both change the first line of these cells, run the first of them, and save; both show the conflicts."""
    for tab, letter in zip(both, "AB", strict=True):
        for cell in cells:
            tab.type(cell, letter, at=3)
        if cells[0] == 1:
            tab.page.evaluate(_RUN, [1, f"{letter}\n", ord(letter)])
    for tab in both:
        tab.save()
    for tab in both:
        tab.page.wait_for_function(
            "([name, count]) => document.querySelectorAll(name).length === count", arg=[_ROW, len(cells)]
        )


def rows(tab: Tab) -> list[list[str]]:
    """The words of the buttons of each conflict."""
    found = tab.page.locator(_ROW).all()
    return [row.locator("button .nbmerge-choice-title").all_text_contents() for row in found]


def press(tab: Tab, kind: str) -> None:
    tab.page.locator(f"{_ROW} .nbmerge-choice-{kind}").first.click()


def gone(tab: Tab, left: int = 0) -> None:
    tab.page.wait_for_function(
        "([name, count]) => document.querySelectorAll(name).length === count", arg=[_ROW, left]
    )


def counted(tab: Tab) -> str:
    """What the status bar says."""
    button = tab.page.locator(_COUNT)
    return (button.text_content() or "") if button.is_visible() else ""


def test_a_conflict_is_settled_in_one_tab_and_in_all(there: Server, both: tuple[Tab, Tab]) -> None:
    ann, bob = both
    conflict(both, 1, 3)
    assert [rows(tab) for tab in both] == [[["Mine", "Theirs", "Both", "Base"]] * 2] * 2
    assert [counted(tab) for tab in both] == ["2 conflicts"] * 2
    bob.focus(2)
    bob.page.keyboard.press("F8")  # round the end: both cells are behind and before
    bob.page.wait_for_function(f"{_FOCUSED}.startsWith('Take Mine')")
    bob.page.keyboard.press("F8")
    bob.page.wait_for_function("window.panel.content.activeCellIndex === 1")
    shown = bob.sources()[1]
    bob.page.keyboard.press("Enter")
    gone(bob, 1)
    assert bob.sources()[1] == "oneB = 1\nprint(one)"
    assert bob.outputs(1) == [{"output_type": "stream", "name": "stdout", "text": "B\n"}]
    bob.page.keyboard.press("Control+z")
    gone(bob, 2)
    assert (bob.sources()[1], bob.outputs(1)) == (shown, [])
    bob.page.keyboard.press("Control+Shift+z")
    gone(bob, 1)
    press(bob, "upper")
    gone(bob)
    bob.save()
    gone(ann)
    ann.wait(bob.sources())
    assert ann.sources()[3] == "SomAe text\n\nand more"
    assert ann.outputs(1) == bob.outputs(1)
    assert [counted(tab) for tab in both] == ["", ""]


def resolved(there: Server, name: str, choice: Choice) -> bytes:
    """What `resolve` would write."""
    with open_service(str(there.folder.parent / "state")) as service:
        found = find_unresolved(service, str(there.folder / name))
        assert found is not None
        return write(choose(found.notebook, dict.fromkeys(found.conflicts, choice)).notebook)


@pytest.mark.slow
@pytest.mark.parametrize("choice", Choice)
def test_a_button_gives_byte_for_byte_what_resolve_gives(
    there: Server, both: tuple[Tab, Tab], choice: Choice
) -> None:
    _, bob = both
    conflict(both, 1, 3)
    bob.save()  # which writes what the page adds by itself
    wanted = resolved(there, bob.name, choice)
    for left in (1, 0):
        press(bob, KINDS[choice])
        gone(bob, left)
    bob.save()
    assert (there.folder / bob.name).read_bytes() == wanted


@pytest.mark.slow
def test_the_same_conflict_settled_differently_is_as_any_edit(there: Server, both: tuple[Tab, Tab]) -> None:
    ann, bob = both
    conflict(both, 1)
    press(ann, "upper")
    press(bob, "lower")
    for tab in both:
        gone(tab)
        tab.save()
    gone(bob, 1)
    assert bob.sources()[1].count("<<<<<<<") == 1
    ann.wait(bob.sources())


@pytest.mark.slow
def test_a_cell_that_one_of_them_deleted(there: Server, both: tuple[Tab, Tab]) -> None:
    ann, bob = both
    ann.page.evaluate("window.panel.context.model.sharedModel.deleteCell(2)")
    bob.type(2, "2")
    ann.save()
    bob.save()
    gone(bob, 1)
    assert rows(bob) == [["Mine", "Theirs: delete the cell", "Base"]]
    press(bob, "upper")
    gone(bob)
    assert [source.splitlines()[0] for source in bob.sources()] == ["A conflict:", "one = 1", "Some text"]
    bob.page.keyboard.press("z")
    gone(bob, 1)


@pytest.mark.slow
def test_what_only_looks_like_a_conflict_and_what_a_label_may_hold(
    there: Server, both: tuple[Tab, Tab]
) -> None:
    ann, _ = both
    labels = [
        "<img src=x onerror=window.ran=1>",
        "\u202eevil\u2066 <script>window.ran=1</script>",
        "Donaudampfschifffahrtsgesellschaftskapitänswitwe " * 6,
        "日本語の名前がとても長い場合でも行は壊れない" * 6,
        "",
    ]
    found = levels()
    for number, label in enumerate(labels):
        text = f"<<<<<<< {label}\n{number}\n=======\nx\n>>>>>>> {label} (deleted)"
        found["cells"].insert(2, code(text, id=f"hostile{number}"))
    there.put(ann.name, found)
    gone(ann, len(labels))
    assert ann.page.evaluate("window.ran") is None
    assert ann.page.locator("img[src=x]").count() == 0
    for width in (1100, 800):
        ann.page.set_viewport_size({"width": width, "height": 900})
        ann.page.wait_for_function(
            """name => [...document.querySelectorAll(name)].every(row => {
              const right = one => one.getBoundingClientRect().right;
              const most = right(row.closest('.jp-Cell'));
              return [...row.querySelectorAll('button')].every(one => right(one) <= most);
            })""",
            arg=_ROW,
        )
    ann.page.set_viewport_size({"width": 1100, "height": 800})


@pytest.mark.slow
def test_markdown_in_conflict_is_shown_as_source_until_it_is_settled(
    there: Server, both: tuple[Tab, Tab]
) -> None:
    ann, bob = both
    conflict(both, 3)
    rendered = "() => window.panel.content.widgets[3].rendered"
    bob.focus(2)
    bob.page.evaluate("window.panel.content.widgets[3].rendered = true")  # as Run All does
    bob.page.wait_for_function(f"!({rendered})()")
    press(ann, "both")
    gone(ann)
    ann.save()
    bob.page.wait_for_function(rendered)


@pytest.mark.slow
def test_a_page_that_is_loaded_anew_knows_which_side_is_its_own(there: Server, both: tuple[Tab, Tab]) -> None:
    """The server does not know who its users are: all sides are of "a tab in Jupyter"."""
    ann, bob = both
    conflict(both, 1)
    wanted = rows(ann), rows(bob)
    for tab in both:
        tab.page.reload()
        tab.page.wait_for_function("window.jupyterapp?.shell?.currentWidget !== undefined")
        tab.page.evaluate("window.jupyterapp.restored")
        tab.show(tab.name)
        gone(tab, 1)
    assert (rows(ann), rows(bob)) == wanted
    assert [tab.page.locator(f"{_ROW} button").first.get_attribute("class") for tab in both] == [
        f"nbmerge-choice nbmerge-choice-{side}" for side in ("upper", "lower")
    ]


@pytest.mark.slow
def test_going_to_a_conflict_under_a_closed_heading_opens_it(both: tuple[Tab, Tab]) -> None:
    ann, _ = both
    conflict(both, 1)
    ann.page.evaluate("window.panel.context.model.sharedModel.cells[0].setSource('# A lesson')")
    ann.page.wait_for_function("window.panel.content.widgets[0].headingInfo.level === 1", timeout=5000)
    ann.page.evaluate("window.panel.content.widgets[0].headingCollapsed = true")
    ann.page.wait_for_function("window.panel.content.widgets[1].isHidden", timeout=5000)
    ann.page.locator(_COUNT).click()
    ann.page.wait_for_function(f"{_FOCUSED}.startsWith('Take Mine')")
    assert not ann.page.evaluate("window.panel.content.widgets[1].isHidden")


@pytest.mark.slow
def test_without_the_server_the_text_alone_is_settled(there: Server, both: tuple[Tab, Tab]) -> None:
    _, bob = both
    conflict(both, 1)
    bob.page.route("**/nbmerge/api/settle/**", lambda route: route.abort())
    press(bob, "both")
    gone(bob)
    bob.page.unroute("**/nbmerge/api/settle/**")
    assert bob.sources()[1] == "oneA = 1\noneB = 1\nprint(one)"


@pytest.mark.slow
@pytest.mark.skipif(not HAS_NOTEBOOK, reason="Notebook is not installed")
def test_in_notebook_7(there: Server, chromium_program: Browser) -> None:
    name = "conflict-in-notebook.ipynb"
    there.put(name, levels())
    both = (notebook_tab(chromium_program, there, name), notebook_tab(chromium_program, there, name))
    conflict(both, 1)
    ann, bob = both
    ann.page.locator(_COUNT).click()
    ann.page.wait_for_function(f"{_FOCUSED}.startsWith('Take Mine')")
    ann.page.keyboard.press("Enter")
    gone(ann)
    ann.save()
    gone(bob)
    for tab in both:
        tab.page.close()


def processor(tab: Tab, text: str) -> float:
    """The milliseconds of the processor that a key takes in the page's own thread."""
    protocol: Any = tab.page.context.new_cdp_session(tab.page)
    protocol.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = protocol.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    before = spent()
    tab.page.keyboard.type(text, delay=20)
    tab.page.wait_for_timeout(600)
    return (spent() - before) * 1000 / len(text)


_CLOCK = """async () => {
  const {href} = document.querySelector('link[href*="conflicts.css"]');
  const {NotebookConflicts: {prototype}} = await import(new URL('conflict-notebook.js', href).href);
  window.spent = 0;
  for (const name of ['later', '_look', '_show']) {
    const work = prototype[name];
    prototype[name] = function (...given) {
      const before = performance.now();
      try { return work.apply(this, given); } finally { window.spent += performance.now() - before; }
    };
  }
}"""


@pytest.mark.slow
def test_typing_is_not_slowed_in_500_cells(there: Server, chromium_program: Browser) -> None:
    """What a key takes with the part for conflicts and without it, in turn; and what that part takes by
    itself, which a busy machine tells more of."""
    marked = "<<<<<<< ann\na = 1\n=======\na = 2\n>>>>>>> bob\nprint(a)"
    cells = [code(marked if n % 20 == 5 else f"cell = {n}\nprint(cell)", id=f"c{n}") for n in range(500)]
    there.put("many.ipynb", notebook(*cells))
    stub = "export function showConflicts() {}"

    def without(page: Any) -> None:
        page.route(
            "**/page/conflicts.js",
            lambda route: route.fulfill(body=stub, content_type="text/javascript"),
        )

    with_it, without_it = new_tab(chromium_program, there), new_tab(chromium_program, there, without)
    with_it.page.evaluate(_CLOCK)
    for tab in (with_it, without_it):
        tab.show("many.ipynb")
    with_it.page.wait_for_function(f"document.querySelector('{_COUNT}').textContent === '25 conflicts'")
    typed = " + 1234567890 + 1234567890 + 1234567890"
    took: dict[str, list[float]] = {"with": [], "without": [], "in a conflict": [], "of it": []}
    for _ in range(4):
        for name, tab, cell in (
            ("without", without_it, 2),
            ("with", with_it, 2),
            ("in a conflict", with_it, 5),
        ):
            tab.focus(cell)
            tab.page.evaluate("window.spent = 0")
            took[name].append(processor(tab, typed))
            if tab is with_it:
                took["of it"].append(tab.page.evaluate("window.spent") / len(typed))
    print({name: sorted(round(one, 2) for one in found) for name, found in took.items()})
    assert min(took["of it"]) < 0.5
    assert min(took["with"]) < min(took["without"]) * 1.5 + 5
    for tab in (with_it, without_it):
        tab.page.close()
