"""The git edge: the merge driver, and its entry in git's configuration."""
