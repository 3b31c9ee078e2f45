"""What messages tell people to type starts this program, under the name by which it was called."""

from __future__ import annotations

import sys

import pytest

from nbmerge.cli.program import program_name, spelled_out, to_type
from tests.cli.past import Past
from tests.cli.world import BASE, Command


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("/usr/bin/nbmerge-on-save", "nbmerge-on-save"),
        ("/home/ann/.local/bin/nbmerge", "nbmerge"),
        ("nbmerge-on-save.exe", "nbmerge-on-save"),
        ("/work/nbmerge/__main__.py", "python -m nbmerge"),
    ],
)
def test_the_name(monkeypatch: pytest.MonkeyPatch, called: str, name: str) -> None:
    monkeypatch.setattr(sys, "argv", [called])
    assert program_name() == name
    assert to_type("log", "my notes.ipynb") == f"{name} log 'my notes.ipynb'"


def test_commands_in_messages_from_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["nbmerge-on-save"])
    assert spelled_out("see `log`; `recover` merges it", "a.ipynb") == (
        "see `nbmerge-on-save log a.ipynb`; `nbmerge-on-save recover a.ipynb` merges it"
    )
    assert spelled_out("see `log`", "") == "see `nbmerge-on-save log`"
    assert spelled_out("`git status` tells, `x` does not") == "`git status` tells, `x` does not"


def test_an_error_of_a_save_names_what_can_be_typed(past: Past, nbmerge: Command) -> None:
    past.saved(BASE)
    ended = nbmerge("save", str(past.path), "--base", "1.0123456789abcdef0123", str(past.path))
    assert ended.code == 2
    assert "`python -m nbmerge recover` merges it" in ended.line
