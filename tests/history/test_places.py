"""One notebook has one name on all machines that share a store, and two notebooks have two."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.errors import UsageError
from nbmerge.history.places import OneMachine, Root, SharedPlaces, in_order, roots_text, shared_places

A = SharedPlaces((Root("/home/jovyan", "team-a"),), "host-a")
B = SharedPlaces((Root("/srv/share/a", "team-a"),), "host-b")


def test_a_notebook_in_a_root_has_one_name_whatever_it_is_mounted_on() -> None:
    assert A.name_of("/home/jovyan/sub/n.ipynb") == "team-a:sub/n.ipynb"
    assert B.name_of("/srv/share/a/sub/n.ipynb") == "team-a:sub/n.ipynb"
    assert B.path_of("team-a:sub/n.ipynb") == "/srv/share/a/sub/n.ipynb"


def test_outside_of_all_roots_two_machines_have_two_notebooks() -> None:
    assert A.name_of("/tmp/a.ipynb") != B.name_of("/tmp/a.ipynb")
    assert A.path_of(A.name_of("/tmp/a.ipynb")) == "/tmp/a.ipynb"
    assert B.path_of(A.name_of("/tmp/a.ipynb")) is None


def test_a_folder_that_only_begins_like_a_root_is_outside() -> None:
    assert A.name_of("/home/jovyan2/n.ipynb") == "@host-a:/home/jovyan2/n.ipynb"


def test_a_root_within_a_root_has_its_own_notebooks() -> None:
    inner = SharedPlaces(in_order([Root("/home/jovyan", "ann"), Root("/home/jovyan/team", "team")]), "h")
    assert inner.name_of("/home/jovyan/team/n.ipynb") == "team:n.ipynb"
    assert inner.name_of("/home/jovyan/n.ipynb") == "ann:n.ipynb"
    assert inner.path_of("ann:team/n.ipynb") is None  # that is another machine's, without the inner root


def test_one_machine_calls_notebooks_by_their_paths() -> None:
    assert OneMachine().name_of("/tmp/a.ipynb") == "/tmp/a.ipynb" == OneMachine().path_of("/tmp/a.ipynb")


@given(
    st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1), min_size=1, max_size=4),
    st.sampled_from(["/home/jovyan", "/tmp"]),
)
def test_the_way_back_from_a_name_is_the_path(parts: list[str], folder: str) -> None:
    path = os.path.join(folder, *(part if part.strip(".") else f"x{part}" for part in parts))
    name = A.name_of(path)
    assert A.path_of(name) == path
    assert not os.path.isabs(name)


def test_the_home_folder_of_a_hubs_user_is_a_root(tmp_path: Path) -> None:
    places = shared_places({"JUPYTERHUB_USER": "ann@uni.edu"}, str(tmp_path))
    assert places.name_of(str(tmp_path.resolve() / "n.ipynb")) == "ann@uni.edu:n.ipynb"
    odd = shared_places({"JUPYTERHUB_USER": "_a b:c"}, str(tmp_path))
    assert odd.name_of(str(tmp_path.resolve() / "n.ipynb")) == "u_a%20b%3Ac:n.ipynb"


def test_a_home_folder_that_lies_in_a_named_root_has_that_name(tmp_path: Path) -> None:
    environment = {"JUPYTERHUB_USER": "ann", "NBMERGE_ROOTS": f"{tmp_path}=homes"}
    (tmp_path / "ann").mkdir()
    places = shared_places(environment, str(tmp_path / "ann"))
    assert places.name_of(str(tmp_path.resolve() / "ann" / "n.ipynb")) == "homes:ann/n.ipynb"


@pytest.mark.parametrize(
    ("roots", "why"),
    [
        (["/a"], "a root is a folder and its name"),
        (["=x"], "a root is a folder and its name"),
        (["/a=@x"], "cannot name a root"),
        (["/a=x:y"], "cannot name a root"),
        (["/a="], "cannot name a root"),
        (["/=x"], "the top folder"),
        (["/a=x", "/b=x"], "cannot both be the root x"),
        (["/a=x", "/a=y"], "cannot be two roots"),
        (["/a:b=x"], "cannot be a root"),
    ],
)
def test_what_is_no_root_is_said_in_one_line(roots: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        roots_text(roots)
