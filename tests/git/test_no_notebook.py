"""A file that cannot be merged as a notebook is merged as text: neither side is ever silently absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbmerge.git import driver
from nbmerge.git.driver import Call, MergeStatus
from tests.git.repo import NAME, Repository, spelled

BASE = spelled("a = 1", "b = 2")
OURS = spelled("a = 10", "b = 2")
MARKED = BASE.replace('    "a = 1"\n', '<<<<<<< HEAD\n    "a = 1"\n=======\n    "a = 77"\n>>>>>>> x\n')


@pytest.mark.parametrize(
    ("theirs", "reason"),
    [
        ("no notebook at all\n", "(remote): is no notebook"),
        (MARKED, "(remote): is not JSON: git conflict markers"),
        ('{"their": "json"}\n', "(remote): is no notebook"),
        ("", "(remote): is empty"),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_both_sides_are_shown(repo: Repository, theirs: str, reason: str, swapped: bool) -> None:
    repo.diverge(BASE, *((theirs, OURS) if swapped else (OURS, theirs)))
    done = repo.try_git("merge", "feature")
    text = repo.read()
    assert (done.code, repo.unmerged()) == (1, [NAME])
    assert "a = 10" in text
    assert all(line in text for line in theirs.splitlines())
    reason = reason.replace("remote", "local") if swapped else reason
    lines = [line for line in done.err.splitlines() if line.startswith("nbmerge: ")]
    assert len(lines) == 1
    assert lines[0].startswith(f"nbmerge: {NAME} {reason}")


def test_a_clean_merge_of_lines_that_is_no_json_is_a_conflict(repo: Repository) -> None:
    broken = "{\n" + "\n".join(f'"{key}": 1,' for key in "abcdefgh") + "\n"
    repo.diverge(broken, broken.replace('"a": 1', '"a": 2'), broken.replace('"h": 1', '"h": 2'))
    assert repo.try_git("merge", "feature").code == 1
    assert repo.unmerged() == [NAME]
    assert '"a": 2' in repo.read()
    assert '"h": 2' in repo.read()


def test_a_clean_merge_of_lines_that_is_json_is_clean(repo: Repository) -> None:
    other = "{\n" + "\n".join(f'"{key}": 1,' for key in "abcdefgh") + '\n"z": 1}\n'
    repo.diverge(other, other.replace('"a": 1', '"a": 2'), other.replace('"h": 1', '"h": 2'))
    repo.git("merge", "--no-edit", "feature")
    assert repo.read() == other.replace('"a": 1', '"a": 2').replace('"h": 1', '"h": 2')


def test_both_sides_repaired_a_broken_base(repo: Repository) -> None:
    repo.diverge(MARKED, BASE, OURS)
    assert repo.try_git("merge", "feature").code == 1
    assert '"a = 10"' in repo.read()
    assert '"a = 1"' in repo.read()


def test_binary_files_are_left_to_git_with_a_word(repo: Repository) -> None:
    """No text can show both: local stays untouched and git is told that nothing was merged."""
    ours = b"\x89\0" + OURS.encode()
    repo.diverge(BASE, ours, BASE.replace("a = 1", "a = 77"))
    done = repo.try_git("merge", "feature")
    assert done.code != 0
    assert f"nbmerge: {NAME} (local): is not UTF-8" in done.err
    assert (repo.path / NAME).read_bytes() == ours


@pytest.fixture
def call(tmp_path: Path) -> Call:
    for name, text in (("o", BASE), ("a", OURS), ("b", BASE.replace("b = 2", "b = 20"))):
        (tmp_path / name).write_text(text)
    return Call(str(tmp_path / "o"), str(tmp_path / "a"), str(tmp_path / "b"), 7, NAME)


def test_a_bug_of_ours_loses_nothing(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("some\nbug")

    monkeypatch.setattr(driver, "merge_sources", fail)
    outcome = driver.merge_files(call)
    text = Path(call.local).read_text()
    assert "a = 10" in text
    assert "b = 20" in text
    assert "please report it (ZeroDivisionError: some)" in outcome.reason
    assert "\n" not in outcome.reason


def test_a_disk_that_is_full_is_no_conflict(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    outcome = driver.merge_files(call)
    assert outcome.answer is MergeStatus.FAILED
    assert "no space left on device" in outcome.reason
    assert Path(call.local).read_text() == OURS


def test_without_git_a_file_that_is_no_notebook_is_left_alone(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(call.remote).write_text("no notebook")
    monkeypatch.setenv("PATH", "")
    outcome = driver.merge_files(call)
    assert outcome.answer is MergeStatus.FAILED
    assert "git cannot be run" in outcome.reason
    assert Path(call.local).read_text() == OURS
