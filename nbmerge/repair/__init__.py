"""Notebooks that are broken JSON, most often because git left conflict markers in them, made whole.

Owns how the text of such a file is read, and how its sides are merged.  Must not know git, files or the
store: what git knows comes in as bytes.

To read in this order: `rebuild` (what goes in and comes out), `provenance` (is it what git wrote, or was
it edited), `text` (lines, markers, sides), `making` (the sides merged), `salvage` (the cells and notebooks
of one side), `reading` (what its lines say), `tree` (the shape of broken JSON), `valid` (what
nbformat wants).
"""
