"""nbmerge: merges Jupyter notebooks cell by cell, without losing a line.

The layers, from the top: `cli` (commands and what people see), `git` (merge driver
and its installation), `merge` (the engine, pure), `notebook` (bytes <-> values).
Imports go down only.  Nothing is imported here, so that starting stays cheap:

    from nbmerge.notebook import read, write
    from nbmerge.merge.engine import merge
    from nbmerge.merge.values import Policy
"""

__version__ = "0.1.0"
