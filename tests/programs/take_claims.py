"""Claim fifty jobs' ticks and print how many it got: URL JOB RUN."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from cronshift.runtime.store.claims import Claims

TICK = datetime(2026, 11, 24, 8, tzinfo=UTC)
url, job, run = sys.argv[1:]
claims = Claims.open(url)
print(sum(claims.take(f"{job}-{number}", TICK, run) for number in range(50)))
