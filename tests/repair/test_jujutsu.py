"""jj's styles of conflicts, written from its documentation: diff and snapshot, old and new labels, long
markers, more than two sides."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbmerge.conflicts.finding import find_in_text
from nbmerge.conflicts.jujutsu import as_git_writes
from nbmerge.conflicts.values import InFile
from nbmerge.repair.rebuild import Hopeless, How, rebuild
from tests.helpers.build import code, markdown, notebook
from tests.helpers.spelling import JUPYTER
from tests.repair.broken import Three, fixed, three

THREE = three(
    [code("a = 1\nb = 2", count=1, out="1\n"), markdown("text")],
    [code("a = 10\nb = 2", count=2, out="10\n"), markdown("text")],
    [code("a = 77\nb = 2", count=3, out="77\n"), markdown("text")],
)
DOCUMENTED = """\
<<<<<<< conflict 1 of 1
%%%%%%% diff from: vpxusssl 38d49363 "merge base"
\\\\\\\\\\\\\\        to: rtsqusxu 2768b0b9 "commit A"
 apple
-grape
+grapefruit
 orange
+++++++ ysrnknol 7a20f389 "commit B"
APPLE
GRAPE
ORANGE
>>>>>>> conflict 1 of 1 ends
"""
AS_GIT = """\
<<<<<<< rtsqusxu 2768b0b9 "commit A"
apple
grapefruit
orange
||||||| vpxusssl 38d49363 "merge base"
apple
grape
orange
=======
APPLE
GRAPE
ORANGE
>>>>>>> ysrnknol 7a20f389 "commit B"
"""


def rewritten(text: str) -> str | None:
    found = as_git_writes(text)
    return None if found is None else "\n".join(found[0])


def diffed(base: list[str], side: list[str]) -> Iterator[str]:
    for line in difflib.ndiff(base, side):
        if line[:1] != "?":
            yield line[0] + line[2:]


def in_jj(text: str, style: str, size: int = 7) -> str:
    """git's text in the style diff3 as jj writes it."""

    def mark(character: str, label: str) -> str:
        return f"{character * size} {label}"

    def sections(found: re.Match[str]) -> str:
        local, base, remote = (part.splitlines() for part in found.groups())
        from_base, to = mark("%", "diff from: base"), mark("\\", "       to: ")
        match style:
            case "snapshot":
                lines = [mark("+", "A"), *local, mark("-", "base"), *base, mark("+", "B"), *remote]
            case "diff":
                lines = [from_base, f"{to}A", *diffed(base, local), mark("+", "B"), *remote]
            case "diff of the second side":
                lines = [mark("+", "A"), *local, from_base, f"{to}B", *diffed(base, remote)]
            case _:
                changes, contents = "Changes from base to side #1", "Contents of side #2"
                lines = [mark("%", changes), *diffed(base, local), mark("+", contents), *remote]
        return "\n".join([mark("<", "conflict 1 of 1"), *lines, mark(">", "conflict 1 of 1 ends"), ""])

    conflict = r"^<{7} HEAD\n(.*?)^\|{7} base\n(.*?)^={7}\n(.*?)^>{7} topic\n"
    made, number = re.subn(conflict, sections, text, flags=re.M | re.S)
    assert number
    return made


def shown(base: str, local: str, remote: str, size: int = 7) -> str:
    marks = [mark * size for mark in "<|=>"]
    return "\n".join(
        [
            f"{marks[0]} {local}",
            "a = 10",
            f"{marks[1]} {base}",
            "a = 1",
            marks[2],
            "a = 77",
            f"{marks[3]} {remote}",
        ]
    )


def test_the_example_of_the_documentation() -> None:
    assert rewritten(DOCUMENTED) == AS_GIT


STYLES = {
    "snapshot": ("base", "A", "B"),
    "diff": ("base", "A", "B"),
    "diff of the second side": ("base", "A", "B"),
    "old labels": ("base", "side #1", "side #2"),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [7, 15])
def test_a_notebook_in_each_style(style: str, size: int) -> None:
    found = fixed(in_jj(THREE.text("diff3"), style, size))
    assert found.sources == [shown(*STYLES[style], size) + "\nb = 2", "text"]
    [conflict] = found.made.conflicts
    assert (conflict.base, conflict.local, conflict.remote) == ("a = 1", "a = 10", "a = 77")
    assert found.how is How.MARKERS


def test_labels_may_be_missing() -> None:
    bare = re.sub(r"^([<>%+])\1{6} .*", lambda found: found.group(1) * 7, DOCUMENTED, flags=re.M)
    bare = re.sub(r"^\\{7} .*\n", "", bare, flags=re.M)
    assert rewritten(bare) == re.sub(
        r"^([<|>])\1{6} .*", lambda found: found.group(1) * 7, AS_GIT, flags=re.M
    )


def test_what_is_said_of_the_last_line_is_no_name() -> None:
    text = DOCUMENTED.replace('B"', 'B" (no terminating newline)').replace(
        'A"', 'A" (adds terminating newline)'
    )
    assert rewritten(text) == AS_GIT


def test_crlf() -> None:
    text = in_jj(THREE.text("diff3"), "diff").replace("\n", "\r\n")
    found = fixed(text)
    assert found.sources[0] == shown("base", "A", "B") + "\nb = 2"
    assert found.made.data.count(b"\r\n") == found.made.data.count(b"\n") > 20


