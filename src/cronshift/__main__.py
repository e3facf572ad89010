"""The entry point of the ``cronshift`` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return its exit code.

    ``--version`` is answered before anything is imported: it is asked in every CI job.
    """
    if sys.argv[1:] == ["--version"]:
        from cronshift import __version__

        sys.stdout.write(f"cronshift {__version__}\n")
        return 0
    from cronshift.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
