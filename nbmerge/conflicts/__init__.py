"""Conflicts that stand in a notebook: found as values, recognised, and settled.

Owns: what is between markers in a source, and what other programs write beside.  Must not know: files, git,
the store, who chooses.

In which order to read it: `values` (what an open conflict is), `known` (recognising those that a known
merge made), `examples` (markers that are none), `finding` (all of a notebook), `choosing` (what becomes of
it when they are settled), `repeated` (those that come again); `jujutsu`, `marker_cells`, `nbdime`,
`nbdime_outputs` and `nbdime_metadata` are the forms of other programs.
"""
