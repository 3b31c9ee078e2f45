"""Notebooks as values, and between them and bytes, nothing respelled.

Owns how a notebook is spelled: JSON, layout, nbformat's versions, trust.  Must not know merging or the disk.

To read in this order: `model` (a notebook, a cell, a style), `reader` and `writer` (bytes to notebook and
back), `jsontext` (JSON with the places of its values), `longtext` (pictures that stay bytes while a file is
merged), `versions` (older nbformats), `trust` (the notary).
"""

from nbmerge.notebook.model import Cell, Notebook
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write

__all__ = ["Cell", "Notebook", "read", "write"]
