"""The merge of three notebooks: pure functions from three values to one.

Owns: which cells, lines and fields belong together, and what becomes of what both sides changed.
Must not know: disk, clock, git, where notebooks come from or go.

In which order to read it: `values` (the three-way law, what goes in and comes out), `sequences` (diff and
diff3), `identity` and `similarity` (what tells cells), `matching` (which cells are one cell), `ordering`
(where it stands), `tokens`, `entries` and `rules` (what becomes of lines that clash), `text` (sources),
`fields` (all that is no source), `cells` (one cell), `engine` (all of a notebook), `markers` (a result made
a notebook in which its conflicts are shown, and markers read again), `files` (three files merged to one).
"""
