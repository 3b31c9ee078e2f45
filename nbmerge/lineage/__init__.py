"""Lineage: which version a save derives from, and what follows from that for the notebook.  Pure.

The room owns versions and how they descend from each other, the judgement, and the algebra of heads and tips.
It knows no store, no disk and no clock.

To read in this order: `versions` (what a version is), `heads` (what a notebook is made of, and what can
happen to it), `derivation` (what a save derives from), `lines` (what text tells); for a save that is judged
alone `judge` (which version it derives from), `evidence` (what is counted), `thresholds` (how much of it is
enough), `insisting` (how often a merge is written that is dropped again), `dropping` (what it lacks of
others' work although it seems to go on from that); for saves that are judged together `contents` (what
versions hold), `editing` (how surprising a save is as an edit of one), `writers` (who wrote which save from
what), `choice` (what to do, by what a mistake would cost).
"""
