"""Laws of the graph: what is asked of a part of a history is what its whole would answer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nbmerge.lineage.versions import Graph


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Histories with merges, crosswise ones among them, and with versions that descend from nothing."""
    count = draw(st.integers(1, 14))
    return Graph(
        {
            number: tuple(sorted(draw(st.sets(st.integers(1, number - 1), max_size=3))) if number > 1 else ())
            for number in range(1, count + 1)
        }
    )


@st.composite
def asked(draw: st.DrawFn) -> tuple[Graph, list[int], int]:
    graph = draw(graphs())
    number = st.sampled_from(sorted(graph.parents))
    return graph, draw(st.lists(number, min_size=1, max_size=4)), draw(number)


@given(asked())
def test_a_version_descends_from_its_ancestors(given: tuple[Graph, list[int], int]) -> None:
    graph, some, other = given
    assert all(graph.descends(one, other) == (other in graph.ancestors(one)) for one in some)


@given(asked())
def test_what_is_new_since_others(given: tuple[Graph, list[int], int]) -> None:
    graph, some, other = given
    assert graph.since(some, (other,)) == graph.united(some) - graph.ancestors(other)
    assert graph.since((other,), some) == graph.ancestors(other) - graph.united(some)


@given(asked())
def test_the_newest_in_common_are_those_that_no_other_common_one_descends_from(
    given: tuple[Graph, list[int], int],
) -> None:
    graph, some, other = given
    shared = graph.united(some) & graph.ancestors(other)
    newest = [one for one in shared if not any(one != two and one in graph.ancestors(two) for two in shared)]
    assert graph.commons(some, other) == tuple(sorted(newest))


@given(asked())
def test_the_youngest_are_those_that_no_other_one_descends_from(given: tuple[Graph, list[int], int]) -> None:
    graph, some, _ = given
    order = list(dict.fromkeys(some))
    youngest = [one for one in order if not any(one != two and one in graph.ancestors(two) for two in order)]
    assert graph.youngest(some) == tuple(youngest)


@given(graphs(), st.data())
def test_changed_parents_are_all_that_changes(graph: Graph, data: st.DataObject) -> None:
    number = data.draw(st.sampled_from(sorted(graph.parents)))
    once = graph.with_parents({number: (), 20: (number,)})
    twice = once.with_parents({20: ()})
    assert dict(once.parents) == {**graph.parents, number: (), 20: (number,)}
    assert dict(twice.parents) == {**graph.parents, number: (), 20: ()}
    assert len(twice.parents) == len({*graph.parents, 20})
