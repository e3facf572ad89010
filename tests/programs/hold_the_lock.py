"""Hold a project's lock until the input ends: ROOT."""

from __future__ import annotations

import sys
from pathlib import Path

from cronshift.operations.lock import project_lock

with project_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
