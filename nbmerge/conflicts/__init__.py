"""Conflicts that stand in a notebook: found, as values, and chosen."""
