"""Laws of heads and tips: whatever happens to a notebook, nothing that was saved is forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from nbmerge.lineage.derivation import declared, returned, seen_all
from nbmerge.lineage.heads import (
    Derivation,
    Heads,
    HeadsChange,
    OpenTip,
    Outcome,
    claimed,
    doubts_settled,
    first,
    is_due,
    left_open,
    save_recorded,
    set_apart,
    tips_reopened,
)
from nbmerge.lineage.versions import Graph


@dataclass
class Notebook:
    """A notebook whose versions are numbers; `merges` are ours, `closed` what somebody saw and replaced."""

    heads: Heads = field(default_factory=lambda: first(1))
    graph: Graph = field(default_factory=lambda: Graph({1: ()}))
    merges: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)

    def save(self, derivation: Derivation) -> None:
        """As the service records a save: doubts first, then the version."""
        number = max(self.graph.parents) + 1
        if derivation.outcome is Outcome.MERGE and derivation.base is not None:
            self.change(doubts_settled(self.heads, self.graph, derivation.base, self.merges))
        if derivation.closes_all:
            self.closed |= {tip.version for tip in self.heads.open}
        self.graph = self.graph.with_parents({number: derivation.parents})
        self.heads = save_recorded(self.heads, self.graph, number, derivation, 0.0).with_head(number)

    def write(self) -> None:
        """The merge of the tips is written."""
        if is_due(self.heads, self.graph):
            number = self.heads.tips[0]
            if len(self.heads.tips) > 1:
                number = max(self.graph.parents) + 1
                self.graph = self.graph.with_parents({number: self.heads.tips})
                self.merges.add(number)
            self.heads = self.heads.with_head(number)

    def change(self, change: HeadsChange) -> None:
        assert change.graph.parents == {**self.graph.parents, **change.parents}
        self.heads, self.graph = change.heads, change.graph

    def check(self) -> None:
        heads, graph = self.heads, self.graph
        assert heads.tips
        assert graph.youngest(heads.tips) == heads.tips
        assert set(heads.answered) <= set(heads.tips)
        assert all(parent < one for one, parents in graph.parents.items() for parent in parents)
        kept = graph.united({*heads.tips, *(tip.version for tip in heads.open), *self.closed})
        assert set(graph.parents) - self.merges <= kept


def happen(notebook: Notebook, what: str, pick: int) -> None:
    """One of the things that can happen; `pick` chooses among the versions that it can happen to."""
    heads, graph = notebook.heads, notebook.graph
    known = [one for one in sorted(graph.parents) if one not in notebook.merges or one <= heads.head]
    version = known[pick % len(known)]
    match what:
        case "follow":
            notebook.save(Derivation(Outcome.ACCEPT, (heads.head,), heads.head, ""))
        case "declare":
            notebook.save(declared(heads, version))
        case "doubt":
            notebook.save(Derivation(Outcome.AMBIGUOUS, (heads.head,), version, "", overwrites=(heads.head,)))
        case "return":
            notebook.save(returned(heads, graph, version, written=not is_due(heads, graph)))
        case "replace":
            notebook.save(seen_all(heads, ""))
        case "reopen":
            notebook.change(tips_reopened(heads, graph, notebook.merges))
            assert notebook.heads.open == ()
        case "claim" if saves := [one for one in sorted(graph.parents) if one not in notebook.merges][1:]:
            number = saves[pick % len(saves)]
            bases = [one for one in known if one < number]
            notebook.change(claimed(heads, graph, number, bases[pick % len(bases)], notebook.merges))
        case "copy" if version not in notebook.merges and version != heads.head:
            followers = [one for one in graph.united(heads.tips) if version in graph.parents[one]]
            notebook.change(set_apart(heads, graph, version, dict.fromkeys(followers, ())))
        case "write":
            notebook.write()


EVENTS = ("follow", "declare", "doubt", "return", "replace", "reopen", "claim", "copy", "write", "write")


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 40)), max_size=25))
def test_nothing_that_was_saved_is_forgotten(events: list[tuple[str, int]]) -> None:
    notebook = Notebook()
    for what, pick in events:
        happen(notebook, what, pick)
        notebook.check()


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 40)), max_size=25))
def test_once_all_is_open_again_the_next_merge_holds_it(events: list[tuple[str, int]]) -> None:
    notebook = Notebook()
    for what, pick in events:
        happen(notebook, what, pick)
    notebook.change(tips_reopened(notebook.heads, notebook.graph, notebook.merges))
    notebook.write()
    held = notebook.graph.ancestors(notebook.heads.head) | notebook.graph.united(notebook.closed)
    assert set(notebook.graph.parents) - notebook.merges <= held


def test_a_save_that_sees_everything_leaves_nothing_open() -> None:
    heads = Heads(3, (3, 4), (OpenTip(2, 1, 3, 0.0),), answered=(4,))
    graph = Graph({1: (), 2: (1,), 3: (1,), 4: (1,), 5: (3, 4)})
    after = save_recorded(heads, graph, 5, seen_all(heads, ""), 9.0).with_head(5)
    assert after == Heads(5, (5,))
    assert after.is_all


def test_a_save_of_unknown_origin_is_beside_everything() -> None:
    after = left_open(first(1), 2, 9.0)
    assert after == Heads(1, (1,), (OpenTip(2, None, 1, 9.0),))
    assert not after.is_all


def test_who_claims_the_head_brings_back_what_they_had_not_seen() -> None:
    """3 was taken to follow 2; its writer tells that they had 1."""
    change = claimed(first(3), Graph({1: (), 2: (1,), 3: (2,)}), 3, 1, ())
    assert change.parents == {3: (1,)}
    assert change.heads.tips == (2, 3)


def test_who_followed_a_copy_keeps_what_else_they_had_seen() -> None:
    """4 was made in sight of 2 and 3; the sync tool says that it never saw 3, which derives from 1."""
    graph = Graph({1: (), 2: (1,), 3: (1,), 4: (2, 3)})
    change = set_apart(first(4), graph, 3, {4: (1,)})
    assert change.parents == {4: (2,)}
    assert change.heads.tips == (4, 3)


def test_of_a_merge_its_sides_come_back() -> None:
    graph = Graph({1: (), 2: (1,), 3: (1,), 4: (2, 3), 5: (4,)})
    change = tips_reopened(Heads(5, (5,), (OpenTip(4, 2, 5, 0.0),)), graph, merges={4})
    assert change.parents == {5: (2,)}
    assert change.heads == Heads(5, (5, 3))
