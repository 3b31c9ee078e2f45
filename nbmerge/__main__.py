"""Where `nbmerge`, `nbmerge-on-save` and `python -m nbmerge` start."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Run the command line; the exit code."""
    from nbmerge.cli.main import run

    gc.disable()  # a call is over before looking for garbage could pay
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
