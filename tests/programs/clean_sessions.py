"""Start a cleaner of sessions in a process of its own for every line of its input: SETTINGS CHUNK."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg  # noqa: F401 - loaded once, before the forks
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite  # noqa: F401

from cronshift.project.settings import parse_settings
from cronshift.sessions import scripts, sweeping
from cronshift.sessions.sweeping import SweepLimits

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)

settings = parse_settings(Path(sys.argv[1]).read_text()).sessions
assert settings is not None
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        database = scripts.open_database(settings)
        mapped, limits = database.mapped, SweepLimits(chunk=int(sys.argv[2]))
        orphans = scripts.orphans(mapped, NOW, becomes="error", refund=True)
        for sweep in (orphans, scripts.owed(mapped, NOW, since=SINCE)):
            sweeping.run(database.engine, mapped, sweep, limits)
        os._exit(0)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("ended", flush=True)
