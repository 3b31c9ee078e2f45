"""What `watch` and `start` are asked for, and asked for again by the process that does it."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given
from hypothesis import strategies as some

from nbmerge.cli.watch_commands import (
    as_arguments,
    run_start,
    start_parser,
    watch_options,
    watch_parser,
)
from nbmerge.errors import UsageError
from nbmerge.history.address import password_in
from nbmerge.history.values import Retention
from nbmerge.watch.assembly import WatchOptions
from tests.cli.past import Past
from tests.cli.world import Command


def understood(*arguments: str) -> WatchOptions:
    return watch_options(watch_parser().parse(list(arguments)))


def test_what_is_not_said_is_the_usual(past: Past, folder: Path) -> None:
    assert understood() == WatchOptions((str(folder),), past.state)
    assert understood() == understood("--settle=1", "--keep-days", "60", ".")


def test_everything_can_be_said(folder: Path) -> None:
    found = understood(
        *("--state", "s", "--settle", "0.5", "--poll", "--exclude", "a", "--exclude=-b", "--keep-days=1.5"),
        *("--keep-mb", "10", "base.ipynb", str(folder)),
    )
    paths = (str(folder / "base.ipynb"), str(folder))
    keep = Retention(days=1.5, size=10_000_000)
    assert found == WatchOptions(paths, str(folder / "s"), 0.5, True, ("a", "-b"), keep)


STATE = mkdtemp()  # nobody else's to write


@given(
    some.floats(0, 1e6),
    some.booleans(),
    some.lists(
        some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).filter(
            "--".__ne__
        )
    ),
    some.floats(0, 1e6),
    some.integers(0, 10**12),
)
def test_the_words_for_another_process_ask_for_the_same(
    settle: float, poll: bool, exclude: list[str], days: float, size: int
) -> None:
    options = WatchOptions(
        ("/", os.path.expanduser("~")), STATE, settle, poll or None, tuple(exclude), Retention(days, size)
    )
    assert understood(*as_arguments(options)) == options


def test_the_words_for_another_process_hold_no_password(past: Past) -> None:
    """Everybody on the machine can read them; it is handed over in the environment."""
    options = understood("--state=postgresql://ann:geheim@h/d?password=geheim")
    assert options.state is not None
    assert password_in(options.state) == "geheim"
    words = as_arguments(options)
    assert "--state=postgresql://ann@h/d" in words
    assert "geheim" not in " ".join(words)


def test_a_password_is_written_to_no_file_that_is_read_at_login(past: Past) -> None:
    asked = start_parser().parse(["--at-login", "--state=postgresql://ann:geheim@h/d"])
    with pytest.raises(UsageError, match=r"put that into ~/\.pgpass"):
        run_start(asked)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["watch", "--settle", "soon"],
            "--settle: 'soon' is not a number of seconds; see python -m nbmerge watch --help",
        ),
        (
            ["watch", "--settle=nan"],
            "--settle: 'nan' is not a number of seconds; see python -m nbmerge watch --help",
        ),
        (
            ["start", "--keep-days=-1"],
            "--keep-days: '-1' is not a number of days; see python -m nbmerge start --help",
        ),
        (
            ["restart", "--keep-mb", "all"],
            "--keep-mb: 'all' is not a number of megabytes; see python -m nbmerge restart --help",
        ),
        (["watch", "--pol"], "unknown option --pol; see python -m nbmerge watch --help"),
        (["stop", "."], "unexpected argument '.'; see python -m nbmerge stop --help"),
        (["demo", "now"], "unexpected argument 'now'; see python -m nbmerge demo --help"),
    ],
)
def test_wrong_calls(past: Past, nbmerge: Command, arguments: list[str], said: str) -> None:
    ended = nbmerge(*arguments)
    assert (ended.code, ended.out, ended.line) == (2, b"", f"nbmerge: {said}")
