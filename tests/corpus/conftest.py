"""Owns: finding the corpora of real notebooks that lie beside the checkout.

Must not know: what is asserted of them.  Invariant: where they are absent, tests are
skipped and say so; nothing of a corpus is ever written into the project.
"""

from __future__ import annotations

import importlib.util
import json
import lzma
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.corpus.unpacking import unpack

SHARED = Path(__file__).parents[3] / "shared"


def corpus(name: str) -> Path:
    path = SHARED / "corpus" / name
    if not path.exists():
        pytest.skip(f"the corpus {name} is not beside this checkout")
    return path


@pytest.fixture(scope="session")
def peer_cases() -> list[dict[str, Any]]:
    """Merges that another tool's own tests make, with what they assert."""
    with lzma.open(corpus("peer_cases.jsonl.xz"), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def real_merges(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders with base, ours, theirs and what people committed."""
    folder = tmp_path_factory.mktemp("merges")
    unpack(corpus("merges.tar.xz"), folder)
    return sorted(found.parent for found in folder.rglob("merged.ipynb"))


@pytest.fixture(scope="session")
def scoring() -> ModuleType:
    """How a merge is held against what people committed."""
    path = SHARED / "tools" / "nbcase.py"
    if not path.exists():
        pytest.skip("the scoring of real merges is not beside this checkout")
    spec = importlib.util.spec_from_file_location("nbcase", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
