"""Watching: notices saves of notebooks, and reads each at once, in a process of its own.

Owns: from what the operating system says of files to one event for each thing that happened to a notebook.
Must not know: merging, histories, what events are for.  Read in this order: `events` (what comes out),
`client` and `process` (the two processes), `file_watcher` (the threads), `backend` and `inotify` (the
system), `names` and `watched_tree` (what is watched), `reading`, `records` and `capture` (what is read).
"""
