"""Several machines that share a folder and a database, as network namespaces of this one.

Each host has a network, a name and a mount point of its own, where the one shared folder is bound; the
database stands in a namespace of its own, and all are joined by a bridge.  A host can be cut off, its way
to the database can be long, the database or a host can be killed.  Some hosts are deaf: the system tells
them of no write (no inotify), and what they know of a file's times is old, as with the attribute cache of a
network drive.

To read in this order: `network`, `machine` (a host), `database`, `agent` (what runs on a host), `proof` (a
random run and what has to hold after it), `test_hosts` (a short one for CI).

    python -m tests.hosts [--minutes N] [--runs N] [--seed S]
"""
