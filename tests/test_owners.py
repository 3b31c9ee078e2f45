"""Whose a file is and who else could write it: a table of owners and modes, on made-up files and users."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from nbmerge import owners
from nbmerge.owners import (
    Accounts,
    could_write,
    distrust_of,
    has_access_list,
    others_can_write,
)

ANN, BEN, CAM, DEE, NOBODY_KNOWS = 1001, 1002, 1003, 1004, 4711
ANNS, BENS, LAB, USERS = 1001, 1002, 50, 100


class Institute(Accounts):
    """Ann and Ben have groups of their own, Cam and Dee one in common; Ann and Ben are in the lab."""

    def name(self, user: int) -> str:
        return {ANN: "ann", BEN: "ben", CAM: "cam", DEE: "dee"}.get(user, "nobody knows")

    def own_group(self, user: int) -> int | None:
        return {0: 0, ANN: ANNS, BEN: BENS}.get(user)

    def groups(self, user: int) -> frozenset[int] | None:
        known = {ANN: {ANNS, LAB}, BEN: {BENS, LAB}, CAM: {USERS}, DEE: {USERS}}
        return frozenset(known[user]) if user in known else None


def status(owner: int, group: int, mode: int, kind: int = stat.S_IFREG) -> os.stat_result:
    return os.stat_result((kind | mode, 7, 1, 1, owner, group, 0, 0, 0, 0))


@pytest.mark.parametrize("owner", [ANN, 0])
@pytest.mark.parametrize(
    ("group", "mode", "others"),
    [
        (ANNS, 0o600, False),
        (ANNS, 0o644, False),
        (LAB, 0o755, False),
        (LAB, 0o1755, False),
        (ANNS, 0o660, False),  # nobody else is in it: umask 002
        (LAB, 0o660, True),
        (USERS, 0o620, True),
        (BENS, 0o770, True),
        (ANNS, 0o602, True),
        (ANNS, 0o666, True),
        (ANNS, 0o777, True),
        (ANNS, 0o1777, True),  # others cannot remove what is there, but add to it
    ],
)
def test_who_else_can_write(owner: int, group: int, mode: int, others: bool) -> None:
    assert others_can_write(status(owner, group, mode), ANN, False, Institute()) is others


def test_with_an_access_list_the_bits_of_the_group_stand_for_whoever_is_in_the_list() -> None:
    assert others_can_write(status(ANN, ANNS, 0o660), ANN, True, Institute())
    assert not others_can_write(status(ANN, ANNS, 0o640), ANN, True, Institute())


@pytest.mark.parametrize(
    ("owner", "mode", "why"),
    [
        (ANN, 0o700, None),
        (0, 0o755, None),
        (BEN, 0o700, "belongs to another user (ben)"),
        (BEN, 0o777, "belongs to another user (ben)"),
        (ANN, 0o777, "can be written by other users"),
        (0, 0o777, "can be written by other users"),
    ],
)
def test_what_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, owner: int, mode: int, why: str | None
) -> None:
    monkeypatch.setattr(owners, "this_user", lambda: ANN)
    found = distrust_of("/no such/place", status(owner, ANNS, mode, stat.S_IFDIR), Institute())
    assert (found and found.why) == why
    assert (found and found.mend) == (why and ("chmod go-w '/no such/place'" if "written" in why else ""))


def test_root_does_not_believe_what_a_user_has_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "this_user", lambda: 0)
    assert distrust_of("/x", status(ANN, ANNS, 0o600), Institute()) is not None
    assert distrust_of("/x", status(0, 0, 0o600), Institute()) is None


def test_where_files_have_no_owners_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "this_user", lambda: None)
    assert distrust_of("/x", status(BEN, 0, 0o777), Institute()) is None


# Ann's notebook; who may put something into it, by owner, group and mode.
@pytest.mark.parametrize(
    ("user", "group", "mode", "could"),
    [
        (ANN, ANNS, 0o600, True),
        (ANN, ANNS, 0o400, True),  # it is hers to change that
        (0, ANNS, 0o600, True),
        (BEN, ANNS, 0o600, False),
        (BEN, ANNS, 0o644, False),
        (BEN, LAB, 0o644, False),
        (BEN, LAB, 0o664, True),
        (CAM, LAB, 0o664, False),
        (CAM, LAB, 0o666, True),
        (BEN, LAB, 0o606, False),  # what all others may, this group may not
        (CAM, LAB, 0o606, True),
        (CAM, USERS, 0o660, True),
        (BEN, BENS, 0o640, False),
        (NOBODY_KNOWS, LAB, 0o664, False),
        (NOBODY_KNOWS, LAB, 0o606, False),
        (NOBODY_KNOWS, LAB, 0o666, True),
        (NOBODY_KNOWS, LAB, 0o644, False),
    ],
)
def test_who_could_have_written_a_notebook(user: int, group: int, mode: int, could: bool) -> None:
    assert could_write(user, status(ANN, group, mode), False, Institute()) is could


@pytest.mark.parametrize(("user", "could"), [(ANN, True), (0, True), (BEN, False), (CAM, False)])
def test_of_a_notebook_with_an_access_list_only_its_owner_is_sure(user: int, could: bool) -> None:
    assert could_write(user, status(ANN, LAB, 0o666), True, Institute()) is could


@pytest.mark.skipif(sys.platform == "win32", reason="users of Unix")
def test_this_machines_own_users() -> None:
    real, me = Accounts(), os.geteuid()
    groups = real.groups(me)
    assert groups is None or os.getegid() in groups
    assert real.own_group(me) is None or real.own_group(me) in (groups or ())
    assert real.own_group(NOBODY_KNOWS) is None
    assert real.groups(NOBODY_KNOWS) is None
    assert real.name(NOBODY_KNOWS) == "number 4711"


def test_a_file_without_an_access_list(tmp_path: Path) -> None:
    assert not has_access_list(str(tmp_path))
    assert not has_access_list(str(tmp_path / "none"))
