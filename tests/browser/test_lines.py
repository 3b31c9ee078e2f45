"""Which line came from where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.browser.sources import Author, ConflictingLines, Line, changed_lines, lines, merged_lines
from nbmerge.merge.text import merge_text
from nbmerge.merge.values import Terms
from tests.helpers.examples import tried
from tests.helpers.strategies import prose_lines

Texts = st.lists(st.sampled_from("abcdefgh") | prose_lines(), max_size=7)


def marked(merged: list[str], base: list[str], local: list[str], remote: list[str]) -> str:
    """Each line with a sign: ` ` kept, `L`, `R`, `2` both, `M` mixed; small letters for what is gone."""
    signs = {Author.BASE: " ", Author.LOCAL: "L", Author.REMOTE: "R", Author.BOTH: "2", Author.MIXED: "M"}
    found = []
    for line in merged_lines(merged, Terms(base, local, remote)):
        assert isinstance(line, Line)
        sign = signs[line.author]
        found.append(f"{sign.lower().replace('2', 'b') if line.gone else sign}{line.text}")
    return " ".join(found)


@pytest.mark.parametrize(
    ("base", "local", "remote", "merged", "told"),
    [
        ("a b", "a b", "a b", "a b", " a  b"),
        ("a b", "a x b", "a b", "a x b", " a Lx  b"),
        ("a b", "a b", "a b y", "a b y", " a  b Ry"),
        ("a b", "x b", "a b", "x b", "la Lx  b"),
        ("a b", "b", "b", "b", "ba  b"),
        ("a", "a z", "a z", "a z", " a 2z"),
        ("", "a", "b", "a b", "La Rb"),
        ("a b c", "a c", "a b c d", "a c d", " a lb  c Rd"),
    ],
)
def test_whose_each_line_is(base: str, local: str, remote: str, merged: str, told: str) -> None:
    assert marked(*(text.split() for text in (merged, base, local, remote))) == told


@tried(200)
@given(Texts, Texts, Texts)
def test_the_merged_text_and_what_is_gone_of_base_is_all_there(
    base: list[str], local: list[str], remote: list[str]
) -> None:
    texts = ["\n".join(side) for side in (base, local, remote)]
    text = merge_text(*texts, code=False, accept=lambda _: True).text
    if text is None:
        return
    sides = Terms(*map(lines, texts))
    told = [line for line in merged_lines(lines(text), sides) if isinstance(line, Line)]
    assert [line.text for line in told if not line.gone] == lines(text)
    kept = [line.text for line in told if line.author is Author.BASE]
    assert sorted(kept + [line.text for line in told if line.gone]) == sorted(sides.base)
    assert all(line.author is not Author.BASE for line in told if line.gone)
    if sides.local == sides.remote:
        assert {line.author for line in told} <= {Author.BASE, Author.BOTH}
    elif sides.remote == sides.base:
        assert {line.author for line in told} <= {Author.BASE, Author.LOCAL}


@tried(200)
@given(Texts, Texts)
def test_a_comparison_gives_back_both_texts(old: list[str], new: list[str]) -> None:
    told = changed_lines(old, new, Author.LOCAL)
    assert [line.text for line in told if not line.gone] == new
    assert [line.text for line in told if line.gone or line.author is Author.BASE] == old


def test_the_words_of_a_line_that_both_changed_are_told_apart() -> None:
    [gone, line] = merged_lines(
        ["plot(x, color='navy', width=2)"],
        Terms(
            ["plot(x, color='blue', width=1)"],
            ["plot(x, color='navy', width=1)"],
            ["plot(x, color='blue', width=2)"],
        ),
    )
    assert isinstance(gone, Line)
    assert isinstance(line, Line)
    assert (gone.gone, gone.author, line.author) == (True, Author.BOTH, Author.MIXED)
    assert [(word.text, word.author) for word in line.words if word.author is not Author.BASE] == [
        ("navy", Author.LOCAL),
        ("2", Author.REMOTE),
    ]
    assert [word.text for word in gone.words if word.author is not Author.BASE] == ["blue", "1"]


def test_a_line_that_has_little_in_common_with_what_it_replaced_is_new_as_a_whole() -> None:
    told = changed_lines(["first = 1"], ["nothing_like_it(at, all)"], Author.LOCAL)
    assert [len(line.words) for line in told] == [1, 1]


def test_a_conflict_stands_in_its_place_and_its_base_is_not_gone() -> None:
    conflict = ConflictingLines(0, ("b",), ("x",), ("y",))
    told = merged_lines(
        ["a", conflict, "c", "d"], Terms(["a", "b", "c"], ["a", "x", "c"], ["a", "y", "c", "d"])
    )
    assert told[1] is conflict
    assert [(line.text, line.author) for line in told if isinstance(line, Line)] == [
        ("a", Author.BASE),
        ("c", Author.BASE),
        ("d", Author.REMOTE),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\n\n", ["a", ""]), ("a\r\nb\r\n", ["a", "b"]), ("\n", [""])],
)
def test_lines_of_a_text(text: str, found: list[str]) -> None:
    assert lines(text) == found
