"""Pages to look at in a browser: notebooks and what became of them in, one file of HTML out."""
