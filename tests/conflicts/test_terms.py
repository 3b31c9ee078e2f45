"""Markers give back exactly the terms that they show, in every style; merging again tells the rest."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.finding import find
from nbmerge.conflicts.known import KnownMerge, trace
from nbmerge.conflicts.values import Absent, Choice, InSource, OpenConflict
from nbmerge.merge.engine import merge
from nbmerge.merge.markers import ConflictStyle, Labels, MarkerStyle, conflicts_in, render
from nbmerge.merge.values import Favor, Policy, Terms
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from tests.helpers.build import code, notebook
from tests.helpers.examples import tried
from tests.helpers.spelling import JUPYTER

POOL = (
    *("=======", "<<<<<<< HEAD", ">>>>>>> topic", "||||||| base", "<<<<<<<<< x", "=========", ">>>>>>>>> x"),
    *("=====", "", "x = 1", "y = 2", "z = compute(x, y)", "print(z)"),
)
LABELS = (Labels(), Labels("HEAD", "1a2b3c", "topic/x y"), Labels("", "", ""))
ENDS = {"": "\n", "\n": "\n", "\r\n": "\r\n"}  # what ends the last line: what ends all lines


def sources() -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(POOL), max_size=6)


def of(lines: list[str], last: str) -> Notebook:
    source = ENDS[last].join(lines) + (last if lines else "")
    return read(JUPYTER.spell(notebook(code(source, id="one"))))


def split(term: object) -> list[str]:
    return term.split("\n") if isinstance(term, str) and term else []


def normal(lines: list[str]) -> list[str]:
    """A term as a text cannot tell one blank line from none."""
    return [] if lines == [""] else lines


def lines_in(found: Notebook) -> list[str]:
    return [line for cell in found.cells for line in cell.source.split("\n") if line]


def without_common_ends(local: list[str], remote: list[str]) -> tuple[list[str], list[str]]:
    """What git leaves between markers unless it shows the whole base."""
    local, remote = list(local), list(remote)
    while local and remote and local[0] == remote[0]:
        del local[0], remote[0]
    while local and remote and local[-1] == remote[-1]:
        del local[-1], remote[-1]
    return local, remote


def quote_markers(sides: Terms[Notebook]) -> bool:
    """Whether lines that no merge has written read as a conflict, on a side or put together from both."""
    favoured = (
        merge(sides.base, sides.local, sides.remote, Policy(favor=favor)).notebook
        for favor in Favor
        if favor is not Favor.NONE
    )
    return any(conflicts_in(cell.source.split("\n")) for found in favoured for cell in found.cells)


@tried(150)
@given(
    st.builds(Terms, sources(), sources(), sources()),
    st.builds(
        MarkerStyle, st.sampled_from(ConflictStyle), st.sampled_from(LABELS), st.sampled_from([7, 8, 12])
    ),
    st.sampled_from(sorted(ENDS)),
)
def test_markers_give_back_the_terms_that_they_show(
    lines: Terms[list[str]], markers: MarkerStyle, last: str
) -> None:
    sides = lines.map(lambda each: of(each, last))
    assume(not quote_markers(sides))
    style, labels = markers.style, markers.labels
    result = render(merge(sides.base, sides.local, sides.remote), markers)
    known = KnownMerge(sides)
    found = find(read(write(result.notebook)), lambda: known, merging=True)
    assert len(found) == len(result.conflicts)
    clashes = [clash for cell in result.result.contested.values() if cell.text for clash in cell.text.clashes]
    for conflict, clash in zip(found, clashes, strict=True):
        terms = list(clash.local), list(clash.remote)
        if style is not ConflictStyle.DIFF3:
            terms = without_common_ends(*terms)
        assert isinstance(conflict.place, InSource)
        shown = conflict.place.marked
        assert (list(shown.local), list(shown.remote)) == terms
        assert (split(conflict.terms.local), split(conflict.terms.remote)) == tuple(map(normal, terms))
        assert (conflict.labels.local, conflict.labels.remote) == (labels.local, labels.remote)
        assert shown.base == (None if style is ConflictStyle.MERGE else clash.base)
        assert (conflict.terms.base is Absent.UNKNOWN) == (shown.base is None)
    for traced, made in zip(trace(found, result.notebook, known), result.conflicts, strict=True):
        assert split(traced.conflict.terms.base) == split(made.base)


@tried(150)
@given(
    sources(),
    sources(),
    sources(),
    st.sampled_from(ConflictStyle),
    st.sampled_from(["local", "remote", "base"]),
)
def test_choosing_one_side_is_merging_in_favour_of_it(
    base: list[str], local: list[str], remote: list[str], style: ConflictStyle, side: str
) -> None:
    sides = Terms(base, local, remote).map(lambda lines: of(lines, ""))
    assume(not quote_markers(sides))
    result = render(merge(sides.base, sides.local, sides.remote), MarkerStyle(style))
    known = KnownMerge(sides)
    conflicts = trace(find(result.notebook, lambda: known, merging=True), result.notebook, known)
    settled = choose(result.notebook, dict.fromkeys(conflicts, Choice(side)))
    favoured = merge(sides.base, sides.local, sides.remote, Policy(favor=Favor(side)))
    assert lines_in(settled.notebook) == lines_in(favoured.notebook)


def test_a_deleted_side_is_not_an_empty_one() -> None:
    base = notebook(code("x = 1\ny = 2", id="one"), code("z = 3", id="two"))
    edited = notebook(code("x = 1\ny = 3", id="one"), code("z = 3", id="two"))
    gone = notebook(code("z = 3", id="two"))
    sides = Terms(base, edited, gone).map(lambda each: read(JUPYTER.spell(each)))
    [conflict] = find(render(merge(*sides)).notebook)
    assert conflict.terms.remote is Absent.DELETED
    assert conflict.labels.remote == "remote"
    assert _emptied(conflict) == ["x = 1", "y = 3"]


def _emptied(conflict: OpenConflict) -> list[str]:
    return split(conflict.terms.local)
