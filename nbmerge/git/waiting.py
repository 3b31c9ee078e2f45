"""Owns: the files about which git waits for a decision that no merge of contents makes: whether they stay,
and under which name.

Must not know: notebooks, what is printed.
Invariant: a file is told of as git's index has it, so that nothing is told of one that was added or removed
since; two new names are taken for one file's only if no others can be meant.  Nothing is told without git.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.git.sides import UnmergedPaths


class Question(Enum):
    """What is to be decided, by the two letters of `git status`; RENAMED takes DD, AU and UA at once."""

    DELETED_THERE = "UD"  # local changed it
    DELETED_HERE = "DU"  # remote changed it
    ADDED_HERE = "AU"  # under this name by local alone: renamed, or its folder was
    ADDED_THERE = "UA"
    DELETED_BOTH = "DD"  # under this name
    RENAMED = "DD, AU, UA"  # by each side to another name


_BY_STAGES = {
    (1, 2): Question.DELETED_THERE,
    (1, 3): Question.DELETED_HERE,
    (2,): Question.ADDED_HERE,
    (3,): Question.ADDED_THERE,
    (1,): Question.DELETED_BOTH,
}


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """One decision.  `paths` are joined to the work tree, whose folder is `tree`: one, or where it was
    RENAMED those of before, local and remote."""

    question: Question
    tree: str
    paths: tuple[str, ...]


def decisions_awaited(told: UnmergedPaths) -> tuple[OpenQuestion, ...]:
    """All that git waits for in a work tree, besides contents."""
    stages, tree = told.stages, told.tree
    asked = {path: _BY_STAGES[numbers] for path, each in stages.items() if (numbers := _numbers(each))}
    found: list[OpenQuestion] = []
    for names in _renamed(asked, stages):
        found.append(OpenQuestion(Question.RENAMED, tree, tuple(os.path.join(tree, name) for name in names)))
        asked = {path: question for path, question in asked.items() if path not in names}
    found += [OpenQuestion(question, tree, (os.path.join(tree, path),)) for path, question in asked.items()]
    return tuple(sorted(found, key=lambda waiting: waiting.paths))


def _numbers(stages: dict[int, str]) -> tuple[int, ...] | None:
    """The stages of a path, if they ask anything."""
    numbers = tuple(sorted(stages))
    return numbers if numbers in _BY_STAGES else None


def _renamed(asked: dict[str, Question], stages: dict[str, dict[int, str]]) -> list[tuple[str, str, str]]:
    """The names (before, local's, remote's) of each file that both sides renamed.

    git puts the merged content under both new names, so that they are one object.
    """
    before, here, there = (
        [path for path, question in asked.items() if question is wanted]
        for wanted in (Question.DELETED_BOTH, Question.ADDED_HERE, Question.ADDED_THERE)
    )
    if len(before) == len(here) == len(there) == 1:
        return [(before[0], here[0], there[0])]
    found: list[tuple[str, str, str]] = []
    for old in before:
        oid = stages[old][1]
        ours = [path for path in here if stages[path][2] == oid]
        theirs = [path for path in there if stages[path][3] == oid]
        if len(ours) == len(theirs) == 1:
            found.append((old, ours[0], theirs[0]))
    return found
