"""A real jupyter_server saves through its REST API while somebody else saves the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.machine import ADA, BASE, BEN, BOTH, BY_ADA, BY_BEN, Machine, changed, until
from tests.helpers.build import Notebook
from tests.helpers.spelling import JUPYTER
from tests.scenarios.editor import agent

pytest.importorskip("jupyter_server")

from tests.environment.test_real_server import Jupyter, jupyter

__all__ = ["jupyter"]  # the fixture: one server for all tests


@pytest.fixture
def machine(
    jupyter: Jupyter, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    """A folder of the server; the watcher is of the same user."""
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, jupyter.environment[name])
    made = Machine(jupyter.root / request.node.name)
    made.home.mkdir()
    made.folder.mkdir()
    made.path.write_bytes(JUPYTER.spell(BASE))
    yield made
    made.clean_up()


class Tab:
    """Somebody's browser: it loads, and saves whatever the file holds by then ("Overwrite")."""

    def __init__(self, jupyter: Jupyter, path: Path) -> None:
        self.jupyter = jupyter
        self.name = str(path.relative_to(jupyter.root))

    def load(self) -> Notebook:
        found: Notebook = self.jupyter.call("GET", f"api/contents/{self.name}")["content"]
        return found

    def save(self, content: Notebook) -> None:
        self.jupyter.save(self.name, content)


def test_a_tab_and_an_agent(jupyter: Jupyter, machine: Machine) -> None:
    watch = machine.watch("--json")
    tab = Tab(jupyter, machine.path)
    tab.save(ADA)
    until(lambda: machine.status.versions == 2, "the tab's save is recorded")
    machine.path.write_bytes(agent(BEN))
    assert watch.object()["event"] == "merged"
    assert machine.sources[:6] == BOTH
    shown = tab.load()
    assert ["".join(cell["source"]) for cell in shown["cells"]] == machine.sources
    assert watch.end() == (0, "", "")


def test_a_tab_that_overwrites_what_an_agent_wrote(jupyter: Jupyter, machine: Machine) -> None:
    watch = machine.watch("--json")
    machine.save(BEN)
    Tab(jupyter, machine.path).save(ADA)
    assert watch.object()["event"] == "merged"
    assert machine.sources[:6] == BOTH
    assert os.listdir(machine.folder) == ["nb.ipynb"] or ".ipynb_checkpoints" in os.listdir(machine.folder)
    assert watch.end() == (0, "", "")


def test_two_tabs_that_never_reload(jupyter: Jupyter, machine: Machine) -> None:
    watch = machine.watch("--json")
    tabs = [(Tab(jupyter, machine.path), edits) for edits in (BY_ADA, BY_BEN)]
    for turn in range(5):
        tab, edits = tabs[turn % 2]
        last = f"print('{'well' * turn} done')"
        tab.save(changed(edits, last))
        if turn:
            until(lambda: machine.sources[:6] == BOTH, "it is merged with what the other one saved last")
        assert last in machine.sources
    assert watch.end()[0] == 0


@pytest.mark.parametrize("what", ["notebook", "folder"])
def test_links(jupyter: Jupyter, machine: Machine, tmp_path: Path, what: str) -> None:
    """The server saves through a link; the agent, who knows where the file is, does not."""
    real = tmp_path / "elsewhere"
    real.mkdir()
    machine.path.rename(real / "nb.ipynb")
    if what == "folder":
        machine.folder.rmdir()
        machine.folder.symlink_to(real)
    else:
        machine.path.symlink_to(real / "nb.ipynb")
    watch = machine.watch("--json")
    Tab(jupyter, machine.path).save(ADA)
    until(lambda: machine.status.versions == 2, "the tab's save is recorded")
    (real / "nb.ipynb").write_bytes(agent(BEN))
    assert watch.object()["event"] == "merged"
    assert machine.sources[:6] == BOTH
    assert machine.path.is_symlink() == (what == "notebook")
    assert (real / "nb.ipynb").read_bytes() == machine.path.read_bytes()
    assert watch.end() == (0, "", "")
