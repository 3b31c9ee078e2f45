"""Owns: which notebooks and cells this user trusts, as Jupyter's notary says and is told.

Must not know: how notebooks are read, merged and written.  Invariant: what was not trusted is not trusted
because it was merged: the outputs of others count as trusted only where the whole notebook does.

The notary's database belongs to the server's own thread; only the signature, which takes long, is made in
another one.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nbmerge.jupyter.notebooks import NotebookNode
    from nbmerge.jupyter.participants import Participants


@dataclass(frozen=True, slots=True)
class Trust:
    """The trust of one server's user; `contents` is its contents manager."""

    contents: Any
    participants: Participants

    async def of(self, notebook: NotebookNode) -> bool:
        """Whether a notebook is trusted as a whole."""
        notary = self.contents.notary
        if notebook.nbformat < 3:
            return False
        signature = await self.participants.run(lambda: notary.compute_signature(notebook))
        try:
            return bool(notary.store.check_signature(signature, notary.algorithm))
        except Exception:  # the database may be locked or broken; the next save mends it
            self.contents.log.warning("nbmerge: signatures cannot be read", exc_info=True)
            return False

    async def mark(self, notebook: NotebookNode) -> None:
        """Tell each cell whether it is trusted, as contents do when they load a notebook."""
        self.contents.notary.mark_cells(notebook, await self.of(notebook))

    async def sign(self, notebook: NotebookNode, path: str) -> None:
        """Sign a notebook all of whose cells are trusted, as contents do; cells lose their marks."""
        notary = self.contents.notary
        if not notary.check_cells(notebook):
            self.contents.log.warning("Notebook %s is not trusted", path)
            return
        signature = await self.participants.run(lambda: notary.compute_signature(notebook))
        try:
            notary.store.store_signature(signature, notary.algorithm)
        except Exception:
            self.contents.check_and_sign(notebook, path)  # it knows how to make the database anew
