"""Reading, planning and generating: time and memory of 10,000 entries beside 1,000."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from table import Row

MANY, FEW = 10_000, 1_000
MEGABYTES = 300
WORK = """
import json, resource, sys, time
from pathlib import Path
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets import generate
start = time.perf_counter()
plan = make_plan(load_project(Path(sys.argv[1])))
planned = time.perf_counter()
files = generate(plan)
end = time.perf_counter()
assert len(files) > len(plan.jobs) == int(sys.argv[2])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([planned - start, end - planned, peak]))
"""


def rows() -> list[Row]:
    few, many = _measure(FEW), _measure(MANY)
    times = MANY / FEW
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    peak = many[2] / unit
    return [
        _linear("10,000 entries read and planned", few[0] * times, many[0]),
        _linear("10,000 entries generated", few[1] * times, many[1]),
        Row(
            "memory for both",
            f"{peak:.0f} MB",
            f"{few[2] / unit:.0f} MB for 1,000",
            peak / (few[2] / unit),
            f"< {MEGABYTES} MB",
            peak < MEGABYTES,
        ),
    ]


def _linear(name: str, expected: float, taken: float) -> Row:
    ratio = taken / expected
    peer = f"10 times 1,000 entries {expected:.2f} s"
    return Row(name, f"{taken:.2f} s", peer, ratio, "linear (≤ 1.5)", ratio <= 1.5)


def _measure(count: int) -> tuple[float, float, float]:
    """Return the seconds of planning and of generating, and the peak memory, of a process."""
    crons = [
        {"path": f"/api/cron/job-{number}?shard={number}", "schedule": f"{number % 60} */4 * * *"}
        for number in range(count)
    ]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "vercel.json").write_text(json.dumps({"crons": crons}, indent=2))
        command = [sys.executable, "-c", WORK, folder, str(count)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    planned, generated, peak = json.loads(done.stdout)
    return planned, generated, peak
