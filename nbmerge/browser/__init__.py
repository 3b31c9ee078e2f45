"""Notebooks in a browser: the reports of a merge and of a comparison, and the page on which conflicts are
settled.

Owns what is shown there and how.  Must not know where notebooks come from, how they are merged, or what
becomes of what somebody chose.  Only `visit`, `server` and `site` touch the system; the rest is pure.

To read in this order: `reports` (the two pages, whose look is `report.css`), `cells` (one cell of a merge),
`comparison` (two notebooks beside each other), `cell_changes` (what became of a cell), `sources` and
`outputs` (what is in it), `html` (how a page is put together).  Then the page on which conflicts are settled:
`offers` (the ways to settle each), `choices` (what was chosen so far), `open_cells` (cells and cards),
`settle_page` (the whole page), the folder `page` (what runs in it); and `visit` (shows it and answers),
`server` (the process that serves it) and `site` (what can be asked).
"""
