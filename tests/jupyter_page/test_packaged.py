"""What Jupyter finds of the page's part: names, version, settings; and how its modules read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nbmerge import __version__
from tests.jupyter_page.lab import EXTENSIONS

FOLDER = EXTENSIONS / "nbmerge-on-save"
MODULES = sorted(path for path in (FOLDER / "page").glob("*.js") if path.name != "remoteEntry.js")
UNDER_NODE = [
    *("text.js", "order.js", "notebooks.js", "replica.js", "apply.js", "words.js", "own-saves.js"),
    *("markers.js", "conflict-words.js", "conflict-choosing.js"),
    *("presence-places.js", "presence-line.js"),
    *("history-words.js", "history-model.js", "history-report-words.js"),
]


def test_it_is_an_extension_of_this_version() -> None:
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    assert (package["name"], package["version"]) == (FOLDER.name, __version__)
    assert (FOLDER / package["jupyterlab"]["_build"]["load"]).is_file()
    assert f"['{FOLDER.name}']" in (FOLDER / "page" / "remoteEntry.js").read_text(encoding="utf-8")


def test_its_settings_are_those_of_the_plugin() -> None:
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    schema = FOLDER / package["jupyterlab"]["schemaDir"] / FOLDER.name / "plugin.json"
    assert json.loads(schema.read_text(encoding="utf-8"))["properties"]["enabled"]["default"] is True
    assert f"'{FOLDER.name}:plugin'" in (FOLDER / "page" / "plugin.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_each_module_says_what_it_owns_and_is_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [word for word in ("Owns:", "Must not know:", "Invariant:") if word not in text[:900]] == []
    assert text.count("\n") <= 500
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("name", UNDER_NODE)
def test_what_runs_under_node_imports_nothing_of_jupyter(name: str) -> None:
    text = (FOLDER / "page" / name).read_text(encoding="utf-8")
    imported = re.findall(r"^import .*?from '(.*?)'|^\} from '(.*?)'", text, re.M)
    assert all((one or other).startswith("./") for one, other in imported)
    assert not re.search(r"\b(window|document)\.", text)
