"""The law of lines (promise 1): what a side added is there, what a side removed is gone, once.

Lines are counted over the whole notebook, blank ones and white space at line ends aside.  One exception
is written in DESIGN: edits of different words of one line make one line out of two.
"""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher

from hypothesis import assume, given

from tests.helpers.build import Notebook, Trio, cells_of, source_of
from tests.helpers.edits import trios
from tests.helpers.examples import tried
from tests.helpers.strategies import Ids


def lines_of(notebook: Notebook) -> Counter[str]:
    """All lines but references to attachments, which follow a renamed picture."""
    found = (line.rstrip() for cell in cells_of(notebook) for line in source_of(cell).split("\n"))
    return Counter(line for line in found if line and "attachment:" not in line)


def words_of(line: str) -> set[str]:
    return set(re.findall(r"\w+|[^\w\s]", line))


def inserted(base: Notebook, side: Notebook) -> Counter[str]:
    """The lines that a diff shows as new; one moved counts, for the other side may have deleted it."""
    before, after = (
        [line.rstrip() for cell in cells_of(found) for line in source_of(cell).split("\n")]
        for found in (base, side)
    )
    found: Counter[str] = Counter()
    for what, _, _, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        found.update(after[start:end] if what in ("insert", "replace") else ())
    return found


def edited_on(line: str, base: Counter[str], result: Counter[str]) -> bool:
    """True if the line is new and its new words stand in a line that the other side edited too."""
    new = words_of(line) - set().union(*map(words_of, base))
    return line not in base and any(new <= words_of(other) for other in result)


def holders(notebook: Notebook, line: str) -> Counter[tuple[str, str]]:
    """The cells that hold a line, by id and source."""
    found = ((cell["id"], source_of(cell)) for cell in cells_of(notebook))
    return Counter(item for item in found if line in [x.rstrip() for x in item[1].split("\n")])


@tried(100)
@given(trios())
def test_every_line_that_a_side_added_is_in_the_result(trio: Trio) -> None:
    base, local, remote = map(lines_of, trio.files())
    result = lines_of(trio.merged().notebook)
    for line in (local - base) | (remote - base):
        added = max(local[line], remote[line]) - base[line]
        removed = max(base[line] - min(local[line], remote[line]), 0)
        if result[line] >= base[line] + added - removed:
            continue
        assert edited_on(line, base, result), line


@tried(100)
@given(trios())
def test_no_line_is_doubled(trio: Trio) -> None:
    merged = trio.merged()
    assume(merged.clean)
    most = lines_of(trio.base) + inserted(trio.base, trio.local) + inserted(trio.base, trio.remote)
    for line, times in lines_of(merged.notebook).items():
        if line in most:
            assert times <= most[line]


@tried(100)
@given(trios(Ids.OWN))
def test_what_one_side_left_alone_is_as_the_other_side_has_it(trio: Trio) -> None:
    merged = trio.merged()
    assume(merged.clean)
    base, local, remote = map(lines_of, trio.files())
    result = lines_of(merged.notebook)
    for line in base | local | remote:
        before = holders(trio.base, line)
        if before == holders(trio.remote, line):
            assert result[line] == local[line] or edited_on(line, base, result), line
        if before == holders(trio.local, line):
            assert result[line] == remote[line] or edited_on(line, base, result), line


@tried(60)
@given(trios())
def test_a_clean_result_holds_no_line_that_nobody_wrote(trio: Trio) -> None:
    merged = trio.merged()
    assume(merged.clean)
    known = set().union(*map(lines_of, trio.files()))
    texts = [words_of(line) for line in known]
    for line in set(lines_of(merged.notebook)) - known:
        assert words_of(line) <= set().union(*texts), line
