"""Broken texts with odd things in them: what comes of them is valid, and no source is lost."""

from __future__ import annotations

from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER
from tests.repair.broken import fixed, hopeless

WHOLE = JUPYTER.spell(notebook(code("a = 1\nb = 2", count=1, out="1\n"), code("c = 3"))).decode()
MARKED = '<<<<<<< HEAD\n    "c = 3"\n=======\n    "c = 4"\n>>>>>>> topic'


def broken(old: str = "", new: str = "") -> str:
    """The notebook as git leaves it where the last cell was changed on both sides, with one thing more."""
    assert old in WHOLE
    return WHOLE.replace('    "c = 3"', MARKED, 1).replace(old, new, 1)


def test_a_key_with_an_escape_that_is_none() -> None:
    assert (
        fixed(broken('   "metadata": {},', '   "met\\qadata": {},\n   "metadata": {},')).sources[0]
        == "a = 1\nb = 2"
    )


def test_a_field_of_an_output_among_those_of_a_cell() -> None:
    found = fixed(broken('   "metadata": {},', '   "metadata": {},\n   "name": "stdout",'))
    assert "name" not in found.cells[0]
    assert any("name" in note for note in found.made.left_out)


def test_cells_that_got_among_the_outputs_of_another_one() -> None:
    inner = '{"cell_type": "markdown", "metadata": {}, "source": ["kept"]}'
    found = fixed(broken('   "outputs": [\n', f'   "outputs": [\n    {inner},\n'))
    assert any("kept" in source for source in found.sources)


def test_lines_of_a_source_among_the_outputs() -> None:
    found = fixed(broken('   "outputs": [\n', '   "outputs": [\n    "kept = 1\\n",\n'))
    assert any("kept = 1" in source for source in found.sources)


def test_a_version_that_nobody_knows() -> None:
    assert "nbformat" in hopeless(broken('"nbformat": 4', '"nbformat": 7')).reason
