"""Rules of lineage that a history at random needed: smallest cases, as graphs of numbers."""

from __future__ import annotations

from nbmerge.lineage import derivation as derivations
from nbmerge.lineage.heads import Heads, OpenTip, Outcome, doubts_settled, save_recorded
from nbmerge.lineage.versions import Graph, Origin, Version
from nbmerge.service.tips import in_turn

# 2 and 3 derive from 1 and are merged as 4; 5 is 3 once more, merged with 2 as 6.
TWICE = {1: (), 2: (1,), 3: (1,), 4: (2, 3), 5: (3,), 6: (2, 5)}


def test_a_tip_that_is_repeated_twice_is_accepted_only_after_the_second_merge_was_written() -> None:
    pending = Heads(head=5, tips=(2, 5), answered=(5,))
    graph = Graph(TWICE)
    assert derivations.returned(pending, graph, 5, written=False).outcome is Outcome.MERGE
    assert derivations.returned(pending, graph, 5, written=False).answers
    accepted = derivations.returned(pending, graph, 5, written=True)
    assert (accepted.outcome, accepted.overwrites) == (Outcome.ACCEPT, (2,))


def test_what_was_dropped_and_goes_on_is_merged_with_the_lineage_that_dropped_it() -> None:
    """7 repeats 5 over the merge 6; then 8 continues 2, which 7 had dropped: so 7 never saw 6."""
    graph = Graph({**TWICE, 7: (6,)})
    dropped = derivations.returned(Heads(6, (2, 5), answered=(5,)), graph, 5, written=True)
    heads = save_recorded(Heads(6, (2, 5), answered=(5,)), graph, 7, dropped, 0.0).with_head(7)
    assert heads.open == (OpenTip(version=2, base=5, by=7, since=0.0),)
    change = doubts_settled(heads, graph, 2, merges=())
    assert change.parents == {7: (5,)}
    assert (change.heads.tips, change.heads.open) == ((2, 7), ())


def test_a_save_that_goes_on_with_what_dropped_settles_nothing() -> None:
    graph = Graph({**TWICE, 7: (6,)})
    heads = Heads(7, (7,), (OpenTip(version=2, base=5, by=7, since=0.0),))
    for base in (5, 7):
        assert doubts_settled(heads, graph, base, merges=()).heads == heads


def test_who_goes_back_to_what_only_one_tip_comes_from() -> None:
    """3 goes on from 2, and 4 from 1; 5 merges 3 and 4."""
    graph = Graph({1: (), 2: (1,), 3: (2,), 4: (1,), 5: (3, 4)})
    heads = Heads(5, (3, 4))
    back = derivations.returned(heads, graph, 2, written=True)
    assert (back.outcome, back.parents, back.overwrites, back.base) == (Outcome.AMBIGUOUS, (3,), (3,), 2)
    further = derivations.returned(heads, graph, 1, written=True)
    assert (further.outcome, further.parents, further.overwrites) == (Outcome.AMBIGUOUS, (5,), (5,))
    assert derivations.returned(Heads(3, (3,)), graph, 1, written=False).outcome is Outcome.RESTORE


def test_lineages_that_were_merged_crosswise() -> None:
    """9 goes on from the merge 4 of 2 and 3: with 5, which goes on from 2, and 7 it has both in common."""
    graph = Graph({1: (), 2: (1,), 3: (1,), 4: (2, 3), 5: (2,), 7: (3,), 9: (4,)})
    assert graph.commons((5,), 7) == (1,)
    assert graph.commons((5, 7), 9) == (2, 3)
    tips = [Version(number, str(number), 0.0, Origin.SAVED) for number in (5, 7, 9)]
    assert [version.number for version in in_turn(graph.commons, tips)] == [5, 9, 7]
    assert in_turn(graph.commons, tips[:2]) == (tips[0], tips[1])
