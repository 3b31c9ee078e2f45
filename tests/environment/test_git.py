"""What git has to do with a save, in real repositories."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nbmerge.environment.git import GitActivity, git_at_work, git_is_writing, repository
from nbmerge.lineage.heads import Outcome
from nbmerge.lineage.versions import Context, Git, Writer
from nbmerge.service.cache import NotebookCache
from nbmerge.service.record import Recorded, Recorder, Saved
from tests.environment.clock import Clock
from tests.git.hostile import make_hostile
from tests.git.repo import NAME, Repository, spelled
from tests.history.stores import fresh

ONE, TWO, THREE = (spelled(f"x = {number}", "y = 0") for number in (1, 2, 3))
MINE = spelled("x = 1", "y = 0", "mine()")


def path_of(repo: Repository) -> str:
    return str(repo.path / NAME)


def asked(repo: Repository, activity: GitActivity) -> Git:
    """What the activity says of what the file holds now."""
    return activity.classify(path_of(repo), repo.read().encode())


@pytest.fixture
def history(repo: Repository) -> Repository:
    """Two commits of a notebook and a branch beside the second, the first one's."""
    repo.commit("one", ONE)
    repo.git("branch", "beside")
    repo.commit("two", TWO)
    return repo


@pytest.fixture
def activity(history: Repository, clock: Clock) -> GitActivity:
    """It has seen the last save."""
    made = GitActivity(clock)
    asked(history, made)
    return made


def stash_and_pop(repo: Repository, ask: Callable[[], Git]) -> None:
    repo.write(NAME, MINE)
    assert ask() is Git.NONE
    repo.git("stash", "push", "--quiet")
    assert (repo.read(), ask()) == (TWO, Git.REPLACED)
    repo.git("stash", "pop", "--quiet")
    assert repo.read() == MINE


def rebase(repo: Repository, ask: Callable[[], Git]) -> None:
    repo.git("checkout", "--quiet", "beside")
    repo.commit("other", "{}", "other.ipynb")
    assert ask() is Git.REPLACED
    repo.git("rebase", "--quiet", "main")
    assert repo.read() == TWO


def pull(repo: Repository, ask: Callable[[], Git]) -> None:
    repo.git("checkout", "--quiet", "beside")
    assert ask() is Git.REPLACED
    repo.git("pull", "--quiet", "--ff-only", ".", "main")
    assert repo.read() == TWO


def merge_text(repo: Repository, ask: Callable[[], Git]) -> None:
    """What git merged line by line is a content that nobody had committed before."""
    repo.git("checkout", "--quiet", "-b", "other", "main")
    repo.commit("other", TWO.replace("y = 0", "y = 1"))
    repo.git("checkout", "--quiet", "main")
    repo.commit("more", TWO.replace('"nbformat_minor": 5', '"nbformat_minor":  5'))
    assert ask() in (Git.NONE, Git.REPLACED)
    repo.git("merge", "--no-edit", "--quiet", "other")
    assert "y = 1" in repo.read()
    assert '":  5' in repo.read()


@pytest.mark.parametrize(
    "command",
    [
        ["checkout", "--quiet", "beside"],
        ["switch", "--quiet", "--detach", "HEAD~1"],
        ["reset", "--quiet", "--hard", "HEAD~1"],
        ["revert", "--no-edit", "HEAD"],
        ["checkout", "HEAD~1", "--", NAME],
        ["restore", "--staged", "--worktree", "--source=HEAD~1", NAME],
    ],
    ids=" ".join,
)
def test_a_command_that_replaces_the_notebook(
    history: Repository, activity: GitActivity, command: list[str]
) -> None:
    history.git(*command)
    assert history.read() == ONE
    assert asked(history, activity) is Git.REPLACED
    assert asked(history, activity) is Git.NONE  # it did nothing since


@pytest.mark.parametrize("steps", [stash_and_pop, rebase, pull, merge_text])
def test_commands_in_several_steps(
    history: Repository, activity: GitActivity, steps: Callable[[Repository, Callable[[], Git]], None]
) -> None:
    steps(history, lambda: asked(history, activity))
    assert asked(history, activity) is Git.REPLACED


