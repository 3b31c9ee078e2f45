"""Who last changed a notebook on each side of a merge, and when, as git tells it."""

from __future__ import annotations

import re

import pytest

from nbmerge.git.authors import authors_of
from tests.git.repo import NAME, Repository, spelled

BASE, OURS, THEIRS = spelled("a = 1"), spelled("a = 2"), spelled("a = 3")
WHEN = r", \d{4}-\d\d-\d\d \d\d:\d\d"


@pytest.mark.parametrize("begin", [("merge", "feature"), ("rebase", "feature"), ("cherry-pick", "feature")])
def test_both_sides_of_what_git_is_doing(bare: Repository, begin: tuple[str, ...]) -> None:
    bare.diverge(BASE, OURS, THEIRS)
    assert bare.try_git(*begin).code != 0
    local, remote = authors_of(str(bare.path / NAME))
    assert re.fullmatch(rf".+{WHEN}", local)
    assert re.fullmatch(rf".+{WHEN}", remote)


def test_nothing_is_known_where_git_does_nothing(bare: Repository) -> None:
    bare.diverge(BASE, OURS, THEIRS)
    assert authors_of(str(bare.path / NAME)) == ("", "")
    assert authors_of("/nowhere/n.ipynb") == ("", "")


def test_what_git_says_of_signatures_is_no_name_and_a_revert_has_no_author_of_what_was_before(
    bare: Repository,
) -> None:
    bare.diverge(BASE, OURS, THEIRS)
    bare.git("config", "log.showSignature", "true")
    bare.try_git("merge", "feature")
    assert all(re.fullmatch(rf"[^\n]+{WHEN}", name) for name in authors_of(str(bare.path / NAME)))
    bare.git("merge", "--abort")
    bare.git("checkout", "-q", "feature")
    bare.commit("a later change", spelled("a = 4"))
    assert bare.try_git("revert", "--no-edit", "HEAD~1").code != 0
    local, remote = authors_of(str(bare.path / NAME))
    assert re.fullmatch(rf"[^\n]+{WHEN}", local)
    assert remote == ""
