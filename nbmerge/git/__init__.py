"""The edge to git: the merge driver, its entry in git's configuration, and what git knows of a merge.

Owns: what git calls and what it is told.  Must not know: commands, how notebooks are merged.

In which order to read it: `driver` (one call), `settings` (what is configured), `labels` (what the sides are
called), `recorded` (how conflicts were settled before) and `records` (their files), `entry`, `scope`,
`attributes` and `install` (the entry in git's configuration and its places), `sides` (the versions behind a
notebook in conflict), `waiting` (what git asks about whole files); `process` runs git for all of them.
"""
