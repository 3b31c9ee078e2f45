"""`nbmerge git install|uninstall|status`: nothing tracked is touched, and nothing is left."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nbmerge.git.entry import Launcher, shell_line
from tests.git.repo import Ran, Repository, spelled

NBDIME = "*.ipynb merge=jupyternotebook"
INFO = ".git/info/attributes"


def files_below(folder: Path) -> dict[str, bytes | None]:
    """Every file with its bytes, every folder with None."""
    return {
        str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }


def git(repo: Repository, *words: str, code: int = 0, below: str = ".") -> str:
    """What `nbmerge git ...` prints."""
    done = repo.nbmerge("git", *words, below=below)
    assert done.code == code, done
    assert done.err == ""
    return done.out


def merge_attribute(repo: Repository, name: str = "x.ipynb") -> str:
    return repo.git("check-attr", "merge", "--", name).strip().rpartition(": ")[2]


def home(repo: Repository) -> Path:
    return Path(repo.env["HOME"])


class TestLocal:
    def test_install_touches_nothing_that_is_tracked(self, bare: Repository) -> None:
        assert "nbmerge merges *.ipynb in this repository (.git/config, .git/info/attributes)" in git(
            bare, "install"
        )
        assert bare.git("status", "--porcelain") == ""
        assert merge_attribute(bare) == merge_attribute(bare, "deep/er/x.ipynb") == "nbmerge"
        assert files_below(home(bare)) == {}

    def test_it_wins_over_attributes_that_are_tracked(self, bare: Repository) -> None:
        bare.write(".gitattributes", NBDIME + "\n")
        said = git(bare, "install")
        assert f"note: .gitattributes line 1, `{NBDIME}`, has no effect until nbmerge is uninstalled" in said
        assert merge_attribute(bare) == "nbmerge"

    def test_installing_twice_is_installing_once(self, bare: Repository) -> None:
        git(bare, "install")
        once = files_below(bare.path)
        git(bare, "install")
        assert files_below(bare.path) == once

    @pytest.mark.parametrize(
        "before", [None, b"", b"*.txt text", b"*.txt text\n", b"# ours\r\n*.ipynb merge=other\r\n", b"\n\n"]
    )
    def test_uninstall_leaves_no_trace(self, bare: Repository, before: bytes | None) -> None:
        if before is not None:
            bare.write(INFO, before)
        untouched = files_below(bare.path)
        git(bare, "install")
        git(bare, "uninstall")
        assert files_below(bare.path) == untouched

    def test_uninstall_leaves_no_trace_of_half_an_installation(self, bare: Repository) -> None:
        """A process that was killed, attributes that somebody deleted: each half goes by itself."""
        untouched = files_below(bare.path)
        git(bare, "install")
        bare.git("config", "--unset", "merge.nbmerge.driver")
        (bare.path / INFO).unlink()
        git(bare, "uninstall")
        assert files_below(bare.path) == untouched

    def test_attributes_that_were_deleted_since_come_back_and_go_again(self, bare: Repository) -> None:
        bare.write(INFO, "*.txt text")
        git(bare, "install")
        (bare.path / INFO).unlink()
        git(bare, "install")
        assert bare.read(INFO) == "*.ipynb merge=nbmerge\n"
        git(bare, "uninstall")
        assert not (bare.path / INFO).exists()

    def test_uninstall_keeps_what_others_added_since(self, bare: Repository) -> None:
        bare.write(INFO, "*.txt text")
        git(bare, "install")
        bare.write(INFO, bare.read(INFO) + "*.csv text\n")
        (bare.path / ".git/info/exclude").write_text("x\n")
        git(bare, "uninstall")
        assert bare.read(INFO) == "*.txt text\n*.csv text\n"
        assert bare.read(".git/info/exclude") == "x\n"

    def test_uninstall_keeps_a_folder_that_others_use_since(self, bare: Repository) -> None:
        git(bare, "install")
        (bare.path / ".git/info/exclude").write_text("x\n")
        git(bare, "uninstall")
        assert [file.name for file in (bare.path / ".git/info").iterdir()] == ["exclude"]

    def test_uninstall_keeps_a_linked_file_a_link(self, bare: Repository) -> None:
        bare.write("shared", "*.txt text\n")
        (bare.path / ".git/info").mkdir()
        (bare.path / INFO).symlink_to(bare.path / "shared")
        git(bare, "install")
        assert merge_attribute(bare) == "nbmerge"
        git(bare, "uninstall")
        assert (bare.path / INFO).is_symlink()
        assert bare.read("shared") == "*.txt text\n"

    def test_uninstall_where_nothing_is_installed(self, bare: Repository) -> None:
        untouched = files_below(bare.path)
        assert git(bare, "uninstall") == "nbmerge was not installed (local)\n"
        assert files_below(bare.path) == untouched

    def test_the_line_of_another_tool_comes_back(self, bare: Repository) -> None:
        bare.write(INFO, NBDIME + "\n")
        said = git(bare, "install")
        assert f"note: .git/info/attributes line 1, `{NBDIME}`, has no effect" in said
        assert merge_attribute(bare) == "nbmerge"
        assert "git now merges *.ipynb here by the driver `jupyternotebook`" in git(bare, "uninstall")
        assert merge_attribute(bare) == "jupyternotebook"

    def test_a_tool_that_was_installed_later_is_overruled_again(self, bare: Repository) -> None:
        bare.write(INFO, "*.txt text")
        git(bare, "install")
        bare.write(INFO, bare.read(INFO) + NBDIME + "\n")
        assert "merged by the driver `jupyternotebook`" in git(bare, "status", code=1)
        git(bare, "install")
        assert merge_attribute(bare) == "nbmerge"
        git(bare, "uninstall")
        assert bare.read(INFO) == f"*.txt text\n{NBDIME}\n"

    def test_another_interpreter_renews_the_entry(self, bare: Repository) -> None:
        git(bare, "install")
        mine = bare.driver()
        bare.config("merge.nbmerge.driver", shell_line(Launcher("/elsewhere/python")))
        git(bare, "install")
        assert bare.driver() == mine

    def test_from_a_folder_below(self, bare: Repository) -> None:
        (bare.path / "deep").mkdir()
        git(bare, "install", below="deep")
        assert merge_attribute(bare) == "nbmerge"
        assert "*.ipynb: merged by nbmerge" in git(bare, "status", below="deep")

    def test_a_file_that_cannot_be_written(self, bare: Repository) -> None:
        bare.write(".git/info", "a file where a folder should be")
        done = bare.nbmerge("git", "install")
        assert (done.code, done.err.count("\n")) == (4, 1)
        assert "info/attributes: cannot be" in done.err


class TestGlobal:
    def test_it_is_for_all_repositories(self, bare: Repository) -> None:
        said = git(bare, "install", "--global")
        assert "in all repositories of this user (~/.gitconfig, ~/.config/git/attributes)" in said
        assert merge_attribute(bare) == "nbmerge"
        bare.diverge(spelled("a", "b"), spelled("a1", "b"), spelled("a", "b1"))
        bare.git("merge", "--no-edit", "feature")
        assert bare.sources("n.ipynb") == ["a1", "b1"]

    def test_uninstall_leaves_no_trace(self, bare: Repository) -> None:
        """Neither the files nor the folders that were not there before."""
        git(bare, "install", "--global")
        git(bare, "uninstall", "--global")
        assert files_below(home(bare)) == {}

    def test_uninstall_restores_files_that_were_there(self, bare: Repository) -> None:
        (home(bare) / ".gitconfig").write_text("[user]\n\tname = x\n")
        (home(bare) / ".config/git").mkdir(parents=True)
        (home(bare) / ".config/git/attributes").write_text(NBDIME)
        before = files_below(home(bare))
        git(bare, "install", "--global")
        assert merge_attribute(bare) == "nbmerge"
        git(bare, "uninstall", "--global")
        assert files_below(home(bare)) == before

    @pytest.mark.parametrize("variable", ["XDG_CONFIG_HOME", "core.attributesFile"])
    def test_the_file_of_attributes_may_be_elsewhere(self, bare: Repository, variable: str) -> None:
        if variable == "XDG_CONFIG_HOME":
            file = bare.path.parent / "xdg/git/attributes"
            bare = replace(bare, env=bare.env | {"XDG_CONFIG_HOME": str(file.parent.parent)})
        else:
            file = home(bare) / "my attributes"
            bare.git("config", "--global", variable, "~/my attributes")
        git(bare, "install", "--global")
        assert file.read_text() == "*.ipynb merge=nbmerge\n"
        assert merge_attribute(bare) == "nbmerge"
        git(bare, "uninstall", "--global")
        assert not file.exists()

    def test_a_repository_has_no_say_in_the_users_file(self, bare: Repository) -> None:
        bare.config("core.attributesFile", "/nowhere/attributes")
        git(bare, "install", "--global")
        assert (home(bare) / ".config/git/attributes").exists()

    def test_a_repository_that_says_otherwise_is_named(self, bare: Repository) -> None:
        bare.write(".gitattributes", NBDIME + "\n")
        assert "warning: here git still merges *.ipynb by the driver" in git(bare, "install", "--global")
        said = git(bare, "status", code=1)
        assert "*.ipynb: merged by the driver `jupyternotebook`" in said
        assert "git install` overrules them" in said

    def test_local_and_global_are_independent(self, bare: Repository) -> None:
        git(bare, "install", "--global")
        git(bare, "install")
        assert "git now merges *.ipynb here by nbmerge" in git(bare, "uninstall")
        assert merge_attribute(bare) == "nbmerge"
        assert "local: not installed\nglobal: installed (~/.gitconfig" in git(bare, "status")

    def test_outside_of_repositories(self, bare: Repository) -> None:
        outside = replace(bare, path=bare.path.parent)
        assert "interpreter" not in git(outside, "status", "--global", code=1)
        git(outside, "install", "--global")
        assert "*.ipynb: merged by nbmerge" in git(outside, "status", "--global")
        git(outside, "uninstall", "--global")
        assert files_below(home(bare)) == {}


class TestStatus:
    def test_active(self, repo: Repository) -> None:
        said = git(repo, "status")
        assert said.splitlines() == [
            "local: installed (.git/config, .git/info/attributes)",
            "global: not installed",
            f"interpreter: {sys.executable}, runs",
            "*.ipynb: merged by nbmerge",
        ]

    def test_not_installed(self, bare: Repository) -> None:
        said = git(bare, "status", code=1)
        assert said == "local: not installed\nglobal: not installed\n*.ipynb: merged as text\n"

    @pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false", "/bin/true"])
    def test_an_interpreter_that_does_not_run_nbmerge(self, repo: Repository, python: str) -> None:
        repo.config("merge.nbmerge.driver", shell_line(Launcher(python)))
        said = git(repo, "status", code=1)
        assert f"interpreter: {python}, does not run nbmerge, so git merges as text" in said

    def test_an_entry_by_hand(self, repo: Repository) -> None:
        repo.config("merge.nbmerge.driver", "nbmerge driver %O %A %B %L %P")
        assert "entry: not written by this version" in git(repo, "status", code=1)

    def test_half_of_an_installation(self, repo: Repository) -> None:
        repo.git("config", "--remove-section", "merge.nbmerge")
        said = git(repo, "status", code=1)
        assert "local: installed (.git/info/attributes, one half only)" in said
        assert "*.ipynb: merged as text" in said

    def test_status_writes_nothing(self, repo: Repository) -> None:
        before = files_below(repo.path)
        git(repo, "status")
        assert files_below(repo.path) == before


class TestCall:
    @pytest.mark.parametrize("words", [["install"], ["uninstall"], ["status"]])
    def test_outside_of_a_repository(self, bare: Repository, words: list[str]) -> None:
        outside = replace(bare, path=bare.path.parent)
        assert_refused(outside.nbmerge("git", *words), "this is no git repository")

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            ([], "required: install|uninstall|status; see python -m nbmerge git --help"),
            (["instal"], "invalid choice: 'instal' (choose from "),
            (["install", "here"], "unexpected argument 'here'; see python -m nbmerge git --help"),
        ],
    )
    def test_what_is_not_understood(self, bare: Repository, words: list[str], reason: str) -> None:
        assert_refused(bare.nbmerge("git", *words), reason)

    def test_an_option_that_there_is_not(self, bare: Repository) -> None:
        assert_refused(bare.nbmerge("git", "install", "--system"), "unknown option --system; see")

    def test_messages_name_a_command_that_is_this_program(self, repo: Repository) -> None:
        """`nbmerge` may be another package's command."""
        repo.config("merge.nbmerge.driver", "by hand")
        assert "`python -m nbmerge git install` renews it" in git(repo, "status", code=1)


def assert_refused(done: Ran, reason: str) -> None:
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert reason in done.err
