"""The store: every version of every notebook, exact to the byte, and where each notebook stands.

Owns the store's file in the state directory, and the lock on that directory; or the tables in a database that
many machines share, and the lock on each notebook there.  Must not know the rules of merging, notebooks as
values, or what a version means.

To read in this order: `values` (what goes in and comes out), `store` (what others call), `opening` (how one
gets a store, and how it is), `pieces` (how contents are cut, packed and shared), `spelling` (how values
stand in the tables), `pruning` (what is dropped), `database` (what an engine is), `lock`; then the engine
for one machine, `sqlite`, and that for many: `postgres`, `wire`, `postgres_schema`, `notebook_locks`,
`recent`, `shared`, `connecting`, `address`; `hearing` and `listening` (what others change and say).
`copying` moves a history from one to the other.
"""
