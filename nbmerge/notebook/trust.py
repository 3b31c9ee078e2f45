"""Owns: asking and telling nbformat's notary which contents this user trusts.

Must not know: when that is right, where the folder is.  Invariant: the user's database is only
added to: unlike nbformat's own store, this one never moves it away because it is locked.

Beside notebook/versions.py the only place that imports nbformat, and only when called.
"""

from __future__ import annotations

import warnings
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PATIENCE = 0.3  # seconds to wait for another program's write


def is_signed(data: bytes, folder: str) -> bool:
    """Whether the notebook is signed in Jupyter's data folder; False too if that cannot be known."""
    return bool(_with_notary(folder, data, lambda notary, notebook: notary.check_signature(notebook)))


def add_signature(data: bytes, folder: str) -> None:
    """Sign the notebook there, if that can be done."""
    _with_notary(folder, data, lambda notary, notebook: notary.sign(notebook))


def _with_notary(folder: str, data: bytes, act: Any) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nbformat: Any = import_module("nbformat")  # as Any: it is not typed
            signing: Any = import_module("nbformat.sign")
            notebook = nbformat.reader.reads(data.decode("utf-8-sig"))
            if notebook.nbformat < 4:  # Jupyter converts it, with new random ids at each reading
                return None
            notary = signing.NotebookNotary(data_dir=folder, store_factory=lambda: _store(signing, folder))
            try:
                return act(notary, notebook)
            finally:
                notary.store.close()
    except Exception:
        return None


def _store(signing: Any, folder: str) -> Any:
    class Store(signing.SQLiteSignatureStore):  # type: ignore[misc]
        def _connect_db(self, db_file: str) -> Any:
            database = signing.sqlite3.connect(db_file, timeout=_PATIENCE)
            self.init_db(database)
            return database

    return Store(f"{folder}/nbsignatures.db")
