"""Owns: how changes in metadata are listed.

Must not know: which cell or notebook they are in.  Invariant: each change is a row.
"""

from __future__ import annotations

from nbmerge.page.html import Html, tag
from nbmerge.page.lines import by_of
from nbmerge.page.metadata import Change, written
from nbmerge.page.wording import who

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def merged_table(found: Sequence[Change]) -> Html:
    """What base has, what was made of it, and by whom."""
    head = tag("tr", *(tag("th", name, scope="col") for name in ("", "base", "merged", "from")))
    return tag("table", tag("thead", head), tag("tbody", *map(_merged_row, found)))


def compared_table(found: Sequence[Change]) -> Html:
    """What stood before and what stands now."""
    head = tag("tr", *(tag("th", name, scope="col") for name in ("", "before", "after")))
    rows = (
        tag("tr", _named(change), tag("td", tag("code", written(change.base))), _value(change))
        for change in found
    )
    return tag("table", tag("thead", head), tag("tbody", *rows))


def _merged_row(change: Change) -> Html:
    by = by_of(change.merged == change.local, change.merged == change.remote)
    mark = "base" if change.merged == change.base else who(by)
    before = tag("td", tag("code", written(change.base)))
    return tag("tr", _named(change), before, _value(change), tag("td", mark))


def _named(change: Change) -> Html:
    return tag("th", tag("code", change.name), scope="row")


def _value(change: Change) -> Html:
    return tag("td", tag("code", written(change.merged)))
