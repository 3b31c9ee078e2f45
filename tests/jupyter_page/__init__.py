"""The page's part in Jupyter."""
