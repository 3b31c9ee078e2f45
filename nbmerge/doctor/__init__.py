"""Doctor: looks for whatever may keep nbmerge from doing its work here, and says what to do about it.

Owns: the checks of `nbmerge doctor`.  Must not know: how the findings are printed.  Nothing is changed by
looking.  Read `values` (what a check gets and finds), `checks` (the list, and how it is worked through),
then `installation` (versions, the command, git's driver) and `machine` (disk, limits, store, watcher,
Jupyter servers).
"""
