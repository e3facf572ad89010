"""Apply an operation where files may not grow: ROOT BYTES. Exits with what refused it."""

from __future__ import annotations

import resource
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from cronshift.errors import RefusedError
from cronshift.operations import Edit, Intent, apply, build_operation

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
root = Path(sys.argv[1])
edits = [Edit("a.txt", b"small"), Edit("deep/b.txt", b"x" * 200_000)]
operation = build_operation(
    root, "test", edits, datetime(2026, 11, 24, tzinfo=UTC), intent=Intent.MIGRATE
)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    apply(root, operation)
except RefusedError as error:
    sys.exit(f"{error.exit_code} {error.reason}")
