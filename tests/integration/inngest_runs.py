"""The runs of a real Inngest server (``inngest dev``), whose address is in ``INNGEST_DEV_URL``."""

from __future__ import annotations

import os
import time
from typing import Any

import httpx
import pytest

SERVER = os.environ.get("INNGEST_DEV_URL", "").rstrip("/")
PATIENCE = 90.0  # seconds; a cron of every minute fires within
AT_HAND = pytest.mark.skipif(
    not SERVER, reason="INNGEST_DEV_URL is not set: there is no Inngest server to test with"
)


def ended_runs(app: str, function: str) -> list[dict[str, Any]]:
    """Return a function's runs once one of them has ended; the server's list lags behind."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        path = f"/api/v2/apps/{app}/functions/{function}/runs"
        runs: list[dict[str, Any]] = httpx.get(SERVER + path).json().get("data", [])
        ended = [run for run in runs if status_of(run) in {"COMPLETED", "FAILED"}]
        if ended:
            return ended
        time.sleep(0.5)
    pytest.fail(f"{function} did not come to an end in {PATIENCE:.0f} seconds")


def output_of(run: dict[str, Any]) -> Any:
    """Return what a run gave."""
    path = f"/api/v2/runs/{run['id']}/trace?includeOutput=true"
    return httpx.get(SERVER + path).json()["data"]["rootSpan"]["output"]


def status_of(run: dict[str, Any]) -> str:
    return str(run.get("status", "")).upper()
