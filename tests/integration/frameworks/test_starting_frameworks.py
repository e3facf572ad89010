"""`run --start`: a job in its framework's own server for development, which ends with the run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from .apps import (
    ASTRO,
    NITRO,
    NUXT,
    REACT_ROUTER,
    REMIX,
    SOLIDSTART,
    SVELTEKIT,
    TANSTACK,
    Kit,
    environment,
    installed_copy,
    migrated,
)

PROGRAMS = [
    (SVELTEKIT, "vite dev"),
    (ASTRO, "astro dev"),
    (NUXT, "nuxt dev"),
    (NITRO, "nitro dev"),
    (REACT_ROUTER, "react-router dev"),
    (REMIX, "remix vite:dev"),
    (SOLIDSTART, "vinxi dev"),
    (TANSTACK, "vite dev"),
]


@pytest.mark.parametrize(("kit", "program"), PROGRAMS, ids=[kit.name for kit, _ in PROGRAMS])
def test_a_job_runs_in_the_frameworks_own_server(kit: Kit, program: str) -> None:
    with installed_copy(kit) as root:
        migrated(root)
        command = [
            str(Path(sys.executable).with_name("cronshift")),
            "run",
            "echo",
            "--start",
            "--json",
        ]
        done = subprocess.run(
            command, cwd=root, env=environment(), capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
    run = json.loads(done.stdout)
    assert run["output"]["body"]["schedule"] == "30 3 * * *"
    started = re.search(rf"Starting {program} at (http://127\.0\.0\.1:\d+)", done.stderr)
    assert started is not None, done.stderr
    with pytest.raises(httpx.ConnectError):
        httpx.get(started[1])
