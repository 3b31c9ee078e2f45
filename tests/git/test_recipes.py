"""The recipes of docs/recipes.md, typed as they stand there, where the other tool is installed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from tests.git.repo import ROOT, Ran, Repository, run, sources_in
from tests.helpers.build import cells_of, conflict

FIXTURES = ROOT / "fixtures"
NOTEBOOK = "levels.ipynb"
PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
MINE, THEIRS = "print('mean', mean(levels))", "print(f'{mean(levels):.1f} m')"


def blocks(heading: str) -> list[str]:
    """The blocks below a heading, in order."""
    [section] = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    return re.findall(r"^```\n(.*?)^```$", section, re.M | re.S)


def notebook(case: str, side: str) -> bytes:
    return (FIXTURES / case / f"{side}.ipynb").read_bytes()


@pytest.fixture
def tools(bare: Repository, tmp_path: Path) -> Repository:
    """A repository where the tools of this Python, and nbmerge by its own name, are on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("nbstripout", "jupytext", "hg"):
        found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    own = folder / "nbmerge-on-save"
    own.write_text(f'#!/bin/sh\nexec {sys.executable} -m nbmerge "$@"\n', encoding="utf-8")
    own.chmod(0o755)
    environment = {**bare.env, "PATH": f"{folder}:{bare.env['PATH']}"}
    environment.pop("PYTHONWARNINGS")  # what the others import warns
    return Repository(bare.path, environment)


def needs(repo: Repository, tool: str) -> None:
    if shutil.which(tool, path=repo.env["PATH"]) is None:
        pytest.skip(f"{tool} is not installed")


def typed(repo: Repository, lines: str) -> None:
    for line in lines.splitlines():
        done = run(shlex.split(line), repo.path, repo.env)
        assert done.code == 0, (line, done)


def test_nbstripout(tools: Repository) -> None:
    """Outputs that one branch has from before the filter do not come back."""
    needs(tools, "nbstripout")
    base, ours, theirs = (notebook("different-cells", side) for side in ("base", "local", "remote"))
    tools.commit("base", base, NOTEBOOK)
    tools.git("checkout", "--quiet", "-b", "before")
    tools.commit("theirs, with outputs", theirs, NOTEBOOK)
    tools.git("checkout", "--quiet", "main")
    [install] = blocks("nbstripout")
    typed(tools, install)
    tools.commit("ours, without", ours, NOTEBOOK)
    tools.git("merge", "--no-edit", "before")
    kept = tools.git("show", f"HEAD:{NOTEBOOK}")
    assert sources_in(kept) == sources_in(notebook("different-cells", "merged"))
    assert not any(cell.get("outputs") for cell in cells_of(json.loads(kept)))
    assert tools.git("status", "--porcelain") == ""


@pytest.mark.slow
def test_jupytext(tools: Repository) -> None:
    needs(tools, "jupytext")

    def put(side: str) -> None:
        tools.write(NOTEBOOK, notebook("same-line", side))
        words = ["jupytext", "--quiet", "--set-formats", "ipynb,py:percent", "--sync", NOTEBOOK]
        assert run(words, tools.path, tools.env).code == 0
        tools.git("add", "--all")
        tools.git("commit", "--quiet", "--message", side)

    tools.nbmerge("git", "install")
    put("base")
    tools.git("branch", "feature")
    put("local")
    tools.git("checkout", "--quiet", "feature")
    put("remote")
    tools.git("checkout", "--quiet", "main")
    assert tools.try_git("merge", "feature").code == 1
    assert "<<<<<<< HEAD" in tools.read("levels.py")
    [settle] = blocks("jupytext")
    typed(tools, settle)
    assert THEIRS in tools.sources(NOTEBOOK)
    assert THEIRS in tools.read("levels.py")
    assert "<<<<<<<" not in tools.read("levels.py")
    assert tools.git("status", "--porcelain") == ""


class TestMercurial:
    def diverged(self, tools: Repository, case: str) -> Ran:
        """What `hg merge` says with the configuration of the recipe."""
        needs(tools, "hg")
        configuration, _ = blocks("Mercurial")
        home = Path(tools.env["HOME"])
        (home / ".hgrc").write_text(f"[ui]\nusername = Tester\n\n{configuration}", encoding="utf-8")
        tools.env["HGRCPATH"] = str(home / ".hgrc")
        self.hg(tools, "init")
        for side, before in (("base", None), ("local", "0"), ("remote", "0")):
            if before is not None:
                self.hg(tools, "update", "--quiet", "--rev", before)
            tools.write(NOTEBOOK, notebook(case, side))
            self.hg(tools, "commit", "--quiet", "--addremove", "--include", NOTEBOOK, "--message", side)
        self.hg(tools, "update", "--quiet", "--rev", "1")
        return run(["hg", "merge"], tools.path, tools.env)

    def hg(self, tools: Repository, *words: str) -> str:
        done = run(["hg", *words], tools.path, tools.env)
        assert done.code == 0, done
        return done.out

    def test_a_clean_merge(self, tools: Repository) -> None:
        done = self.diverged(tools, "different-cells")
        assert done.code == 0, done
        assert tools.read(NOTEBOOK).encode() == notebook("different-cells", "merged")
        assert self.hg(tools, "resolve", "--list") == f"R {NOTEBOOK}\n"

    def test_a_conflict_is_settled(self, tools: Repository) -> None:
        done = self.diverged(tools, "same-line")
        assert done.code == 1, done
        assert conflict([MINE], [THEIRS], "working copy", "merge rev") in tools.sources(NOTEBOOK)
        assert self.hg(tools, "resolve", "--list") == f"U {NOTEBOOK}\n"
        _, settle = blocks("Mercurial")
        typed(
            tools,
            settle.replace(f"resolve {NOTEBOOK}\nhg", f"resolve {NOTEBOOK} --remote\nhg").replace(
                "hg commit", "hg commit --message merged"
            ),
        )
        assert self.hg(tools, "status", "--modified") == ""
        assert THEIRS in sources_in(self.hg(tools, "cat", "--rev", ".", NOTEBOOK))


@pytest.mark.parametrize(("case", "code"), [("different-cells", 0), ("same-line", 1)])
def test_the_tool_of_jj(tools: Repository, case: str, code: int) -> None:
    """jj itself is not at hand: its files, and what it takes an exit code for, are as it documents them."""
    tool = tomllib.loads(blocks("jj")[0])["merge-tools"]["nbmerge"]
    files = {"$base": "base", "$left": "local", "$right": "remote", "$output": "output"}
    for name, side in files.items():
        tools.write(f"{side}_{NOTEBOOK}", b"" if name == "$output" else notebook(case, side))
    words = [f"{files[word]}_{NOTEBOOK}" if word in files else word for word in tool["merge-args"]]
    done = run([tool["program"], *words], tools.path, tools.env)
    assert done.code == code, done
    assert tools.read(f"output_{NOTEBOOK}").encode() == notebook(case, "merged")
