"""The example of docs/taking-part.md: two editors that take part in Python, and a page in JavaScript."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.build import code, markdown, notebook
from tests.sync.copies import copy

ROOT = Path(__file__).parents[2]
PAGE_OF_DOCS = (ROOT / "docs" / "taking-part.md").read_text(encoding="utf-8")

EDITORS = """\
import json

import nbmerge.sync as sync


class Editor:
    \"\"\"An editor that takes part: its own copy of a notebook, and the version that it comes from.\"\"\"

    def __init__(self, path, name):
        self.path = path
        opened = sync.open_notebook(path, writer=name)
        self.copy, self.version = json.loads(opened.content), opened.version

    def save(self):
        content = json.dumps(self.copy, indent=1, ensure_ascii=False) + "\\n"
        answer = sync.save(self.path, content.encode(), base=self.version)
        changes = [operation.as_json() for operation in answer.operations]
        self.copy = sync.apply(self.copy, changes)  # a page would touch these cells, and no others
        self.version = answer.version
        return changes


ann, bob = Editor("levels.ipynb", "Ann"), Editor("levels.ipynb", "Bob")
ann.copy["cells"][0]["source"] = "# River levels at the old bridge"
bob.copy["cells"][3]["source"] = "print(round(mean(levels), 1))"
del bob.copy["cells"][4]
print("Ann", ann.save())
print("Bob", bob.save())
print("Ann", ann.save())
assert ann.copy == bob.copy
"""

PRINTED = """\
Ann []
Bob [{'op': 'set', 'cell': 'title', 'field': 'source', 'value': '# River levels at the old bridge'}]
Ann [{'op': 'delete', 'cell': 'peak'}, \
{'op': 'set', 'cell': 'mean', 'field': 'source', 'value': 'print(round(mean(levels), 1))'}]
"""

PAGE = """\
function apply(notebook, operations) {
  for (const op of operations) {
    const cells = notebook.cells;
    const at = (name) => name === null ? -1
      : typeof name === "number" ? name : cells.findIndex((cell) => cell.id === name);
    const target = "cell" in op ? cells[at(op.cell)] : notebook;
    if (op.op === "insert") cells.splice(at(op.after) + 1, 0, op.value);
    else if (op.op === "delete") cells.splice(at(op.cell), 1);
    else if (op.op === "move") { cells.splice(at(op.cell), 1); cells.splice(at(op.after) + 1, 0, target); }
    else if (!("field" in op)) notebook = op.value;
    else if ("value" in op) target[op.field] = op.value;
    else delete target[op.field];
  }
  return notebook;
}
"""


def test_two_editors_end_with_the_same_notebook(tmp_path: Path) -> None:
    shutil.copy(ROOT / "fixtures" / "different-cells" / "base.ipynb", tmp_path / "levels.ipynb")
    surroundings = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", EDITORS],
        cwd=tmp_path,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == (PRINTED, "")
    cells = json.loads((tmp_path / "levels.ipynb").read_text(encoding="utf-8"))["cells"]
    assert cells[0]["source"] == "# River levels at the old bridge"
    assert cells[3]["source"] == "print(round(mean(levels), 1))"
    assert len(cells) == 4


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("ids", [True, False])
def test_a_page_does_what_it_is_told(ids: bool) -> None:
    a, b, c, d = (code(f"# {name}\nprint('all about {name}')") for name in ("rain", "snow", "wind", "hail"))
    new = [d, b | {"source": "b"}, a, markdown("# wind\nprint('all about wind')"), code("import calendar")]
    one, other = notebook(a, b, c, d), notebook(*new, metadata={"k": 1})
    if ids:
        for cells, names in ((one["cells"], "abcd"), (other["cells"], "dbace")):
            cells[:] = [cell | {"id": id} for cell, id in zip(cells, names, strict=True)]
    given = json.dumps([one, copy(one, other).forms])
    program = f"{PAGE}\nconsole.log(JSON.stringify(apply(...{given})))"
    ran = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == other


@pytest.mark.parametrize("block", [EDITORS, PRINTED, PAGE], ids=["editors", "printed", "page"])
def test_the_docs_show_exactly_this(block: str) -> None:
    assert f"\n{block}```\n" in PAGE_OF_DOCS
