"""Lint, format and types are part of the tests, and so is what every module says about itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "nbmerge").rglob("*.py"))
ALL = MODULES + sorted((ROOT / "tests").rglob("*.py"))
SAID = ("Owns:", "Must not know:", "Invariant:")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


@pytest.mark.parametrize("tool", ["ruff check", "ruff format --check", "mypy"])
def test_tools_are_content(tool: str) -> None:
    files = [] if tool == "mypy" else ["nbmerge", "tests"]
    ran = subprocess.run(
        [sys.executable, "-m", *tool.split(), *files], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{tool}:\n{ran.stdout}{ran.stderr}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_module_says_what_it_owns(path: Path) -> None:
    said = ast.get_docstring(parsed(path)) or ""
    assert said
    if not path.name.startswith("__"):
        assert [word for word in SAID if word not in said] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_and_functions_are_small(path: Path) -> None:
    assert path.read_text().count("\n") <= 500
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno <= 50, node.name


def test_no_class_has_the_name_of_another() -> None:
    """One word for one thing: a reader who meets a class's name knows which one it is."""
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(name_of(path))
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_nothing_is_left_for_later(path: Path) -> None:
    words = [first + rest for first, rest in (("TO", "DO"), ("FIX", "ME"), ("XX", "X"))]
    assert [word for word in words if word in path.read_text()] == []
