"""Our line in a file of attributes: what goes in comes out again, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.git.attributes import LINE, ends_without_newline, is_ours, put_in, rules, take_out

OTHERS = st.sampled_from(
    [b"*.ipynb merge=jupyternotebook", b"*.txt text", b"# c", b"", b" ", b"a\r", b"\xff b"]
)
FILES = st.builds(
    lambda lines, end: b"\n".join(lines) + end, st.lists(OTHERS, max_size=5), st.sampled_from([b"", b"\n"])
)


@given(FILES)
def test_taking_out_what_was_put_in_gives_the_same_bytes(before: bytes) -> None:
    assert take_out(put_in(before), ends_without_newline(before)) == before


@given(FILES, FILES)
def test_what_others_add_later_stays_behind_what_was_there(before: bytes, later: bytes) -> None:
    """Only the newline that ours needed stays, if something stands behind it."""
    left = take_out(put_in(before) + later, ends_without_newline(before))
    separator = b"\n" if later and ends_without_newline(before) else b""
    assert left == before + separator + later


@given(FILES)
def test_it_wins_over_every_line_before_it(before: bytes) -> None:
    assert is_ours(put_in(before))


@given(FILES)
def test_putting_it_in_again_moves_it_to_the_end(before: bytes) -> None:
    again = put_in(take_out(put_in(before), ends_without_newline(before)))
    assert again == put_in(before)


@pytest.mark.parametrize(
    ("line", "is_rule"),
    [
        (b"*.ipynb merge=jupyternotebook", True),
        (b"  *.ipynb\tdiff=x -merge\r", True),
        (b"**/*.ipynb !merge", True),
        (b'"*.ipynb" merge', True),
        (b"* binary", True),
        (b"*.ipynb diff=jupyternotebook", False),
        (b"*.py merge=union", False),
        (b"# *.ipynb merge=x", False),
        (b"*.ipynb mergetool=x", False),
        (b"", False),
    ],
)
def test_a_later_rule_of_another_tool_is_noticed(line: bytes, is_rule: bool) -> None:
    after = LINE + b"\n" + line + b"\n"
    assert is_ours(after) is not is_rule
    assert [rule.line for rule in rules(after)] == ([1, 2] if is_rule else [1])
