"""The law of words: what both sides added stands once, wherever a diff finds it, or is a conflict."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.merge.sequences import hunks
from tests.helpers.build import Merged, merge_code, merge_prose
from tests.helpers.examples import tried

PROSE = ["the", "cat", "sat", "on", "mat", "and", ".", ","]
CODE = ["x", "f", "a", "(", ")", ".", ",", "=", "+", "1"]
RUN = 3


@st.composite
def added_by_both(
    draw: st.DrawFn, words: list[str], between: str, always: tuple[str, ...] = ()
) -> tuple[str, str, str]:
    """A base and two sides that inserted one run at one place; each may have changed a word beside.

    The run ends with what is `always` in it.
    """
    base = draw(st.lists(st.sampled_from(words), min_size=4, max_size=20))
    place = draw(st.integers(0, len(base)))
    run = draw(st.lists(st.sampled_from([*words, "new"]), min_size=1, max_size=6))
    run += always
    sides = []
    for number in range(2):
        side = [*base[:place], *run, *base[place:]]
        if number or draw(st.booleans()):
            side[draw(st.integers(0, len(side) - 1))] = f"Z{number}"
        sides.append(side)
    return between.join(base), between.join(sides[0]), between.join(sides[1])


def runs(text: str) -> Counter[str]:
    """All runs of a few words that say something."""
    words = text.split(" ")
    found = (words[at : at + RUN] for at in range(len(words) - RUN + 1))
    return Counter(" ".join(run) for run in found if any(word.isalnum() for word in run))


def doubled(base: str, local: str, remote: str, merged: Merged) -> list[str]:
    b, l, r = map(runs, (base, local, remote))
    found = runs(merged.sources[0]) if merged.clean else Counter[str]()
    return [run for run, n in found.items() if b[run] < min(l[run], r[run]) and n > max(l[run], r[run])]


@tried(300)
@given(added_by_both(PROSE, " "))
def test_no_run_of_words_that_both_added_stands_twice(texts: tuple[str, str, str]) -> None:
    base, local, remote = texts
    assert not doubled(base, local, remote, merge_prose(base, local, remote))


@tried(300)
@given(added_by_both(CODE, " "))
def test_no_run_of_code_that_both_added_stands_twice(texts: tuple[str, str, str]) -> None:
    base, local, remote = texts
    assert not doubled(base, local, remote, merge_code(base, local, remote))


@tried(300)
@given(added_by_both(PROSE, " ", ("brand", "new")))
def test_no_two_words_that_both_added_at_one_place_stand_twice(texts: tuple[str, str, str]) -> None:
    merged = merge_prose(*texts)
    _, local, remote = (text.count("brand new") for text in texts)
    assert not merged.clean or merged.sources[0].count("brand new") <= max(local, remote)


@tried(300)
@given(added_by_both([f"{word})" for word in CODE] + ["],", "a long line of code = 1"], "\n"))
def test_no_line_that_both_added_stands_twice(texts: tuple[str, str, str]) -> None:
    merged = merge_code(*texts)
    b, l, r = (Counter(text.split("\n")) for text in texts)
    for line, times in Counter(merged.sources[0].split("\n")).items() if merged.clean else ():
        telling = any(map(str.isalnum, line)) and b[line] < min(l[line], r[line])
        assert not telling or times <= max(l[line], r[line]), line


@tried(200)
@given(st.text("ab", max_size=12), st.text("ab", max_size=12))
def test_an_insertion_or_deletion_stands_as_far_down_as_it_may(base: str, side: str) -> None:
    found = hunks(base, side)
    for hunk, behind in zip(found, [*[hunk.start for hunk in found[1:]], len(base)], strict=bool(found)):
        if hunk.inserts or hunk.deletes:
            text, start, end = (
                (side, hunk.new_start, hunk.new_end) if hunk.inserts else (base, hunk.start, hunk.end)
            )
            assert hunk.end == behind or text[start] != text[end]
    rebuilt, at = "", 0
    for hunk in found:
        rebuilt += base[at : hunk.start] + side[hunk.new_start : hunk.new_end]
        at = hunk.end
    assert rebuilt + base[at:] == side


CHAINS = [
    ("a.b()", "c.b().d()", "a.b().d()", "c.b().d()"),
    ("x = t.sum()", "y = t.sum().reset_index()", "x = t.sum().reset_index()", "y = t.sum().reset_index()"),
    ("x = [1, 2]", "y = [1, 2, 3]", "x = [1, 2, 3]", "y = [1, 2, 3]"),
    ("d = {'a': 1}", "e = {'a': 1, 'b': 2}", "d = {'a': 1, 'b': 2}", "e = {'a': 1, 'b': 2}"),
    ("f(a, b)", "g(a, b, c=1)", "f(a, b, c=1)", "g(a, b, c=1)"),
    ("if a and b: go()", "if z and b and c: go()", "if a and b and c: go()", "if z and b and c: go()"),
    (
        "d = {\n 'a': 1,\n}",
        "e = {\n 'a': 1,\n 'b': 2,\n}",
        "d = {\n 'a': 1,\n 'b': 2,\n}",
        "e = {\n 'a': 1,\n 'b': 2,\n}",
    ),
]


@pytest.mark.parametrize(("base", "local", "remote", "once"), CHAINS)
def test_what_both_appended_stands_once_though_one_side_changed_the_beginning(
    base: str, local: str, remote: str, once: str
) -> None:
    assert merge_code(base, local, remote).sources == [once]
    assert merge_code(base, remote, local).sources == [once]


def test_a_sentence_that_both_appended_stands_once() -> None:
    base, new = "One thing. Two things.", " A third thing."
    merged = merge_prose(base, base.replace("One", "Some") + new, base + new)
    assert merged.sources == ["Some thing. Two things. A third thing."]


TWICE = [
    # one side's diff finds what both inserted before the line that it changed, the other's around it
    ("x)\nx)\nx)\nx)", "x)\nx)\nf)\nx)\nx)\nx)\nx)", "x)\nx)\nf)\nx)\nx)\nZ1\nx)"),
    # word by word, a whole line that both added comes out once more
    (
        "x)\n=)\nx)\nx)",
        "x)\nZ0\nx)\nx)\na long line = 1\na long line = 1\nx)\nx)",
        "x)\n=)\nZ1\nx)\na long line = 1\na long line = 1\nx)\nx)",
    ),
]


@pytest.mark.parametrize("texts", TWICE)
def test_a_line_that_both_added_is_no_line_of_its_own_for_each(texts: tuple[str, str, str]) -> None:
    base, local, remote = texts
    for one, other in ((local, remote), (remote, local)):
        merged = merge_code(base, one, other)
        most = max(local.split("\n").count("x)"), remote.split("\n").count("x)"))
        assert not merged.clean or merged.sources[0].split("\n").count("x)") <= most


def test_two_words_that_both_added_nearby_are_a_conflict() -> None:
    base, local, remote = ". cat ,", ". brand new ,", ". cat brand new"
    assert not merge_prose(base, local, remote).clean
    assert not merge_prose(base, remote, local).clean
