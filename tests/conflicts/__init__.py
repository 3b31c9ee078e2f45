"""Conflicts that stand in notebooks: found, with their terms, and settled."""