@pytest.mark.parametrize("command", [["checkout", "--", NAME], ["restore", NAME], ["reset", "--hard", "-q"]])
def test_changes_taken_back(history: Repository, activity: GitActivity, command: list[str]) -> None:
    history.write(NAME, MINE)
    assert asked(history, activity) is Git.NONE
    history.git(*command)
    assert (history.read(), asked(history, activity)) == (TWO, Git.REPLACED)


def test_a_save_after_a_commit_is_a_save(history: Repository, activity: GitActivity) -> None:
    history.commit("three", THREE)
    history.write(NAME, MINE)
    assert asked(history, activity) is Git.NONE


def test_a_save_of_old_content_is_a_save_where_git_did_nothing(
    history: Repository, activity: GitActivity
) -> None:
    history.write(NAME, ONE)
    assert asked(history, activity) is Git.NONE


def test_looking_at_the_status_is_not_replacing(history: Repository, activity: GitActivity) -> None:
    """`git status`, which editors run all the time, rewrites the index."""
    history.write(NAME, MINE)
    assert asked(history, activity) is Git.NONE
    os.utime(history.path / NAME)
    before = os.stat(history.path / ".git/index").st_mtime_ns
    history.git("add", NAME)
    assert os.stat(history.path / ".git/index").st_mtime_ns != before
    history.write(NAME, TWO)  # an editor that never saw the last save
    assert asked(history, activity) is Git.NONE


def test_what_a_clean_filter_makes_of_a_save_does_not_count(history: Repository, clock: Clock) -> None:
    """As with nbstripout: the blob has no outputs, and the editor's save has."""
    history.config("filter.upper.clean", "tr x z")
    history.write(".gitattributes", "*.ipynb filter=upper\n")
    activity = GitActivity(clock)
    asked(history, activity)
    history.commit("filtered", THREE)
    history.write(NAME, MINE)
    history.git("commit", "--quiet", "--all", "--message", "stripped")
    assert asked(history, activity) is Git.NONE  # HEAD moved, and its blob is this save, filtered
    history.git("checkout", "--quiet", "HEAD~1")
    assert asked(history, activity) is Git.REPLACED


def test_line_ends_of_the_platform(repo: Repository, clock: Clock) -> None:
    repo.config("core.autocrlf", "true")
    repo.commit("one", ONE.replace("\n", "\r\n"))
    repo.commit("two", TWO.replace("\n", "\r\n"))
    activity = GitActivity(clock)
    asked(repo, activity)
    repo.git("checkout", "--quiet", "HEAD~1")
    assert (repo.read(), asked(repo, activity)) == (ONE.replace("\n", "\r\n"), Git.REPLACED)


def test_repositories_with_other_names_for_blobs(tmp_path: Path, repo: Repository, clock: Clock) -> None:
    other = Repository(tmp_path / "sha256", repo.env)
    other.path.mkdir()
    other.git("init", "--quiet", "--object-format=sha256")
    other.commit("one", ONE)
    other.commit("two", TWO)
    activity = GitActivity(clock)
    asked(other, activity)
    other.git("checkout", "--quiet", "HEAD~1")
    assert asked(other, activity) is Git.REPLACED


def test_a_work_tree_of_its_own(history: Repository, activity: GitActivity, clock: Clock) -> None:
    """What happens in another work tree of the repository is none of this one's business."""
    tree = Repository(history.path.parent / "tree", history.env)
    history.git("worktree", "add", "--quiet", str(tree.path), "beside")
    asked(tree, activity)
    tree.git("checkout", "--quiet", "--detach", "main")
    assert (tree.read(), asked(tree, activity)) == (TWO, Git.REPLACED)
    found = repository(path_of(tree))
    assert found is not None
    assert found.common == str(history.path / ".git")
    Path(found.folder, "index.lock").touch()
    assert git_at_work(path_of(tree), clock())
    assert not git_at_work(path_of(history), clock())


