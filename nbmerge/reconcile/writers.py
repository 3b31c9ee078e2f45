"""Owns: the guess which program wrote a notebook.

Must not know: who is running.  Invariant: what is said is a guess from the spelling alone;
the same spelling gives the same words.
"""

from __future__ import annotations

from nbmerge.notebook.model import Notebook


def style_of(notebook: Notebook) -> str:
    """How the notebook is spelled, in a few words: the closest known program, else its habits."""
    indent = notebook.style.layout.indent
    if any(isinstance(cell.value.get(cell.source_field), str) for cell in notebook.cells):
        return f"sources as one string, {_indented(indent)}"
    ends = notebook.style.tail.endswith("\n")
    if indent == " " and ends and notebook.style.layout.ascii is not True:
        return "Jupyter or VS Code"
    return f"{_indented(indent)}{'' if ends else ', no newline at the end'}"


def _indented(indent: str | None) -> str:
    match indent:
        case None:
            return "in one line"
        case "\t":
            return "indented with tabs"
    return f"indented by {len(indent)}"
