"""The store: every version of every notebook, exact to the byte.  Knows no rules of merging."""
