"""Run a command in a project, and tell what its start cost, as JSON on stderr: COMMAND ROOT."""

from __future__ import annotations

import atexit
import gc
import json
import re
import sys
from pathlib import Path

_compile = re.compile
_compiled: list[str] = []


def compile_and_note(*arguments: object, **options: object) -> re.Pattern[str]:
    """Compile a regular expression, and note a module of the command that does so when it is imported."""
    caller = sys._getframe(1)
    file = Path(caller.f_code.co_filename).as_posix()
    if caller.f_code.co_name == "<module>" and "/cronshift/" in file:
        _compiled.append(file.partition("/src/")[2])
    return _compile(*arguments, **options)  # type: ignore[call-overload, no-any-return] # as it was called


def tell() -> None:
    """Print which modules are loaded, which compiled, and whether the end looks for garbage."""
    cost = {
        "modules": sorted(sys.modules),
        "compiling": sorted(_compiled),
        "collects": not gc.get_freeze_count(),
    }
    sys.stderr.write(json.dumps(cost))


if __name__ == "__main__":
    re.compile = compile_and_note  # type: ignore[assignment]
    from cronshift.__main__ import main

    atexit.register(tell)
    sys.argv = ["cronshift", "-C", sys.argv[2], "--quiet", sys.argv[1]]
    sys.exit(main())
