"""The service: the one way to record a save, write what is due, replace a file, and resolve conflicts.

The room owns every transaction between a notebook's file and its history; the watcher, writers that take
part and the commands go through it.  It knows neither who asks nor what is printed, and decides nothing
about contents itself: which version a save derives from is `nbmerge.lineage`'s, how notebooks are merged
`nbmerge.merge`'s.

To read in this order: `notebook_service` (the transactions), `record` (how a save becomes a version),
`dropped` (what it lacks of others' work), `saving` (the saves of writers that take part), `claims` (what is
told after the fact), `holding` (who is just writing), `tips` (the merge of all sides), `labels` (who wrote
what its conflicts show), `copies` (conflict copies of sync tools), `resolve` (open conflicts and what is
known of them), `replay` (the same without a file), `cache` (notebooks that were read already).
"""
