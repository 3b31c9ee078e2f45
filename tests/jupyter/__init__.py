"""The server's part in Jupyter."""
