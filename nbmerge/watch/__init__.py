"""The watcher: notices saves, has them recorded at once, and has merges written when it is quiet.

The room owns when something is done, in what order, and how a watcher runs as a process of its own.  It
does not know how a save is judged, merged or written: that is the service's.

To read in this order: `actions` (what is fed in and asked for), `coordinator` (the state machine, without
disk, clock or threads), `notebook_state` (what is pending about one notebook), `runner` (carries out
actions), `watcher` (the loop), `assembly` (all parts put together), `status` (what a watcher tells of
itself), `daemon` (in the background), `login` (at every login).
"""
