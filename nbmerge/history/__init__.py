"""The store: every version of every notebook, exact to the byte, and where each notebook stands.

Owns the store's file in the state directory, and the lock on that directory.  Must not know the rules
of merging, notebooks as values, or what a version means.

To read in this order: `values` (what goes in and comes out), `store` (what others call), `opening` (how
one gets a store, and how it is), `pieces` (how contents are cut, packed and shared), `pruning` (what is
dropped), `database` (SQLite and the tables), `lock`.
"""