def test_what_one_side_changed_is_settled_by_the_base_that_is_shown() -> None:
    notebooks = three(
        [code("first(1)\nsecond(2)")], [code("first(10)\nsecond(2)")], [code("first(1)\nsecond(20)")]
    )
    found = fixed(in_jj(notebooks.text("diff3"), "diff"))
    assert (found.sources, found.made.conflicts) == (["first(10)\nsecond(20)"], ())


def of_three_sides(base: str, *sides: str) -> str:
    """A notebook of one line in which three sides clash, as jj shows them: one whole, the others as diffs."""
    text = JUPYTER.spell(notebook(code(base, id="one"), markdown("text", id="two"))).decode()
    [place] = [line for line in text.split("\n") if json.dumps(base) in line]
    first, *others = (place.replace(json.dumps(base), json.dumps(side)) for side in sides)
    lines = ["<<<<<<< conflict 1 of 1", "+++++++ A", first]
    for name, side in zip("BC", others, strict=True):
        lines += ["%%%%%%% diff from: base", f"\\\\\\\\\\\\\\        to: {name}", f"-{place}", f"+{side}"]
    return text.replace(place, "\n".join([*lines, ">>>>>>> conflict 1 of 1 ends"]))


def test_all_of_three_sides_are_kept() -> None:
    """The first two clash inside of one side, without base: its lines would seem to be those of a side."""
    found = fixed(of_three_sides("a = 1", "a = 10", "a = 77", "a = 99"))
    inner = ["<<<<<<< A", "a = 10", "=======", "a = 77", ">>>>>>> B"]
    outer = [mark * 11 for mark in "<|=>"]
    assert found.sources[0].split("\n") == [
        *(f"{outer[0]} A and B", *inner, f"{outer[1]} base", "a = 1", outer[2], "a = 99", f"{outer[3]} C")
    ]
    assert found.sources[1] == "text"
    assert len(found.made.conflicts) == 1


def test_a_side_of_three_that_changed_nothing_is_in_no_conflict() -> None:
    found = fixed(of_three_sides("a = 1", "a = 10", "a = 1", "a = 10"))
    assert (found.sources, found.made.conflicts) == (["a = 10", "text"], ())


@pytest.mark.parametrize("count", [64, 65])
def test_a_conflict_of_more_sides_than_anybody_merges_stays_as_it_is(count: int) -> None:
    sides = [f"+++++++ {number}\n{number}" for number in range(count)]
    lines = ["<<<<<<< 1 of 1", sides[0], *(f"------- base\n{side}" for side in sides[1:]), ">>>>>>> 1 ends"]
    assert (rewritten("\n".join(lines)) is None) == (count > 64)


@pytest.mark.parametrize(
    "damage",
    [
        ("+grapefruit", "grapefruit"),  # no sign of a diff
        (">>>>>>> conflict 1 of 1 ends", ""),
        ('+++++++ ysrnknol 7a20f389 "commit B"\n', ""),  # one side only
        ("%%%%%%% diff", "%%%%%%%% diff"),
    ],
)
def test_what_is_not_whole_stays_as_it_is(damage: tuple[str, str]) -> None:
    assert damage[0] in DOCUMENTED
    assert rewritten(DOCUMENTED.replace(*damage)) is None


def test_what_git_writes_stays_as_it_is() -> None:
    assert rewritten(AS_GIT) is None
    assert rewritten(THREE.text("diff3")) is None


def test_lines_have_the_numbers_of_the_file() -> None:
    found = as_git_writes(f"first\n{DOCUMENTED}")
    assert found is not None
    numbers = dict(zip(*found, strict=True))
    told = {"first": 1, "grape": 6, "grapefruit": 7, "GRAPE": 11, "": 14}
    assert {line: numbers[line] for line in told} == told


@pytest.mark.parametrize("style", STYLES)
def test_it_is_found_as_a_conflict_in_a_broken_file(style: str) -> None:
    text = in_jj(THREE.text("diff3"), style)
    found = find_in_text(text.encode())
    lines = [number for number, line in enumerate(text.split("\n"), 1) if line.startswith("<<<<<<<")]
    assert [each.place for each in found] == [InFile(number) for number in lines]
    assert {(each.labels.base, each.labels.local, each.labels.remote) for each in found} == {STYLES[style]}


def test_a_marker_without_its_others_is_told_by_its_line() -> None:
    lines = in_jj(THREE.text("diff3"), "diff").split("\n")
    place = lines.index('    "text"')
    found = fixed("\n".join([*lines[:place], "<<<<<<< HEAD", *lines[place:]]))
    assert found.made.stray == (place + 1,)


FIXTURES = sorted(path.name for path in (Path(__file__).parents[2] / "fixtures").iterdir())


@pytest.mark.parametrize("style", ["snapshot", "diff", "diff of the second side"])
@pytest.mark.parametrize("name", FIXTURES)
def test_the_same_comes_of_it_as_of_what_git_writes(name: str, style: str) -> None:
    folder = Path(__file__).parents[2] / "fixtures" / name
    sides = Three(*((folder / f"{side}.ipynb").read_bytes() for side in ("base", "local", "remote")))
    text = sides.text("diff3")
    if "<<<<<<<" not in text or isinstance(rebuild(text.encode()), Hopeless):
        return
    of_git, of_jj = fixed(text), fixed(in_jj(text, style))
    renamed = [re.sub(r"^(<{7}) HEAD", r"\1 A", source, flags=re.M) for source in of_git.sources]
    assert of_jj.sources == [re.sub(r"^(>{7}) topic", r"\1 B", source, flags=re.M) for source in renamed]
