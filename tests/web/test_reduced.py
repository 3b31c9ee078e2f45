"""What the page is given is the conflicts and nothing else, and what comes back is read as what was chosen.

nbdime's own program, in Python, stands in for its page: it applies the same decisions.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from nbdime.diff_utils import to_diffentry_dicts
from nbdime.merging.decisions import MergeDecision, apply_decisions

from nbmerge.browser.mergetool_answer import settle, taken
from nbmerge.browser.mergetool_page import MARK, Around, Decisions, Deleted, Reduced, Texts, reduce
from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.finding import find
from nbmerge.conflicts.known import KnownMerge, Traced, trace
from nbmerge.conflicts.values import Absent, Choice
from nbmerge.merge.values import Terms
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from tests.conflicts.test_settling_all import HOW, rivals, shown
from tests.helpers.build import Trio, cells_of
from tests.helpers.examples import tried
from tests.helpers.spelling import Spelling
from tests.helpers.strategies import spellings

Way = Choice | None  # None: left open
WAYS = st.sampled_from([None, Choice.LOCAL, Choice.REMOTE, Choice.BASE])


def found_in(trio: Trio, how: Any, spelling: Spelling, known: bool) -> tuple[Notebook, tuple[Traced, ...]]:
    """A merged notebook as it is read from its file, and its conflicts."""
    versions = Terms(*(read(spelling.spell(side)) for side in trio.files()))
    notebook = read(write(shown(versions, how).notebook))
    about = KnownMerge(versions) if known else None
    return notebook, trace(find(notebook, lambda: about, merging=known), notebook, about)


def sent_back(answer: dict[str, Any], reduced: Reduced, ways: dict[Traced, Way]) -> dict[str, Any]:
    """What the page sends to be stored when these choices are made on it."""
    pending = iter(ways_in_order(reduced, ways))
    decisions, left, gone = [], [], set()
    for told in answer["merge_decisions"]:
        part, way = next(pending)
        decision = told | ({} if way is None else {"action": way.value, "conflict": False})
        if isinstance(part, Deleted):
            at = told["local_diff"][0]["key"]
            deletes = Choice.LOCAL if part.by_local else Choice.REMOTE
            if way is deletes:
                gone.add(at)
            decision |= {"action": Choice.REMOTE.value if part.by_local else Choice.LOCAL.value}
        if way is None:
            left.append(decision)
        decisions.append(MergeDecision(**{key: entries(value) for key, value in decision.items()}))
    merged = apply_decisions(json.loads(json.dumps(answer["base"])), decisions)
    merged["cells"] = [cell for at, cell in enumerate(merged["cells"]) if at not in gone]
    return {"merged": merged, "conflicts": left}


def entries(value: Any) -> Any:
    """A diff as nbdime wants it; other things as they are."""
    is_diff = isinstance(value, list) and value and isinstance(value[0], dict)
    return to_diffentry_dicts(value) if is_diff else value


def ways_in_order(reduced: Reduced, ways: dict[Traced, Way]) -> list[tuple[Any, Way]]:
    """In the order of the decisions: those between lines first."""
    texts = [
        (part, ways[piece.traced])
        for part in reduced.parts
        if isinstance(part, Texts)
        for piece in part.pieces
        if not isinstance(piece, str)
    ]
    return texts + [(part, ways[part.traced]) for part in reduced.parts if isinstance(part, Deleted)]


@tried(150)
@given(rivals(), HOW, spellings(), st.booleans(), st.data())
def test_choices_come_back(
    trio: Trio, how: Any, spelling: Spelling, known: bool, data: st.DataObject
) -> None:
    notebook, conflicts = found_in(trio, how, spelling, known)
    reduced = reduce(notebook, conflicts)
    answer: dict[str, Any] = json.loads(json.dumps(Decisions(notebook, reduced.parts).answer()))
    ways: dict[Traced, Way] = {}
    deleted = {part.traced for part in reduced.parts if isinstance(part, Deleted)}
    for one in conflicts:
        way = data.draw(WAYS)
        hidden = one.conflict.terms.base is Absent.UNKNOWN or one in deleted
        ways[one] = None if way is Choice.BASE and hidden else way
    decided = taken(notebook, reduced, answer["base"], sent_back(answer, reduced, ways))
    after = write(settle(notebook, decided).notebook)
    wanted = choose(notebook, {one: way for one, way in ways.items() if way is not None})
    assert after == write(wanted.notebook)
    assert not decided.edited


@tried(60)
@given(rivals(), HOW, spellings(), st.booleans())
def test_the_page_is_given_little(trio: Trio, how: Any, spelling: Spelling, known: bool) -> None:
    notebook, conflicts = found_in(trio, how, spelling, known)
    reduced = reduce(notebook, conflicts)
    answer: dict[str, Any] = json.loads(json.dumps(Decisions(notebook, reduced.parts).answer()))
    marks = [cell["metadata"][MARK] for cell in answer["base"]["cells"]]
    assert marks == [[number, part.cell] for number, part in enumerate(reduced.parts)]
    places = [part.cell for part in reduced.parts]
    assert places == sorted(set(places))
    in_conflict = {one.conflict.cell for one in conflicts}
    assert in_conflict == {part.cell for part in reduced.parts if not isinstance(part, Around)}
    for cell in answer["base"]["cells"]:
        assert set(cell) <= {"cell_type", "metadata", "source", "execution_count", "outputs"}
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert all(decision["conflict"] for decision in answer["merge_decisions"])
    assert len(answer["merge_decisions"]) == len(conflicts)
    assert not reduced.apart
    assert len(cells_of(answer["base"])) <= 3 * len(in_conflict)
