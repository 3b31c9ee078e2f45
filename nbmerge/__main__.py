"""Where `nbmerge`, `nbmerge-on-save` and `python -m nbmerge` start."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; the exit code."""
    from nbmerge.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
