"""Notebooks in a browser: the reports of a merge and of a comparison, and nbdime's page for open conflicts.

Owns what is shown there and how.  Must not know where notebooks come from, how they are merged, or what
becomes of what somebody chose.  Only `mergetool`, `server` and `site` touch the system; the rest is pure.

To read in this order: `reports` (the two pages, whose look is `report.css`), `cells` (one cell of a merge),
`cell_changes` (what became of it), `sources` and `outputs` (what is in it), `html` (how a page is put
together).  Then `mergetool` (shows nbdime's page and waits), `mergetool_page` (what that page is given),
`mergetool_answer` (what came back), `server` (the process that serves it) and `site` (what can be asked).
"""