def test_a_submodule(tmp_path: Path, history: Repository, clock: Clock) -> None:
    outer = Repository(tmp_path / "outer", history.env)
    outer.path.mkdir()
    outer.git("init", "--quiet")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(history.path), "sub")
    inner = Repository(outer.path / "sub", history.env)
    found = repository(path_of(inner))
    assert found is not None
    assert found.folder == str(outer.path / ".git/modules/sub")
    activity = GitActivity(clock)
    asked(inner, activity)
    inner.git("checkout", "--quiet", "HEAD~1")
    assert asked(inner, activity) is Git.REPLACED
    (Path(found.folder) / "MERGE_HEAD").touch()
    assert git_at_work(path_of(inner), clock())


def test_a_notebook_by_a_link(history: Repository, activity: GitActivity, clock: Clock) -> None:
    """Its repository is that of the file, not that of the link."""
    link = history.path.parent / "link.ipynb"
    link.symlink_to(history.path / NAME)
    assert activity.classify(str(link), TWO.encode()) is Git.NONE
    history.git("checkout", "--quiet", "--", NAME)
    history.git("checkout", "--quiet", "beside")
    assert activity.classify(str(link), ONE.encode()) is Git.REPLACED


def test_after_a_start_the_time_of_the_last_save_counts(history: Repository, clock: Clock) -> None:
    saved = clock()
    data = history.read().encode()
    assert GitActivity(clock).classify(path_of(history), data, since=saved - 60) is Git.REPLACED
    assert GitActivity(clock).classify(path_of(history), data, since=saved + 60) is Git.NONE
    assert GitActivity(clock).classify(path_of(history), data) is Git.NONE


