"""Notebooks as values, and between them and bytes, nothing respelled."""

from nbmerge.notebook.model import Cell, Notebook
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write

__all__ = ["Cell", "Notebook", "read", "write"]
