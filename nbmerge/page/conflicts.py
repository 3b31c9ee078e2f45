"""Owns: what a conflict looks like: base, and the two sides beside each other.

Must not know: the cell around it.  Invariant: both sides and the base are shown whenever they are
known; a side that deleted the cell says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.page.html import Html, fold, link, tag
from nbmerge.page.lines import By, Contested, changed_lines, lines
from nbmerge.page.sources import no_sign, plain_source, shown_lines, source_box
from nbmerge.page.wording import what_happened, who

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmerge.merge.results import Conflict
    from nbmerge.merge.threeway import Terms

_BASE_IN_SIGHT = 12  # lines


@dataclass(frozen=True, slots=True)
class Naming:
    """What the sides are called: their labels and, for the top of the page, their files."""

    labels: Terms[str]
    files: Terms[str]

    def side(self, by: By) -> Html:
        """A side as the head of its column."""
        label = getattr(self.labels, by.value)
        more = tag("span", f" {label}", class_="soft") if label not in ("", by.value) else None
        return tag("h4", who(by), more)


@dataclass(frozen=True, slots=True)
class Place:
    """Which one of all conflicts of the notebook it is, from 0."""

    number: int
    total: int


def panel(conflict: Conflict, shown: Contested, place: Place, naming: Naming, *, text: bool) -> Html:
    """A conflict; `shown` are the lines of the sides that stand between its markers."""
    head = tag(
        "div",
        tag("h3", f"Conflict {place.number + 1} of {place.total}"),
        tag("span", what_happened(conflict)),
        _ways(place.number, place.total),
        class_="bar",
    )
    columns = (_column(conflict, shown, by, naming, text) for by in (By.LOCAL, By.REMOTE))
    content = (head, _base(conflict, naming, text), tag("div", *columns, class_="pair"))
    return tag("section", *content, class_="conflict", id=conflict_id(place.number))


def conflict_id(number: int) -> str:
    """The anchor of a conflict."""
    return f"conflict-{number + 1}"


def _ways(number: int, total: int) -> Html:
    """To the ones before and behind, and to the list."""
    ways = [link("summary", "list")]
    if number > 0:
        ways.append(link(conflict_id(number - 1), "← previous"))
    if number + 1 < total:
        ways.append(link(conflict_id(number + 1), "next →"))
    return tag("nav", *ways, class_="go", aria_label="conflicts")


def _base(conflict: Conflict, naming: Naming, text: bool) -> Html | None:
    if not conflict.base:
        return None
    shown = lines(conflict.base)
    box = source_box(plain_source(shown, text=text), text=text)
    deleted = conflict.local is None or conflict.remote is None
    if deleted or len(shown) > _BASE_IN_SIGHT:
        folded = fold(f"base, {len(shown)} lines", box)
        return tag("div", folded, class_="side base more")
    return tag("div", naming.side(By.BASE), box, class_="side base term")


def _column(conflict: Conflict, shown: Contested, by: By, naming: Naming, text: bool) -> Html:
    mine: Sequence[str] = getattr(shown, by.value)
    other = shown.remote if by is By.LOCAL else shown.local
    whole: str | None = getattr(conflict, by.value)
    if whole is None:
        content = tag("p", "deleted the cell", class_="empty")
    elif not mine:
        gone = conflict.base and not whole
        content = tag("p", "nothing: took these lines out" if gone else "nothing here", class_="empty")
    else:
        changed = changed_lines(shown.base or other, mine, by)
        alone = conflict.local is None or conflict.remote is None
        kept = [line for line in changed if alone or not line.gone]
        content = source_box(shown_lines(kept, text=text, sign=no_sign), text=text)
    return tag("div", naming.side(by), content, class_=f"side {by.value}")
