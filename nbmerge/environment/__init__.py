"""Environment: what can be known of a notebook besides its contents, on this machine.

Owns: signs of other writers (sync clients, Jupyter servers, git, locks), and the user's trust.  Must not
know: what follows from them: nothing here decides, and nothing fails.  Read `environment` first, which
asks all others; then `git`, `jupyter` and `rooms` (jupyter-collaboration), and `conflict_copies` (names
that sync clients give to files).
"""
