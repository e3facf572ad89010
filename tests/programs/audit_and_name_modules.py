"""Audit a project as the command does, and say which of the rooms that move jobs were loaded: ROOT."""

from __future__ import annotations

import sys

from cronshift.cli import run

code = run(["-C", sys.argv[1], "--json", "audit"])
print(code, *[name for name in sys.modules if name.startswith("cronshift.moving")], file=sys.stderr)