def test_git_is_not_run_where_nothing_moved(
    history: Repository, activity: GitActivity, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("git was run")

    monkeypatch.setattr(subprocess, "run", refuse)
    for content in (MINE, ONE, TWO):
        history.write(NAME, content)
        assert asked(history, activity) is Git.NONE


def test_the_users_own_settings_do_not_mislead(
    history: Repository, activity: GitActivity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watcher that was started in a hook has git's variables."""
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    history.git("checkout", "--quiet", "beside")
    assert asked(history, activity) is Git.REPLACED


@pytest.mark.parametrize("program", ["no-such-git", "false", "/"])
def test_without_git_there_is_no_sign(history: Repository, clock: Clock, program: str) -> None:
    activity = GitActivity(clock, program)
    asked(history, activity)
    history.git("checkout", "--quiet", "beside")
    assert asked(history, activity) is Git.NONE


def test_outside_of_repositories_there_is_no_sign(tmp_path: Path, clock: Clock) -> None:
    for marker in ("", "gitdir: nowhere", "nonsense", "\0"):
        (tmp_path / ".git").write_text(marker)
        assert GitActivity(clock).classify(str(tmp_path / NAME), b"{}") is Git.NONE
    (tmp_path / ".git").unlink()
    (tmp_path / ".git").mkdir()  # an empty folder is no repository
    assert repository(str(tmp_path / NAME)) is None


@pytest.mark.parametrize("command", ["merge", "rebase", "cherry-pick", "revert"])
def test_git_is_at_work_until_a_conflict_is_resolved(
    history: Repository, activity: GitActivity, clock: Clock, command: str
) -> None:
    history.commit("three", THREE)
    history.git("checkout", "--quiet", "-b", "clash", "beside")
    history.commit("mine", spelled("x = 9", "y = 0"))
    other = "main" if command != "revert" else "main~1"
    assert not git_at_work(path_of(history), clock())
    assert history.try_git(command, *(["--no-edit"] if command == "revert" else []), other).code != 0
    assert git_at_work(path_of(history), clock())
    assert not git_is_writing(path_of(history), clock())
    assert asked(history, activity) is Git.WORKING
    page = MINE.encode()
    assert activity.classify(path_of(history), page, way="in place") is Git.WAITING
    assert activity.classify(path_of(history), page, way="renamed") is Git.WORKING
    clock.passed += 60
    assert asked(history, activity) is Git.WAITING
    history.git(command, "--abort")
    assert not git_at_work(path_of(history), clock())


def test_what_git_wrote_is_gits_however_it_seems_to_have_been_written(
    history: Repository, activity: GitActivity
) -> None:
    """A system may give the new file the number of the old one."""
    history.commit("three", THREE)
    history.git("checkout", "--quiet", "-b", "clash", "beside")
    history.commit("mine", spelled("x = 9", "y = 0"))
    assert history.try_git("merge", "main").code != 0
    assert "<<<<<<<" in history.read()
    assert activity.classify(path_of(history), history.read().encode(), way="in place") is Git.WORKING


def test_while_git_waits_for_an_editor_a_page_can_be_saved(
    history: Repository, activity: GitActivity
) -> None:
    """`git commit -a` keeps the index locked for as long."""
    (history.path / ".git/index.lock").touch()
    path = path_of(history)
    assert activity.classify(path, MINE.encode(), way="in place with a copy") is Git.WAITING
    assert activity.classify(path, ONE.encode(), way="in place with a copy") is Git.WORKING
    assert activity.classify(path, MINE.encode(), way="renamed") is Git.WORKING


def test_a_page_that_saves_in_the_moment_in_which_git_merged_is_named(
    history: Repository, clock: Clock
) -> None:
    """It was opened before, and undoes what came from the other branch."""
    between = [f"step_{number} = {number}" for number in range(5)]
    history.commit("before", spelled("x = 1", *between, "y = 0"))
    history.git("checkout", "--quiet", "-b", "theirs")
    history.commit("theirs", spelled("x = 1", *between, "y = their_work(0)", "plot(their_work)"))
    history.git("checkout", "--quiet", "main")
    history.commit("ours", spelled("x = ours(1)", *between, "y = 0"))
    store, activity = fresh(), GitActivity(clock)
    recorder, notebook_id = Recorder(store, NotebookCache(store)), store.adopt(path_of(history))

    def save(way: str) -> Recorded:
        data = history.read().encode()
        context = Context(git=activity.classify(path_of(history), data, way=way))
        return recorder.record_save(notebook_id, Saved(data, clock(), Writer(way=way)), context)

    save("")
    history.git("merge", "--no-commit", "--no-ff", "theirs")
    merged = save("renamed")
    assert "plot(their_work)" in history.read()
    history.write(NAME, spelled("x = ours(1)", "typed = 1", *between, "y = 0"))
    saved = save("in place")
    assert saved.outcome is Outcome.AMBIGUOUS
    assert merged.version is not None
    assert [tip.version for tip in recorder.heads(notebook_id).open] == [merged.version.number]


def test_mail_that_does_not_apply(history: Repository, clock: Clock) -> None:
    mail = history.git("format-patch", "-1", "--stdout")
    history.git("checkout", "--quiet", "beside")
    history.commit("mine", spelled("x = 9", "y = 0"))
    history.write("mail", mail)
    assert history.try_git("am", "--quiet", "mail").code != 0
    assert git_at_work(path_of(history), clock())


def test_bisecting_is_no_work_on_files(history: Repository, clock: Clock) -> None:
    history.git("bisect", "start", "HEAD", "HEAD~1")
    assert not git_at_work(path_of(history), clock())


def test_a_lock_that_a_killed_git_left(history: Repository, clock: Clock) -> None:
    (history.path / ".git/index.lock").touch()
    assert git_at_work(path_of(history), clock())
    assert git_is_writing(path_of(history), clock())
    clock.passed = 3600
    assert not git_at_work(path_of(history), clock())


@pytest.mark.parametrize("name", [".git", ".git/commondir"])
def test_a_pipe_in_place_of_gits_files_is_not_waited_for(tmp_path: Path, name: str) -> None:
    """It would keep a watcher waiting for ever."""
    pipe = tmp_path / name
    pipe.parent.mkdir(exist_ok=True)
    (pipe.parent / "HEAD").touch()
    os.mkfifo(pipe)
    found = repository(str(tmp_path / NAME))
    assert found is None or found.common == found.folder


def test_a_repository_that_would_run_programs_runs_none(history: Repository, clock: Clock) -> None:
    """One that came in an archive, say; watching it is no reason to do what its configuration says."""
    activity = GitActivity(clock)
    asked(history, activity)
    ran = make_hostile(history)
    for name in ("HEAD", "index"):
        os.utime(history.path / ".git" / name)
        clock.passed += 10
        history.write(NAME, ONE)
        assert asked(history, activity) in (Git.REPLACED, Git.NONE)
        history.write(NAME, MINE)
        asked(history, activity)
    assert not ran.exists(), ran.read_text()
