"""Imports go downward only, late ones inside functions too, and each heavy package has one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "nbmerge"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A part may import from itself and from the levels below it.
LEVELS = [
    {"__main__"},
    {"cli", "jupyter"},  # edges, which do not know each other
    {"doctor", "serve"},  # `serve` is an edge too, which a command starts
    {"watch", "sync", "browser", "vscode"},  # they do not know each other
    {"service"},
    {"git"},  # knows no history; what it knows of a merge, conflicts are resolved with
    {"observe"},
    {"history", "environment"},
    {"lineage", "repair"},
    {"conflicts"},
    {"merge"},
    {"notebook"},
    {"disk"},
    {"files", "owners"},
    {"errors", "frozen"},
]
OWNERS = {
    "nbformat": {
        "notebook/versions.py",
        "notebook/trust.py",
        "jupyter/notebooks.py",
        "jupyter/trusting.py",
    },
    "jupyter_server": {
        "jupyter/conflict_handlers.py",
        "jupyter/extension.py",
        "jupyter/handlers.py",
        "jupyter/history_handlers.py",
        "jupyter/presence_handlers.py",
    },
    "jupyter_client": {"jupyter/handlers.py"},
    "jupyter_core": {"jupyter/notebooks.py", "jupyter/presence_handlers.py"},
    "jupyter_ydoc": {"jupyter/rooms.py", "jupyter/shared_cells.py"},
    "pycrdt": {"jupyter/shared_cells.py"},
    "jupyter_events": {"jupyter/events.py"},
    "tornado": {
        "jupyter/conflict_handlers.py",
        "jupyter/handlers.py",
        "jupyter/history_handlers.py",
        "jupyter/notebooks.py",
        "jupyter/presence_handlers.py",
    },
    "traitlets": {"jupyter/extension.py"},
    "parso": {"merge/rules.py"},
    "nbdime": {"cli/history_commands.py"},
    "watchdog": {"observe/backend.py"},
    "pathspec": {"observe/names.py"},
    "psycopg": {
        "history/connecting.py",
        "history/listening.py",
        "history/postgres.py",
        "history/wire.py",
    },
    "sqlite3": {"history/sqlite.py", "environment/rooms.py"},
    "argparse": {
        "cli/arguments.py",
        "cli/merge_command.py",
        "cli/nbdime_options.py",
        "cli/completion_command.py",
    },
    "argcomplete": {"cli/completion_command.py"},
}
PURE = {"lineage", "merge", "notebook", "conflicts", "repair"}
SERVED = {"browser/visit.py", "browser/server.py", "browser/site.py"}  # the rest of that room is pure
# What the merge and the notebook never touch: the disk, processes, the clock, chance.
IMPURE = """
    os sys shutil pathlib tempfile glob subprocess socket threading multiprocessing asyncio signal
    time datetime random secrets uuid locale platform getpass logging
"""


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def imports(path: Path) -> list[str]:
    """The full names of all that a module imports, wherever it does."""
    return list(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str() as module, names=names, level=0):
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.ImportFrom():
                yield "a relative import"
            case ast.Call(func=ast.Name("import_module"), args=[ast.Constant(str() as name)]):
                yield name


def level(part: str) -> int:
    [found] = [number for number, parts in enumerate(LEVELS) if part in parts]
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_downward(path: Path) -> None:
    if part_of(path) == "__init__":
        assert imports(path) == []  # so that `import nbmerge` costs nothing
        return
    for name in imports(path):
        assert name != "a relative import"
        match name.split("."):
            case ["nbmerge", "__version__"] | ["nbmerge"]:
                assert part_of(path) in ("cli", "jupyter")
            case ["nbmerge", part, *_]:
                assert part == part_of(path) or level(part) > level(part_of(path)), name


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_heavy_package_has_one_place(path: Path) -> None:
    for name in imports(path):
        owners = OWNERS.get(name.partition(".")[0])
        assert owners is None or name_of(path) in owners, name


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_merge_is_pure(path: Path) -> None:
    if part_of(path) in PURE or (part_of(path) == "browser" and name_of(path) not in SERVED):
        touched = {name.split(".")[0] for name in imports(path)}
        assert touched & set(IMPURE.split()) == set()
        assert "nbmerge.files" not in {name.rpartition(".")[0] for name in imports(path)}


def test_every_part_has_its_level() -> None:
    """A new part must be given a place in LEVELS; here so that the message says it."""
    known = set().union(*LEVELS) | {"__init__"}
    assert {part_of(path) for path in MODULES} <= known
