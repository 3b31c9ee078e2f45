"""nbdime's page for merges in the browser, on open conflicts: served by a process of its own."""
