"""Plan a project and print the most memory that it took, in MiB: ROOT."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from cronshift.plan.planning import make_plan
from cronshift.project import load_project


def peak() -> int:
    """Return the peak of this program in KiB: getrusage counts the one that started it, too."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = status.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


handler = make_plan(load_project(Path(sys.argv[1]))).jobs[0].handler
assert handler is not None
assert handler.file == "app/api/cron/mail/route.ts"
print(peak() // 1024)
