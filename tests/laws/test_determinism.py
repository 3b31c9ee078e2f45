"""The law of determinism (promise 6): the same files give the same bytes in every process."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys

from hypothesis import given

from nbmerge.merge.engine import merge
from nbmerge.merge.files import merge_bytes
from nbmerge.notebook import read, write
from tests.helpers.build import Cell, Trio, code, markdown, notebook
from tests.helpers.edits import trios
from tests.helpers.examples import tried
from tests.helpers.spelling import JUPYTER
from tests.helpers.strategies import CODE_LINES, PROSE_LINES

PROGRAM = "from tests.laws.test_determinism import digest; print(digest())"


def three_files(seed: int) -> tuple[bytes, bytes, bytes]:
    """A base and two sides with everything that could depend on the order of a set."""
    chance = random.Random(seed)
    base = [_cell(chance, place) for place in range(12)]
    local, remote = _side(chance, base), _side(chance, base)
    spelled = [JUPYTER.spell(notebook(*cells)) for cells in (base, local, remote)]
    return spelled[0], spelled[1], spelled[2]


def _cell(chance: random.Random, place: int) -> Cell:
    if chance.random() < 0.7:
        return code("\n".join(chance.choices(CODE_LINES, k=3)), count=place, out=f"{place}\n")
    return markdown(
        "\n".join(chance.choices(PROSE_LINES, k=3)), metadata={"tags": chance.choices("abc", k=1)}
    )


def _side(chance: random.Random, base: list[Cell]) -> list[Cell]:
    made = [cell if chance.random() < 0.6 else _cell(chance, 50) for cell in base]
    made.insert(chance.randrange(12), _cell(chance, 60))
    chance.shuffle(made)
    return made


def digest() -> str:
    """One number for the bytes and the reports of many merges."""
    found = hashlib.sha256()
    for seed in range(10):
        whole = merge_bytes(*three_files(seed))
        found.update(whole.data + repr(whole.result.decisions + whole.result.conflicts).encode())
    return found.hexdigest()


def test_another_hash_seed_gives_the_same_bytes_and_report() -> None:
    environment = os.environ | {"PYTHONHASHSEED": "4242"}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == digest()


@tried(40)
@given(trios())
def test_what_goes_in_is_not_changed_and_the_same_comes_out_again(trio: Trio) -> None:
    files = [JUPYTER.spell(item) for item in trio.files()]
    base, local, remote = (read(data) for data in files)
    before = repr((base.cells, local.cells, remote.cells))
    first, second = merge(base, local, remote), merge(base, local, remote)
    assert repr((base.cells, local.cells, remote.cells)) == before
    assert [write(item) for item in (base, local, remote)] == files
    assert write(first.notebook) == write(second.notebook)
    assert (first.decisions, first.conflicts) == (second.decisions, second.conflicts)
