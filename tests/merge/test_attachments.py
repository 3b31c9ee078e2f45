"""Attachments: by name; two pictures under one name are both kept, references follow."""

from __future__ import annotations

from tests.helpers.build import Cell, code, conflict, markdown, merge_cells, raw

TEXT = "Before.\n\n![plot](attachment:plot.png)\n\nAfter."


def picture(pixels: str) -> dict[str, str]:
    return {"image/png": pixels}


def cell(text: str, **pictures: str) -> Cell:
    """A cell with pictures by name (plot = plot.png)."""
    if not pictures:
        return markdown(text)
    return markdown(text, attachments={f"{name}.png": picture(data) for name, data in pictures.items()})


def test_pictures_of_different_names_are_both_kept() -> None:
    merged = merge_cells(cell(TEXT), cell(TEXT, one="aaaa"), cell(TEXT, two="bbbb"))
    assert merged.cells[0]["attachments"] == {"one.png": picture("aaaa"), "two.png": picture("bbbb")}
    assert not merged.result.decisions


def test_a_picture_changed_by_one_side_is_changed() -> None:
    merged = merge_cells(cell(TEXT, plot="aaaa"), cell(TEXT + "!", plot="aaaa"), cell(TEXT, plot="bbbb"))
    assert merged.cells[0]["attachments"] == {"plot.png": picture("bbbb")}


def test_a_picture_removed_by_one_side_is_removed() -> None:
    merged = merge_cells(cell(TEXT, plot="aaaa"), cell("Before."), cell(TEXT, plot="aaaa"))
    assert "plot.png" not in merged.cells[0].get("attachments", {})


def test_different_pictures_under_one_name_are_both_kept_and_remote_s_references_follow() -> None:
    base = cell("Before.\n\nMiddle.\n\nAfter.")
    local = cell("Before.\n![a](attachment:image.png)\n\nMiddle.\n\nAfter.", image="aaaa")
    remote = cell("Before.\n\nMiddle.\n\nAfter.\n![b](attachment:image.png)", image="bbbb")
    merged = merge_cells(base, local, remote)
    assert merged.clean
    assert merged.cells[0]["attachments"] == {
        "image.png": picture("aaaa"),
        "image-2.png": picture("bbbb"),
    }
    assert merged.sources == [
        "Before.\n![a](attachment:image.png)\n\nMiddle.\n\nAfter.\n![b](attachment:image-2.png)"
    ]
    assert merged.noted("/cells/0/attachments/image.png", "both")


def test_a_renamed_picture_takes_no_name_that_is_in_use() -> None:
    base = cell("One.\n\nTwo.")
    local = cell("One.\n![](attachment:a.png)\n\nTwo.", a="aaaa")
    local["attachments"]["a-2.png"] = picture("cccc")
    merged = merge_cells(base, local, cell("One.\n\nTwo.\n![](attachment:a.png)", a="bbbb"))
    assert set(merged.cells[0]["attachments"]) == {"a.png", "a-2.png", "a-3.png"}
    assert "attachment:a-3.png" in merged.sources[0]


def test_a_name_that_another_name_begins_with_is_not_taken_for_it() -> None:
    base = cell("One.\n\nTwo.")
    local = cell("One, a.\n\nTwo.", a="aaaa")
    remote_text = "One.\n\nTwo.\n![](attachment:a.png)\n![](attachment:a.png.png)"
    remote = cell(remote_text, a="bbbb")
    remote["attachments"]["a.png.png"] = picture("dddd")
    merged = merge_cells(base, local, remote)
    assert merged.sources[0].endswith("![](attachment:a-2.png)\n![](attachment:a.png.png)")


def test_a_picture_removed_by_one_side_and_changed_by_the_other_stays_and_is_noted() -> None:
    merged = merge_cells(cell(TEXT, plot="aaaa"), cell(TEXT), cell(TEXT, plot="bbbb"))
    assert merged.cells[0]["attachments"] == {"plot.png": picture("bbbb")}
    assert merged.noted("/cells/0/attachments/plot.png")


def test_raw_cells_have_attachments_too() -> None:
    base = raw("x", attachments={})
    local = raw("x", attachments={"a.png": picture("aaaa")})
    merged = merge_cells(base, local, raw("x", attachments={"b.png": picture("bbbb")}))
    assert set(merged.cells[0]["attachments"]) == {"a.png", "b.png"}


def test_a_picture_added_to_a_cell_that_became_code_is_noted() -> None:
    merged = merge_cells(cell("x = 1", a="aaaa"), code("x = 1"), cell("x = 1", a="aaaa", b="bbbb"))
    assert merged.clean
    assert "attachments" not in merged.cells[0]
    assert any(d.path.startswith("/cells/0/attachments") for d in merged.result.decisions)


def test_a_picture_that_both_sides_replaced_conflicts_where_it_is_shown() -> None:
    """Else one of the two pictures would be kept, but shown nowhere."""
    text = "before\n\n![](attachment:a.png)"
    base, local, remote = (
        markdown(text, attachments={"a.png": {"image/png": data}}) for data in ("YQ==", "Yg==", "Yw==")
    )
    merged = merge_cells(base, local, remote)
    shown = conflict(["![](attachment:a.png)"], ["![](attachment:a-2.png)"])
    assert merged.sources == [f"before\n\n{shown}"]
    assert set(merged.cells[0]["attachments"]) == {"a.png", "a-2.png"}


def test_a_picture_that_one_side_replaced_and_the_other_removed_conflicts_where_it_was_shown() -> None:
    merged = merge_cells(cell(TEXT, plot="aaaa"), cell(TEXT, plot="bbbb"), cell("Before.\n\n\n\nAfter."))
    [found] = merged.result.conflicts
    assert (found.local, found.remote) == ("![plot](attachment:plot.png)", "")
    assert merged.cells[0]["attachments"] == {"plot.png": picture("bbbb")}
