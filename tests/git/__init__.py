"""The git edge, in real repositories."""
