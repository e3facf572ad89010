"""The entry point of the ``cronshift`` command."""

from __future__ import annotations

import gc
import sys

_YOUNG = 100_000  # objects; what a command imports stays, and need not be looked through on the way


def main() -> int:
    """Run the command line and return its exit code.

    ``--version`` is answered before anything is imported: it is asked in every CI job.
    """
    if sys.argv[1:] == ["--version"]:
        from cronshift import __version__

        sys.stdout.write(f"cronshift {__version__}\n")
        return 0
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
    from cronshift.cli import run

    code = run(sys.argv[1:])
    gc.freeze()  # the process ends here: nobody needs its memory looked through for garbage once more
    return code


if __name__ == "__main__":
    sys.exit(main())
