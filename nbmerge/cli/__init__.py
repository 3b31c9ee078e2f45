"""The command line: what people type and what they see.

This room owns arguments, messages, colours, questions at a terminal and exit codes.  It must not know
how notebooks are merged, how versions are kept or how files are replaced: its commands call the rooms
below and say in plain English what came of it.

Read `main` (which command is called, what becomes of errors), `program` (the list of commands) and
`arguments` (how a command declares what it takes) first.  Then each command is in the file that carries
its name; related ones share a file (`history_commands`, `watch_commands`,
`writer_commands`).  What several of them use: `histories` (notebooks and versions by name), `pages` (HTML
pages), `report` (merges and failures in words), `streams` (output) and `terminal` (people).  `walk`,
`walk_view` and `in_browser` are the two ways to settle conflicts one by one.
"""
