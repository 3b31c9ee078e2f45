"""Lineage: which version a save derives from, and what follows from that.  Pure."""
